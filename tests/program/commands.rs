//! The command line: results on standard output, everything else on standard error; exit status 0
//! done, 1 refused or failed, 2 wrong usage.

use serde_json::Value;

use crate::support::{Directory, Service, ended, ree, run};

#[test]
fn settings_that_do_not_exist_or_make_no_sense_stop_the_start_all_at_once() {
    let directory = Directory::new();
    let mut command = ree(&directory.path);
    command
        .args(["serve"])
        .env("REE_LISTN", "127.0.0.1:1")
        .env("REE_LISTEN", "here")
        .env("REE_WORKERS", "0");
    let refused = ended(command.output().unwrap());
    assert_eq!(
        (refused.status, refused.out.as_str()),
        (1, ""),
        "{}",
        refused.err
    );
    for expected in [
        "REE_LISTN: there is no such setting",
        "REE_LISTEN=here:",
        "REE_WORKERS=0:",
    ] {
        assert!(
            refused.err.contains(expected),
            "{expected} is not in:\n{}",
            refused.err
        );
    }
    assert_eq!(refused.err.lines().count(), 3, "{}", refused.err);
}

#[test]
fn a_secret_is_in_no_message() {
    let directory = Directory::new();
    let mut command = ree(&directory.path);
    command.args(["migrate", "status"]).env(
        "DATABASE_URL",
        "postgresql://ree:s3cret@127.0.0.1:1/ree?sslmode=disable",
    );
    let refused = ended(command.output().unwrap());
    assert_eq!((refused.status, refused.out.as_str()), (1, ""));
    assert!(!refused.err.contains("s3cret"), "{}", refused.err);
    assert!(!refused.err.contains("panicked"), "{}", refused.err);
}

#[test]
fn wrong_usage_is_status_2_and_help_is_a_result() {
    let directory = Directory::new();
    for arguments in [
        &["serv"][..],
        &["serve", "--lisen", "x"],
        &["token"],
        &["token", "--role", "king"],
        &[],
    ] {
        let refused = run(&directory.path, arguments);
        assert_eq!(
            (refused.status, refused.out.as_str()),
            (2, ""),
            "{arguments:?}: {}",
            refused.err
        );
        assert!(
            refused.err.contains("Usage:") || refused.err.contains("--help"),
            "{arguments:?}: {}",
            refused.err
        );
    }
    for arguments in [&["--help"][..], &["serve", "--help"], &["--version"]] {
        let helped = run(&directory.path, arguments);
        assert_eq!(
            (helped.status, helped.err.as_str()),
            (0, ""),
            "{arguments:?}"
        );
        assert!(!helped.out.is_empty(), "{arguments:?}");
    }
}

