//! What OAuth's handlers refuse (RFC 6749 §5.2). What is refused before them is written in the same
//! shape by the shell ([`OAuthError`]).

use crate::error::Error;
use crate::error::oauth::OAuthError;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA, WWW_AUTHENTICATE};

/// Why a request for a token, or to end one, is not served.
#[derive(Debug)]
pub enum Refusal {
    /// In OAuth's words.
    OAuth(Kind, &'static str),
    /// In the service's: the shell words it.
    Problem(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Problem(error)
    }
}

/// The errors of OAuth that the service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// The client is not recognised, whatever the reason.
    InvalidClient,
    /// The client may not do this.
    UnauthorizedClient,
    /// Only `client_credentials` is supported.
    UnsupportedGrantType,
    /// The scope is unknown, or more than the client has.
    InvalidScope,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl Refusal {
    /// A refusal of this kind; the words are ASCII without quotes or backslashes (RFC 6749 §5.2).
    pub const fn new(kind: Kind, description: &'static str) -> Self {
        Self::OAuth(kind, description)
    }

    /// One and the same for every client that is not recognised.
    pub const fn unknown_client() -> Self {
        Self::new(
            Kind::InvalidClient,
            "The client is unknown, revoked or expired, or its secret is wrong.",
        )
    }

    /// The answer.
    ///
    /// # Errors
    /// What is not OAuth's affair.
    pub fn answer(self) -> Result<HttpResponse, Error> {
        let (kind, error_description) = match self {
            Self::OAuth(kind, description) => (kind, description),
            Self::Problem(error) => return Err(error),
        };
        let mut response = HttpResponse::build(kind.status());
        response
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((PRAGMA, "no-cache"));
        if kind == Kind::InvalidClient {
            // RFC 9110 §15.5.2 asks for it on every 401, RFC 6749 §5.2 where the header was used.
            response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"ree\", charset=\"UTF-8\""));
        }
        Ok(response.json(OAuthError {
            error: kind.as_str(),
            error_description,
        }))
    }
}
