//! What a declination's convention and its parent require of it, and who may create it where.

use super::content::{Activation, Content, PlannedAction};
use super::ground::Ground;
use super::model::{Declination, Status};
use crate::agreements::conventions::content::Content as AgreedContent;
use crate::agreements::conventions::model::Convention;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::error::notice::{IN_THE_FUTURE, NOT_IN_CONVENTION, OUTSIDE_TERRITORY, PART_OF_THE_KEY};
use crate::error::{Code as ErrorCode, Error, Fault, Faults, Notice, Place, Result, Rule, notice};
use crate::register::partners::store as partners;
use crate::register::territories::ancestry;
use crate::values::ids::PartnerId;
use crate::values::{Code, NO_ACADEMY, Nomenclature, TerritoryKind, TextValue, leaves_out, today};

static NOT_IN_PARENT: Notice = notice(
    "not_in_parent",
    "La déclinaison parente ne porte pas sur ce code : choisissez parmi les siens.",
    "The parent declination does not cover this code: choose among its own.",
);

static OF_ANOTHER_CONVENTION: Notice = notice(
    "of_another_convention",
    "La déclinaison parente est d'une autre convention.",
    "The parent declination is of another convention.",
);

static NOT_WIDER: Notice = notice(
    "not_wider",
    "La déclinaison parente doit être d'un niveau plus large.",
    "The parent declination must be of a wider level.",
);

static NOT_A_PARTY: Notice = notice(
    "not_a_party",
    "Ce partenaire n'est pas partie à la convention.",
    "This partner is not a party to the convention.",
);

static AGREED: Notice = notice(
    "agreed",
    "Ce champ est convenu : il ne change plus une fois la déclinaison active.",
    "This field is agreed: it no longer changes once the declination is active.",
);

impl Ground {
    /// The convention of a new one, if it may be created: signed, its rules kept, in charge of the caller.
    ///
    /// # Errors
    /// `validation_failed`, `forbidden`, `convention_not_signed`.
    pub fn admits(&self, scope: &Scope, content: &Content) -> Result<&Convention> {
        self.faults(content, None).check()?;
        self.is_in_charge_of(scope)?;
        let convention = self.convention.as_deref().ok_or_else(Error::not_found)?;
        if convention.status.was_signed() {
            Ok(convention)
        } else {
            Err(Error::new(ErrorCode::ConventionNotSigned))
        }
    }

    /// What lies above the territories of one that may become this. A draft changes whatever it is, an
    /// active one but for what was agreed; the ground is that of its convention, which it keeps.
    ///
    /// # Errors
    /// `validation_failed`, `forbidden`, `active_content`.
    pub fn admits_change(
        &self,
        scope: &Scope,
        before: &Declination,
        after: &Content,
    ) -> Result<Vec<String>> {
        let present = &before.content;
        let is_active = before.status == Status::Active;
        let mut faults = if is_active {
            self.faults_of_active(present, after)
        } else {
            self.faults(&after.under(present.convention_id), Some(present))
        };
        if after.convention_id != present.convention_id {
            faults.add(Place::field("convention_id"), Rule::Own(&PART_OF_THE_KEY));
        }
        faults.check()?;
        if is_active {
            keeps_what_was_agreed(present, after)?;
            return Ok(before.ancestors.clone());
        }
        self.is_in_charge_of(scope)?;
        Ok(self.ancestors())
    }

    /// What an active one breaks by becoming this, but for what was agreed.
    fn faults_of_active(&self, present: &Content, after: &Content) -> Faults {
        let mut faults = Faults::default();
        if after.representative_id != present.representative_id && !self.represented {
            faults.add(Place::field("representative_id"), Rule::UnknownReference);
        }
        // A later end, or another plan, meets texts that it has not been compared with.
        if after.ends_on != present.ends_on || after.planned_actions != present.planned_actions {
            self.check_codes(after, &mut faults);
        }
        faults
    }

    /// Every rule that the content breaks, but for those of the perimeter. A parent it had before
    /// is not refused for being out of the caller's sight.
    pub fn faults(&self, content: &Content, before: Option<&Content>) -> Faults {
        let mut faults = Faults::default();
        if self.convention.is_none() {
            faults.add(Place::field("convention_id"), Rule::UnknownReference);
        }
        if !self.represented {
            faults.add(Place::field("representative_id"), Rule::UnknownReference);
        }
        self.check_parent(content, before, &mut faults);
        self.check_territories(content, &mut faults);
        self.check_codes(content, &mut faults);
        faults
    }

