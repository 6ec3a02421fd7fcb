//! The address of a webhook: how it is written, and which ones are taken.
//!
//! A host may be a name. What it stands for is looked at when connecting, each time
//! ([`sending`](super::sending)); here is refused what can be seen beforehand.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use url::Host;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};

use super::reserved::{Reach, is_private};
use crate::error::{Notice, Rule, notice};
use crate::values::{FromText, Text, TextValue, text_type};

static CREDENTIALS: Notice = notice(
    "credentials_in_url",
    "L'adresse ne porte ni nom ni mot de passe : c'est la signature qui prouve l'envoi.",
    "The address has no user name and no password: the signature proves who sends.",
);

static HTTPS_ONLY: Notice = notice(
    "https_only",
    "L'adresse est en `https` (en développement, `REE_WEBHOOKS_ALLOW_PRIVATE=true` admet `http` vers une adresse privée).",
    "The address is `https` (for development, `REE_WEBHOOKS_ALLOW_PRIVATE=true` admits `http` to a private address).",
);

static INWARD: Notice = notice(
    "inward_address",
    "L'adresse désigne une machine privée, locale ou réservée : donnez une adresse publique.",
    "The address names a private, local or reserved machine: give a public address.",
);

static PORT: Notice = notice(
    "port_refused",
    "Le port est 443, ou de 1024 à 65535.",
    "The port is 443, or one from 1024 to 65535.",
);

/// An `https` or `http` address without user, password and fragment, at most 2,000 characters.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct WebhookUrl(String);

text_type!([] WebhookUrl);

const FORM: Rule = Rule::Format("https://portail.exemple.fr/webhooks");

impl FromText for WebhookUrl {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let text = Text::<2000>::from_text(text)?.to_string();
        // A browser's parser, as this one, forgives what the document does not.
        let rest = ["https://", "http://"].iter().find_map(|scheme| {
            let start = text.get(..scheme.len())?;
            let rest = text.get(scheme.len()..)?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        });
        let rest = rest.ok_or(FORM)?;
        if text.contains(char::is_whitespace) || text.contains(['\\', '#']) {
            return Err(FORM);
        }
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(Rule::Own(&CREDENTIALS));
        }
        let url = url::Url::parse(&text).map_err(|_| FORM)?;
        if authority.is_empty() || url.host().is_none() {
            return Err(FORM);
        }
        Ok(Self(text))
    }
}

impl TextValue for WebhookUrl {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uri".into())))
            .pattern(Some("^[Hh][Tt][Tt][Pp][Ss]?://"))
            .max_length(Some(2000))
            .examples([serde_json::json!("https://portail.exemple.fr/webhooks")])
    }

    fn schema_name() -> String {
        "WebhookUrl".into()
    }
}

impl WebhookUrl {
    /// As it is connected to. The hosts that a browser would read as numbers (decimal, octal,
    /// hexadecimal) are addresses in it.
    ///
    /// # Errors
    /// The form, for a text that was not read by [`FromText`].
    pub fn parsed(&self) -> Result<url::Url, Rule> {
        url::Url::parse(&self.0).map_err(|_| FORM)
    }

    /// Whether it may be a webhook's, as far as can be told without resolving its name.
    ///
    /// # Errors
    /// What stands against it.
    pub fn check(&self, reach: Reach) -> Result<(), Rule> {
        let url = self.parsed()?;
        let (address, is_local) = match url.host() {
            Some(Host::Ipv4(address)) => (Some(address.into()), is_private(address.into())),
            Some(Host::Ipv6(address)) => (Some(address.into()), is_private(address.into())),
            Some(Host::Domain(name)) => (None, is_localhost(name)),
            None => return Err(FORM),
        };
        let is_inward = match address {
            Some(address) => !reach.includes(address),
            None => is_local && !reach.private,
        };
        if is_inward {
            return Err(Rule::Own(&INWARD));
        }
        // A name without https is only known to be private once it is resolved.
        let may_be_plain = reach.private && (is_local || address.is_none());
        if url.scheme() != "https" && !may_be_plain {
            return Err(Rule::Own(&HTTPS_ONLY));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !reach.private && port != 443 && port < 1024 {
            return Err(Rule::Own(&PORT));
        }
        Ok(())
    }
}

/// Names that are this machine by definition (RFC 6761).
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, private: bool) -> Option<&'static str> {
        let read = WebhookUrl::from_text(text).and_then(|url| url.check(Reach { private }));
        read.err().map(|rule| rule.code())
    }

    #[test]
    fn an_address_of_the_public_internet_is_taken() {
        for taken in [
            "https://portail.exemple.fr/webhooks?a=b",
            "HTTPS://portail.exemple.fr",
            "https://portail.exemple.fr:8443/",
            "https://1.1.1.1/x",
            "https://[2606:4700::1111]/",
        ] {
            assert_eq!(refused(taken, false), None, "{taken}");
        }
    }

    #[test]
    fn what_points_inward_or_hides_something_is_refused() {
        for (text, code) in [
            ("http://portail.exemple.fr/", "https_only"),
            ("ftp://portail.exemple.fr/", "invalid_format"),
            ("https:portail.exemple.fr/", "invalid_format"),
            ("https:///portail.exemple.fr/", "invalid_format"),
            ("https://portail.exemple.fr/#a", "invalid_format"),
            ("https://portail.exemple.fr\\@127.0.0.1/", "invalid_format"),
            ("https://user@portail.exemple.fr/", "credentials_in_url"),
            ("https://:secret@portail.exemple.fr/", "credentials_in_url"),
            ("https://@portail.exemple.fr/", "credentials_in_url"),
            ("https://portail.exemple.fr:25/", "port_refused"),
            ("https://portail.exemple.fr:80/", "port_refused"),
            ("https://localhost/", "inward_address"),
            ("https://api.localhost./", "inward_address"),
            ("https://2130706433/", "inward_address"),
            ("https://0x7f000001/", "inward_address"),
            ("https://0177.0.0.1/", "inward_address"),
            ("https://127.1/", "inward_address"),
            ("https://[::ffff:127.0.0.1]/", "inward_address"),
        ] {
            assert_eq!(refused(text, false), Some(code), "{text}");
        }
    }

    #[test]
    fn development_takes_plain_http_to_private_addresses_alone() {
        for taken in [
            "http://127.0.0.1:8000/",
            "http://localhost:80/",
            "http://10.0.0.2/",
            "https://[::1]/",
        ] {
            assert_eq!(refused(taken, true), None, "{taken}");
        }
        assert_eq!(refused("http://1.1.1.1/", true), Some("https_only"));
        assert_eq!(
            refused("http://169.254.169.254/", true),
            Some("inward_address")
        );
    }
}
