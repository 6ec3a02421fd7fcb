//! The functions, triggers and views of a database are those of `src/db/functions/`, and a newer
//! program's stay.

use std::collections::BTreeSet;
use std::time::Duration;

use ree::db::functions::{EDITION, FILES};
use ree::db::migrations::{self, Done};

use crate::support::Service;

/// Every function, trigger and view, with its whole definition.
const CATALOGUE: &str = "
    SELECT p.oid::regprocedure::text AS name, pg_get_functiondef(p.oid) AS definition, p.xmin::text AS written_by
      FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT t.tgname, pg_get_triggerdef(t.oid) || t.tgenabled::text, t.xmin::text FROM pg_trigger t WHERE NOT t.tgisinternal
    UNION ALL
    SELECT c.relname, pg_get_viewdef(c.oid), r.xmin::text
      FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
     WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace
    ORDER BY name";

async fn catalogue(client: &impl tokio_postgres::GenericClient) -> Vec<(String, String)> {
    let rows = client.query(CATALOGUE, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn run(service: &Service) -> Done {
    migrations::run(&service.connector, service.shared.clock.now())
        .await
        .unwrap()
}

async fn stamp(service: &Service) -> Option<String> {
    let sql = service.sql().await;
    let stamp = "SELECT obj_description('installation'::regclass, 'pg_class')";
    sql.query_one(stamp, &[]).await.unwrap().get(0)
}

async fn set_stamp(service: &Service, stamp: Option<&str>) {
    let stamp = stamp.map_or("NULL".to_owned(), |stamp| format!("'{stamp}'"));
    let comment = format!("COMMENT ON TABLE installation IS {stamp}");
    service.sql().await.batch_execute(&comment).await.unwrap();
}

#[actix_web::test]
async fn every_function_trigger_and_view_of_the_database_is_what_the_files_say() {
    let service = Service::start().await;
    let mut sql = service.sql().await;
    let before = catalogue(&sql).await;
    let transaction = sql.transaction().await.unwrap();
    for (name, text) in FILES {
        transaction
            .batch_execute(text)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(catalogue(&transaction).await, before, "nothing changes");
    // What the files define was written by this transaction.
    let foreign = format!(
        "SELECT name FROM ({CATALOGUE}) AS c WHERE written_by <> pg_current_xact_id()::xid::text"
    );
    let foreign: Vec<String> = transaction
        .query(&foreign, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(
        foreign,
        Vec::<String>::new(),
        "in no file: a migration that drops them is missing, or their text is"
    );
    assert!(before.len() > 60, "{}", before.len());
}

#[actix_web::test]
async fn functions_whose_results_are_stored_say_so() {
    let service = Service::start().await;
    let stored = "
        WITH RECURSIVE used (oid) AS (
            SELECT d.refobjid FROM pg_depend d
             WHERE d.refclassid = 'pg_proc'::regclass
               AND (d.classid IN ('pg_constraint'::regclass, 'pg_class'::regclass)
                    OR d.classid = 'pg_attrdef'::regclass AND EXISTS (
                        SELECT FROM pg_attrdef f
                          JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
                         WHERE f.oid = d.objid AND a.attgenerated = 's'))
            UNION
            SELECT d.refobjid FROM pg_depend d JOIN used ON used.oid = d.objid
             WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_proc'::regclass)
        SELECT p.proname::text FROM pg_proc p JOIN used USING (oid)
         WHERE p.pronamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')";
    let stored: BTreeSet<String> = service
        .sql()
        .await
        .query(stored, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    let said: BTreeSet<String> = FILES
        .iter()
        .flat_map(|(_, text)| text.split("\n\n"))
        .filter(|definition| definition.contains("Its results are stored"))
        .map(|definition| {
            let (_, name) = definition.split_once("FUNCTION ").unwrap();
            name.split_once('(').unwrap().0.to_owned()
        })
        .collect();
    assert_eq!(said, stored);
}

/// A text that no file has, and whether it is there.
const FOREIGN: &str = "CREATE OR REPLACE FUNCTION months_from(first date, second date)
    RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN -1";
const IS_FOREIGN: &str = "SELECT (months_from('2026-01-31', '2026-03-01') = -1)::integer::bigint";

#[actix_web::test]
async fn functions_are_replaced_when_they_are_older_and_left_when_they_are_not() {
    let service = Service::start().await;
    let own = stamp(&service).await.unwrap();
    let other = |edition: u32| format!("functions: edition {edition} after none, sha256 00");
    let cases = [
        ("those of this program", Some(own.clone()), false),
        ("said of nobody", None, true),
        ("said in other words", Some("a table".to_owned()), true),
        ("an older edition", Some(other(EDITION - 1)), true),
        ("this edition, being written", Some(other(EDITION)), true),
        ("a newer edition", Some(other(EDITION + 1)), false),
    ];
    for (what, stored, replaced) in cases {
        let sql = service.sql().await;
        sql.batch_execute(FOREIGN).await.unwrap();
        set_stamp(&service, stored.as_deref()).await;
        assert_eq!(
            migrations::is_current(&service.connector).await.unwrap(),
            !replaced,
            "{what}"
        );
        let done = run(&service).await;
        assert_eq!(
            (done.functions, done.migrations.len()),
            (replaced, 0),
            "{what}"
        );
        assert_eq!(service.number(IS_FOREIGN).await == 0, replaced, "{what}");
        let after = if replaced { Some(own.clone()) } else { stored };
        assert_eq!(stamp(&service).await, after, "{what}");
    }
}

#[actix_web::test]
async fn a_program_leaves_the_functions_of_a_database_with_a_migration_that_it_does_not_know() {
    let service = Service::start().await;
    let sql = service.sql().await;
    sql.batch_execute(FOREIGN).await.unwrap();
    sql.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')")
        .await
        .unwrap();
    for stamp in [Some("functions: edition 0 after none, sha256 00"), None] {
        set_stamp(&service, stamp).await;
        assert!(!run(&service).await.functions);
        assert_eq!(service.number(IS_FOREIGN).await, 1);
        assert!(migrations::is_current(&service.connector).await.unwrap());
    }
}

#[actix_web::test]
async fn a_migration_applied_again_is_followed_by_the_functions() {
    let service = Service::start().await;
    let before = catalogue(&service.sql().await).await;
    let all = undo(&service, usize::MAX).await;
    assert!(catalogue(&service.sql().await).await.is_empty());
    let done = run(&service).await;
    assert_eq!((done.functions, done.migrations.len()), (true, all));
    assert_eq!(catalogue(&service.sql().await).await, before);
    // The last one alone: what is said of the functions is unchanged meanwhile.
    let own = stamp(&service).await;
    assert_eq!(undo(&service, 1).await, 1);
    assert_eq!(stamp(&service).await, own);
    let done = run(&service).await;
    assert_eq!((done.functions, done.migrations.len()), (true, 1));
    assert_eq!(catalogue(&service.sql().await).await, before);
}

/// Undoes the last migrations, as their `down.sql` has it; returns how many.
async fn undo(service: &Service, last: usize) -> usize {
    let sql = service.sql().await;
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut migrations: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    migrations.sort();
    let undone: Vec<_> = migrations.iter().rev().take(last).collect();
    for migration in &undone {
        let down = std::fs::read_to_string(migration.join("down.sql")).unwrap();
        sql.batch_execute(&down)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", migration.display()));
        let name = migration.file_name().unwrap().to_str().unwrap();
        let version = name.split_once('_').unwrap().0.replace('-', "");
        let forget = "DELETE FROM __diesel_schema_migrations WHERE version = $1";
        assert_eq!(sql.execute(forget, &[&version]).await.unwrap(), 1);
    }
    undone.len()
}

#[actix_web::test]
async fn requests_go_on_while_functions_are_replaced() {
    let service = Service::start().await;
    set_stamp(&service, None).await;
    let writer = async {
        let mut sql = service.sql().await;
        let write = sql.transaction().await.unwrap();
        // Of two tables with triggers, the one that is replaced later is written first.
        write
            .batch_execute("LOCK TABLE publications IN ROW EXCLUSIVE MODE")
            .await
            .unwrap();
        // Until the other side has waited longer than PostgreSQL takes to look for a deadlock.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let first = write
            .batch_execute("LOCK TABLE partners IN ROW EXCLUSIVE MODE")
            .await;
        first.expect("no deadlock");
        write.commit().await.unwrap();
    };
    let (done, ()) = tokio::join!(run(&service), writer);
    assert!(done.functions);
}