    fn check_parent(&self, content: &Content, before: Option<&Content>, faults: &mut Faults) {
        let place = || Place::field("parent_id");
        let had_it = before.is_some_and(|before| before.parent_id == content.parent_id);
        match &self.parent {
            None if content.parent_id.is_some() && !had_it => {
                faults.add(place(), Rule::UnknownReference);
            }
            None => {}
            Some(parent) if parent.content.convention_id != content.convention_id => {
                faults.add(place(), Rule::Own(&OF_ANOTHER_CONVENTION));
            }
            Some(parent) if !parent.content.level.is_wider_than(content.level) => {
                faults.add(place(), Rule::Own(&NOT_WIDER));
            }
            Some(_) => {}
        }
    }

    fn check_territories(&self, content: &Content, faults: &mut Faults) {
        let local = self
            .convention
            .as_ref()
            .and_then(|convention| convention.original.territory.as_ref());
        let parent = self.parent.as_ref();
        // An impossible parent is reported as such, once.
        let parent = parent.filter(|parent| {
            parent.content.convention_id == content.convention_id
                && parent.content.level.is_wider_than(content.level)
        });
        let is_held = |ancestry: &[String]| {
            let has = |code: &str| ancestry.iter().any(|above| above == code);
            local.is_none_or(|territory| has(territory.as_str()))
                && parent.is_none_or(|parent| {
                    let mut territories = parent.content.territories.iter();
                    territories.any(|territory| has(territory.as_str()))
                })
        };
        match &self.ancestries {
            Err(unknown) => {
                for index in unknown.places() {
                    faults.add(territory(*index), Rule::UnknownTerritory);
                }
            }
            Ok(ancestries) => {
                for (index, ancestry) in ancestries.iter().enumerate() {
                    if !is_held(ancestry) {
                        faults.add(territory(index), Rule::Own(&OUTSIDE_TERRITORY));
                    }
                }
            }
        }
    }

    /// What it names, its planned actions included, is what the convention and the parent cover.
    fn check_codes(&self, content: &Content, faults: &mut Faults) {
        let texts = self.texts(content);
        let parent = self
            .parent
            .as_ref()
            .map(|parent| &parent.content)
            .filter(|parent| parent.convention_id == content.convention_id);
        macro_rules! check {
            ($($field:ident),+) => {$(
                let in_texts: Vec<&[_]> = texts.iter().map(|text| text.$field.as_slice()).collect();
                let in_parent = parent.map_or(&[][..], |parent| parent.$field.as_slice());
                within(stringify!($field), &content.$field, &in_texts, in_parent, faults);
            )+};
        }
        // A macro because the four lists are of four types.
        check!(axes, action_types, levels, moments);
        for (index, action) in content.planned_actions.iter().enumerate() {
            planned(index, action, &texts, faults);
        }
    }

    /// What the convention says from the first day of the declination, or from now on once that is
    /// past, to its last: signed amendments that take effect later count.
    fn texts(&self, content: &Content) -> Vec<AgreedContent> {
        let from = content.starts_on.max(self.day);
        let convention = self.convention.iter();
        let texts = convention.flat_map(|found| found.between(from, content.ends_on));
        texts.map(|text| text.content).collect()
    }

    /// Refuses territories that are not in charge of the caller, each at its place.
    ///
    /// # Errors
    /// `forbidden`.
    fn is_in_charge_of(&self, scope: &Scope) -> Result<()> {
        let ancestries = self.ancestries.as_deref().unwrap_or_default();
        let foreign = ancestries
            .iter()
            .enumerate()
            .filter(|(_, ancestry)| !scope.covers_all(std::slice::from_ref(*ancestry)));
        let faults: Vec<Fault> = foreign
            .map(|(index, _)| Fault {
                place: territory(index),
                rule: Rule::OutsidePerimeter,
            })
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::new(ErrorCode::Forbidden).with(faults))
        }
    }

    /// The territories and all above them, once each. A school that the directory places in no
    /// academy leaves a word that no perimeter has, so that none holds the whole.
    pub fn ancestors(&self) -> Vec<String> {
        let ancestries = self.ancestries.as_deref().unwrap_or_default();
        let is_placed = |ancestry: &Vec<String>| {
            let has = |kind: TerritoryKind| ancestry.iter().any(|code| kind.is_of(code));
            !has(TerritoryKind::School) || has(TerritoryKind::Academy)
        };
        let mut ancestors = ancestry::all(ancestries);
        if !ancestries.iter().all(is_placed) {
            ancestors.push(NO_ACADEMY.to_owned());
        }
        ancestors
    }
}

