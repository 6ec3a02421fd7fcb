//! The steps that write amendments. Each runs in the transaction it is given and journals what it
//! writes; the order of refusals is 404, 403, 412, 409, and 422 for what depends on the row.
//!
//! The convention is locked first and the amendment next, so that two amendments of one convention,
//! its termination and the activation of its declinations come one after the other.

use super::content::{AmendmentPatch, NewAmendment};
use super::model::{Amendment, Filed, Status, Step, content_hash, joining, parties};
use super::rules::{Obstacle, RELIED_ON, contradictions, left_by};
use super::store::{self, StepColumns};
use crate::agreements::conventions::acts::Amended;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::signing::{self, NewSignature, Side, Signing};
use crate::agreements::conventions::store as conventions;
use crate::agreements::conventions::store::writes;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::notice::SIGNED;
use crate::error::{Code, Error, Fault, Faults, Notice, Place, Result, Rule, notice};
use crate::register::partners::store as partners;
use crate::steps::Step as _;
use crate::values::ids::{AmendmentId, ConventionId, PartnerId};
use crate::values::{Json, today};

static NOT_A_PARTY: Notice = notice(
    "not_a_party",
    "Ce partenaire ne signe pas cet avenant : il n'est pas partie à la convention, et l'avenant ne l'y ajoute pas.",
    "This partner does not sign this amendment: it is not a party to the convention, and the amendment does not add it.",
);

/// An amendment and the convention it belongs to, as a step leaves them.
pub type Placed = (Convention, Amendment);

/// Drafts one.
///
/// # Errors
/// `not_found`, `forbidden`, `convention_not_signed`, `validation_failed` for what does not apply to
/// the convention or contradicts a signed amendment.
pub async fn create(
    tx: &mut Tx<'_>,
    scope: &Scope,
    convention: ConventionId,
    new: &NewAmendment,
) -> Result<Placed> {
    let convention = kept(tx, scope, convention).await?;
    if !convention.status.was_signed() {
        return Err(Error::new(Code::ConventionNotSigned));
    }
    let id = AmendmentId::new(tx.new_id());
    let number = store::next_number(tx.connection(), convention.id).await?;
    check(tx, scope, &convention, (id, number), new).await?;
    let columns = StepColumns {
        status: Status::Draft,
        signatories: Json(signing::unsigned(&new.signatories)),
        voided_signatures: Json(Vec::new()),
        signed_on: None,
        content_hash: content_hash(convention.id, number, new)?,
    };
    let (place, now) = ((id, convention.id, number), tx.now);
    let amendment = store::insert(tx.connection(), place, new, &columns, now).await?;
    tx.created(&filed(&convention, &amendment)).await?;
    Ok((convention, amendment))
}

const fn filed<'a>(convention: &'a Convention, amendment: &'a Amendment) -> Filed<'a> {
    Filed {
        amendment,
        convention,
    }
}

/// Locks the convention, if the caller may write it.
async fn kept(tx: &mut Tx<'_>, scope: &Scope, id: ConventionId) -> Result<Convention> {
    let convention = conventions::lock(tx.connection(), scope, id).await?;
    if convention.is_kept_by(scope) {
        Ok(convention)
    } else {
        Err(Error::new(Code::Forbidden))
    }
}

/// Refuses what can never be signed: what contradicts the convention as it is signed and amended,
/// partners that are not there, and signatories of those who do not sign it.
async fn check(
    tx: &mut Tx<'_>,
    scope: &Scope,
    convention: &Convention,
    (id, number): (AmendmentId, i32),
    new: &NewAmendment,
) -> Result<()> {
    let as_carried = Amended {
        id,
        number,
        title: new.title.clone(),
        effective_on: new.effective_on,
        signed_on: None,
        changes: new.changes.clone(),
        ends_on: None,
    };
    let mut faults = Faults::default();
    for obstacle in contradictions(convention, &as_carried) {
        let fault = obstacle.as_fault();
        faults.add(fault.place, fault.rule);
    }
    let joining: Vec<PartnerId> = joining(&new.changes).collect();
    let known = partners::find_all(tx.connection(), scope, &joining).await?;
    for (index, change) in new.changes.iter().enumerate() {
        let mut named = super::model::joining(std::slice::from_ref(change));
        if named.any(|id| !known.iter().any(|partner| partner.id == id)) {
            let place = Place::Pointer(format!("/changes/{index}/partner_id"));
            faults.add(place, Rule::UnknownReference);
        }
    }
    let parties = parties(convention, new.effective_on, &new.changes);
    for (index, signatory) in new.signatories.iter().enumerate() {
        let signs = signatory
            .partner_id
            .is_some_and(|partner| parties.contains(&partner));
        if signatory.side == Side::Partner && !signs {
            let place = Place::Pointer(format!("/signatories/{index}/partner_id"));
            faults.add(place, Rule::Own(&NOT_A_PARTY));
        }
    }
    faults.check()
}

