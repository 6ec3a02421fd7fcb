//! Deadlines as events that a calendar program imports (RFC 5545).
//!
//! An event keeps its `UID` as long as it is the same kind of deadline of the same object on the same
//! day: imported again it takes its own place. Its `DTSTAMP` is the last change of the object, as
//! §3.8.7.2 has it where there is no `METHOD`, so that the same deadlines make the same file.

use icalendar::{Calendar as Document, Component, Event, EventLike, Property};

use super::model::DeadlineAnswer;
use crate::error::{Error, Result};
use crate::http::formats::Writing;
use crate::language::Language;

/// What the file is called.
pub const NAME: &str = "ree-deadlines.ics";

const END: &str = "END:VCALENDAR\r\n";

/// Writes a calendar.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Where the addresses of objects begin.
    pub public_url: String,
    /// The language of what a person reads.
    pub language: Language,
}

impl Writing<DeadlineAnswer> for Calendar {
    fn content_type(&self) -> &'static str {
        "text/calendar; charset=utf-8"
    }

    fn start(&self) -> Result<Vec<u8>> {
        let name = match self.language {
            Language::French => "Échéances des relations école-entreprise",
            Language::English => "Deadlines of school–business relations",
        };
        let properties = [
            ("VERSION", "2.0"),
            ("PRODID", "-//ree//ree//FR"),
            ("CALSCALE", "GREGORIAN"),
            ("X-WR-CALNAME", name),
        ];
        let document = Document {
            properties: properties.into_iter().map(Property::from).collect(),
            components: Vec::new(),
        };
        let whole = document.to_string();
        let start = whole
            .strip_suffix(END)
            .ok_or_else(|| Error::internal("a calendar without an end"))?;
        Ok(start.as_bytes().to_vec())
    }

    fn row(&self, row: &DeadlineAnswer, bytes: &mut Vec<u8>) -> Result<()> {
        let event = self.event(row).try_into_string();
        bytes.extend_from_slice(event.map_err(Error::internal)?.as_bytes());
        Ok(())
    }

    fn end(&self) -> &'static [u8] {
        END.as_bytes()
    }
}

impl Calendar {
    /// A day without a `DTEND` is one whole day (§3.6.1); `TRANSPARENT` leaves nobody busy.
    fn event(&self, row: &DeadlineAnswer) -> Event {
        let DeadlineAnswer {
            kind,
            due_on,
            object,
            reference,
            title,
            ..
        } = row;
        let day = due_on.format("%Y%m%d");
        let label = kind.label(self.language);
        let colon = match self.language {
            Language::French => " :",
            Language::English => ":",
        };
        let summary = format!("{label}{colon} {reference}, {title}");
        let description = format!("{}\n{title}", row.detail);
        Event::new()
            .uid(&format!("{kind}-{}-{day}@ree", object.id))
            .timestamp(row.revised_at)
            .starts(*due_on)
            .summary(&plain(&summary))
            .description(&plain(&description))
            .url(&format!("{}{}", self.public_url, object.url))
            .add_property("TRANSP", "TRANSPARENT")
            .done()
    }
}

/// Without the one control character of our texts that a calendar's may not have (§3.3.11).
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
