//! Strict reading of JSON: what a lenient parser lets through is refused as `malformed_json`.
//!
//! Refused beyond RFC 8259's grammar: bytes that are not UTF-8, lone surrogates, duplicate keys,
//! numbers no machine type holds, and nesting deeper than [`MAX_DEPTH`].

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Code, Error, Result};

/// The deepest nesting accepted.
pub const MAX_DEPTH: usize = 32;

/// The JSON value of a body.
///
/// # Errors
/// `malformed_json`, naming the line and the column.
pub fn parse(bytes: &[u8]) -> Result<Value> {
    let malformed = |detail: String| Error::new(Code::MalformedJson).about(detail);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| malformed(format!("UTF-8, octet {}", error.valid_up_to())))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Node { depth: 0 }
        .deserialize(&mut reader)
        .map_err(|error| malformed(place(&error)))?;
    reader.end().map_err(|error| malformed(place(&error)))?;
    Ok(value)
}

/// The JSON values of a body, one on each line that is not blank: a list, under `items`.
///
/// # Errors
/// As [`parse`]; the line is that of the body.
pub fn parse_lines(bytes: &[u8]) -> Result<Value> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let is_blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
    let items: Vec<Value> = lines
        .filter(|(_, line)| !is_blank(line))
        .map(|(number, line)| parse(line).map_err(|error| on_line(error, number)))
        .collect::<Result<_>>()?;
    Ok(serde_json::json!({ "items": items }))
}

/// The refusal of a line, which itself thinks it is the first.
fn on_line(error: Error, number: usize) -> Error {
    let subject = error.subject.clone().unwrap_or_default();
    let within = subject.strip_prefix("ligne 1, ").unwrap_or(&subject);
    error.about(format!("ligne {}, {within}", number.saturating_add(1)))
}

/// Where it stopped; the parser's own words stay inside, they quote the body.
fn place(error: &serde_json::Error) -> String {
    format!("ligne {}, colonne {}", error.line(), error.column())
}

struct Node {
    depth: usize,
}

impl Node {
    fn inner<E: serde::de::Error>(&self) -> std::result::Result<Node, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom("too deep"));
        }
        Ok(Node {
            depth: self.depth.saturating_add(1),
        })
    }
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
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
                return Err(A::Error::custom("duplicate key"));
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
            b"\xef\xbb\xbf{}",
        ] {
            assert!(refused(text), "{:?}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn lines_are_items_and_a_broken_one_is_named() {
        let items = parse_lines(b"{\"a\":1}\r\n\n {\"a\":2}\n").unwrap();
        assert_eq!(items, serde_json::json!({"items": [{"a": 1}, {"a": 2}]}));
        let error = parse_lines(b"{}\n\n{\"a\":}\n").unwrap_err();
        assert_eq!(error.subject.as_deref(), Some("ligne 3, colonne 6"));
        let error = parse_lines(b"{}\n\"\xff\"").unwrap_err();
        assert_eq!(error.subject.as_deref(), Some("ligne 2, UTF-8, octet 1"));
    }

    #[test]
    fn accepts_32_levels_and_no_more() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert!(refused(nested(33).as_bytes()));
        assert!(refused("[".repeat(100_000).as_bytes()));
    }
}
