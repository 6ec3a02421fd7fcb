//! What is written of a solicitation: what is asked, what is answered, what took place.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::schema::solicitations;
use crate::error::notice::{BEFORE_START, PART_OF_THE_KEY};
use crate::error::{Error, Faults, Notice, Place, Result, Rule, notice};
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::offers::counts::{Pupils, count};
use crate::values::ids::{ConventionId, InterventionId, RepresentativeId};
use crate::values::{Level, Text, Uai};

/// The most pupils that a school announces.
const MAX_EXPECTED: i32 = 100_000;

static EITHER: Notice = notice(
    "one_of_two",
    "Donnez soit `intervention_id`, soit `representative_id`.",
    "Give either `intervention_id` or `representative_id`.",
);

/// Ce qu'un établissement demande : une intervention, ou l'aide d'un représentant.
#[derive(
    Debug, Clone, PartialEq, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema,
)]
#[diesel(table_name = solicitations, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct NewSolicitation {
    /// L'établissement qui demande (UAI).
    #[schema(example = "0690001B")]
    pub uai: Uai,
    /// L'intervention demandée ; sinon `representative_id`.
    pub intervention_id: Option<InterventionId>,
    /// Le représentant sollicité, sans intervention ; null s'il a été effacé depuis.
    #[schema(example = json!(null))]
    pub representative_id: Option<RepresentativeId>,
    /// La convention dont elle relève : celle de l'intervention ; auprès d'un représentant, l'une de celles du
    /// partenaire qui sont en vigueur là, à choisir s'il y en a plusieurs. Null s'il n'y en a aucune.
    pub convention_id: Option<ConventionId>,
    /// Niveaux des élèves, un au moins.
    #[schema(example = json!(["3e"]), min_items = 1)]
    pub levels: Vec<Level>,
    /// Nombre d'élèves attendus.
    #[schema(example = 28, minimum = 1, maximum = 100000)]
    pub pupils_expected: Option<i32>,
    /// Premier jour souhaité.
    #[schema(example = "2099-01-11")]
    pub wished_from: Option<NaiveDate>,
    /// Dernier jour souhaité, compris.
    #[schema(example = "2099-01-29")]
    pub wished_to: Option<NaiveDate>,
    /// Message au partenaire.
    #[schema(example = "Pour une classe de troisième, de préférence le matin.")]
    pub message: Option<Text<2000>>,
}

/// Fields of the answer that input may not set.
const SET_BY_SERVICE: &[&str] = &[
    "id",
    "partner_id",
    "status",
    "scheduled_on",
    "proposed_on",
    "proposed_by",
    "reason",
    "outcome",
    "created_at",
    "updated_at",
    "allowed_actions",
    "warnings",
];

impl Body for NewSolicitation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let uai = fields.required("uai");
        let intervention_id = fields.optional("intervention_id");
        let representative_id = fields.optional("representative_id");
        match (
            fields.gives("intervention_id"),
            fields.gives("representative_id"),
        ) {
            (true, true) => fields.fault("representative_id", Rule::Own(&EITHER)),
            (false, false) if !fields.is_change() => {
                fields.fault("intervention_id", Rule::Own(&EITHER));
            }
            _ => {}
        }
        let convention_id = fields.optional("convention_id");
        let levels = fields.required_list("levels");
        let pupils_expected = fields.integer("pupils_expected", 1, MAX_EXPECTED);
        let wished_from: Option<NaiveDate> = fields.optional("wished_from");
        let wished_to: Option<NaiveDate> = fields.optional("wished_to");
        if wished_from
            .zip(wished_to)
            .is_some_and(|(from, to)| to < from)
        {
            fields.fault("wished_to", Rule::Own(&BEFORE_START));
        }
        let message = fields.optional("message");
        Some(Self {
            uai: uai?,
            intervention_id,
            representative_id,
            convention_id,
            levels: levels?,
            pupils_expected,
            wished_from,
            wished_to,
            message,
        })
    }
}

/// A change of a solicitation.
pub type SolicitationPatch = Patch<NewSolicitation>;

/// What a solicitation is about, which does not change.
const KEY: [&str; 3] = ["uai", "intervention_id", "representative_id"];

