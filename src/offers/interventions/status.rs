//! The publication status of an intervention on a day, and why it is withheld.

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::{Notice, notice};
use crate::language::Language;
use crate::values::{code_enum, start_of, today};

code_enum! {
    /// What an intervention is, on a day.
    Status of "intervention_statuses" {
        /// Schools can ask for it.
        Published = "published",
        /// Its convention does not carry it.
        Withheld = "withheld",
        /// Its partner, or the ministry, took it back.
        Withdrawn = "withdrawn",
        /// Its last day is past.
        Expired = "expired",
        /// Its portal has not confirmed it for long.
        Stale = "stale",
    }
}

/// The day that statuses are computed for, and the moment since when a confirmation is fresh
/// enough on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AsOf {
    /// The day, in Paris.
    pub day: NaiveDate,
    /// What was last confirmed before this is stale.
    pub stale_before: DateTime<Utc>,
}

impl AsOf {
    /// Now, as the settings have it.
    pub fn now(app: &App) -> Self {
        Self::at(app.now(), app.config.stale_after_days)
    }

    /// As of this moment; what was not confirmed for so many days is stale.
    pub fn at(now: DateTime<Utc>, stale_after_days: u16) -> Self {
        let day = today(now);
        let first = day.checked_sub_days(Days::new(stale_after_days.into()));
        Self {
            day,
            stale_before: start_of(first.unwrap_or_default()),
        }
    }
}

/// The eligibility of an intervention under its convention, as the database computes it.
#[derive(Debug, Clone, Queryable)]
pub struct Eligibility {
    /// The convention's first day.
    pub in_force_from: Option<NaiveDate>,
    /// Its last day, null when nothing ends it.
    pub in_force_until: Option<NaiveDate>,
    /// Why the convention does not carry the intervention, whatever the day.
    pub reasons: Vec<String>,
}

impl Eligibility {
    /// Whether the convention is in force on a day.
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.in_force_from.is_some_and(|first| first <= day)
            && self.in_force_until.is_none_or(|last| last >= day)
    }
}

static NOT_A_PARTY: Notice = notice(
    "not_a_party",
    "Ni le partenaire ni son réseau ne sont parties à la convention.",
    "Neither the partner nor its network is a party to the convention.",
);

static ACTION_TYPE: Notice = notice(
    "action_type_not_covered",
    "La convention ne porte pas sur ce type d'action.",
    "The convention does not cover this type of action.",
);

static LEVEL: Notice = notice(
    "level_not_covered",
    "La convention ne porte pas sur tous ces niveaux.",
    "The convention does not cover all of these levels.",
);

static TERRITORY: Notice = notice(
    "territory_not_covered",
    "La convention ne vaut pas dans tous ces territoires.",
    "The convention does not apply in all of these territories.",
);

static NOT_SIGNED: Notice = notice(
    "convention_not_signed",
    "La convention n'est pas encore signée.",
    "The convention is not signed yet.",
);

static NOT_IN_FORCE: Notice = notice(
    "convention_not_in_force",
    "La convention n'est pas en vigueur aujourd'hui.",
    "The convention is not in force today.",
);

/// Every reason, in the order they are answered.
static REASONS: [&Notice; 6] = [
    &NOT_A_PARTY,
    &ACTION_TYPE,
    &LEVEL,
    &TERRITORY,
    &NOT_SIGNED,
    &NOT_IN_FORCE,
];

/// Pourquoi une intervention n'est pas publiée.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WithheldReason {
    /// Code stable.
    #[schema(example = "convention_not_in_force")]
    pub code: &'static str,
    /// En toutes lettres.
    #[schema(example = "La convention n'est pas en vigueur aujourd'hui.")]
    pub detail: &'static str,
}

/// Why the convention does not carry the intervention on this day.
pub fn withheld_reasons(
    eligibility: &Eligibility,
    day: NaiveDate,
    language: Language,
) -> Vec<WithheldReason> {
    let has = |code: &str| eligibility.reasons.iter().any(|reason| reason == code);
    // The text of an unsigned convention is not shown to a partner that is no party to it.
    let is_stranger = has(NOT_A_PARTY.code) && has(NOT_SIGNED.code);
    // One that is not signed is not in force either: the first says it all.
    let is_over = !has(NOT_SIGNED.code) && !eligibility.is_in_force(day);
    let applies =
        |reason: &&&Notice| has(reason.code) || (is_over && reason.code == NOT_IN_FORCE.code);
    let may_be_told = |reason: &&&Notice| !is_stranger || reason.code == NOT_A_PARTY.code;
    let applying = REASONS.iter().filter(applies).filter(may_be_told);
    applying
        .map(|reason| WithheldReason {
            code: reason.code,
            detail: reason.detail.get(language),
        })
        .collect()
}
