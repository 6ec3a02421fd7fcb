//! What waits, in a sentence.

use super::model::{Kind, Waiting};
use crate::values::TextValue;

impl Waiting {
    /// In French, with the places it is of.
    pub(super) fn in_french(&self, age: i64, places: &str) -> String {
        let what = self.what("une demande sans convention");
        let since = match age {
            0 => "depuis aujourd'hui".to_owned(),
            1 => "depuis 1 jour".to_owned(),
            _ => format!("depuis {age} jours"),
        };
        match self.kind {
            Kind::ReportToValidate => {
                let year = self.year();
                format!("Bilan {year} de {what} à valider ou à renvoyer, {since} : {places}.")
            }
            Kind::RequestToAnswer => {
                format!("Demande à accepter ou à refuser ({what}), {since} : {places}.")
            }
            Kind::DayToAgree => format!("Un autre jour est proposé ({what}), {since} : {places}."),
            Kind::OutcomeToRecord => {
                format!("Dire si la rencontre a eu lieu ({what}), {since} : {places}.")
            }
            Kind::SignatureAwaited => format!("Votre signature de {what} est attendue, {since}."),
            Kind::AcademyUncovered => {
                format!("{what} est en vigueur sans déclinaison : {places}.")
            }
            _ => what.to_owned(),
        }
    }

    /// In English.
    pub(super) fn in_english(&self, age: i64, places: &str) -> String {
        let what = self.what("a request without a convention");
        let since = match age {
            0 => "since today".to_owned(),
            1 => "for 1 day".to_owned(),
            _ => format!("for {age} days"),
        };
        match self.kind {
            Kind::ReportToValidate => {
                let year = self.year();
                format!("Report {year} of {what} to validate or to return, {since}: {places}.")
            }
            Kind::RequestToAnswer => {
                format!("Request to accept or decline ({what}), {since}: {places}.")
            }
            Kind::DayToAgree => format!("Another day is proposed ({what}), {since}: {places}."),
            Kind::OutcomeToRecord => {
                format!("Say whether it took place ({what}), {since}: {places}.")
            }
            Kind::SignatureAwaited => format!("Your signature of {what} is awaited, {since}."),
            Kind::AcademyUncovered => {
                format!("{what} is in force without a declination: {places}.")
            }
            _ => what.to_owned(),
        }
    }

    fn what<'a>(&'a self, otherwise: &'a str) -> &'a str {
        self.reference.as_deref().unwrap_or(otherwise)
    }

    fn year(&self) -> &str {
        self.school_year.as_ref().map_or("", TextValue::as_str)
    }
}