#[test]
fn token_prints_one_jwt_and_nothing_else() {
    let directory = Directory::new();
    with_a_key(&directory);
    let made = run(
        &directory.path,
        &[
            "token",
            "--role",
            "academy",
            "--territories",
            "academy:10",
            "--ttl",
            "1h",
        ],
    );
    assert_eq!((made.status, made.err.as_str()), (0, ""));
    let token = made.out.strip_suffix('\n').expect("one line");
    let parts: Vec<&str> = token.split('.').collect();
    let is_base64url = |part: &&str| {
        part.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    assert!(
        parts.len() == 3 && parts.iter().all(is_base64url),
        "{token}"
    );
}

/// What the service makes on its first start.
fn with_a_key(directory: &Directory) {
    let now = chrono::DateTime::UNIX_EPOCH;
    ree::auth::Keys::load_or_create(&directory.path.join("keys"), now).unwrap();
}

#[test]
fn token_makes_no_key_and_no_token_that_its_service_refuses() {
    let directory = Directory::new();
    let refused = run(&directory.path, &["token", "--role", "reader"]);
    assert_eq!((refused.status, refused.out.as_str()), (1, ""));
    assert!(refused.err.contains("no signing key"), "{}", refused.err);
    assert!(!directory.path.join("keys").exists());

    with_a_key(&directory);
    std::fs::write(directory.path.join("public_url"), "https://ree.example").unwrap();
    let with_url = |url: &str| {
        let mut command = ree(&directory.path);
        command
            .args(["token", "--role", "reader"])
            .env("REE_PUBLIC_URL", url);
        ended(command.output().unwrap())
    };
    assert_eq!(with_url("https://ree.example/").status, 0);
    let refused = with_url("https://other.example");
    assert_eq!((refused.status, refused.out.as_str()), (1, ""));
    assert!(
        refused.err.contains("https://ree.example"),
        "{}",
        refused.err
    );

    // As SECURITY.md says: 0700.
    use std::os::unix::fs::PermissionsExt;
    for mode in [0o755, 0o750, 0o770, 0o701] {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(directory.path.join("keys"), mode).unwrap();
        let refused = run(&directory.path, &["token", "--role", "reader"]);
        assert_eq!((refused.status, refused.out.as_str()), (1, ""));
        assert!(refused.err.contains("chmod 700"), "{}", refused.err);
    }
}

#[test]
fn a_pipe_that_is_closed_is_no_panic() {
    let directory = Directory::new();
    for arguments in [
        &["openapi"][..],
        &["config", "check"],
        &["config", "check", "--format", "json"],
        &["completions", "bash"],
        &["--help"],
        &["serve", "--help"],
        &["token", "--role", "king"],
        &["openapi", "--check", "/nowhere"],
    ] {
        // Both ends of the result are closed before anything is written.
        let (reader, writer) = std::io::pipe().unwrap();
        let (unheard, complaints) = std::io::pipe().unwrap();
        drop((reader, unheard));
        let mut command = ree(&directory.path);
        command.args(arguments).stdout(writer).stderr(complaints);
        let status = command.status().unwrap();
        // 101 is a panic's.
        let expected = match arguments {
            ["token", ..] => 2,
            ["openapi", "--check", _] => 1,
            _ => 0,
        };
        assert_eq!(status.code(), Some(expected), "{arguments:?}");
    }
}

#[test]
fn the_values_of_options_are_told_by_help_and_completions() {
    let directory = Directory::new();
    let script = run(&directory.path, &["completions", "bash"]).out;
    for command in [&["token"][..], &["client", "create"]] {
        let help = run(&directory.path, &[command, &["--help"]].concat()).out;
        for value in [
            "ministry",
            "academy",
            "establishment",
            "partner",
            "reader",
            "read write",
        ] {
            assert!(
                help.contains(value) && script.contains(value),
                "{value}: {help}"
            );
        }
    }
    let refused = run(&directory.path, &["client", "create", "--role", "king"]);
    assert_eq!(refused.status, 2, "{}", refused.err);
}

#[test]
fn token_explains_a_role_without_its_perimeter() {
    let directory = Directory::new();
    for (role, missing) in [
        ("partner", "--partner-id"),
        ("academy", "--territories"),
        ("establishment", "--uais"),
    ] {
        let refused = run(&directory.path, &["token", "--role", role]);
        assert_eq!(
            (refused.status, refused.out.as_str()),
            (1, ""),
            "{role}: {}",
            refused.err
        );
        assert!(
            refused.err.contains(missing) && refused.err.contains(role),
            "{role}: {}",
            refused.err
        );
    }
    let refused = run(
        &directory.path,
        &["token", "--role", "academy", "--territories", "academy:999"],
    );
    assert!(
        refused.status == 1 && refused.err.contains("academy:999"),
        "{}",
        refused.err
    );
}

#[test]
fn openapi_prints_the_document_and_checks_a_committed_one() {
    let directory = Directory::new();
    let printed = run(&directory.path, &["openapi"]);
    assert_eq!((printed.status, printed.err.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&printed.out).expect("JSON");
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1"))
    );

    let file = directory.path.join("openapi.json");
    let name = file.to_str().unwrap();
    std::fs::write(&file, &printed.out).unwrap();
    let same = run(&directory.path, &["openapi", "--check", name]);
    assert_eq!(
        (same.status, same.out.as_str(), same.err.as_str()),
        (0, "", "")
    );
    std::fs::write(&file, "{}").unwrap();
    for wrong in [name, "/nowhere/openapi.json"] {
        let refused = run(&directory.path, &["openapi", "--check", wrong]);
        assert_eq!(
            (refused.status, refused.out.as_str()),
            (1, ""),
            "{}",
            refused.err
        );
        assert!(refused.err.contains(wrong), "{}", refused.err);
    }
}

#[test]
fn migrate_brings_the_schema_up_to_date_and_status_tells_without_changing() {
    let directory = Directory::new();
    let migrate = |arguments: &[&str]| {
        let done = run(&directory.path, arguments);
        assert_eq!(done.status, 0, "{}", done.err);
        done.out
    };
    let pending = migrate(&["migrate", "status"]);
    assert!(
        pending.lines().count() > 0 && pending.lines().all(|line| line.starts_with("pending ")),
        "{pending}"
    );
    assert_eq!(migrate(&["migrate", "status"]), pending);
    let applied = pending.replace("pending ", "applied ");
    assert_eq!(migrate(&["migrate"]), applied);
    assert_eq!(migrate(&["migrate", "status"]), applied);
    assert_eq!(migrate(&["migrate"]), "the schema is up to date\n");
}

#[test]
fn indicators_verify_finds_a_figure_that_is_not_what_the_reports_say_and_rebuild_mends_it() {
    let directory = Directory::new();
    let service = Service::start(&directory);
    let verify = || run(&directory.path, &["indicators", "verify"]);
    let sound = verify();
    assert_eq!(
        (sound.status, sound.out.as_str()),
        (0, "nothing differs\n"),
        "{}",
        sound.err
    );
    const PLANTED: &str = "WITH planted AS (
        INSERT INTO indicator_cells
        VALUES ('2025-2026', '', 'FR', '', 1, array_fill(0::bigint, '{16}') || '{}', array_fill(0::bigint, '{16}'), now())
        RETURNING 1) SELECT count(*) FROM planted";
    assert_eq!(directory.number(PLANTED), 1);
    let found = verify();
    assert_eq!(found.status, 1);
    assert!(found.out.contains("reports_validated"), "{}", found.out);
    assert!(
        found.err.contains("run `ree indicators rebuild`"),
        "{}",
        found.err
    );
    let rebuilt = run(&directory.path, &["indicators", "rebuild"]);
    assert_eq!(
        (rebuilt.status, rebuilt.out.as_str()),
        (0, "1 school years, 0 cells rebuilt\n")
    );
    assert_eq!(verify().status, 0);
    service.stop();
}

