//! `ree token`: makes an access token with the service's own key.

use chrono::TimeDelta;
use clap::Args as _;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::database::Database;
use super::{Failure, config, output, reason, wait};
use crate::auth::keys::{KeyError, LONGEST_LIFE, store};
use crate::auth::{
    Claims, Identity, KeySource, Keys, Perimeter, Role, Scopes, TokenError, Tokens, revocation,
};
use crate::clock::Clock;
use crate::config::{Config, EncryptionKeys};
use crate::db::installation;
use crate::error::Rule;
use crate::language::Language;
use crate::values::{FromText, Sha256Hex, TerritoryCode, Uai};

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    making: Option<Making>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// End one token: it is refused everywhere within five seconds
    Revoke {
        /// The token, or its id (`jti`); `-` reads it from standard input
        token: String,
    },
}

/// What a token is made of.
#[derive(clap::Args)]
struct Making {
    /// The role
    #[arg(long, value_parser = role_parser())]
    role: Role,
    /// With `academy`: its academies or academic regions, such as academy:10,region:84
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    territories: Option<Vec<String>>,
    /// With `establishment`: its schools, such as 0690001B
    #[arg(long, value_delimiter = ',', value_name = "UAIS")]
    uais: Option<Vec<String>>,
    /// With `partner`: its id
    #[arg(long, value_name = "ID")]
    partner_id: Option<uuid::Uuid>,
    /// Who acts, as the journal will name it [default: the role with its perimeter]
    #[arg(long, value_name = "WHO")]
    sub: Option<String>,
    /// What it may do
    #[arg(long, default_value = "read write", value_parser = scopes_parser())]
    scope: Scopes,
    /// How long it lives: 90s, 15m, 8h or 1d, at most 30 days
    #[arg(long, default_value = "15m", value_parser = duration)]
    ttl: TimeDelta,
}

fn role_parser() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.map(Role::as_str)).try_map(|text| text.parse::<Role>())
}

/// What a token or a client may do, in either order of the words.
pub fn scopes_parser() -> impl TypedValueParser<Value = Scopes> {
    let shown = ["read", "write", "read write"].map(PossibleValue::new);
    let also = ["write read", "read,write", "write,read"]
        .map(|words| PossibleValue::new(words).hide(true));
    PossibleValuesParser::new(shown.into_iter().chain(also))
        .try_map(|text| text.replace(',', " ").parse::<Scopes>())
}

fn duration(text: &str) -> Result<TimeDelta, String> {
    const EXPECTED: &str = "a duration such as 90s, 15m, 8h or 1d is expected";
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or(EXPECTED)?;
    let number: i64 = number.parse().map_err(|_| EXPECTED)?;
    let seconds = match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    };
    let duration = seconds
        .and_then(|unit| number.checked_mul(unit))
        .and_then(TimeDelta::try_seconds)
        .ok_or(EXPECTED)?;
    if duration > TimeDelta::zero() && duration <= LONGEST_LIFE {
        Ok(duration)
    } else {
        Err("from 1s to 30d".to_owned())
    }
}

pub fn run(arguments: Arguments) -> Result<(), Failure> {
    match (arguments.action, arguments.making) {
        (Some(Action::Revoke { token }), _) => wait(revoke(token)),
        (None, Some(making)) => wait(make(making)),
        (None, None) => {
            let mut command = Arguments::augment_args(clap::Command::new("ree token"));
            let kind = clap::error::ErrorKind::MissingRequiredArgument;
            command
                .error(kind, "a role is needed: --role <ROLE>")
                .exit()
        }
    }
}

/// Ends one token, whoever it was made for.
async fn revoke(token: String) -> Result<(), Failure> {
    let config = config()?;
    let token = match token.as_str() {
        "-" => std::io::read_to_string(std::io::stdin())?,
        _ => token,
    };
    let (token, now) = (token.trim(), Clock::default().now());
    let (jti, expires_at) = match uuid::Uuid::try_parse(token) {
        // When it ends is not known: when it does at the latest.
        Ok(jti) => (jti, now + LONGEST_LIFE),
        Err(_) => {
            let tokens = tokens(&config).await?;
            match tokens.verify(token, now) {
                Ok(claims) => (claims.jti, claims.exp),
                Err(TokenError::Expired) => {
                    return output::print("the token has expired already\n");
                }
                Err(error) => {
                    return Err(format!(
                        "neither the id of a token nor one of this service: {error}"
                    )
                    .into());
                }
            }
        }
    };
    let database = Database::open(&config).await?;
    let mut connection = database.connector.diesel().await?;
    revocation::store::revoke(&mut connection, jti, expires_at).await?;
    output::print(&format!("revoked {jti}\n"))
}

