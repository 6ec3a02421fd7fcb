//! What is asked of many declinations.

use utoipa::ToSchema;

use crate::agreements::declinations::content::{Activation, Signatory};
use crate::agreements::declinations::filter::Filter;
use crate::error::Rule;
use crate::http::bulk::Chosen;
use crate::http::fields::{Body, Fields};
use crate::values::code_enum;
use crate::values::ids::kind;

code_enum! {
    /// A step that many declinations take at once.
    DeclinationStep of "declination_steps" {
        /// They have their territories from now on.
        Activate = "activate",
        /// Their territories are free again.
        Close = "close",
    }
}

impl DeclinationStep {
    /// The operation that takes the step with one.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Activate => "activate_declination",
            Self::Close => "close_declination",
        }
    }
}

/// Une étape pour plusieurs déclinaisons, désignées par `ids` ou par `filter`.
#[derive(Debug, ToSchema)]
pub struct DeclinationSteps {
    /// L'étape.
    pub step: DeclinationStep,
    /// Les déclinaisons, chacune une fois.
    #[schema(
        value_type = Option<Vec<crate::values::ids::DeclinationId>>, min_items = 1, max_items = 1000,
        example = json!(["0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e05"])
    )]
    pub ids: Chosen<kind::Declination, Filter>,
    /// Ou les filtres de leur liste ; 1 000 déclinaisons au plus.
    #[schema(value_type = Option<Object>, example = json!(null))]
    pub filter: (),
    /// Qui a signé chacune de celles qui sont activées, tels qu'ils étaient ; la liste peut être vide.
    #[schema(value_type = Vec<Signatory>, required = false, max_items = 100)]
    pub signatories: Activation,
    /// Vrai : rien n'est écrit, les verdicts sont ceux qu'aurait l'étape.
    #[schema(required = false, example = false)]
    pub dry_run: bool,
}

impl Body for DeclinationSteps {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let step = fields.required("step");
        let chosen = Chosen::read(fields);
        let signatories = Activation::read(fields);
        if step == Some(DeclinationStep::Close) && fields.gives("signatories") {
            fields.fault("signatories", Rule::OnlyWith("step = activate"));
        }
        let dry_run = fields.optional("dry_run");
        Some(Self {
            step: step?,
            ids: chosen?,
            filter: (),
            signatories: signatories?,
            dry_run: dry_run.unwrap_or_default(),
        })
    }
}
