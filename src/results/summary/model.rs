//! The summary as it is answered.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::labels;
use crate::agreements::conventions::answer::ConventionAnswer;
use crate::agreements::conventions::content::{ConventionKind, ConventionScope};
use crate::agreements::conventions::coverage::model::Coverage;
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::term::EffectiveStatus;
use crate::error::{Notice, notice};
use crate::language::Language;
use crate::register::partners::model::Partner;
use crate::results::indicators::answer::{Completeness, Summary as Definition};
use crate::values::ids::{ConventionId, DeclinationId, PartnerId, ReportId};
use crate::values::{SchoolYear, Sha256Hex, TerritoryCode, TextValue, share};

/// That this role reads published figures, which a summary does not have.
pub static PUBLISHED_FIGURES_ONLY: Notice = notice(
    "published_figures_only",
    "La synthèse ne donne pas de chiffres à votre rôle : ceux qui sont publiés se lisent à `/v1/indicators/values?group_by=convention`.",
    "The summary gives no figures to your role: published ones are read at `/v1/indicators/values?group_by=convention`.",
);

/// That they are those of a perimeter.
pub static LIMITED_TO_PERIMETER: Notice = notice(
    "limited_to_perimeter",
    "Les chiffres, les bilans attendus et les extraits sont ceux de votre périmètre ; un objectif n'a de résultat que si son territoire y est tout entier.",
    "Figures, expected reports and excerpts are those of your perimeter; a target has a result only if its territory lies whole in it.",
);

/// La synthèse d'une convention pour une année scolaire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConventionSummary {
    /// La convention, telle que son texte est à la fin de l'année.
    pub convention: SummaryHead,
    /// L'année scolaire.
    pub school_year: SchoolYear,
    /// Le jour (à Paris) où la synthèse est établie.
    #[schema(example = "2026-11-23")]
    pub computed_on: NaiveDate,
    /// Les territoires auxquels votre rôle limite les chiffres ; null sans limite.
    #[schema(example = json!(null))]
    pub perimeter: Option<Vec<String>>,
    /// Les chiffres ; null à qui n'en lit que de publiés, tant qu'ils ne le sont pas.
    pub figures: Option<SummaryFigures>,
    /// Les objectifs de l'année, et ce qui a été atteint : ceux de la convention, puis ceux de ses déclinaisons.
    pub targets: Vec<SummaryTarget>,
    /// Les académies où elle est déclinée.
    pub coverage: SummaryCoverage,
    /// Ce que disent les bilans validés que vous pouvez lire, le début de chaque récit : le pays, puis les régions, les académies, les départements, les établissements.
    pub narratives: Vec<SummaryExcerpt>,
    /// Combien d'autres récits ne sont pas repris.
    #[schema(example = 0)]
    pub narratives_left_out: i64,
    /// Ce qu'il faut savoir de la synthèse.
    pub notes: Vec<SummaryNote>,
}

/// L'en-tête de la convention.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SummaryHead {
    /// Identifiant.
    pub id: ConventionId,
    /// Référence.
    #[schema(example = "CN-2026-0001")]
    pub reference: String,
    /// Intitulé.
    #[schema(example = "Convention-cadre de coopération avec l'UIMM")]
    pub title: String,
    /// Nature.
    pub kind: ConventionKind,
    /// `national` ou `local`.
    pub scope: ConventionScope,
    /// Le territoire d'une convention locale.
    #[schema(example = json!(null))]
    pub territory: Option<TerritoryCode>,
    /// Les partenaires parties à la convention.
    pub partners: Vec<SummaryParty>,
    /// Premier jour.
    #[schema(example = "2025-09-01")]
    pub starts_on: Option<NaiveDate>,
    /// Le dernier jour où elle est en vigueur, vu d'aujourd'hui.
    #[schema(example = "2028-08-31")]
    pub effective_ends_on: Option<NaiveDate>,
    /// Ce qu'elle est aujourd'hui.
    #[schema(example = "in_force")]
    pub effective_status: Option<EffectiveStatus>,
    /// Le bureau qui la suit.
    #[schema(example = "DGESCO A2-2")]
    pub managing_office: Option<String>,
    /// SHA-256 du contenu contractuel, tel qu'il est à la fin de l'année.
    pub content_hash: Sha256Hex,
}

/// Un partenaire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SummaryParty {
    /// Identifiant.
    pub id: PartnerId,
    /// Nom d'usage, ou dénomination légale.
    #[schema(example = "UIMM La Fabrique de l'avenir")]
    pub name: String,
}

