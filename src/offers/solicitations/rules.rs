//! What may be asked of whom: an intervention that is offered to the school, a representative who
//! works there.

use chrono::NaiveDate;

use super::content::NewSolicitation;
use super::store;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::error::{Code, Error, Fault, Faults, Notice, Place, Result, Rule, notice};
use crate::offers::interventions::status::{AsOf, Status};
use crate::offers::interventions::store as interventions;
use crate::offers::solicitations::model::Addressee;
use crate::offers::solicitations::store::Fitting;
use crate::register::partners::model::Status as PartnerStatus;
use crate::register::partners::representatives::store as representatives;
use crate::register::partners::store as partners;
use crate::register::territories::ancestry;
use crate::values::ids::{ConventionId, InterventionId, PartnerId, RepresentativeId};
use crate::values::{TerritoryCode, TextValue};

static NOT_PUBLISHED: Notice = notice(
    "not_published",
    "Aucune intervention publiée aujourd'hui n'a cet identifiant.",
    "No intervention that is published today has this id.",
);

static SCHOOL_NOT_COVERED: Notice = notice(
    "school_not_covered",
    "Ne couvre pas cet établissement.",
    "Does not cover this school.",
);

static LEVEL_NOT_OFFERED: Notice = notice(
    "level_not_offered",
    "L'intervention n'est pas proposée à ce niveau.",
    "The intervention is not offered for this level.",
);

static PARTNER_ARCHIVED: Notice = notice(
    "partner_archived",
    "Le partenaire de ce représentant n'est plus actif.",
    "This representative's partner is no longer active.",
);

static NOT_ITS_CONVENTION: Notice = notice(
    "convention_does_not_fit",
    "Cette demande ne relève pas de cette convention : celle de l'intervention, ou une convention du partenaire en vigueur là.",
    "This request does not come under this convention: it is the intervention's, or one of the partner's in force there.",
);

static FITS: Notice = notice(
    "convention_fits",
    "Cette convention convient : donnez son identifiant ou sa référence.",
    "This convention fits: give its id or its reference.",
);

/// The school and all above it.
///
/// # Errors
/// `validation_failed` for a school that does not exist.
pub async fn ancestors_of(tx: &mut Tx<'_>, new: &NewSolicitation) -> Result<Vec<String>> {
    let school = TerritoryCode::of_school(&new.uai);
    ancestry::of(tx.connection(), &[school])
        .await?
        .map_err(|unknown| unknown.refusal(|_| "/uai".to_owned()))
}

/// Refuses a school, given with all above it, that is not in charge of the caller.
///
/// # Errors
/// `forbidden`.
pub fn must_cover(scope: &Scope, ancestors: &[String]) -> Result<()> {
    if scope.covers_all(&[ancestors.to_vec()]) {
        return Ok(());
    }
    let place = Place::field("uai");
    Err(Error::at(Code::Forbidden, place, Rule::OutsidePerimeter))
}

/// Whom it is addressed to, once it is known that it may be asked then by a school that
/// lies in these territories.
///
/// # Errors
/// `not_offered`, with every reason; `validation_failed` for a representative there is not.
pub async fn addressee(
    tx: &mut Tx<'_>,
    scope: &Scope,
    new: &NewSolicitation,
    ancestors: &[String],
    as_of: AsOf,
) -> Result<Addressee> {
    match (new.intervention_id, new.representative_id) {
        (Some(id), _) => of_intervention(tx, scope, id, new, ancestors, as_of).await,
        (None, Some(id)) => {
            let given = new.convention_id;
            of_representative(tx, scope, (id, given), ancestors, as_of.day).await
        }
        (None, None) => Err(Error::internal("a solicitation of nothing")),
    }
}

