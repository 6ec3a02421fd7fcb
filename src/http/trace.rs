//! Where a request stands in a trace that others keep (W3C Trace Context): taken from its
//! `traceparent`, named in the log, answered, and passed on.

use actix_web::http::header::HeaderMap;

/// The header.
pub const TRACEPARENT: &str = "traceparent";

/// The longest value taken: a later version may have more than the 55 characters of this one.
const LONGEST: usize = 128;

/// A place in a trace, as the header writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace(String);

impl Trace {
    /// The one a request names; a new one where what it says is none. `None` where it says nothing.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(TRACEPARENT);
        let first = given.next()?.to_str().ok().filter(|text| is_place(text));
        let is_single = given.next().is_none();
        Some(match first.filter(|_| is_single) {
            Some(text) => Self(text.to_owned()),
            None => Self::starting(rand::random()),
        })
    }

    /// The beginning of the trace with this id. Nobody was asked to keep it: its flags are clear.
    pub fn starting(id: [u8; 16]) -> Self {
        // All zeros would be no id.
        let id = u128::from_be_bytes(id).max(1);
        let place = rand::random::<u64>().max(1);
        Self(format!("00-{id:032x}-{place:016x}-00"))
    }

    /// A new place in the trace that this one names, as whoever passes it on is to make (§3.2.2.4): its flags
    /// stay. `None` where it names none.
    pub fn within(text: &str) -> Option<Self> {
        let text = Some(text).filter(|text| is_place(text))?;
        let (id, flags) = (text.get(3..35)?, text.get(53..55)?);
        let place = rand::random::<u64>().max(1);
        Some(Self(format!("00-{id}-{place:016x}-{flags}")))
    }

    /// The trace, without the place in it.
    pub fn id(&self) -> &str {
        self.0.get(3..35).unwrap_or_default()
    }

    /// As the header writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text is a place in a trace: of this version exactly, of a later one as far as it must be
/// the same.
fn is_place(text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    let parts: Vec<&str> = text.split('-').collect();
    let [version, id, place, flags, more @ ..] = parts.as_slice() else {
        return false;
    };
    let is_known = is_hex(version, 2) && *version != "ff";
    let is_whole = more.is_empty() || *version != "00";
    is_known && is_whole && is_id(id, 32) && is_id(place, 16) && is_hex(flags, 2)
}

fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|byte| byte != b'0')
}

/// Hexadecimal digits, lower case.
fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    const PLACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn of(values: &[&'static str]) -> Option<Trace> {
        let mut headers = HeaderMap::new();
        for value in values {
            let name = HeaderName::from_static(TRACEPARENT);
            headers.append(name, HeaderValue::from_static(value));
        }
        Trace::of(&headers)
    }

    #[test]
    fn a_place_in_a_trace_is_kept_as_it_is() {
        let later = "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more";
        for kept in [PLACE, later] {
            let trace = of(&[kept]).unwrap();
            assert_eq!(trace.as_str(), kept);
            assert_eq!(trace.id(), "0af7651916cd43dd8448eb211c80319c");
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_trace_is_passed_on_by_a_new_place_with_its_flags() {
        for kept in [
            PLACE,
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            let within = Trace::within(kept).unwrap();
            assert!(is_place(within.as_str()) && within.as_str().ends_with("-01"));
            assert_eq!(within.id(), "0af7651916cd43dd8448eb211c80319c");
            assert!(!within.as_str().contains("b7ad6b7169203331"));
        }
        assert_eq!(Trace::within("00-0-0-01"), None);
    }

    #[test]
    fn what_is_none_is_replaced_by_the_beginning_of_one() {
        let malformed = [
            "",
            "none",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        ];
        for given in malformed {
            let trace = of(&[given]).unwrap();
            assert!(is_place(trace.as_str()), "{given}: {trace:?}");
            assert_ne!(trace.as_str(), given);
        }
        let twice = of(&[PLACE, PLACE]).unwrap();
        assert_ne!(twice.as_str(), PLACE);
    }
}
