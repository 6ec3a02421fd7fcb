//! Free texts and the texts a program acts upon (addresses of pages and people).

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed,
};
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};

use super::{TextValue, text_type};
use crate::error::Rule;
use crate::values::FromText;

/// A text of at most `MAX` characters, not blank, trimmed.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Text<const MAX: usize>(String);

text_type!([const MAX: usize] Text<MAX>);

/// Characters that end lines or reorder what a person reads (Unicode's bidirectional controls,
/// <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>).
fn is_forbidden(character: char) -> bool {
    let is_line = matches!(character, '\n' | '\r' | '\t');
    (character.is_control() && !is_line)
        || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
}

/// What [`is_forbidden`] leaves, as a regular expression.
const PROSE: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*$";

/// The same on one line.
const LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]*$";

/// Whether a character shows nothing: blanks, what Unicode says to leave undrawn
/// (`Default_Ignorable_Code_Point`, UAX #44), formats, and the empty pattern of braille.
pub fn is_invisible(character: char) -> bool {
    const IGNORABLE: CodePointSetDataBorrowed<'static> =
        CodePointSetData::new::<DefaultIgnorableCodePoint>();
    const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> =
        CodePointMapData::<GeneralCategory>::new();
    let is_blank = matches!(
        CATEGORY.get(character),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    is_blank || character == '\u{2800}' || IGNORABLE.contains(character)
}

/// The longest text taken for one line; longer ones are prose and may hold line ends.
const ONE_LINE: usize = 300;

impl<const MAX: usize> FromText for Text<MAX> {
    fn from_text(text: &str) -> Result<Self, Rule> {
        if text.contains(is_forbidden)
            || (MAX <= ONE_LINE && text.trim().contains(['\n', '\r', '\t']))
        {
            return Err(Rule::ForbiddenCharacters);
        }
        let trimmed = text.trim();
        if trimmed.chars().all(is_invisible) {
            return Err(Rule::Blank);
        }
        if trimmed.chars().count() > MAX {
            return Err(Rule::TooLong(MAX));
        }
        Ok(Self(trimmed.to_owned()))
    }
}

impl<const MAX: usize> TextValue for Text<MAX> {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            .pattern(Some(if MAX <= ONE_LINE { LINE } else { PROSE }))
    }

    fn schema_name() -> String {
        format!("Text{MAX}")
    }
}

/// An `https` address (RFC 3986), at most 2,000 characters.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct HttpsUrl(String);

text_type!([] HttpsUrl);

impl FromText for HttpsUrl {
    fn from_text(text: &str) -> Result<Self, Rule> {
        const FORM: Rule = Rule::Format("https://www.exemple.fr/page");
        let text = Text::<2000>::from_text(text)?.0;
        // A browser's parser, as this one, forgives what the document does not.
        let is_written_so = text
            .get(..8)
            .is_some_and(|start| start.eq_ignore_ascii_case("https://"));
        if !is_written_so || text.contains(char::is_whitespace) {
            return Err(FORM);
        }
        let url = url::Url::parse(&text).map_err(|_| FORM)?;
        // A user name or a password in a public link is a mistake, or a lure.
        let plain = url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https"
            || !plain
            || !url.host_str().is_some_and(|host| host.contains('.'))
        {
            return Err(FORM);
        }
        Ok(Self(text))
    }
}

impl TextValue for HttpsUrl {
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
            .pattern(Some("^https://"))
            .max_length(Some(2000))
            .examples([serde_json::json!("https://www.exemple.fr")])
    }

    fn schema_name() -> String {
        "HttpsUrl".into()
    }
}

/// An e-mail address, at most 254 characters (RFC 5321 §4.5.3.1.3). Only its shape is checked:
/// whether it receives is the sender's affair.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Email(String);

text_type!([] Email);

impl FromText for Email {
    fn from_text(text: &str) -> Result<Self, Rule> {
        const FORM: Rule = Rule::Format("prenom.nom@exemple.fr");
        let text = Text::<254>::from_text(text)?.0;
        let (local, domain) = text.rsplit_once('@').ok_or(FORM)?;
        let is_local = !local.is_empty()
            && local.len() <= 64
            && !local.contains(|c: char| c.is_whitespace() || "@,;:<>()[]\\\"".contains(c));
        let is_domain = domain.contains('.')
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            });
        if is_local && is_domain {
            Ok(Self(text))
        } else {
            Err(FORM)
        }
    }
}