/// Changes one. A change that changes nothing writes nothing; one of what it says, once it is being
/// signed, voids the signatures given and makes it a draft again. Of a signed one only the documents
/// change.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `signed_content`, or as
/// [`create`].
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    place: (ConventionId, AmendmentId),
    patch: &AmendmentPatch,
    if_match: &Precondition,
) -> Result<Placed> {
    let (convention, before) = locked(tx, scope, place, if_match).await?;
    before.step(Step::Update)?;
    let present = before.as_input();
    let new = patch.apply(&present)?;
    if new == present {
        return Ok((convention, before));
    }
    let changed = changed(&present, &new);
    let mut columns = StepColumns::of(&before);
    if !changed.is_empty() {
        if before.status == Status::Signed {
            return Err(Error::new(Code::SignedContent).with(signed(&changed)));
        }
        check(tx, scope, &convention, (before.id, before.number), &new).await?;
        let reason = format!("Contenu modifié : {}", changed.join(", "));
        let voided = signing::voided(&before.signatories, tx.now, &reason);
        columns.voided_signatures.0.extend(voided);
        if let Some(other) = Step::Update.alternative(before.status) {
            columns.status = other.status;
        }
        columns.signatories = Json(signing::unsigned(&new.signatories));
        columns.content_hash = content_hash(convention.id, before.number, &new)?;
    }
    let (id, now) = (before.id, tx.now);
    let after = store::update(tx.connection(), id, &new, &columns, now).await?;
    written(tx, Step::Update.past(), convention, before, after).await
}

/// The fields of the act that differ: all but the documents, which only publish it.
fn changed(before: &NewAmendment, after: &NewAmendment) -> Vec<&'static str> {
    let differs = [
        ("title", before.title != after.title),
        ("effective_on", before.effective_on != after.effective_on),
        ("changes", before.changes != after.changes),
        ("signatories", before.signatories != after.signatories),
    ];
    let changed = differs.into_iter().filter(|(_, differs)| *differs);
    changed.map(|(name, _)| name).collect()
}

fn signed(fields: &[&str]) -> Vec<Fault> {
    let faults = fields.iter().map(|name| Fault {
        place: Place::field(name),
        rule: Rule::Own(&SIGNED),
    });
    faults.collect()
}

/// Locks a convention and its amendment, if the caller may write them.
async fn locked(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (convention, id): (ConventionId, AmendmentId),
    if_match: &Precondition,
) -> Result<Placed> {
    let convention = conventions::lock(tx.connection(), scope, convention).await?;
    // With its convention locked, no other step can be at work on it.
    let day = today(tx.now);
    let amendment = store::find(tx.connection(), scope, (&convention, day), id).await?;
    if !convention.is_kept_by(scope) {
        return Err(Error::new(Code::Forbidden));
    }
    if_match.check(amendment.version)?;
    Ok((convention, amendment))
}

/// Sends one for signature, or gives it up.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `convention_incomplete`,
/// `amendment_conflict`.
pub async fn step(
    tx: &mut Tx<'_>,
    scope: &Scope,
    place: (ConventionId, AmendmentId),
    step: Step,
    if_match: &Precondition,
) -> Result<Placed> {
    let (convention, before) = locked(tx, scope, place, if_match).await?;
    let mut columns = StepColumns::of(&before);
    columns.status = before.step(step)?;
    if step == Step::SendForSignature {
        let parties = before.parties(&convention);
        signing::is_complete(&before.signatories, &parties, |_| {
            Place::field("signatories")
        })?;
        fits(tx, scope, &convention, &before).await?;
    }
    let (input, now) = (before.as_input(), tx.now);
    let after = store::update(tx.connection(), before.id, &input, &columns, now).await?;
    written(tx, step.past(), convention, before, after).await
}

