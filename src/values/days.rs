//! Days and school years.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::Paris;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

use super::{Described, TextValue, text_type};
use crate::error::Rule;
use crate::values::FromText;

/// The present day in Paris: what "today" means everywhere in the register.
pub fn today(now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&Paris).date_naive()
}

/// The first moment of a day in Paris.
pub fn start_of(day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let first = Paris.from_local_datetime(&midnight).earliest();
    // No clock change of Paris took midnight away; were there one, UTC's is near enough.
    first.map_or_else(|| midnight.and_utc(), |first| first.to_utc())
}

/// The years that dates are taken of, 1900 to 2999, as a regular expression of dates.
pub const KNOWN_YEARS: &str = "^(19|2[0-9])[0-9]{2}-";

impl Described for NaiveDate {
    fn described() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .pattern(Some(KNOWN_YEARS))
            .into()
    }
}

impl FromText for NaiveDate {
    /// `YYYY-MM-DD` (RFC 3339 `full-date`), from 1900 to 2999.
    fn from_text(text: &str) -> Result<Self, Rule> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return Err(Rule::Format("2026-01-31"));
        }
        let day = text
            .parse::<NaiveDate>()
            .map_err(|_| Rule::ImpossibleDate)?;
        if (1900..3000).contains(&day.year()) {
            Ok(day)
        } else {
            Err(Rule::ImpossibleDate)
        }
    }
}

/// A school year: `2025-2026`, from 1 September to 31 August.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct SchoolYear(String);

text_type!([] SchoolYear);

impl SchoolYear {
    /// The year that this day is in.
    pub fn of(day: NaiveDate) -> Self {
        let first = if day.month() >= 9 {
            day.year()
        } else {
            day.year() - 1
        };
        Self(format!("{first:04}-{:04}", first + 1))
    }

    fn first_year(&self) -> i32 {
        self.0
            .get(..4)
            .and_then(|year| year.parse().ok())
            .unwrap_or_default()
    }

    /// Its first day, 1 September.
    pub fn first_day(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.first_year(), 9, 1).unwrap_or_default()
    }

    /// The year before.
    #[must_use]
    pub fn before(&self) -> Self {
        let first = self.first_year();
        Self(format!("{:04}-{first:04}", first - 1))
    }

    /// Its last day, 31 August.
    pub fn last_day(&self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.first_year() + 1, 8, 31).unwrap_or_default()
    }
}

impl FromText for SchoolYear {
    fn from_text(text: &str) -> Result<Self, Rule> {
        const FORM: Rule = Rule::Format("2025-2026");
        let (first, second) = text.split_once('-').ok_or(FORM)?;
        let year = |part: &str| -> Option<i32> {
            (part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse().ok())?
        };
        match (year(first), year(second)) {
            (Some(first), Some(second)) if second == first + 1 && (1900..2999).contains(&first) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(FORM),
        }
    }
}

impl TextValue for SchoolYear {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9]{4}-[0-9]{4}$"))
            .description(Some("Une année scolaire, du 1er septembre au 31 août."))
            .examples([serde_json::json!("2025-2026")])
    }

    fn schema_name() -> String {
        "SchoolYear".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_goes_from_september_to_august() {
        let day = |text: &str| NaiveDate::from_text(text).unwrap();
        let year = SchoolYear::from_text("2025-2026").unwrap();
        assert_eq!(SchoolYear::of(day("2025-09-01")), year);
        assert_eq!(SchoolYear::of(day("2026-08-31")), year);
        assert_eq!(
            (year.first_day(), year.last_day()),
            (day("2025-09-01"), day("2026-08-31"))
        );
        for bad in [
            "2025",
            "2025-2027",
            "25-26",
            "2025-2025",
            "2025/2026",
            "",
            "20a5-2026",
        ] {
            assert!(SchoolYear::from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        assert_eq!(
            NaiveDate::from_text("2026-02-30"),
            Err(Rule::ImpossibleDate)
        );
        assert_eq!(
            NaiveDate::from_text("0000-01-01"),
            Err(Rule::ImpossibleDate)
        );
        for bad in [
            "2026-2-3",
            "26-02-03",
            "2026-02-03T00:00:00Z",
            "",
            "+026-02-03",
        ] {
            assert_eq!(
                NaiveDate::from_text(bad),
                Err(Rule::Format("2026-01-31")),
                "{bad}"
            );
        }
    }

    #[test]
    fn today_is_the_day_in_paris() {
        let late = DateTime::parse_from_rfc3339("2026-06-30T22:30:00Z").unwrap();
        assert_eq!(today(late.to_utc()).to_string(), "2026-07-01");
        let day = |text: &str| NaiveDate::from_text(text).unwrap();
        for (of, start) in [
            ("2026-07-01", "2026-06-30T22:00:00+00:00"),
            ("2026-01-01", "2025-12-31T23:00:00+00:00"),
        ] {
            assert_eq!(start_of(day(of)).to_rfc3339(), start);
        }
    }
}
