//! The steps that write conventions. Each runs in the transaction it is given and journals what it
//! writes; the order of refusals is 404, 403, 412, 409.

use chrono::Datelike;

use super::content::{Content, ConventionPatch, NewConvention};
use super::content_hash::content_hash;
use super::model::{Convention, Status, Step};
use super::signing::{self, NewSignature, Signing};
use super::store;
use super::store::writes::{self, Beginning, StepColumns};
use super::termination::{NewRenewal, NewTermination};
use super::{edit, reference};
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::db::version::Precondition;
use crate::error::{Code, Error, Fault, Faults, Notice, Place, Result, Rule, notice};
use crate::register::partners::store as partners;
use crate::register::territories::ancestry;
use crate::steps::Step as _;
use crate::values::ids::ConventionId;
use crate::values::{Json, TerritoryKind, today};

static NOT_ITS_PLACE: Notice = notice(
    "not_a_local_territory",
    "Une convention locale est celle d'une région académique, d'une académie, d'un département ou d'un établissement.",
    "A local convention is that of an academic region, an academy, a department or a school.",
);

static NO_PREDECESSOR: Notice = notice(
    "no_predecessor",
    "Une convention succède à une convention signée, qui commence avant elle.",
    "A convention succeeds a signed one, which begins before it.",
);

/// Creates one.
///
/// # Errors
/// `forbidden`, `validation_failed` for a territory, a partner or a predecessor that does not exist.
pub async fn create(tx: &mut Tx<'_>, scope: &Scope, new: &NewConvention) -> Result<Convention> {
    let ancestors = place(tx, scope, new).await?;
    check_references(tx, scope, new).await?;
    let year = today(tx.now).year();
    let reference = reference::next(tx, &new.content, year).await?;
    let now = tx.now;
    let beginning = Beginning {
        id: ConventionId::new(tx.new_id()),
        reference: &reference,
        status: Status::Draft,
        ancestors: &ancestors,
        signatories: Json(signing::unsigned(&new.signatories)),
        voided_signatures: Json(Vec::new()),
        signed_on: None,
        content_hash: content_hash(&new.content, &[])?,
        imported: None,
        created_at: now,
        updated_at: now,
    };
    let created = writes::insert(tx.connection(), &beginning, &new.content).await?;
    tx.created(&created).await?;
    Ok(created)
}

/// The territory of a local convention with all above it, once the caller may write there.
async fn place(tx: &mut Tx<'_>, scope: &Scope, new: &NewConvention) -> Result<Vec<String>> {
    let Some(territory) = &new.content.territory else {
        return if scope.is_everything() {
            Ok(Vec::new())
        } else {
            Err(not_yours("scope"))
        };
    };
    if territory.is_of(TerritoryKind::Country) {
        let rule = Rule::Own(&NOT_ITS_PLACE);
        return Err(Error::at(
            Code::ValidationFailed,
            Place::field("territory"),
            rule,
        ));
    }
    let ancestries = ancestry::each(tx.connection(), std::slice::from_ref(territory))
        .await?
        .map_err(|unknown| unknown.refusal(|_| "/territory".to_owned()))?;
    if scope.covers_all(&ancestries) {
        Ok(ancestry::all(&ancestries))
    } else {
        let place = Place::field("territory");
        Err(Error::at(Code::Forbidden, place, Rule::OutsidePerimeter))
    }
}

