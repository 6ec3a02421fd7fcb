//! What has a day as events that a calendar program imports (RFC 5545): deadlines, and what is to be done.
//!
//! An event keeps its `UID` as long as it is the same kind of deadline of the same object on the same
//! day: imported again it takes its own place. Its `DTSTAMP` is the last change of the object, as
//! §3.8.7.2 has it where there is no `METHOD`, so that the same deadlines make the same file.

use actix_web::HttpResponse;
use chrono::{DateTime, NaiveDate, Utc};
use icalendar::{Calendar as Document, Component, Event, EventLike, Property};

use super::model::DeadlineAnswer;
use crate::error::{Error, Result};
use crate::http::call::{List, ListCall};
use crate::http::formats::{Writing, saved_as};
use crate::language::{Language, Text};

/// What a calendar of deadlines is called.
pub static DEADLINES: Text = Text {
    fr: "Échéances des relations école-entreprise",
    en: "Deadlines of school–business relations",
};

const END: &str = "END:VCALENDAR\r\n";

/// An event of a whole day.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What makes it the same event when it is imported again.
    pub uid: String,
    /// Its day.
    pub day: NaiveDate,
    /// When its object was last changed.
    pub revised_at: DateTime<Utc>,
    /// What it is called.
    pub summary: String,
    /// What is said of it.
    pub description: String,
    /// The address of its object, from its path on.
    pub path: String,
}

/// What has a place in a calendar.
pub trait Scheduled {
    /// Its event.
    fn entry(&self, language: Language) -> Entry;
}

/// Writes a calendar.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Where the addresses of objects begin.
    pub public_url: String,
    /// The language of what a person reads.
    pub language: Language,
    /// What it is called.
    pub name: &'static Text,
}

impl<T: Scheduled> Writing<T> for Calendar {
    fn content_type(&self) -> &'static str {
        "text/calendar; charset=utf-8"
    }

    fn start(&self) -> Result<Vec<u8>> {
        let properties = [
            ("VERSION", "2.0"),
            ("PRODID", "-//ree//ree//FR"),
            ("CALSCALE", "GREGORIAN"),
            ("X-WR-CALNAME", self.name.get(self.language)),
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

    fn row(&self, row: &T, bytes: &mut Vec<u8>) -> Result<()> {
        let event = self.event(&row.entry(self.language)).try_into_string();
        bytes.extend_from_slice(event.map_err(Error::internal)?.as_bytes());
        Ok(())
    }

    fn end(&self) -> &'static [u8] {
        END.as_bytes()
    }
}

/// Answers the complete list as a calendar of this name, in a file whose name says no day: what is
/// imported again takes the place of what was.
///
/// # Errors
/// What reading the first rows answers.
pub async fn answer<L>(call: ListCall<L>, name: &'static Text, file: &str) -> Result<HttpResponse>
where
    L: List,
    L::Item: Scheduled,
{
    let asked = call.call();
    let calendar = Calendar {
        public_url: asked.app.config.public_url.clone(),
        language: asked.admitted.language,
        name,
    };
    let mut response = call.written_by(calendar).await?;
    saved_as(&mut response, file);
    Ok(response)
}

impl Calendar {
    /// A day without a `DTEND` is one whole day (§3.6.1); `TRANSPARENT` leaves nobody busy.
    fn event(&self, entry: &Entry) -> Event {
        Event::new()
            .uid(&entry.uid)
            .timestamp(entry.revised_at)
            .starts(entry.day)
            .summary(&plain(&entry.summary))
            .description(&plain(&entry.description))
            .url(&format!("{}{}", self.public_url, entry.path))
            .add_property("TRANSP", "TRANSPARENT")
            .done()
    }
}

impl Scheduled for DeadlineAnswer {
    fn entry(&self, language: Language) -> Entry {
        let day = self.due_on.format("%Y%m%d");
        let label = self.kind.label(language);
        Entry {
            uid: format!("{}-{}-{day}@ree", self.kind, self.object.id),
            day: self.due_on,
            revised_at: self.revised_at,
            summary: titled(
                label,
                &format!("{}, {}", self.reference, self.title),
                language,
            ),
            description: format!("{}\n{}", self.detail, self.title),
            path: self.object.url.clone(),
        }
    }
}

/// A label, and what it is of.
pub fn titled(label: &str, what: &str, language: Language) -> String {
    match language {
        Language::French => format!("{label} : {what}"),
        Language::English => format!("{label}: {what}"),
    }
}

/// Without the one control character of our texts that a calendar's may not have (§3.3.11).
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
