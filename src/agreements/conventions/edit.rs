//! The fields an edit may change: all before the signature; afterwards only those that are not
//! contractual, and those that the source of an imported convention left unknown.

use super::acts::{DatePrecision, Imported};
use super::content::NewConvention;
use super::content_hash::CONTRACTUAL;
use super::model::Convention;
use crate::error::notice::{PART_OF_THE_KEY, SIGNED};
use crate::error::{Code, Error, Fault, Place, Result, Rule};
use crate::values::{Json, differing};

/// The fields that a change changes.
#[derive(Debug, PartialEq, Eq)]
pub struct Changed(Vec<String>);

/// What the reference is made of.
const KEY: &[&str] = &["scope", "territory"];

/// What a source may leave unknown.
const DATES: &[&str] = &["starts_on", "ends_on"];

/// Part of the act as much as the content is.
const PARTIES: &[&str] = &["signatories", "predecessor_id"];

/// Compares two contents, field by field.
///
/// # Errors
/// `internal_error` when they cannot be serialised.
pub fn changed(before: &NewConvention, after: &NewConvention) -> Result<Changed> {
    differing(before, after).map(Changed)
}

impl Changed {
    fn among<'a>(&'a self, names: &'a [&'a str]) -> impl Iterator<Item = &'a String> {
        self.0.iter().filter(|name| names.contains(&name.as_str()))
    }

    /// Whether it changes what the parties sign.
    pub fn is_contractual(&self) -> bool {
        self.among(CONTRACTUAL)
            .chain(self.among(PARTIES))
            .next()
            .is_some()
    }

    /// Whether it names other objects than before, or begins another day than they were chosen for.
    pub fn references(&self) -> bool {
        self.among(&["partner_ids", "predecessor_id", "starts_on"])
            .next()
            .is_some()
    }

    /// Whether it gives the end.
    pub fn says_the_end(&self) -> bool {
        self.among(&["ends_on"]).next().is_some()
    }

    /// Whether it gives a date.
    pub fn completes_dates(&self) -> bool {
        self.among(DATES).next().is_some()
    }

    /// Why signatures given before it are no longer valid.
    pub fn reason(&self) -> String {
        let fields: Vec<&str> = self
            .among(CONTRACTUAL)
            .chain(self.among(PARTIES))
            .map(String::as_str)
            .collect();
        format!("Contenu modifié : {}", fields.join(", "))
    }

    /// Refuses a change that the present status of the convention does not allow.
    ///
    /// # Errors
    /// `validation_failed` for what its reference is made of, `signed_content` for what was signed.
    pub fn may_be_made_to(&self, convention: &Convention) -> Result<()> {
        let fixed = faults(self.among(KEY), || Rule::Own(&PART_OF_THE_KEY));
        if !fixed.is_empty() {
            return Err(Error::validation(fixed));
        }
        if !convention.status.was_signed() {
            return Ok(());
        }
        let unknown = |name: &&String| is_unknown(convention, name);
        let signed = self.among(CONTRACTUAL).chain(self.among(PARTIES));
        let refused = faults(signed.filter(|name| !unknown(name)), || Rule::Own(&SIGNED));
        if refused.is_empty() {
            Ok(())
        } else {
            Err(Error::new(Code::SignedContent).with(refused))
        }
    }
}

fn faults<'a>(names: impl Iterator<Item = &'a String>, rule: impl Fn() -> Rule) -> Vec<Fault> {
    names
        .map(|name| Fault {
            place: Place::field(name),
            rule: rule(),
        })
        .collect()
}

/// Whether the source of an imported convention left this date unknown or uncertain.
fn is_unknown(convention: &Convention, name: &str) -> bool {
    let Some(imported) = convention.imported.as_deref() else {
        return false;
    };
    match name {
        "starts_on" => imported.date_precision != Some(DatePrecision::Day),
        "ends_on" => convention.has_unknown_end(),
        _ => false,
    }
}

/// What is still unknown once the dates are said.
pub fn completed(before: &Convention, new: &NewConvention) -> Option<Json<Imported>> {
    let mut imported = before.imported.clone()?;
    let is_said = new.content.starts_on.is_some();
    if is_said && new.content.starts_on != before.original.starts_on {
        imported.0.date_precision = Some(DatePrecision::Day);
    }
    if new.content.ends_on.is_some() {
        imported.0.attested_until = None;
    }
    Some(imported)
}