/// Refuses partners and a predecessor that are not there, or that the caller cannot know of.
async fn check_references(tx: &mut Tx<'_>, scope: &Scope, new: &NewConvention) -> Result<()> {
    let content = &new.content;
    let connection = &*tx.connection();
    let predecessors: Vec<ConventionId> = content.predecessor_id.into_iter().collect();
    let (known, predecessors_found) = tokio::try_join!(
        partners::find_all(connection, scope, &content.partner_ids),
        store::find_all(connection, scope, &predecessors),
    )?;
    let mut faults = Faults::default();
    for (index, id) in content.partner_ids.iter().enumerate() {
        if !known.iter().any(|partner| partner.id == *id) {
            let place = Place::Pointer(format!("/partner_ids/{index}"));
            faults.add(place, Rule::UnknownReference);
        }
    }
    if predecessors_found.len() < predecessors.len() {
        faults.add(Place::field("predecessor_id"), Rule::UnknownReference);
    }
    let early = |before: &Convention| before.original.starts_on >= content.starts_on;
    for predecessor in &predecessors_found {
        if !predecessor.status.was_signed() || early(predecessor) {
            faults.add(Place::field("predecessor_id"), Rule::Own(&NO_PREDECESSOR));
        }
    }
    faults.check()?;
    // Its successor will take its place: that is for those who keep it to decide.
    if predecessors_found.iter().all(|one| one.is_kept_by(scope)) {
        Ok(())
    } else {
        Err(not_yours("predecessor_id"))
    }
}

fn not_yours(field: &str) -> Error {
    Error::new(Code::Forbidden).with(vec![Fault {
        place: Place::field(field),
        rule: Rule::NotYours,
    }])
}

/// Changes one. A change that changes nothing writes nothing; one of the content of a text that is
/// being signed voids the signatures given and takes it back to negotiation.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `signed_content`, or as
/// [`create`].
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ConventionId,
    patch: &ConventionPatch,
    if_match: &Precondition,
) -> Result<Convention> {
    let before = kept(tx, scope, id, if_match).await?;
    before.step(Step::Update)?;
    let present = before.as_input_on(today(tx.now));
    let mut new = patch.apply(&present)?;
    if new == present {
        return Ok(before);
    }
    let changed = edit::changed(&present, &new)?;
    changed.may_be_made_to(&before)?;
    if changed.references() {
        check_references(tx, scope, &new).await?;
    }
    if before.status.was_signed() {
        // What was signed first stays as it was, whatever was made of it since.
        new.content = Content {
            starts_on: new.content.starts_on,
            ends_on: if changed.says_the_end() {
                new.content.ends_on
            } else {
                before.original.ends_on
            },
            publication: new.content.publication,
            ..before.original.clone()
        };
    }
    let mut columns = StepColumns::of(&before);
    columns.content_hash = content_hash(&new.content, &[])?;
    if !before.status.was_signed() {
        columns.signatories = Json(signing::unsigned(&new.signatories));
    }
    if changed.completes_dates() {
        columns.imported = edit::completed(&before, &new);
    }
    if before.status == Status::ToSign && changed.is_contractual() {
        columns.status = Step::Update.take_alternative(before.status)?;
        let reason = changed.reason();
        let voided = signing::voided(&before.signatories, tx.now, &reason);
        columns.voided_signatures.0.extend(voided);
    } else if before.status == Status::ToSign {
        columns.signatories = before.signatories.clone();
    }
    let now = tx.now;
    let after = writes::update(tx.connection(), id, &new.content, &columns, now).await?;
    tx.changed(Step::Update.past(), &before, &after).await?;
    Ok(after)
}

/// Locks the convention, if the caller may write it.
async fn kept(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ConventionId,
    if_match: &Precondition,
) -> Result<Convention> {
    let convention = store::lock(tx.connection(), scope, id).await?;
    if !convention.is_kept_by(scope) {
        return Err(Error::new(Code::Forbidden));
    }
    if_match.check(convention.version)?;
    Ok(convention)
}

/// Opens the negotiation, sends for signature, or abandons.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `convention_incomplete`.
pub async fn step(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ConventionId,
    step: Step,
    if_match: &Precondition,
) -> Result<Convention> {
    let before = kept(tx, scope, id, if_match).await?;
    let mut columns = StepColumns::of(&before);
    columns.status = before.step(step)?;
    if step == Step::SendForSignature {
        let parties = &before.original.partner_ids;
        let place = |index| Place::Pointer(format!("/partner_ids/{index}"));
        signing::is_complete(&before.signatories, parties, place)?;
    }
    let now = tx.now;
    let after = writes::update(tx.connection(), id, &before.original, &columns, now).await?;
    tx.changed(step.past(), &before, &after).await?;
    Ok(after)
}

