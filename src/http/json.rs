//! Strict reading of JSON: what a lenient parser lets through is refused as `malformed_json`.
//!
//! Refused beyond RFC 8259's grammar: bytes that are not UTF-8, lone surrogates, duplicate keys,
//! numbers no machine type holds, nesting deeper than [`MAX_DEPTH`], and more values than [`MOST_VALUES`].

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Code, Error, Result, Subject};

/// The deepest nesting accepted.
pub const MAX_DEPTH: usize = 32;

/// The most values of a body. Each takes some seventy bytes, be it written in two: those of 5 MiB of nothing
/// but zeros would take 200.
pub const MOST_VALUES: usize = 500_000;

/// The JSON value of a body.
///
/// # Errors
/// `malformed_json`, naming the line and the column; `payload_too_large` for too many values.
pub fn parse(bytes: &[u8]) -> Result<Value> {
    parse_from(bytes, 0, &Cell::new(MOST_VALUES))
}

/// The JSON values of a body, one on each line that is not blank: a list, under `items`.
///
/// # Errors
/// As [`parse`]; the line is that of the body.
pub fn parse_lines(bytes: &[u8]) -> Result<Value> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let is_blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
    let left = Cell::new(MOST_VALUES);
    let items: Vec<Value> = lines
        .filter(|(_, line)| !is_blank(line))
        .map(|(number, line)| parse_from(line, number, &left))
        .collect::<Result<_>>()?;
    Ok(serde_json::json!({ "items": items }))
}

/// The value of a text that stands after this many lines, of so many values at most.
fn parse_from(bytes: &[u8], lines: usize, left: &Cell<usize>) -> Result<Value> {
    let malformed = |subject: Subject| Error::new(Code::MalformedJson).about(subject);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let ends = before.iter().filter(|byte| **byte == b'\n').count();
        let (line, byte) = (lines + ends + 1, error.valid_up_to());
        malformed(Subject::words(
            format!("ligne {line} : l'octet {byte} n'est pas de l'UTF-8"),
            format!("line {line}: byte {byte} is not UTF-8"),
        ))
    })?;
    // RFC 8259 §8.1: a reader may pass over it, and editors write it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let refused = |error: serde_json::Error| match left.get() {
        0 => Error::new(Code::PayloadTooLarge),
        _ => malformed(place(&error, lines)),
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Node { depth: 0, left }
        .deserialize(&mut reader)
        .map_err(refused)?;
    reader.end().map_err(refused)?;
    Ok(value)
}

const DUPLICATE_KEY: &str = "duplicate key";
const TOO_DEEP: &str = "too deep";
const TOO_MANY: &str = "too many values";

/// Where it stopped, and why; the parser's own words stay inside, they quote the body.
fn place(error: &serde_json::Error, lines: usize) -> Subject {
    let own = error.to_string();
    let (fr, en) = if own.starts_with(DUPLICATE_KEY) {
        ("une clé est répétée", "a key is repeated")
    } else if own.starts_with(TOO_DEEP) {
        ("plus de 32 niveaux", "more than 32 levels")
    } else if error.is_eof() {
        (
            "le texte s'arrête avant la fin : il manque un guillemet, un crochet ou une accolade",
            "the text stops before its end: a quote, a bracket or a brace is missing",
        )
    } else {
        (
            "ce qui précède n'est pas du JSON : voyez les guillemets, les virgules et les accolades",
            "what stands before is not JSON: see to the quotes, the commas and the braces",
        )
    };
    let (line, column) = (error.line() + lines, error.column());
    Subject::words(
        format!("ligne {line}, colonne {column} : {fr}"),
        format!("line {line}, column {column}: {en}"),
    )
}

struct Node<'c> {
    depth: usize,
    /// How many values there may still be; at 0 there are too many.
    left: &'c Cell<usize>,
}

impl<'c> Node<'c> {
    fn inner<E: serde::de::Error>(&self) -> std::result::Result<Node<'c>, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(TOO_DEEP));
        }
        Ok(Node {
            depth: self.depth.saturating_add(1),
            left: self.left,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            return Err(D::Error::custom(TOO_MANY));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> std::result::Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner()?)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.inner()?)?;
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom(DUPLICATE_KEY));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &[u8]) -> bool {
        matches!(parse(text), Err(error) if error.code == Code::MalformedJson)
    }

    #[test]
    fn reads_what_is_json() {
        let value = parse(br#" {"a":[1,-2.5,null,true,"\u00e9\ud83d\ude00"]} "#).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"a": [1, -2.5, null, true, "é😀"]})
        );
    }

    #[test]
    fn refuses_what_a_lenient_parser_accepts() {
        for text in [
            &b"{\"a\":1,\"a\":2}"[..],
            b"\"\\ud800\"",
            b"\"\\udc00x\"",
            b"\"\xff\"",
            b"1e999",
            b"",
            b"{} x",
            b"{'a':1}",
            b"[1,]",
            b"NaN",
            b"{}\xef\xbb\xbf",
            b"\xef\xbb\xbf\xef\xbb\xbf{}",
        ] {
            assert!(refused(text), "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn a_byte_order_mark_before_the_text_is_passed_over() {
        assert_eq!(parse(b"\xef\xbb\xbf{}").unwrap(), serde_json::json!({}));
        let lines = parse_lines(b"\xef\xbb\xbf{\"a\":1}\n{}\n").unwrap();
        assert_eq!(lines, serde_json::json!({"items": [{"a": 1}, {}]}));
    }

    #[test]
    fn lines_are_items_and_a_broken_one_is_named() {
        let items = parse_lines(b"{\"a\":1}\r\n\n {\"a\":2}\n").unwrap();
        assert_eq!(items, serde_json::json!({"items": [{"a": 1}, {"a": 2}]}));
        let error = parse_lines(b"{}\n\n{\"a\":}\n").unwrap_err();
        let begins =
            |error: Error, with: &str| error.subject.is_some_and(|s| s.fr.starts_with(with));
        assert!(begins(error, "ligne 3, colonne 6 : "));
        let error = parse_lines(b"{}\n\"\xff\"").unwrap_err();
        assert!(begins(error, "ligne 2 : l'octet 1 "));
    }

    #[test]
    fn more_values_than_any_body_needs_are_refused_before_they_are_kept() {
        let zeros = format!("[{}0]", "0,".repeat(MOST_VALUES));
        assert_eq!(
            parse(zeros.as_bytes()).unwrap_err().code,
            Code::PayloadTooLarge
        );
        let lines = "{}\n".repeat(MOST_VALUES);
        assert_eq!(
            parse_lines(lines.as_bytes()).unwrap_err().code,
            Code::PayloadTooLarge
        );
        let enough = format!("[{}0]", "0,".repeat(MOST_VALUES / 2));
        assert!(parse(enough.as_bytes()).is_ok());
    }

    #[test]
    fn accepts_32_levels_and_no_more() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert!(refused(nested(33).as_bytes()));
        assert!(refused("[".repeat(100_000).as_bytes()));
    }
}
