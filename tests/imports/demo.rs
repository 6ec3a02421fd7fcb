use crate::*;

const STORED: &str = "SELECT concat_ws(' ',
    (SELECT count(*) FROM conventions WHERE status = 'signed' AND imported IS NULL),
    (SELECT count(*) FROM conventions WHERE imported IS NOT NULL),
    (SELECT count(*) FROM declinations WHERE status = 'active'),
    (SELECT count(*) FROM interventions),
    (SELECT count(*) FROM reports WHERE status = 'validated'),
    (SELECT sum(pupils) FROM report_lines),
    (SELECT count(*) FROM changes) = (SELECT count(*) FROM audit_events))";

#[tokio::test]
async fn the_example_story_is_told_once_even_by_two_at_once() {
    let client = fresh().await;
    let connector = &client.database.connector;
    let (one, two) = tokio::join!(
        ree::integration::demo::load(connector),
        ree::integration::demo::load(connector)
    );
    one.unwrap();
    two.unwrap();
    assert_eq!(text(&client, STORED).await.unwrap(), "1 23 1 3 2 113 t");
    ree::integration::demo::load(connector).await.unwrap();
    assert_eq!(text(&client, STORED).await.unwrap(), "1 23 1 3 2 113 t");
    let validators = "SELECT count(*) FROM reports r JOIN audit_events a ON a.object_id = r.id
                       WHERE a.action = 'report.validated' AND a.subject = ANY (r.authors)";
    assert_eq!(number(&client, validators).await, 0);
}