/// Records a signature. With the last one the convention is signed, and takes the place of the one
/// it succeeds.
///
/// # Errors
/// `not_found`, `forbidden`, `validation_failed`, `precondition_failed`, `already_signed`,
/// `invalid_transition`, `not_your_turn`.
pub async fn sign(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ConventionId,
    signature: &NewSignature,
    if_match: &Precondition,
) -> Result<Convention> {
    signature.is_past(today(tx.now))?;
    let before = store::lock(tx.connection(), scope, id).await?;
    let keeps = before.is_kept_by(scope);
    if !keeps && !before.has_party(scope, today(tx.now)) {
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
    let is_last = columns.signed_on.is_some();
    if is_last {
        columns.status = Step::Sign.take_alternative(before.status)?;
    }
    columns.signatories = Json(signed);
    let now = tx.now;
    let after = writes::update(tx.connection(), id, &before.original, &columns, now).await?;
    let verb = if is_last { "signed" } else { Step::Sign.past() };
    tx.changed(verb, &before, &after).await?;
    if is_last {
        replace_predecessor(tx, &after).await?;
    }
    Ok(after)
}

/// A successor replaces the convention it names from its own first day, unless another successor
/// was signed meanwhile.
async fn replace_predecessor(tx: &mut Tx<'_>, successor: &Convention) -> Result<()> {
    let content = &successor.original;
    let Some((id, first_day)) = content.predecessor_id.zip(content.starts_on) else {
        return Ok(());
    };
    // Whoever signs need not see the predecessor: what it becomes follows from the signature.
    let before = store::lock(tx.connection(), &Scope::of_operator(), id).await?;
    let status = match before.status {
        Status::Signed => Step::Renew.take_alternative(Status::Signed)?,
        // What a party ended is followed, not replaced.
        Status::Terminated if before.successor_id.is_none() => Status::Terminated,
        // Another one was signed in its place meanwhile.
        _ => {
            let other = before.successor_id.map(|other| other.to_string());
            return Err(Error::new(Code::AlreadyRenewed).about(other.unwrap_or_default()));
        }
    };
    let (now, place) = (tx.now, (successor.id, first_day));
    let after = writes::replace(tx.connection(), id, status, place, now).await?;
    tx.changed("replaced", &before, &after).await
}

/// Terminates one on the request of a party, which gives its last day; it stays in force until then.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `validation_failed` for a
/// day that the agreement does not allow.
pub async fn terminate(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ConventionId,
    new: &NewTermination,
    if_match: &Precondition,
) -> Result<Convention> {
    let before = kept(tx, scope, id, if_match).await?;
    let status = before.step(Step::Terminate)?;
    let termination = Json(new.of(&before, today(tx.now))?);
    let now = tx.now;
    let after = writes::terminate(tx.connection(), id, status, &termination, now).await?;
    tx.changed(Step::Terminate.past(), &before, &after).await?;
    Ok(after)
}

/// Drafts the convention that will succeed one. That one stays as it is until the draft is signed.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `already_renewed`,
/// `validation_failed` where a first day must be given.
pub async fn renew(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ConventionId,
    new: &NewRenewal,
    if_match: &Precondition,
) -> Result<Convention> {
    let before = kept(tx, scope, id, if_match).await?;
    before.step(Step::Renew)?;
    if let Some(successor) = before.successor_under_way {
        return Err(Error::new(Code::AlreadyRenewed).about(successor.to_string()));
    }
    let draft = new.successor_of(&before, today(tx.now))?;
    create(tx, scope, &draft).await
}

/// Deletes a draft.
///
/// # Errors
/// `not_found`, `forbidden`, `precondition_failed`, `invalid_transition`, `in_use`.
pub async fn delete(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: ConventionId,
    if_match: &Precondition,
) -> Result<()> {
    let convention = kept(tx, scope, id, if_match).await?;
    convention.step(Step::Delete)?;
    writes::delete(tx.connection(), id).await?;
    tx.removed(Step::Delete.past(), &convention).await
}
