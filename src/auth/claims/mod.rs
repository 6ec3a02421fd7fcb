//! The claims of an access token (RFC 7519, profile of RFC 9068), as types.
//!
//! Strict on purpose: a token is made by this service or not accepted at all, so whatever is
//! missing, mistyped or contradictory is refused rather than interpreted. A claim the service
//! does not know is ignored (RFC 7519 §4), which lets an older instance accept the tokens of a
//! newer one during an upgrade.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::identity::{ClaimFault, Identity, Perimeter, Role, Scopes};

#[cfg(test)]
mod tests;

/// The one audience of the service's tokens.
pub const AUDIENCE: &str = "ree";

/// How far in the future `iat` may lie, for clocks that differ between instances. `exp` has no
/// such tolerance.
pub const IAT_LEEWAY: TimeDelta = TimeDelta::seconds(60);

/// The longest `iss`, `sub` or `client_id`, in characters: they reach the audit trail.
const LONGEST_TEXT: usize = 255;

/// The claims of an access token (RFC 9068 §2.2). `aud` is always [`AUDIENCE`] and is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who signed: the service's public URL.
    pub iss: String,
    /// On whose behalf: a person, or the client itself.
    pub sub: String,
    /// The moment from which the token is refused, to the second.
    pub exp: DateTime<Utc>,
    /// When it was signed, to the second.
    pub iat: DateTime<Utc>,
    /// The token's own id; the service makes version 7 UUIDs, whose order revocation relies on.
    pub jti: Uuid,
    /// The program that asked for it.
    pub client_id: String,
    /// What it allows.
    pub scope: Scopes,
    /// As whom.
    pub identity: Identity,
}

impl Claims {
    /// Reads a token's payload.
    ///
    /// # Errors
    /// The first claim found missing, malformed or out of place.
    pub fn parse(payload: &Map<String, Value>) -> Result<Claims, ClaimFault> {
        let aud = required(payload, "aud")?;
        if !is_our_audience(aud) {
            return Err(ClaimFault::Malformed("aud"));
        }
        // The service never issues it, and to ignore it would accept a token too early.
        if payload.contains_key("nbf") {
            return Err(ClaimFault::Foreign("nbf"));
        }
        let (iat, exp) = (date(payload, "iat")?, date(payload, "exp")?);
        if exp <= iat {
            return Err(ClaimFault::Malformed("exp"));
        }
        let role: Role = text(payload, "role")?.parse()?;
        Ok(Claims {
            iss: text(payload, "iss")?.to_owned(),
            sub: text(payload, "sub")?.to_owned(),
            exp,
            iat,
            jti: uuid("jti", required(payload, "jti")?)?,
            client_id: text(payload, "client_id")?.to_owned(),
            scope: text(payload, "scope")?.parse()?,
            identity: Identity::new(role, perimeter(payload)?)?,
        })
    }

    /// The payload to sign; [`Claims::parse`] reads it back.
    #[must_use]
    pub fn to_payload(&self) -> Map<String, Value> {
        let mut payload = Map::new();
        let mut set = |name: &str, value: Value| payload.insert(name.to_owned(), value);
        set("iss", self.iss.as_str().into());
        set("sub", self.sub.as_str().into());
        set("aud", AUDIENCE.into());
        set("exp", self.exp.timestamp().into());
        set("iat", self.iat.timestamp().into());
        set("jti", self.jti.to_string().into());
        set("client_id", self.client_id.as_str().into());
        set("scope", self.scope.as_str().into());
        set("role", self.identity.role().as_str().into());
        match &self.identity {
            Identity::Ministry | Identity::Reader => None,
            Identity::Academy { territories } => set("territories", json!(territories)),
            Identity::Establishment { uais } => set("uais", json!(uais)),
            Identity::Partner { partner_id } => set("partner_id", partner_id.to_string().into()),
        };
        payload
    }

    /// Whether the token no longer counts at `now`: "on or after" `exp` (RFC 7519 §4.1.4).
    #[must_use]
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.exp <= now
    }

    /// Whether the token claims to be signed later than clocks may differ by.
    #[must_use]
    pub fn is_from_the_future(&self, now: DateTime<Utc>) -> bool {
        self.iat.signed_duration_since(now) > IAT_LEEWAY
    }
}

/// A payload whose names are unique. RFC 7519 §4 lets a reader refuse duplicates or keep the
/// last: two readers that differ in this see two different identities, so they are refused.
pub(super) struct Payload(pub(super) Map<String, Value>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Payload, D::Error> {
        deserializer.deserialize_map(PayloadVisitor)
    }
}

struct PayloadVisitor;

impl<'de> Visitor<'de> for PayloadVisitor {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Payload, A::Error> {
        let mut payload = Map::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if payload.insert(name, value).is_some() {
                return Err(de::Error::custom("duplicate claim"));
            }
        }
        Ok(Payload(payload))
    }
}

fn required<'a>(
    payload: &'a Map<String, Value>,
    name: &'static str,
) -> Result<&'a Value, ClaimFault> {
    payload.get(name).ok_or(ClaimFault::Missing(name))
}

fn text<'a>(payload: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, ClaimFault> {
    let text = required(payload, name)?
        .as_str()
        .ok_or(ClaimFault::Malformed(name))?;
    let sound = !text.is_empty()
        && text.chars().count() <= LONGEST_TEXT
        && !text.chars().any(char::is_control);
    if sound {
        Ok(text)
    } else {
        Err(ClaimFault::Malformed(name))
    }
}

/// A date in whole seconds. `as_i64` takes JSON integers only: RFC 7519 would allow fractions,
/// which nobody here writes, and a string that is skipped instead of refused is CVE-2026-25537.
fn date(payload: &Map<String, Value>, name: &'static str) -> Result<DateTime<Utc>, ClaimFault> {
    let seconds = required(payload, name)?.as_i64();
    let date = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    date.ok_or(ClaimFault::Malformed(name))
}

/// Only the canonical form: lower case, with hyphens (RFC 9562 §4).
fn uuid(name: &'static str, value: &Value) -> Result<Uuid, ClaimFault> {
    let malformed = ClaimFault::Malformed(name);
    let text = value.as_str().ok_or(malformed)?;
    let uuid = Uuid::try_parse(text).map_err(|_| malformed)?;
    if uuid.to_string() == text {
        Ok(uuid)
    } else {
        Err(malformed)
    }
}

/// The audience as a string, or alone in an array (RFC 7519 §4.1.3). A token that is also meant
/// for somebody else could be replayed here by them.
fn is_our_audience(aud: &Value) -> bool {
    match aud {
        Value::String(one) => one == AUDIENCE,
        Value::Array(all) => matches!(all.as_slice(), [Value::String(one)] if one == AUDIENCE),
        _ => false,
    }
}

fn perimeter(payload: &Map<String, Value>) -> Result<Perimeter, ClaimFault> {
    Ok(Perimeter {
        territories: strings(payload, "territories")?,
        uais: strings(payload, "uais")?,
        partner_id: match payload.get("partner_id") {
            Some(value) => Some(uuid("partner_id", value)?),
            None => None,
        },
    })
}

fn strings(
    payload: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<Vec<String>>, ClaimFault> {
    let Some(value) = payload.get(name) else {
        return Ok(None);
    };
    let items = value.as_array().ok_or(ClaimFault::Malformed(name))?;
    let strings: Option<Vec<String>> = items
        .iter()
        .map(|item| item.as_str().map(str::to_owned))
        .collect();
    strings.map(Some).ok_or(ClaimFault::Malformed(name))
}