/// Les chiffres de l'année : ceux des indicateurs, sur les bilans validés que rien n'a remplacés.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SummaryFigures {
    /// Le moment dont les chiffres datent : la dernière validation parmi les bilans comptés.
    pub computed_at: Option<DateTime<Utc>>,
    /// Le total de chaque mesure ; null là où personne ne la connaît.
    #[schema(value_type = HashMap<String, Option<f64>>, example = json!({ "pupils": 18250, "girls_share": 0.4907 }))]
    pub totals: Map<String, Value>,
    /// Les bilans sur lesquels les chiffres reposent.
    pub completeness: SummaryCompleteness,
    /// Les mêmes totaux l'année scolaire d'avant.
    pub last_year: SummaryLastYear,
    /// Par académie, dans l'ordre des noms.
    pub by_academy: Vec<SummaryRow>,
    /// Par type d'action.
    pub by_action_type: Vec<SummaryRow>,
    /// Par niveau.
    pub by_level: Vec<SummaryRow>,
    /// Les mesures, par leur code.
    #[schema(value_type = HashMap<String, Definition>)]
    pub definitions: BTreeMap<&'static str, Definition>,
}

/// L'année scolaire d'avant, à côté.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SummaryLastYear {
    /// L'année scolaire.
    pub school_year: SchoolYear,
    /// Le total de chaque mesure ; null là où personne ne la connaît.
    #[schema(value_type = HashMap<String, Option<f64>>, example = json!({ "pupils": 16400, "girls_share": 0.4811 }))]
    pub totals: Map<String, Value>,
    /// Les bilans sur lesquels ces chiffres reposent.
    pub completeness: SummaryCompleteness,
}

/// Les bilans attendus et validés.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct SummaryCompleteness {
    /// Les bilans que la campagne de l'année attend : celui de la convention et ceux de chaque déclinaison en vigueur dans l'année ; null sans campagne.
    #[schema(example = 12)]
    pub expected: Option<i64>,
    /// Parmi eux, les validés ; null sans campagne.
    #[schema(example = 9)]
    pub expected_validated: Option<i64>,
    /// Tous les bilans validés comptés, attendus ou non.
    #[schema(example = 10)]
    pub validated: i64,
    /// La part des attendus qui sont validés, de 0 à 1.
    #[schema(example = 0.75)]
    pub rate: Option<f64>,
}

/// Une ligne de chiffres.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SummaryRow {
    /// Le code ; null pour ce que les bilans ne précisent pas.
    #[schema(example = "academy:10")]
    pub code: Option<String>,
    /// Le libellé.
    #[schema(example = "Lyon")]
    pub label: String,
    /// La valeur de chaque mesure.
    #[schema(value_type = HashMap<String, Option<f64>>, example = json!({ "pupils": 1240, "girls_share": 0.4823 }))]
    pub values: Map<String, Value>,
}

/// Un objectif et son résultat.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SummaryTarget {
    /// La déclinaison qui le fixe ; null : la convention.
    #[schema(example = json!(null))]
    pub declination_id: Option<DeclinationId>,
    /// Ce qui est compté.
    #[schema(example = "pupils")]
    pub measure: String,
    /// Son libellé.
    #[schema(example = "Élèves")]
    pub label: String,
    /// Le territoire de l'objectif.
    #[schema(example = "FR")]
    pub territory: TerritoryCode,
    /// Son nom.
    #[schema(example = "France")]
    pub territory_name: String,
    /// La valeur visée.
    #[schema(example = 12000)]
    #[serde(serialize_with = "crate::values::plain_number")]
    pub value: f64,
    /// Le résultat, d'une déclinaison ce que son territoire a fait sous elle ; null s'il n'est pas connu, ou pas à vous.
    #[schema(example = 9000)]
    #[serde(serialize_with = "crate::values::optional_number")]
    pub result: Option<f64>,
    /// Le résultat rapporté à la valeur visée, à quatre décimales.
    #[schema(example = 0.75)]
    pub achievement_rate: Option<f64>,
}