/// The place of a territory in the body.
pub fn territory(index: usize) -> Place {
    Place::Pointer(format!("/territories/{index}"))
}

/// Notes each code that one of the convention's texts or the parent leaves out; an empty list of
/// theirs leaves out nothing.
fn within<N: Nomenclature>(
    field: &str,
    codes: &[Code<N>],
    of_convention: &[&[Code<N>]],
    of_parent: &[Code<N>],
    faults: &mut Faults,
) {
    for (index, code) in codes.iter().enumerate() {
        let notice = if of_convention.iter().any(|text| leaves_out(text, code)) {
            &NOT_IN_CONVENTION
        } else if leaves_out(of_parent, code) {
            &NOT_IN_PARENT
        } else {
            continue;
        };
        let place = Place::Pointer(format!("/{field}/{index}"));
        faults.add(place, Rule::Own(notice));
    }
}

/// Notes what a planned action names that one of the convention's texts leaves out.
fn planned(index: usize, action: &PlannedAction, texts: &[AgreedContent], faults: &mut Faults) {
    let mut note = |below: &str| {
        let place = Place::Pointer(format!("/planned_actions/{index}/{below}"));
        faults.add(place, Rule::Own(&NOT_IN_CONVENTION));
    };
    if texts
        .iter()
        .any(|text| leaves_out(&text.action_types, &action.action_type))
    {
        note("action_type");
    }
    for (place, level) in action.levels.iter().enumerate() {
        if texts.iter().any(|text| leaves_out(&text.levels, level)) {
            note(&format!("levels/{place}"));
        }
    }
    let moment = action.moment.as_ref();
    if moment.is_some_and(|moment| texts.iter().any(|text| leaves_out(&text.moments, moment))) {
        note("moment");
    }
}

/// Refuses a change of what was agreed.
///
/// # Errors
/// `active_content`, naming the fields.
fn keeps_what_was_agreed(before: &Content, after: &Content) -> Result<()> {
    let changed = [
        ("parent_id", before.parent_id != after.parent_id),
        ("level", before.level != after.level),
        ("territories", before.territories != after.territories),
        ("axes", before.axes != after.axes),
        ("action_types", before.action_types != after.action_types),
        ("levels", before.levels != after.levels),
        ("moments", before.moments != after.moments),
        ("starts_on", before.starts_on != after.starts_on),
    ];
    let faults: Vec<Fault> = changed
        .iter()
        .filter(|(_, changes)| *changes)
        .map(|(name, _)| Fault {
            place: Place::field(name),
            rule: Rule::Own(&AGREED),
        })
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorCode::ActiveContent).with(faults))
}

impl Activation {
    /// Refuses signatories of partners that are neither parties nor members of one, and days that
    /// have not come.
    ///
    /// # Errors
    /// `validation_failed`.
    pub async fn check(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        convention: &Convention,
    ) -> Result<()> {
        let today = today(tx.now);
        let named: Vec<PartnerId> = self
            .signatories
            .iter()
            .filter_map(|one| one.partner_id)
            .collect();
        let parties = &convention.parties(today);
        let of_network = partners::find_all(tx.connection(), scope, &named).await?;
        let is_member = |id: &PartnerId| {
            let mut known = of_network.iter().filter(|partner| partner.id == *id);
            known.any(|partner| {
                partner
                    .content
                    .member_of
                    .iter()
                    .any(|one| parties.contains(one))
            })
        };
        let mut faults = Faults::default();
        for (index, signatory) in self.signatories.iter().enumerate() {
            let at = |name| Place::Pointer(format!("/signatories/{index}/{name}"));
            let may_sign = |partner: &PartnerId| parties.contains(partner) || is_member(partner);
            if signatory
                .partner_id
                .is_some_and(|partner| !may_sign(&partner))
            {
                faults.add(at("partner_id"), Rule::Own(&NOT_A_PARTY));
            }
            if signatory.signed_on.is_some_and(|day| day > today) {
                faults.add(at("signed_on"), Rule::Own(&IN_THE_FUTURE));
            }
        }
        faults.check()
    }
}
