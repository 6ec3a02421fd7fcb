//! What a request to the token and revocation endpoints says (RFC 6749 §2.3, §3.2).
//!
//! Unlike the rest of the API it follows OAuth's rules: a parameter without a value counts as
//! absent, an unknown one is ignored, a repeated one is refused.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};

use super::refusal::{Kind, Refusal};
use crate::auth::authorization::{self, ClientCredentials};
use crate::http::query::Parameters;

/// The parameters of a form that OAuth gives a meaning to here.
const KNOWN: [&str; 6] = [
    "grant_type",
    "scope",
    "client_id",
    "client_secret",
    "token",
    "token_type_hint",
];

/// The parameters of a request.
#[derive(Debug)]
pub struct Form(Parameters);

impl Form {
    /// Reads a body.
    ///
    /// # Errors
    /// `invalid_request` when it is not a form in UTF-8, or repeats a parameter.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        let malformed = || Refusal::new(Kind::InvalidRequest, "The body is not a form in UTF-8.");
        let text = std::str::from_utf8(body).map_err(|_| malformed())?;
        let parameters = Parameters::parse(text).map_err(|_| malformed())?;
        if KNOWN.iter().any(|name| parameters.repeats(name)) {
            return Err(Refusal::new(
                Kind::InvalidRequest,
                "A parameter is given more than once.",
            ));
        }
        Ok(Self(parameters))
    }

    /// A parameter that has a value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).filter(|value| !value.is_empty())
    }

    /// Whom the request says it comes from: by `Basic`, or by the body, never both.
    ///
    /// # Errors
    /// `invalid_request` for two ways at once, `invalid_client` without any that can be read.
    pub fn credentials(&self, headers: &HeaderMap) -> Result<ClientCredentials, Refusal> {
        let (id, secret) = (self.get("client_id"), self.get("client_secret"));
        let mut given = headers.get_all(AUTHORIZATION);
        let Some(header) = given.next() else {
            let pair = id.zip(secret).ok_or_else(Refusal::unknown_client)?;
            return Ok(ClientCredentials {
                client_id: pair.0.to_owned(),
                client_secret: pair.1.to_owned(),
            });
        };
        if secret.is_some() || given.next().is_some() {
            return Err(Refusal::new(
                Kind::InvalidRequest,
                "The client authenticates in more than one way.",
            ));
        }
        let basic = header
            .to_str()
            .ok()
            .and_then(|header| authorization::basic(header).ok())
            .ok_or_else(Refusal::unknown_client)?;
        if id.is_some_and(|id| id != basic.client_id) {
            return Err(Refusal::new(
                Kind::InvalidRequest,
                "The client_id is not that of the Authorization header.",
            ));
        }
        Ok(basic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn kind<T>(outcome: Result<T, Refusal>) -> Option<Kind> {
        match outcome.err()? {
            Refusal::OAuth(kind, _) => Some(kind),
            Refusal::Problem(error) => panic!("{error}"),
        }
    }

    /// `id:secret`.
    fn basic() -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            AUTHORIZATION,
            HeaderValue::from_static("Basic aWQ6c2VjcmV0"),
        );
        headers
    }

    #[test]
    fn empty_is_absent_unknown_is_ignored_repeated_is_refused() {
        let form = Form::read(b"grant_type=client_credentials&scope=&x=1&x=2").unwrap();
        assert_eq!(form.get("grant_type"), Some("client_credentials"));
        assert_eq!(form.get("scope"), None);
        for bad in [
            &b"scope=read&scope=read"[..],
            b"scope=%ff",
            b"scope=%2",
            b"\xff",
        ] {
            assert_eq!(kind(Form::read(bad)), Some(Kind::InvalidRequest));
        }
    }

    #[test]
    fn a_client_authenticates_in_one_way() {
        let read = |body: &str, headers: &HeaderMap| {
            Form::read(body.as_bytes()).unwrap().credentials(headers)
        };
        let expected = ClientCredentials {
            client_id: "id".into(),
            client_secret: "secret".into(),
        };
        assert_eq!(
            read("client_id=id&client_secret=secret", &HeaderMap::new()).unwrap(),
            expected
        );
        assert_eq!(read("", &basic()).unwrap(), expected);
        assert_eq!(read("client_id=id", &basic()).unwrap(), expected);
        assert_eq!(
            kind(read("client_id=id&client_secret=secret", &basic())),
            Some(Kind::InvalidRequest)
        );
        assert_eq!(
            kind(read("client_id=other", &basic())),
            Some(Kind::InvalidRequest)
        );
        assert_eq!(
            kind(read("client_id=id", &HeaderMap::new())),
            Some(Kind::InvalidClient)
        );
    }
}
