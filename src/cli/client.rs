//! `ree client`: registers machine clients and their secrets, beside a running service or not.
//!
//! The rules and the journal are those of the API: options become the body a request would have.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::database::Database;
use super::output::{self, Format};
use super::{Failure, config};
use crate::app::App;
use crate::auth::policy::Scope;
use crate::auth::{Role, Scopes};
use crate::db::page::{Direction, MAX_LIMIT, Mark, MarkValue, Page};
use crate::db::tx::{Author, Tx};
use crate::db::version::Precondition;
use crate::error::{Error, Faults, Place};
use crate::http::fields::Fields;
use crate::language::Language;
use crate::register::clients::content::{NewClient, Rotation};
use crate::register::clients::filter::{Filter, Sort};
use crate::register::clients::model::{Client, ClientAnswer, ClientWithSecret};
use crate::register::clients::store;
use crate::register::clients::workflow::{self, Written};
use crate::values::ids::ClientId;

/// What `list` shows; JSON has everything.
const COLUMNS: &[&str] = &[
    "id",
    "name",
    "contact_email",
    "role",
    "territories",
    "uais",
    "partner_id",
    "scopes",
    "status",
    "expires_at",
    "last_used_at",
];

/// What the commands that make a secret show besides.
const WITH_SECRET: &[&str] = &[
    "id",
    "client_secret",
    "name",
    "contact_email",
    "role",
    "territories",
    "uais",
    "partner_id",
    "scopes",
    "status",
    "expires_at",
];

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// How to print the result
    #[arg(long, global = true, value_enum, default_value = "table")]
    format: Format,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Register a client; prints its secret, this once
    Create(Create),
    /// List the clients
    List,
    /// Give a client a new secret; prints it, this once
    RotateSecret {
        /// The client
        id: Uuid,
        /// End the previous secrets and their tokens at once, instead of in 7 days
        #[arg(long)]
        revoke_previous: bool,
    },
    /// Put an end to a client, its secrets and its tokens
    Revoke {
        /// The client
        id: Uuid,
    },
}

#[derive(clap::Args)]
struct Create {
    /// Its name
    #[arg(long)]
    name: String,
    /// Whom to write to about it
    #[arg(long, value_name = "EMAIL")]
    contact_email: String,
    /// The role
    #[arg(long, value_parser = Role::ALL.map(Role::as_str))]
    role: String,
    /// With `academy`: its academies or academic regions, such as academy:10,region:84
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    territories: Option<Vec<String>>,
    /// With `establishment`: its schools, such as 0311131L
    #[arg(long, value_delimiter = ',', value_name = "UAIS")]
    uais: Option<Vec<String>>,
    /// With `partner`: its id
    #[arg(long, value_name = "ID")]
    partner_id: Option<String>,
    /// What its tokens may do
    #[arg(long, default_value = "read write", value_parser = super::token::scopes_parser())]
    scope: Scopes,
    /// Until when, such as 2027-08-31T22:00:00Z; without: no end
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

impl Create {
    /// The body of the request that would ask for the same.
    fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("name".into(), json!(self.name));
        body.insert("contact_email".into(), json!(self.contact_email));
        body.insert("role".into(), json!(self.role));
        body.insert("territories".into(), json!(self.territories));
        body.insert("uais".into(), json!(self.uais));
        body.insert("partner_id".into(), json!(self.partner_id));
        let words = self.scope.as_str().split(' ');
        body.insert("scopes".into(), words.collect());
        body.insert("expires_at".into(), json!(self.expires_at));
        Value::Object(body)
    }

    fn parse(&self) -> Result<NewClient, Failure> {
        let mut faults = Faults::default();
        let new = Fields::body(&self.body(), &mut faults);
        faults.check().map_err(|error| explain(&error))?;
        new.ok_or_else(|| "the client could not be read".into())
    }
}

pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let new = match &arguments.action {
        // Before anything is started: what is wrong here is wrong without a database.
        Action::Create(create) => Some(create.parse()?),
        _ => None,
    };
    let config = config()?;
    let database = Database::open(&config).await?;
    let app = App::new(database.application(&config).await?)?;
    let printed = match (&arguments.action, new) {
        (Action::Create(_), Some(new)) => {
            let written = write(&app, async |tx, scope| {
                workflow::create(tx, scope, &new).await
            })
            .await?;
            shown(&app, arguments.format, written)?
        }
        (
            Action::RotateSecret {
                id,
                revoke_previous,
            },
            _,
        ) => {
            let (id, rotation) = (
                ClientId::new(*id),
                Rotation {
                    revoke_previous: *revoke_previous,
                },
            );
            let step = async |tx: &mut Tx<'_>, scope: &Scope| {
                workflow::rotate_secret(tx, scope, id, rotation, &Precondition::None).await
            };
            shown(&app, arguments.format, write(&app, step).await?)?
        }
        (Action::Revoke { id }, _) => {
            let id = ClientId::new(*id);
            let step = async |tx: &mut Tx<'_>, scope: &Scope| {
                workflow::revoke(tx, scope, id, &Precondition::None).await
            };
            shown(&app, arguments.format, write(&app, step).await?)?
        }
        (Action::List | Action::Create(_), _) => output::list(
            arguments.format,
            &all(&app).await.map_err(|error| explain(&error))?,
            COLUMNS,
        )?,
    };
    output::print(&printed)
}

/// Takes a step in a transaction of its own, as whoever has access to the data directory. A service that
/// runs beside learns of tokens that end by reading the database every two seconds.
async fn write(
    app: &App,
    step: impl AsyncFnOnce(&mut Tx<'_>, &Scope) -> crate::error::Result<Written>,
) -> Result<Written, Failure> {
    let mut connection = app.db.borrow().await?;
    let author = Author {
        subject: "cli".to_owned(),
        role: "ministry".to_owned(),
        client_id: "ree-cli".to_owned(),
        request_id: app.new_id().to_string(),
    };
    let mut tx = Tx::begin(&mut connection, author, &app.clock).await?;
    match step(&mut tx, &Scope::of_operator()).await {
        Ok(written) => {
            tx.commit().await?;
            Ok(written)
        }
        Err(error) => {
            tx.rollback().await;
            Err(explain(&error))
        }
    }
}

fn shown(app: &App, format: Format, written: Written) -> Result<String, Failure> {
    let client = written.client.answer(Language::English, app.now());
    match written.secret {
        None => output::object(format, &client, COLUMNS),
        Some(secret) => {
            let client = ClientWithSecret {
                client,
                client_secret: Some(secret.expose().to_owned()),
            };
            output::object(format, &client, WITH_SECRET)
        }
    }
}

/// Every client, page by page.
async fn all(app: &App) -> crate::error::Result<Vec<ClientAnswer>> {
    let (reader, now) = (app.db.reader().await?, app.now());
    let mut page = Page {
        sort: Sort::Id,
        direction: Direction::Ascending,
        limit: MAX_LIMIT,
        after: None,
    };
    let mut all: Vec<ClientAnswer> = Vec::new();
    loop {
        let some: Vec<Client> = store::page(
            &reader,
            &Scope::of_operator(),
            &Filter::default(),
            &page,
            now,
        )
        .await?;
        let Some(last) = some.last() else {
            return Ok(all);
        };
        page.after = Some(Mark {
            value: MarkValue::Id,
            id: last.record.id.to_string(),
        });
        all.extend(
            some.into_iter()
                .map(|client| client.answer(Language::English, now)),
        );
    }
}

/// A refusal in words for a person, its places named as options.
fn explain(error: &Error) -> Failure {
    let option = |place: &Place| match place {
        Place::Pointer(pointer) => match pointer.trim_start_matches('/') {
            "scopes" => "--scope: ".to_owned(),
            field => format!(
                "--{}: ",
                field
                    .split('/')
                    .next()
                    .unwrap_or_default()
                    .replace('_', "-")
            ),
        },
        _ => String::new(),
    };
    let faults: Vec<String> = error
        .faults
        .iter()
        .map(|fault| {
            format!(
                "{}{}",
                option(&fault.place),
                fault.rule.detail(Language::English)
            )
        })
        .collect();
    if !faults.is_empty() {
        return faults.join("\n     ").into();
    }
    let subject = error
        .subject
        .as_ref()
        .map(|subject| format!(" ({})", subject.en))
        .unwrap_or_default();
    match error.cause() {
        Some(cause) => cause.into(),
        None => format!("{}{subject}", error.code.entry().meaning.en).into(),
    }
}
