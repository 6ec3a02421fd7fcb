//! `ree token`: makes an access token with the service's own key.

use chrono::TimeDelta;

use super::{Failure, config};
use crate::auth::{Claims, Identity, Keys, Perimeter, Role, Scopes, Tokens};
use crate::clock::Clock;
use crate::error::Rule;
use crate::language::Language;
use crate::values::{FromText, Sha256Hex, TerritoryCode, Uai};

#[derive(clap::Args)]
pub struct Arguments {
    /// The role: ministry, academy, establishment, partner or reader
    #[arg(long, value_parser = role)]
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
    #[arg(long, default_value = "read write", value_parser = scope)]
    scope: Scopes,
    /// How long it lives: 90s, 15m, 8h or 1d, at most 30 days
    #[arg(long, default_value = "15m", value_parser = duration)]
    ttl: TimeDelta,
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| {
        "one of ministry, academy, establishment, partner, reader is expected".to_owned()
    })
}

fn scope(text: &str) -> Result<Scopes, String> {
    text.parse()
        .map_err(|_| "\"read\", \"write\" or \"read write\" is expected".to_owned())
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
    if duration > TimeDelta::zero() && duration <= TimeDelta::days(30) {
        Ok(duration)
    } else {
        Err("from 1s to 30d".to_owned())
    }
}

pub fn run(arguments: Arguments) -> Result<(), Failure> {
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
    let keys = Keys::load_or_create(&config.data_dir.join("keys"), now)?;
    let issuer = config.issuer();
    let tokens = Tokens::new(keys, &issuer);
    let claims = Claims {
        iss: issuer,
        sub: arguments.sub.unwrap_or(subject),
        exp: now + arguments.ttl,
        iat: now,
        jti: clock.new_id(),
        client_id: "ree-cli".to_owned(),
        scope: arguments.scope,
        identity,
    };
    println!("{}", tokens.sign(&claims)?);
    Ok(())
}

/// The longest name made of a perimeter.
const LONGEST_NAME: usize = 100;

/// Whoever acts without a name: two perimeters are two, since nobody validates a report of their own.
fn subject(arguments: &Arguments) -> String {
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
fn check_codes(arguments: &Arguments) -> Result<(), Failure> {
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