impl TextValue for Email {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
            .max_length(Some(254))
            .examples([serde_json::json!("camille.martin@exemple.fr")])
    }

    fn schema_name() -> String {
        "Email".into()
    }
}

/// A telephone number as people write it: 6 to 15 digits (ITU-T E.164), with `+`, spaces, dots,
/// dashes and parentheses, at most 30 characters.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct Phone(String);

text_type!([] Phone);

impl FromText for Phone {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let text = Text::<30>::from_text(text)?.0;
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let is_phone = text
            .chars()
            .all(|c| c.is_ascii_digit() || " +.-()".contains(c));
        if is_phone && (3..=15).contains(&digits) {
            Ok(Self(text))
        } else {
            Err(Rule::Format("01 23 45 67 89, +33 1 23 45 67 89"))
        }
    }
}

impl TextValue for Phone {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(30))
            .pattern(Some("^[ +.()-]*([0-9][ +.()-]*){3,15}$"))
            .examples([serde_json::json!("01 23 45 67 89")])
    }

    fn schema_name() -> String {
        "Phone".into()
    }
}

/// A language by its ISO 639-1 code: two letters.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct LanguageCode(String);

text_type!([] LanguageCode);

impl LanguageCode {
    /// French.
    pub fn french() -> Self {
        Self("fr".to_owned())
    }
}

impl FromText for LanguageCode {
    fn from_text(text: &str) -> Result<Self, Rule> {
        if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Rule::Format("fr, en, de"))
        }
    }
}

impl TextValue for LanguageCode {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[a-z]{2}$"))
            .description(Some("Une langue, par son code ISO 639-1."))
            .examples([serde_json::json!("fr")])
    }

    fn schema_name() -> String {
        "LanguageCode".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_bounded_and_clean() {
        assert_eq!(Text::<5>::from_text(" été ").unwrap().as_str(), "été");
        assert_eq!(Text::<5>::from_text("aaaaaa"), Err(Rule::TooLong(5)));
        assert_eq!(Text::<5>::from_text("  "), Err(Rule::Blank));
        for bad in ["a\0", "a\u{202e}b", "a\nb"] {
            assert_eq!(Text::<5>::from_text(bad), Err(Rule::ForbiddenCharacters));
        }
        assert!(Text::<5000>::from_text("a\nb").is_ok());
    }

    #[test]
    fn a_text_without_a_visible_character_is_blank() {
        for blank in [
            "\u{200b}",
            "\u{feff}",
            "\u{ad}",
            "\u{2800}",
            "\u{3164}",
            "\u{115f}",
            "\u{1160}",
            "\u{ffa0}",
            "\u{2060}",
            "\u{180e}",
            "\u{34f}",
            "\u{17b4}",
            "\u{fe0f}",
            "\u{e0020}",
            "\u{3000}",
            "\u{2003}",
            " \u{200b}\u{200d} \u{2062}",
            "\u{fff9}",
            "\u{1d173}",
        ] {
            assert_eq!(Text::<50>::from_text(blank), Err(Rule::Blank), "{blank:?}");
            let named = format!("{blank}é{blank}");
            assert!(Text::<50>::from_text(&named).is_ok(), "{blank:?}");
        }
    }

    #[test]
    fn a_website_is_an_https_address() {
        assert!(HttpsUrl::from_text("https://www.uimm.fr/a?b=c").is_ok());
        for bad in [
            "http://a.fr",
            "https://",
            "a.fr",
            "https://x",
            "https:/a.fr",
            "https:a.fr",
            "https:\\\\a.fr",
            "https://u:p@a.fr",
            "javascript:alert(1)",
            "https://a .fr",
        ] {
            assert!(HttpsUrl::from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_email_has_a_local_part_and_a_domain() {
        assert!(Email::from_text("a.b+c@exemple.fr").is_ok());
        for bad in [
            "mailto:a@b.fr",
            "a",
            "a@b",
            "@b.fr",
            "a b@c.fr",
            "a@-b.fr",
            "a@b..fr",
            "a@b@c.fr",
        ] {
            assert!(Email::from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_phone_is_digits_and_separators() {
        assert!(Phone::from_text("+33 (0)1 23.45-67 89").is_ok());
        assert!(Phone::from_text("3939").is_ok());
        for bad in ["abc", "1", "+", "01 23 45 67 89 01 23 45"] {
            assert!(Phone::from_text(bad).is_err(), "{bad}");
        }
    }
}
