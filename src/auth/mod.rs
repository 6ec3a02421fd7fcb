//! Identity: who is calling, and how the service can be sure of it.
//!
//! This is the cryptographic half: it decides what a token or a secret *is*. But for its stores it knows neither
//! HTTP nor SQL, reads no clock and makes no id: the caller passes `now` and every UUID in.
//!
//! | file | what it answers |
//! | --- | --- |
//! | [`keys`] | which Ed25519 keys the service signs with, and which it publishes (RFC 7517, 8037); where they are kept |
//! | [`identity`] | the roles, each with its perimeter, and the scopes |
//! | [`claims`] | the claims of a token: issuer, audience, identity, expiry (RFC 7519) |
//! | [`tokens`] | signing an access token, and verifying one at 20,000 requests a second (RFC 9068) |
//! | [`revocation`] | which tokens no longer count although they have not expired (RFC 7009) |
//! | [`secrets`] | machine clients' secrets: made, recognised, kept as a digest |
//! | [`sealing`] | what is kept encrypted: the secrets of webhooks |
//! | [`authorization`] | reading an `Authorization` header (RFC 6750, RFC 7617) |
//!
//! A request goes through them in this order:
//!
//! ```text
//! Authorization ── authorization::bearer ──▶ token ── Tokens::verify ──▶ Claims
//!                                              Revocations::is_revoked(&claims) ──▶ 401 or go on
//! ```
//!
//! and a machine client obtains its token so:
//!
//! ```text
//! authorization::basic ──▶ client id, secret ── Secret::parse ──▶ digest, compared with the
//! stored ones in constant time ──▶ Tokens::sign(&Claims)
//! ```

pub mod authenticator;
pub mod authorization;
pub mod claims;
pub mod identity;
pub mod keys;
pub mod person_viewer;
pub mod policy;
pub mod revocation;
pub mod sealing;
pub mod secrets;
pub mod tokens;

#[cfg(test)]
mod testing;

pub use claims::Claims;
pub use identity::{ClaimFault, Identity, Perimeter, Role, Scopes};
pub use keys::{KeyError, KeySource, Keys};
pub use revocation::Revocations;
pub use secrets::Secret;
pub use tokens::{TokenError, Tokens};
