//! `Ree-Position` and `Ree-Data-As-Of`: after which write a read is read, and until when what it read is complete.

use actix_web::http::header::{HeaderMap, HeaderName};
use chrono::{DateTime, SecondsFormat, Utc};

use super::answer::Answer;
use crate::db::position::{MALFORMED_POSITION, Position};
use crate::error::{Code, Error, Place, Result, Rule};

/// The position that a write answers, and that a read may send.
pub const POSITION: &str = "ree-position";
/// Until when what was read from a standby is complete.
pub const AS_OF: &str = "ree-data-as-of";

/// The position that a request is to be read after.
///
/// # Errors
/// `malformed_request` where what is sent is none.
pub fn of(headers: &HeaderMap) -> Result<Option<Position>> {
    let Some(value) = headers.get(POSITION) else {
        return Ok(None);
    };
    let position = value.to_str().map_err(|_| &MALFORMED_POSITION);
    match position.and_then(str::parse) {
        Ok(position) => Ok(Some(position)),
        Err(notice) => Err(Error::at(
            Code::MalformedRequest,
            Place::Header("Ree-Position"),
            Rule::Own(notice),
        )),
    }
}

/// The answer to a write, with its position where it is known.
pub fn told(answer: Answer, position: Option<Position>) -> Answer {
    match position {
        Some(position) => answer.header(HeaderName::from_static(POSITION), &position.to_string()),
        None => answer,
    }
}

/// A moment, as `Ree-Data-As-Of` tells it.
pub fn as_of(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}
