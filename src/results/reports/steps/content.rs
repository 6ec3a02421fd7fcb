//! What is asked of many reports.

use utoipa::ToSchema;

use crate::error::Rule;
use crate::http::bulk::{self, Chosen};
use crate::http::fields::{Body, Fields};
use crate::results::reports::checks::Confirmable;
use crate::results::reports::content::Return;
use crate::results::reports::filter::Filter;
use crate::results::reports::workflow::Act;
use crate::values::ids::kind;
use crate::values::{Text, code_enum};

code_enum! {
    /// A step that many reports take at once.
    ReportStep of "report_steps" {
        /// Hand them to those who validate them.
        Submit = "submit",
        /// Make them count.
        Validate = "validate",
        /// Send them back.
        Return = "return",
    }
}

impl ReportStep {
    /// The operation that takes the step with one.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Submit => "submit_report",
            Self::Validate => "validate_report",
            Self::Return => "return_report",
        }
    }
}

/// Une étape pour plusieurs bilans, désignés par `ids` ou par `filter`.
#[derive(Debug, ToSchema)]
pub struct ReportSteps {
    /// L'étape.
    pub step: ReportStep,
    /// Les bilans, chacun une fois.
    #[schema(
        value_type = Option<Vec<crate::values::ids::ReportId>>, min_items = 1, max_items = 1000,
        example = json!(["0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e0b"])
    )]
    pub ids: Chosen<kind::Report, Filter>,
    /// Ou les filtres de la liste des bilans ; 1 000 bilans au plus.
    #[schema(value_type = Option<Object>, example = json!(null))]
    pub filter: (),
    /// Pourquoi ils sont renvoyés.
    #[schema(example = json!(null))]
    pub reason: Option<Text<2000>>,
    /// Ce qui est confirmé de ceux qui sont transmis : `ten_times_last_year`.
    #[schema(value_type = Option<Vec<String>>, example = json!(null))]
    pub confirm: Vec<Confirmable>,
    /// Vrai : rien n'est écrit, les verdicts sont ceux qu'aurait l'étape.
    #[schema(required = false, example = false)]
    pub dry_run: bool,
}

impl Body for ReportSteps {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let step = fields.required("step");
        let chosen = Chosen::read(fields);
        let reason = fields.optional("reason");
        let confirm = bulk::words(fields, "confirm");
        match step {
            Some(ReportStep::Return) => fields.needs("reason"),
            Some(_) if fields.gives("reason") => {
                fields.fault("reason", Rule::OnlyWith("step = return"));
            }
            _ => {}
        }
        if step.is_some_and(|step| step != ReportStep::Submit) && fields.gives("confirm") {
            fields.fault("confirm", Rule::OnlyWith("step = submit"));
        }
        let dry_run = fields.optional("dry_run");
        Some(Self {
            step: step?,
            ids: chosen?,
            filter: (),
            reason,
            confirm,
            dry_run: dry_run.unwrap_or_default(),
        })
    }
}

impl ReportSteps {
    /// The reason of those that are sent back.
    pub fn returned(&self) -> Option<Return> {
        let reason = self.reason.clone()?;
        Some(Return { reason })
    }

    /// What is done with each.
    pub fn act<'a>(&'a self, returned: Option<&'a Return>) -> Act<'a> {
        match (self.step, returned) {
            (ReportStep::Return, Some(returned)) => Act::Return(returned),
            (ReportStep::Submit, _) => Act::Submit(&self.confirm),
            (ReportStep::Validate | ReportStep::Return, _) => Act::Validate,
        }
    }
}