impl SolicitationPatch {
    /// The patched content.
    ///
    /// # Errors
    /// `validation_failed`, also for a change of what it is about.
    pub fn made_of(&self, present: &NewSolicitation) -> Result<NewSolicitation> {
        let mut faults = Faults::default();
        let made = self.apply_noting(present, &mut faults)?;
        // The representative may have been erased since: nothing takes its place.
        faults.forget(|fault| fault.rule == Rule::Own(&EITHER));
        let before = serde_json::to_value(present).map_err(Error::internal)?;
        for name in KEY {
            if self
                .member(name)
                .is_some_and(|value| Some(value) != before.get(name))
            {
                faults.add(Place::field(name), Rule::Own(&PART_OF_THE_KEY));
            }
        }
        faults.check().map(|()| made)
    }
}

/// Un autre jour.
#[derive(Debug, Clone, ToSchema)]
pub struct Proposal {
    /// Le jour proposé à l'autre côté.
    #[schema(example = "2099-01-22")]
    pub proposed_on: NaiveDate,
}

impl Body for Proposal {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            proposed_on: fields.required("proposed_on")?,
        })
    }
}

/// L'accord du partenaire.
#[derive(Debug, Clone, ToSchema)]
pub struct Acceptance {
    /// Le jour proposé.
    #[schema(example = "2099-01-15")]
    pub scheduled_on: NaiveDate,
}

impl Body for Acceptance {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            scheduled_on: fields.required("scheduled_on")?,
        })
    }
}

/// Pourquoi une demande est refusée, ou n'a pas eu lieu.
#[derive(Debug, Clone, ToSchema)]
pub struct Explanation {
    /// Le motif, que l'autre côté lira.
    #[schema(example = "L'atelier est fermé ce mois-ci.")]
    pub reason: Text<2000>,
}

impl Body for Explanation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            reason: fields.required("reason")?,
        })
    }
}

/// L'annulation d'une demande.
#[derive(Debug, Clone, ToSchema)]
pub struct Cancellation {
    /// Le motif, s'il y a lieu.
    #[schema(example = "La classe est en sortie ce jour-là.")]
    pub reason: Option<Text<2000>>,
}

impl Body for Cancellation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            reason: fields.optional("reason"),
        })
    }
}

/// Ce qui a eu lieu : null, on ne sait pas ; 0, aucun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SolicitationOutcome)]
pub struct Outcome {
    /// Le jour.
    #[schema(example = "2025-10-09")]
    pub held_on: NaiveDate,
    /// Élèves présents.
    #[schema(example = 27, minimum = 0, maximum = 100000000)]
    pub pupils: Option<i32>,
    /// Dont filles.
    #[schema(example = 14, minimum = 0, maximum = 100000000)]
    pub girls: Option<i32>,
    /// Dont élèves de l'éducation prioritaire.
    #[schema(example = 27, minimum = 0, maximum = 100000000)]
    pub priority_education_pupils: Option<i32>,
    /// Enseignants.
    #[schema(example = 2, minimum = 0, maximum = 100000000)]
    pub teachers: Option<i32>,
    /// Professionnels.
    #[schema(example = 3, minimum = 0, maximum = 100000000)]
    pub professionals: Option<i32>,
    /// Heures, entières.
    #[schema(example = 2, minimum = 0, maximum = 100000000)]
    pub hours: Option<i32>,
}

impl Body for Outcome {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let held_on = fields.required("held_on");
        let pupils = Pupils::read(fields);
        let (teachers, professionals) = (count(fields, "teachers"), count(fields, "professionals"));
        let hours = count(fields, "hours");
        Some(Self {
            held_on: held_on?,
            pupils: pupils.all,
            girls: pupils.girls,
            priority_education_pupils: pupils.priority_education,
            teachers,
            professionals,
            hours,
        })
    }
}

impl Outcome {
    /// It took place on this day, and nothing more is known.
    pub const fn on(held_on: NaiveDate) -> Self {
        Self {
            held_on,
            pupils: None,
            girls: None,
            priority_education_pupils: None,
            teachers: None,
            professionals: None,
            hours: None,
        }
    }
}

/// Ce qu'il faut pour dire qu'une demande a eu lieu.
#[derive(Debug, Clone, ToSchema)]
pub struct Holding {
    /// Ce qui a eu lieu.
    pub outcome: Outcome,
}

impl Body for Holding {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let outcome = fields.object("outcome");
        fields.needs("outcome");
        Some(Self { outcome: outcome? })
    }
}