async fn make(arguments: Making) -> Result<(), Failure> {
    let config = config()?;
    let clock = Clock::default();
    let now = clock.now();
    check_codes(&arguments)?;
    let subject = subject(&arguments);
    let perimeter = Perimeter {
        territories: arguments.territories,
        uais: arguments.uais,
        partner_id: arguments.partner_id,
    };
    let identity = Identity::new(arguments.role, perimeter).map_err(|fault| {
        format!(
            "--{}: {fault} for the role {}",
            fault.claim().replace('_', "-"),
            arguments.role
        )
    })?;
    let tokens = tokens(&config).await?;
    let claims = Claims {
        iss: tokens.issuer().to_owned(),
        sub: arguments.sub.unwrap_or(subject),
        exp: now + arguments.ttl,
        iat: now,
        jti: clock.new_id(),
        client_id: "ree-cli".to_owned(),
        scope: arguments.scope,
        identity,
    };
    output::print(&format!("{}\n", tokens.sign(&claims)?))
}

/// Signs as the service does. No key is made here: a token signed with a key that the service does not
/// have is one that it refuses.
async fn tokens(config: &Config) -> Result<Tokens, Failure> {
    let dir = match KeySource::of_service(config)? {
        KeySource::Files(dir) => dir,
        KeySource::Database(encryption) => return shared_tokens(config, &encryption).await,
    };
    match Keys::load(&dir, Clock::default().now()) {
        Err(KeyError::None { dir }) => Err(format!(
            "no signing key in {}: `ree serve` makes one when it first starts; start it, name its \
             data directory by REE_DATA_DIR, or set REE_KEY_ENCRYPTION_KEY where its keys are in the database",
            dir.display()
        )
        .into()),
        keys => Ok(Tokens::new(keys?, issuer(config)?)),
    }
}

/// Signs as the instances do that share their keys, for the address that they were started with.
async fn shared_tokens(config: &Config, encryption: &EncryptionKeys) -> Result<Tokens, Failure> {
    let database = Database::open(config).await?;
    let session = database.session().await?;
    let stored = store::read(&session, encryption).await;
    let keys = stored.map_err(|error| reason(&error))?.keys()?;
    let issuer = installation::issuer(&database.connector).await;
    let issuer = issuer.map_err(|error| reason(&error))?.ok_or(
        "no service was started on this database yet: `ree serve` says whom tokens are to name",
    )?;
    match config.named_url() {
        Some(named) if named != issuer => Err(format!(
            "REE_PUBLIC_URL={named}: the service of this database was started as {issuer} and would refuse \
             the token; leave REE_PUBLIC_URL out, or start the service with it"
        )
        .into()),
        _ => Ok(Tokens::new(keys, issuer)),
    }
}

/// The issuer that the service wants in a token.
fn issuer(config: &Config) -> Result<String, Failure> {
    let issuer = config.issuer();
    match config.published_url() {
        Some(url) if url != issuer => Err(format!(
            "REE_PUBLIC_URL={issuer}: the service of {} was started as {url} and would refuse the token; \
             leave REE_PUBLIC_URL out, or start the service with it",
            config.data_dir.display()
        )
        .into()),
        _ => Ok(issuer),
    }
}

/// The longest name made of a perimeter.
const LONGEST_NAME: usize = 100;

/// Whoever acts without a name: two perimeters are two, since nobody validates a report of their own.
fn subject(arguments: &Making) -> String {
    let territories = arguments.territories.iter().flatten().cloned();
    let uais = arguments.uais.iter().flatten().cloned();
    let partner = arguments.partner_id.iter().map(ToString::to_string);
    let words: Vec<String> = std::iter::once(format!("cli-{}", arguments.role))
        .chain(territories)
        .chain(uais)
        .chain(partner)
        .collect();
    let name = words.join("-");
    if name.len() <= LONGEST_NAME {
        return name;
    }
    // Too long to be a name: its digest tells it from others as well.
    let digest = Sha256Hex::of(name.as_bytes()).to_string();
    let short: String = digest.chars().take(16).collect();
    format!("cli-{}-{short}", arguments.role)
}

/// Catches what the service would accept and never match: codes that do not exist.
fn check_codes(arguments: &Making) -> Result<(), Failure> {
    let explain = |option: &str, code: &str, rule: &Rule| {
        format!("--{option} {code}: {}", rule.detail(Language::English))
    };
    for code in arguments.territories.iter().flatten() {
        TerritoryCode::from_text(code).map_err(|rule| explain("territories", code, &rule))?;
    }
    for uai in arguments.uais.iter().flatten() {
        Uai::from_text(uai).map_err(|rule| explain("uais", uai, &rule))?;
    }
    Ok(())
}