/// An intervention that is not published is refused like one that does not exist: only its partner may
/// know the difference.
async fn of_intervention(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: InterventionId,
    new: &NewSolicitation,
    ancestors: &[String],
    as_of: AsOf,
) -> Result<Addressee> {
    let place = || Place::field("intervention_id");
    let found = interventions::find_all(tx.connection(), scope, &[id], as_of).await?;
    let mut published = found
        .into_iter()
        .filter(|offer| offer.status() == Status::Published);
    let Some(offer) = published.next() else {
        return Err(Error::at(
            Code::NotOffered,
            place(),
            Rule::Own(&NOT_PUBLISHED),
        ));
    };
    let (partner, content) = (offer.intervention.partner_id, offer.intervention.content);
    let mut faults = Faults::default();
    if !content.nationwide && !covers(&content.territories, ancestors) {
        faults.add(place(), Rule::Own(&SCHOOL_NOT_COVERED));
    }
    for (index, level) in new.levels.iter().enumerate() {
        if !content.levels.contains(level) {
            let place = Place::Pointer(format!("/levels/{index}"));
            faults.add(place, Rule::Own(&LEVEL_NOT_OFFERED));
        }
    }
    if new
        .convention_id
        .is_some_and(|given| given != content.convention_id)
    {
        faults.add(
            Place::field("convention_id"),
            Rule::Own(&NOT_ITS_CONVENTION),
        );
    }
    refuse(faults)?;
    Ok(Addressee {
        partner,
        convention: Some(content.convention_id),
    })
}

async fn of_representative(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (id, given): (RepresentativeId, Option<ConventionId>),
    ancestors: &[String],
    day: NaiveDate,
) -> Result<Addressee> {
    let place = || Place::field("representative_id");
    let found = representatives::find_all(tx.connection(), scope, &[id]).await?;
    let unknown = || Error::at(Code::ValidationFailed, place(), Rule::UnknownReference);
    let person = found.into_iter().next().ok_or_else(unknown)?;
    let partner = partners::find(tx.connection(), scope, person.partner_id).await?;
    let mut faults = Faults::default();
    if !covers(&person.content.territories, ancestors) {
        faults.add(place(), Rule::Own(&SCHOOL_NOT_COVERED));
    }
    if partner.status == PartnerStatus::Archived {
        faults.add(place(), Rule::Own(&PARTNER_ARCHIVED));
    }
    refuse(faults)?;
    let convention = convention(tx, scope, (partner.id, given), ancestors, day).await?;
    Ok(Addressee {
        partner: partner.id,
        convention,
    })
}

/// The convention that what is asked of a partner without an intervention comes under: the one given, if it
/// is the partner's and in force there, or the only one that is; none where there is none.
///
/// # Errors
/// `not_offered` for one given that does not fit, `convention_ambiguous` where several do and none is given.
pub async fn convention(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (partner, given): (PartnerId, Option<ConventionId>),
    ancestors: &[String],
    day: NaiveDate,
) -> Result<Option<ConventionId>> {
    let place = || Place::field("convention_id");
    let asked = (partner, given);
    let fitting = store::fitting_conventions(tx.connection(), scope, asked, ancestors, day).await?;
    match (given, fitting.as_slice()) {
        (Some(_), []) => {
            let rule = Rule::Own(&NOT_ITS_CONVENTION);
            Err(Error::at(Code::NotOffered, place(), rule))
        }
        (None, []) => Ok(None),
        (_, [only]) => Ok(Some(only.id)),
        (_, several) => {
            let fault = |fits: &Fitting| Fault {
                place: place(),
                rule: Rule::Choice(&FITS, fits.name(), vec![fits.id.to_string()]),
            };
            let names: Vec<&str> = several.iter().map(|fits| fits.reference.as_str()).collect();
            let error = Error::new(Code::ConventionAmbiguous).about(names.join(", "));
            Err(error.with(several.iter().map(fault).collect()))
        }
    }
}

/// Whether one of these territories is the school's, or above it.
fn covers(territories: &[TerritoryCode], ancestors: &[String]) -> bool {
    let mut territories = territories.iter().map(TextValue::as_str);
    territories.any(|territory| ancestors.iter().any(|code| code == territory))
}

/// The refusal that reasons make together, if there are any.
fn refuse(reasons: Faults) -> Result<()> {
    let refused = |error: Error| Error::new(Code::NotOffered).with(error.faults);
    reasons.check().map_err(refused)
}
