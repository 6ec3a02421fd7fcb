//! Reading an `Authorization` header (RFC 9110 §11.6.2).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::values::form_decode;

#[cfg(test)]
mod tests;

/// Far above any token or secret the service makes; what is longer is not read.
const LONGEST: usize = 16 * 1024;

/// The token of `Bearer <token>` (RFC 6750 §2.1); the scheme in any case, one space or more.
///
/// # Errors
/// Another scheme, or a token outside the `b64token` alphabet.
pub fn bearer(header: &str) -> Result<&str, AuthorizationError> {
    let token = credentials(header, "Bearer")?;
    if is_token68(token) {
        Ok(token)
    } else {
        Err(AuthorizationError::Malformed)
    }
}

/// The client of `Basic <base64>` (RFC 7617), each half form-encoded as RFC 6749 §2.3.1 asks.
///
/// The service's own ids and secrets are unchanged by that encoding, so that clients which skip
/// it, and many do, are served all the same.
///
/// # Errors
/// Another scheme, or credentials that do not decode.
pub fn basic(header: &str) -> Result<ClientCredentials, AuthorizationError> {
    let encoded = credentials(header, "Basic")?;
    parse_basic(encoded).ok_or(AuthorizationError::Malformed)
}

/// A client's id and its secret, as presented. `Debug` does not show the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCredentials {
    /// The client id it claims.
    pub client_id: String,
    /// What it offers as proof; to be given to [`Secret::parse`](super::Secret::parse).
    pub client_secret: String,
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Why a header gives no credentials. It never quotes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationError {
    /// Another scheme than the one expected: as if there were no header (RFC 6750 §3.1).
    OtherScheme,
    /// The right scheme, and something that cannot be read.
    Malformed,
}

impl fmt::Display for AuthorizationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AuthorizationError::OtherScheme => "another authentication scheme",
            AuthorizationError::Malformed => "malformed credentials",
        })
    }
}

impl std::error::Error for AuthorizationError {}

/// What follows the scheme: `auth-scheme 1*SP token68` (RFC 9110 §11.4).
fn credentials<'a>(header: &'a str, scheme: &str) -> Result<&'a str, AuthorizationError> {
    let (given, rest) = header.split_once(' ').unwrap_or((header, ""));
    if !given.eq_ignore_ascii_case(scheme) {
        return Err(AuthorizationError::OtherScheme);
    }
    let rest = rest.trim_start_matches(' ');
    if rest.is_empty() || rest.len() > LONGEST {
        return Err(AuthorizationError::Malformed);
    }
    Ok(rest)
}

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(allowed)
}

fn parse_basic(encoded: &str) -> Option<ClientCredentials> {
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    // The first colon: an id cannot hold one (RFC 7617 §2), a secret can.
    let (id, secret) = pair.split_once(':')?;
    let (client_id, client_secret) = (form_decode(id)?, form_decode(secret)?);
    let sound = !client_id.is_empty()
        && !client_id
            .chars()
            .chain(client_secret.chars())
            .any(char::is_control);
    sound.then_some(ClientCredentials {
        client_id,
        client_secret,
    })
}
