//! Access tokens: JWTs of the profile RFC 9068, signed with EdDSA (RFC 8037).
//!
//! `jsonwebtoken` does the encoding and the signature; every other decision is made here, for
//! its defaults do not fit and some cannot be made to fit (read in version 11.1):
//!
//! - it reads the system clock itself and grants `exp` 60 seconds; here the clock is passed in
//!   and `exp` has no leeway, so all its claim checks are turned off and [`Claims`] replaces them;
//! - it accepts an audience or an issuer among several, or none at all unless required;
//! - it looks at neither `typ` nor `crit`, and does not know which keys exist;
//! - it chooses its cryptography by crate features and panics at run time when both `rust_crypto`
//!   and `aws_lc_rs` are on, whoever turned them on. With `rust_crypto` alone there is nothing to
//!   install; the tests of this module would fail if a dependency changed that.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use sha2::{Digest, Sha256};

use super::claims::{Claims, Payload};
use super::identity::ClaimFault;
use super::keys::{Key, Keys};

pub mod cache;
#[cfg(test)]
mod tests;

use cache::VerifiedTokens;

/// The longest token looked at, in bytes. The service's own are some 600 bytes; the bound keeps
/// what a stranger can make it hash and parse small.
pub const LONGEST: usize = 8 * 1024;

/// The media type of an access token (RFC 9068 §2.1), without `application/`.
const TYPE: &str = "at+jwt";

/// Signs access tokens and verifies them, and remembers those it verified.
///
/// To take up rotated or revoked keys, build [another one](Tokens::with) with the keys loaded again and
/// replace this one: what it remembers goes with it, and so do the tokens of a key that is gone.
pub struct Tokens {
    keys: Keys,
    issuer: String,
    validation: Validation,
    verified: VerifiedTokens,
}

impl Tokens {
    /// `issuer` is the `iss` of every token: the service's public URL.
    #[must_use]
    pub fn new(keys: Keys, issuer: impl Into<String>) -> Tokens {
        Tokens {
            keys,
            issuer: issuer.into(),
            validation: signature_only(),
            verified: VerifiedTokens::default(),
        }
    }

    /// The same with other keys.
    #[must_use]
    pub fn with(&self, keys: Keys) -> Tokens {
        Tokens::new(keys, self.issuer.as_str())
    }