#[test]
fn an_import_says_by_its_status_whether_every_line_was_taken_some_or_none() {
    let directory = Directory::new();
    let _service = Service::start(&directory);
    let list = |name: &str, text: &str| {
        let file = directory.path.join(name);
        std::fs::write(&file, text).unwrap();
        file.to_string_lossy().into_owned()
    };
    let taken = |file: &str| {
        let arguments = [
            "import", "partners", file, "--source", "test", "--format", "json",
        ];
        let done = run(&directory.path, &arguments);
        let summary: Value = serde_json::from_str(&done.out).unwrap_or_default();
        (done.status, summary["inserted"].clone(), done.err)
    };
    let whole = list(
        "whole.csv",
        "id;nom;nature\n1;Ateliers;entreprise\n2;Métiers;association\n",
    );
    let (status, created, told) = taken(&whole);
    assert_eq!((status, created), (0, 2.into()), "{told}");
    let partly = list(
        "partly.csv",
        "id;nom;nature\n3;Forges;entreprise\n4;;entreprise\n",
    );
    let (status, created, told) = taken(&partly);
    assert_eq!((status, created), (1, 1.into()), "{told}");
    let none = list("none.csv", "id;nom;nature\n5;;entreprise\n");
    assert_eq!(taken(&none).0, 3);
    let unreadable = list("unreadable.csv", "id;nom;nature\n6;\"Ateliers;entreprise\n");
    let (status, _, told) = taken(&unreadable);
    assert_eq!(status, 3, "{told}");
    assert!(told.contains("ree: "), "{told}");
}