/// Où la convention est déclinée.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SummaryCoverage {
    /// Le jour : le dernier de l'année, ou le dernier en vigueur, au plus tard aujourd'hui.
    #[schema(example = "2026-08-31")]
    pub on: NaiveDate,
    /// Les académies qu'elle concerne.
    #[schema(example = 30)]
    pub academies: usize,
    /// Parmi elles, celles où elle est déclinée.
    #[schema(example = 12)]
    pub academies_covered: usize,
    /// Leur part, de 0 à 1.
    #[schema(example = 0.4)]
    pub coverage_rate: Option<f64>,
    /// Les académies où elle ne l'est pas.
    #[schema(example = json!(["academy:04"]))]
    pub academies_not_covered: Vec<String>,
}

/// Le début du récit d'un bilan.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SummaryExcerpt {
    /// Le bilan.
    pub report_id: ReportId,
    /// Son territoire.
    #[schema(example = "academy:10")]
    pub territory: TerritoryCode,
    /// Le nom du territoire.
    #[schema(example = "Lyon")]
    pub territory_name: String,
    /// Résultats.
    #[schema(example = "Douze visites, bien suivies.")]
    pub results: Option<String>,
    /// Difficultés.
    #[schema(example = "Transports.")]
    pub difficulties: Option<String>,
    /// Perspectives.
    #[schema(example = "Étendre aux classes de seconde.")]
    pub outlook: Option<String>,
}

/// Ce qu'il faut savoir.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SummaryNote {
    /// Code stable.
    #[schema(example = "limited_to_perimeter")]
    pub code: &'static str,
    /// En toutes lettres.
    #[schema(example = "Les chiffres de cette année ne sont pas publiés.")]
    pub detail: String,
}

impl SummaryNote {
    /// What a notice says.
    pub fn of(notice: &Notice, language: Language) -> Self {
        Self {
            code: notice.code,
            detail: notice.detail.get(language).to_owned(),
        }
    }
}

impl SummaryCompleteness {
    /// Of the total of a year.
    pub fn of(completeness: &Completeness) -> Self {
        let (expected, expected_validated) =
            (completeness.expected, completeness.expected_validated);
        Self {
            expected,
            expected_validated,
            validated: completeness.validated,
            rate: share(expected_validated, expected),
        }
    }

    /// The validated ones that nobody expected; none where nothing says what is expected.
    pub fn unexpected(&self) -> Option<i64> {
        Some((self.validated - self.expected_validated?).max(0))
    }
}

impl SummaryHead {
    /// Of a convention: its text is that of the end of the year, its standing today's.
    pub fn of(
        at_the_end: ConventionAnswer,
        convention: &Convention,
        today: NaiveDate,
        partners: &[Partner],
    ) -> Self {
        let text = at_the_end.convention;
        let content = &text.original;
        let office = content.publication.managing_office.as_ref();
        Self {
            id: convention.id,
            title: content.title.to_string(),
            kind: content.kind.clone(),
            scope: content.scope,
            territory: content.territory.clone(),
            partners: partners.iter().map(SummaryParty::of).collect(),
            starts_on: content.starts_on,
            managing_office: office.map(ToString::to_string),
            effective_ends_on: convention.effective_ends_on(today),
            effective_status: convention.effective_status(today),
            reference: convention.reference.clone(),
            content_hash: text.content_hash.clone(),
        }
    }
}

impl SummaryParty {
    fn of(partner: &Partner) -> Self {
        let content = &partner.content;
        let name = content.usual_name.as_ref().unwrap_or(&content.legal_name);
        Self {
            id: partner.id,
            name: name.to_string(),
        }
    }
}

impl SummaryCoverage {
    /// Of the coverage of a day.
    pub fn of(coverage: &Coverage) -> Self {
        let academies = || coverage.regions.iter().flat_map(|region| &region.academies);
        let missing = academies().filter(|academy| !academy.declined);
        let totals = &coverage.totals;
        let number = |count: usize| i64::try_from(count).ok();
        Self {
            on: coverage.on,
            academies: totals.academies,
            academies_covered: totals.academies_declined,
            coverage_rate: share(number(totals.academies_declined), number(totals.academies)),
            academies_not_covered: missing.map(|academy| academy.code.clone()).collect(),
        }
    }
}

impl SummaryExcerpt {
    /// Of a report, as the database cuts its narrative.
    pub fn of(read: super::store::Excerpt) -> Self {
        let place = labels::of_territory(read.territory.as_str());
        Self {
            report_id: read.id,
            territory_name: read.school.unwrap_or(place),
            territory: read.territory,
            results: read.results,
            difficulties: read.difficulties,
            outlook: read.outlook,
        }
    }
}
