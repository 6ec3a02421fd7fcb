//! The errors of OAuth (RFC 6749 §5.2): what its two addresses answer instead of problem documents,
//! because client libraries read nothing else.

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Code, Error};

/// The addresses that answer so.
const ADDRESSES: [&str; 2] = ["/oauth2/token", "/oauth2/revoke"];

/// Whether what is refused at this path is refused in OAuth's words.
pub fn speaks_at(path: &str) -> bool {
    ADDRESSES.contains(&path)
}

/// Une erreur d'OAuth (RFC 6749 §5.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct OAuthError {
    /// `invalid_request`, `invalid_client`, `unauthorized_client`, `unsupported_grant_type` ou
    /// `invalid_scope` ; `temporarily_unavailable` ou `server_error` si le service a failli.
    #[schema(example = "invalid_client")]
    pub error: &'static str,
    /// L'explication, en anglais et en ASCII comme la norme le veut.
    #[schema(example = "The client is unknown, revoked or expired, or its secret is wrong.")]
    pub error_description: &'static str,
}

impl OAuthError {
    /// What the service itself refuses before a handler of OAuth is asked, with its status: a request
    /// that is not one of OAuth's is 400, whatever is wrong with it.
    pub fn of(error: &Error) -> (StatusCode, Self) {
        let status = error.code.status();
        let (status, name) = match error.code {
            Code::ServiceUnavailable | Code::TooManyRequests => (status, "temporarily_unavailable"),
            Code::InternalError => (status, "server_error"),
            Code::NotAcceptable | Code::UnsupportedMediaType | Code::ValidationFailed => {
                (StatusCode::BAD_REQUEST, "invalid_request")
            }
            _ => (status, "invalid_request"),
        };
        let error_description = match error.code {
            Code::UnsupportedMediaType => {
                "The body is a form: send it as application/x-www-form-urlencoded, in UTF-8."
            }
            Code::ValidationFailed => "The parameters go in the body, not in the address.",
            Code::NotAcceptable => "The answer is application/json.",
            Code::MethodNotAllowed => "The method is POST.",
            code => code.entry().meaning.en,
        };
        (
            status,
            Self {
                error: name,
                error_description,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_of_the_characters_that_oauth_allows() {
        for code in Code::ALL {
            let (_, told) = OAuthError::of(&Error::new(*code));
            let is_allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
            let words = told.error_description;
            // RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
            let meets = words.chars().all(is_allowed);
            assert!(meets, "{words}");
        }
    }
}