    /// The keys it signs and verifies with.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The `iss` of every token it signs or accepts.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Signs `claims` with the current key.
    ///
    /// # Errors
    /// Claims that [`Tokens::verify`] would refuse, whatever the hour: a perimeter that is empty,
    /// another issuer, an end before the beginning.
    pub fn sign(&self, claims: &Claims) -> Result<String, SignError> {
        let payload = claims.to_payload();
        // Reading back what is about to be signed: the rules are written once, in `parse`.
        let read = Claims::parse(&payload).map_err(SignError::Claim)?;
        if read.iss != self.issuer {
            return Err(SignError::Claim(ClaimFault::Malformed("iss")));
        }
        let key = self.keys.current();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid().to_owned());
        let token =
            jsonwebtoken::encode(&header, &payload, key.encoding()).map_err(|_| SignError::Key)?;
        if token.len() > LONGEST {
            Err(SignError::TooLong)
        } else {
            Ok(token)
        }
    }

    /// Verifies a token as of `now`. Whether it was revoked is asked of
    /// [`Revocations`](super::Revocations) afterwards, each time.
    ///
    /// The first time costs a signature check, the next ones a SHA-256 and a look-up.
    ///
    /// # Errors
    /// [`TokenError::Expired`] for a token that was ours, otherwise what is wrong with it.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Claims>, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Invalid("too long"));
        }
        // A digest, so that memory holds no token that could be used if it leaked; collision
        // resistant, so that no other string is ever taken for one that was verified.
        let digest = Sha256::digest(token).into();
        if let Some(claims) = self.verified.get(&digest) {
            return in_time(claims, now);
        }
        let claims = in_time(Arc::new(self.verify_unseen(token)?), now)?;
        if claims.is_from_the_future(now) {
            return Err(TokenError::Claim(ClaimFault::Malformed("iat")));
        }
        self.verified.insert(digest, Arc::clone(&claims), now);
        Ok(claims)
    }

    /// Everything that does not depend on the hour.
    fn verify_unseen(&self, token: &str) -> Result<Claims, TokenError> {
        let header = jsonwebtoken::decode_header(token)
            .map_err(|_| TokenError::Invalid("malformed header or unknown algorithm"))?;
        let key = self.key_of(&header)?;
        let decoded = jsonwebtoken::decode::<Payload>(token, key.decoding(), &self.validation);
        let Payload(payload) = decoded.map_err(|error| refused(error.kind()))?.claims;
        let claims = Claims::parse(&payload).map_err(TokenError::Claim)?;
        if claims.iss != self.issuer {
            return Err(TokenError::Claim(ClaimFault::Malformed("iss")));
        }
        Ok(claims)
    }

    /// The key that must have signed, by a header nobody has vouched for yet: it only selects
    /// among our own, and its `jwk`, `jku`, `x5u` are never followed.
    fn key_of(&self, header: &Header) -> Result<&Key, TokenError> {
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::Invalid("the algorithm is not EdDSA"));
        }
        // RFC 7515 §4.1.11: an extension that is not understood is refused, and none is.
        if header.crit.is_some() {
            return Err(TokenError::Invalid("crit is not supported"));
        }
        if !header.typ.as_deref().is_some_and(is_access_token) {
            return Err(TokenError::Invalid("typ is not at+jwt"));
        }
        let kid = header
            .kid
            .as_deref()
            .ok_or(TokenError::Invalid("kid is missing"))?;
        self.keys.find(kid).ok_or(if self.keys.is_unreadable(kid) {
            TokenError::UnreadableKey
        } else {
            TokenError::UnknownKey
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("keys", &self.keys)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Why a token is refused. `Display` is a short reason for the logs; like `Debug`, it never
/// contains the token or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// It was a token of ours, and its time is over.
    Expired,
    /// It names a key that is not one of ours.
    UnknownKey,
    /// It names a key of ours that could not be decrypted: whether it is good is not known.
    UnreadableKey,
    /// It is not an access token this service signed.
    Invalid(&'static str),
    /// Its signature is ours, a claim is not acceptable.
    Claim(ClaimFault),
}

impl TokenError {
    /// The code of the problem document. RFC 6750 §3.1 has `invalid_token` for both.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            TokenError::Expired => "expired",
            TokenError::UnknownKey
            | TokenError::UnreadableKey
            | TokenError::Invalid(_)
            | TokenError::Claim(_) => "invalid_token",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenError::Expired => f.write_str("the token has expired"),
            TokenError::UnknownKey => f.write_str("kid is not one of our keys"),
            TokenError::UnreadableKey => f.write_str("kid is a key that cannot be decrypted"),
            TokenError::Invalid(reason) => f.write_str(reason),
            TokenError::Claim(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for TokenError {}

/// Why a token was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignError {
    /// The claims are not acceptable.
    Claim(ClaimFault),
    /// The perimeter is so long that nobody would accept the token.
    TooLong,
    /// The key refused to sign.
    Key,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignError::Claim(fault) => fault.fmt(f),
            SignError::TooLong => write!(f, "the token would be over {LONGEST} bytes"),
            SignError::Key => f.write_str("the key could not sign"),
        }
    }
}

impl std::error::Error for SignError {}

/// Pins the algorithm and checks the signature; claims are ours to check.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.leeway = 0;
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// RFC 9068 §4 and RFC 7515 §4.1.9: the media type, with or without `application/`, in any case.
/// It keeps other things signed with the same key, an ID token for one, from serving as access tokens.
fn is_access_token(typ: &str) -> bool {
    let subtype = match typ.split_once('/') {
        Some((kind, subtype)) if kind.eq_ignore_ascii_case("application") => subtype,
        Some(_) => return false,
        None => typ,
    };
    subtype.eq_ignore_ascii_case(TYPE)
}

fn in_time(claims: Arc<Claims>, now: DateTime<Utc>) -> Result<Arc<Claims>, TokenError> {
    if claims.is_expired(now) {
        Err(TokenError::Expired)
    } else {
        Ok(claims)
    }
}

/// Fixed texts only: the library's own can quote the token.
fn refused(kind: &ErrorKind) -> TokenError {
    TokenError::Invalid(match kind {
        ErrorKind::InvalidSignature => "the signature does not match",
        ErrorKind::Json(_) | ErrorKind::Utf8(_) => "the payload is not one JSON object",
        ErrorKind::InvalidAlgorithm => "the algorithm is not EdDSA",
        _ => "not a well-formed token",
    })
}
