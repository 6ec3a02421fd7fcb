//! What is asked of many solicitations.

use chrono::NaiveDate;
use utoipa::ToSchema;

use crate::error::Rule;
use crate::http::bulk::Chosen;
use crate::http::fields::{Body, Fields};
use crate::offers::solicitations::content::Outcome;
use crate::offers::solicitations::filter::Filter;
use crate::values::ids::kind;
use crate::values::{Text, code_enum};

code_enum! {
    /// A step that many solicitations take at once.
    SolicitationStep of "solicitation_steps" {
        /// The partner agrees.
        Accept = "accept",
        /// The partner does not agree.
        Decline = "decline",
        /// They took place.
        Hold = "hold",
        /// They did not.
        NotHeld = "not-held",
    }
}

impl SolicitationStep {
    /// The operation that takes the step with one.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Accept => "accept_solicitation",
            Self::Decline => "decline_solicitation",
            Self::Hold => "hold_solicitation",
            Self::NotHeld => "mark_solicitation_not_held",
        }
    }
}

/// Une étape pour plusieurs sollicitations, désignées par `ids` ou par `filter`.
#[derive(Debug, ToSchema)]
pub struct SolicitationSteps {
    /// L'étape.
    pub step: SolicitationStep,
    /// Les sollicitations, chacune une fois.
    #[schema(
        value_type = Option<Vec<crate::values::ids::SolicitationId>>, min_items = 1, max_items = 1000,
        example = json!(["0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e09"])
    )]
    pub ids: Chosen<kind::Solicitation, Filter>,
    /// Ou les filtres de leur liste ; 1 000 sollicitations au plus.
    #[schema(value_type = Option<Object>, example = json!(null))]
    pub filter: (),
    /// Le jour proposé à celles qui sont acceptées ; à défaut, le premier jour que chacune souhaite.
    #[schema(example = json!(null))]
    pub scheduled_on: Option<NaiveDate>,
    /// Pourquoi elles sont refusées, ou n'ont pas eu lieu.
    #[schema(example = json!(null))]
    pub reason: Option<Text<2000>>,
    /// Ce qui a eu lieu ; à défaut, chacune a eu lieu le jour prévu, sans que rien de plus soit su.
    pub outcome: Option<Outcome>,
    /// Vrai : rien n'est écrit, les verdicts sont ceux qu'aurait l'étape.
    #[schema(required = false, example = false)]
    pub dry_run: bool,
}

impl Body for SolicitationSteps {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let step = fields.required("step");
        let chosen = Chosen::read(fields);
        let scheduled_on = fields.optional("scheduled_on");
        let reason = fields.optional("reason");
        let outcome = fields.object("outcome");
        if let Some(step) = step {
            goes_with_its_step(fields, step);
        }
        let dry_run = fields.optional("dry_run");
        Some(Self {
            step: step?,
            ids: chosen?,
            filter: (),
            scheduled_on,
            reason,
            outcome,
            dry_run: dry_run.unwrap_or_default(),
        })
    }
}

/// Notes what does not go with a step, and the reason that it lacks.
fn goes_with_its_step(fields: &mut Fields<'_>, step: SolicitationStep) {
    use SolicitationStep::{Accept, Decline, Hold, NotHeld};
    let is_explained = matches!(step, Decline | NotHeld);
    for (name, goes, with) in [
        ("scheduled_on", step == Accept, "step = accept"),
        ("reason", is_explained, "step = decline, not-held"),
        ("outcome", step == Hold, "step = hold"),
    ] {
        if fields.gives(name) && !goes {
            fields.fault(name, Rule::OnlyWith(with));
        }
    }
    if is_explained {
        fields.needs("reason");
    }
}
