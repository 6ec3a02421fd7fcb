//! The example data of `ree serve --demo`: real partners, conventions and a part of the directory,
//! loaded by the very imports that load a whole file, and a story told by the very steps that
//! requests take (`story`, `people`). What the examples of the OpenAPI document speak of is there,
//! with their ids. Each start after the first changes nothing.

mod people;
mod store;
mod story;

use std::time::Duration;

use crate::clock::Clock;
use crate::db::Connector;
use crate::db::tx::Author;
use crate::integration::imports::conventions::import as import_conventions;
use crate::integration::imports::establishments::import as import_establishments;
use crate::integration::imports::partners::{Words, import as import_partners};
use crate::integration::imports::{ImportContext, ImportError, Options, Summary};

const PARTNERS: &[u8] = include_bytes!("../../../data/demo/partners.csv");
const CONVENTIONS: &[u8] = include_bytes!("../../../data/demo/conventions.csv");
const ESTABLISHMENTS: &[u8] = include_bytes!("../../../data/demo/annuaire.csv.gz");

/// How often, and how many times, the data is tried again while another import runs.
const PAUSE: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 60;

/// Loads it into a database that is up to date.
///
/// # Errors
/// As an import; when the database cannot be reached.
pub async fn load(connector: &Connector) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let connector = connector.bulk();
    let mut connection = connector.diesel().await?;
    story::begin(&mut connection).await?;
    let (mut client, _link) = connector.plain().await?;
    imports(&mut client).await?;
    if story::load(&mut connection).await? {
        log::info!("example story: told");
    }
    Ok(())
}

/// Two services started at once on one database both load it: the second waits for its turn.
async fn imports(client: &mut tokio_postgres::Client) -> Result<(), ImportError> {
    for _ in 1..ATTEMPTS {
        match once(client).await {
            Err(ImportError::Busy) => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
    once(client).await
}

async fn once(client: &mut tokio_postgres::Client) -> Result<(), ImportError> {
    let clock = Clock::default();
    let new_id = || clock.new_id();
    let context = ImportContext {
        author: Author {
            subject: "demo".to_owned(),
            role: "ministry".to_owned(),
            client_id: "ree-demo".to_owned(),
            request_id: clock.new_id().to_string(),
        },
        now: clock.now(),
        new_id: &new_id,
    };
    let (options, words) = (Options::default(), Words::of_reference());
    let partners = import_partners(client, PARTNERS, &context, &words, &options, |_| {}).await?;
    print("partners", &partners);
    let conventions = import_conventions(client, CONVENTIONS, &context, &options, |_| {}).await?;
    print("conventions", &conventions);
    let establishments =
        import_establishments(client, ESTABLISHMENTS, &context, &options, |_| {}).await?;
    print("establishments", &establishments);
    Ok(())
}

fn print(what: &str, summary: &Summary) {
    let Summary {
        inserted,
        updated,
        unchanged,
        refused,
        ..
    } = summary;
    log::info!(
        "example {what}: {inserted} inserted, {updated} updated, {unchanged} unchanged, {} refused",
        refused.len()
    );
}