/// Refuses what contradicts a signed amendment, or takes away what active declinations rely on.
async fn fits(
    tx: &mut Tx<'_>,
    scope: &Scope,
    convention: &Convention,
    amendment: &Amendment,
) -> Result<()> {
    let as_carried = amendment.as_carried();
    let mut obstacles = contradictions(convention, &as_carried);
    let left = left_by(convention, &as_carried);
    if !left.is_empty() {
        let (id, from) = (convention.id, amendment.effective_on);
        let relying = store::relying(tx.connection(), scope, id, from, &left).await?;
        obstacles.extend(relying.into_iter().map(|one| {
            let place = usize::try_from(one.change).unwrap_or_default();
            let subject = format!("{}: {}", one.id, one.codes.join(", "));
            Obstacle::of_change(place, &RELIED_ON).about(subject)
        }));
    }
    if obstacles.is_empty() {
        return Ok(());
    }
    let faults = obstacles.into_iter().map(Obstacle::as_fault).collect();
    Err(Error::new(Code::AmendmentConflict).with(faults))
}

/// Records a signature. With the last one the amendment is signed, and its convention carries it.
///
/// # Errors
/// `not_found`, `forbidden`, `validation_failed`, `precondition_failed`, `invalid_transition`,
/// `already_signed`, `not_your_turn`, `amendment_conflict`.
pub async fn sign(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (convention, id): (ConventionId, AmendmentId),
    signature: &NewSignature,
    if_match: &Precondition,
) -> Result<Placed> {
    signature.is_past(today(tx.now))?;
    let convention = conventions::lock(tx.connection(), scope, convention).await?;
    let day = today(tx.now);
    let before = store::find(tx.connection(), scope, (&convention, day), id).await?;
    let keeps = convention.is_kept_by(scope);
    if !keeps && !before.has_party(scope, &convention) {
        return Err(Error::new(Code::Forbidden));
    }
    if_match.check(before.version)?;
    before.step(Step::Sign)?;
    let signing = Signing {
        scope,
        keeps,
        subject: tx.subject(),
        content_hash: &before.content_hash,
    };
    let signed = signing.record(signature, &before.signatories)?;
    let mut columns = StepColumns::of(&before);
    columns.signed_on = signing::signed_by_all(&signed);
    columns.signatories = Json(signed);
    let is_last = columns.signed_on.is_some();
    if is_last {
        columns.status = Step::Sign.take_alternative(before.status)?;
        fits(tx, scope, &convention, &before).await?;
    }
    let (input, now) = (before.as_input(), tx.now);
    let after = store::update(tx.connection(), id, &input, &columns, now).await?;
    let convention = if is_last {
        carry(tx, convention, &after).await?
    } else {
        convention
    };
    let verb = if is_last { "signed" } else { Step::Sign.past() };
    written(tx, verb, convention, before, after).await
}

/// The convention with one more amendment.
async fn carry(tx: &mut Tx<'_>, before: Convention, amendment: &Amendment) -> Result<Convention> {
    let amendments = Json(before.amended_by(amendment.as_carried()));
    let (id, now) = (before.id, tx.now);
    let after = writes::amend(tx.connection(), id, &amendments, now).await?;
    let restricted = Json(after.restricted());
    writes::set_texts(tx.connection(), id, restricted).await?;
    tx.changed("amended", &before, &after).await?;
    Ok(after)
}

/// Deletes a draft.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`.
pub async fn delete(
    tx: &mut Tx<'_>,
    scope: &Scope,
    place: (ConventionId, AmendmentId),
    if_match: &Precondition,
) -> Result<()> {
    let (convention, before) = locked(tx, scope, place, if_match).await?;
    before.step(Step::Delete)?;
    store::delete(tx.connection(), before.id).await?;
    let filed = filed(&convention, &before);
    tx.removed(Step::Delete.past(), &filed).await
}

async fn written(
    tx: &mut Tx<'_>,
    verb: &str,
    convention: Convention,
    before: Amendment,
    after: Amendment,
) -> Result<Placed> {
    let (old, new) = (filed(&convention, &before), filed(&convention, &after));
    tx.changed(verb, &old, &new).await?;
    Ok((convention, after))
}
