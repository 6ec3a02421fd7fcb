//! A report as a caller is answered: whole, or its head alone.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::checks::warnings;
use super::content::Narrative;
use super::line::Line;
use super::model::{Confirmed, Consolidated, FullReport, Report, Status, reads_heads};
use super::prefill::model::Prefilled;
use crate::auth::policy::Scope;
use crate::error::warning::Warning;
use crate::language::Language;
use crate::values::ids::{ConventionId, DeclinationId, ReportId};
use crate::values::{SchoolYear, TerritoryCode, TerritoryKind, Text, TextValue, Uai};

/// Who reads.
#[derive(Debug, Clone, Copy)]
pub struct Viewer<'a> {
    /// What they may see and change.
    pub scope: &'a Scope,
    /// Who they are, for what one does not do with one's own report.
    pub subject: &'a str,
    /// Their language.
    pub language: Language,
    /// The years whose campaign is closed.
    pub closed: &'a [SchoolYear],
}

/// L'en-tête d'un bilan.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReportSummary {
    /// Identifiant.
    pub id: ReportId,
    /// La convention.
    pub convention_id: ConventionId,
    /// La déclinaison ; null, pour un établissement, à qui ne voit que l'en-tête.
    #[schema(example = json!(null))]
    pub declination_id: Option<DeclinationId>,
    /// Le territoire ; celui d'un établissement est l'académie pour qui ne voit que l'en-tête.
    #[schema(example = "academy:10")]
    pub territory: TerritoryCode,
    /// L'année scolaire.
    #[schema(example = "2025-2026")]
    pub school_year: SchoolYear,
    /// Numéro de la version : 1, puis un de plus à chaque correction.
    #[schema(example = 1)]
    pub version: i32,
    /// La version que celle-ci corrige.
    pub supersedes_id: Option<ReportId>,
    /// Si une version suivante a été validée à sa place.
    #[schema(example = false)]
    pub superseded: bool,
    /// Statut.
    #[schema(example = "draft")]
    pub status: Status,
    /// Les établissements qui ont pris part (UAI) ; null pour qui ne voit que l'en-tête.
    pub establishments: Option<Vec<Uai>>,
    /// Qui a créé, modifié ou transmis cette version ; null pour qui ne voit que l'en-tête.
    #[schema(example = json!(["prof-42"]))]
    pub authors: Option<Vec<String>>,
    /// Date de la dernière transmission.
    #[serde(serialize_with = "crate::values::optional_moment")]
    pub submitted_at: Option<DateTime<Utc>>,
    /// Date de validation.
    #[serde(serialize_with = "crate::values::optional_moment")]
    pub validated_at: Option<DateTime<Utc>>,
    /// Pourquoi il a été renvoyé, jusqu'à ce qu'il soit transmis de nouveau.
    pub return_reason: Option<Text<2000>>,
    /// Ce que l'auteur a confirmé à la dernière transmission ; null pour qui ne voit que l'en-tête.
    #[schema(example = json!([]))]
    pub confirmed: Option<Vec<Confirmed>>,
    /// Ce dont le bilan est parti, tel que prérempli : comparez-le aux lignes. Null s'il ne l'a pas été, et pour qui ne voit que l'en-tête.
    pub prefilled: Option<Prefilled>,
    /// Date de création.
    #[serde(serialize_with = "crate::values::moment")]
    pub created_at: DateTime<Utc>,
    /// Date de dernière modification.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
    /// Ce que l'appelant peut en faire maintenant.
    #[schema(example = json!(["update", "delete", "submit"]))]
    pub allowed_actions: Vec<&'static str>,
}

/// Un bilan. Qui n'en lit que l'en-tête (partenaires et lecteurs) reçoit null pour les lignes, les établissements, le récit, les auteurs et ce qui est consolidé ; dans une liste, ce qui est consolidé n'est dit qu'avec `include=consolidated`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Report)]
pub struct ReportAnswer {
    /// Its head.
    #[serde(flatten)]
    #[schema(inline)]
    pub summary: ReportSummary,
    /// Les lignes ; null pour qui ne voit que l'en-tête.
    pub lines: Option<Vec<Line>>,
    /// Le récit ; null pour qui ne voit que l'en-tête.
    pub narrative: Option<Narrative>,
    /// Ce que les bilans des territoires inclus ajoutent ; null pour qui ne voit que l'en-tête.
    pub consolidated: Option<Consolidated>,
    /// Ce qui mérite attention sans être une erreur.
    #[schema(example = json!([]))]
    pub warnings: Vec<Warning>,
}

impl Report {
    fn answer_for(self, viewer: Viewer<'_>) -> ReportSummary {
        let is_closed = viewer.closed.contains(&self.school_year);
        let allowed_actions = self.allowed(viewer.scope, viewer.subject, is_closed);
        let is_head = reads_heads(viewer.scope);
        let is_of_school = self.territory.uai().is_some();
        // A head names no school, and no declination that would: a school's agreement names it.
        let hides_place = is_head && is_of_school;
        ReportSummary {
            territory: if hides_place {
                self.academy()
            } else {
                self.territory
            },
            declination_id: self.declination_id.filter(|_| !hides_place),
            establishments: (!is_head).then_some(self.establishments),
            authors: (!is_head).then_some(self.authors),
            confirmed: (!is_head).then_some(self.confirmed.0),
            prefilled: self.prefilled.filter(|_| !is_head).map(|kept| kept.0),
            id: self.id,
            convention_id: self.convention_id,
            school_year: self.school_year,
            version: self.number,
            supersedes_id: self.supersedes_id,
            superseded: self.superseded,
            status: self.status,
            submitted_at: self.submitted_at,
            validated_at: self.validated_at,
            return_reason: self.return_reason,
            created_at: self.created_at,
            updated_at: self.updated_at,
            allowed_actions,
        }
    }

    /// The academy of a school's report; the country where the directory places it in none.
    fn academy(&self) -> TerritoryCode {
        let mut above = self.ancestors.iter();
        let academy = above.find(|code| TerritoryKind::Academy.is_of(code));
        academy.map_or_else(TerritoryCode::country, |code| {
            TerritoryCode::stored(code.clone())
        })
    }
}

impl FullReport {
    /// The report as this caller is answered.
    pub fn answer_for(self, viewer: Viewer<'_>) -> ReportAnswer {
        let is_whole = !reads_heads(viewer.scope);
        let warnings = if is_whole {
            warnings(&self, viewer.language)
        } else {
            Vec::new()
        };
        ReportAnswer {
            lines: is_whole.then_some(self.lines),
            narrative: is_whole.then(|| self.report.narrative.0.clone()),
            consolidated: is_whole.then_some(self.consolidated),
            warnings,
            summary: self.report.answer_for(viewer),
        }
    }
}
