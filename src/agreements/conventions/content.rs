//! The content of a convention: the contractual fields, and those of its publication only.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::signing::{NewSignatory, Side};
use crate::db::schema::conventions;
use crate::error::notice::BEFORE_START;
use crate::error::{Notice, Rule, notice};
use crate::http::fields::{Body, Fields};
use crate::values::ids::{ConventionId, PartnerId};
use crate::values::{
    ActionType, Axis, Code, HttpsUrl, Json, Level, Measure, Moment, Nomenclature, Nor, SchoolYear,
    Sha256Hex, TerritoryCode, Text, code_enum,
};

/// The nomenclature of the kinds of convention.
pub enum ConventionKinds {}

impl Nomenclature for ConventionKinds {
    const NAME: &'static str = "convention_kinds";
}

/// The kind of a convention.
pub type ConventionKind = Code<ConventionKinds>;

code_enum! {
    /// For whom a convention is made.
    ConventionScope of "convention_scopes" {
        /// For the whole country.
        National = "national",
        /// For one territory, beside the national ones.
        Local = "local",
    }
}

/// The nomenclature of the kinds of document.
pub enum DocumentKinds {}

impl Nomenclature for DocumentKinds {
    const NAME: &'static str = "document_kinds";
}

/// The kind of a document.
pub type DocumentKind = Code<DocumentKinds>;

/// The nomenclature of how often a partnership is followed up.
pub enum Periodicities {}

impl Nomenclature for Periodicities {
    const NAME: &'static str = "periodicities";
}

/// How often.
pub type Periodicity = Code<Periodicities>;

code_enum! {
    /// What happens at the end of a convention.
    RenewalMode of "renewal_modes" {
        /// It ends.
        None = "none",
        /// It goes on unless a party says no.
        Tacit = "tacit",
        /// A new one is signed.
        Express = "express",
    }
}

/// The longest list of targets, documents or signatories.
pub const MAX_PARTS: usize = 100;

/// The most months a duration counts.
const MAX_MONTHS: i32 = 120;

/// The most tacit renewals a convention foresees.
const MAX_TIMES: i32 = 50;

/// The greatest target.
const MAX_TARGET: i32 = 1_000_000_000;

static NOT_A_PARTY: Notice = notice(
    "not_a_party",
    "Ce partenaire n'est pas dans `partner_ids`.",
    "This partner is not in `partner_ids`.",
);

/// Les champs d'une convention.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Serialize,
    Deserialize,
    Queryable,
    Selectable,
    Insertable,
    AsChangeset,
    ToSchema,
)]
#[diesel(table_name = conventions, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Content {
    /// Intitulé.
    #[schema(example = "Convention-cadre de coopération avec l'UIMM")]
    pub title: Text<300>,
    /// Nature.
    #[schema(example = "framework_cooperation")]
    pub kind: ConventionKind,
    /// `national`, ou `local` : alors propre à un territoire.
    #[schema(example = "national")]
    pub scope: ConventionScope,
    /// Le territoire d'une convention locale.
    #[schema(example = json!(null))]
    pub territory: Option<TerritoryCode>,
    /// Les partenaires parties à la convention, un au moins.
    #[schema(min_items = 1)]
    pub partner_ids: Vec<PartnerId>,
    /// Axes de travail ; une liste vide ne restreint rien.
    #[schema(example = json!(["career_discovery", "internships"]), required = false)]
    pub axes: Vec<Axis>,
    /// Types d'action ; une liste vide ne restreint rien.
    #[schema(example = json!(["company_visit", "class_talk"]), required = false)]
    pub action_types: Vec<ActionType>,
    /// Niveaux concernés ; une liste vide ne restreint rien.
    #[schema(example = json!(["3e", "2de_gt"]), required = false)]
    pub levels: Vec<Level>,
    /// Temps du parcours ; une liste vide ne restreint rien.
    #[schema(example = json!(["career_discovery"]), required = false)]
    pub moments: Vec<Moment>,
    /// Premier jour ; null seulement pour une convention importée dont la source ne le dit pas.
    #[schema(required = true, example = "2026-01-01")]
    pub starts_on: Option<NaiveDate>,
    /// Dernier jour, compris ; null : sans échéance.
    #[schema(example = "2028-12-31")]
    pub ends_on: Option<NaiveDate>,
    /// The rest of what the parties agree on.
    #[serde(flatten)]
    #[schema(value_type = Terms, inline)]
    pub terms: Json<Terms>,
    /// What only publishes it.
    #[serde(flatten)]
    #[schema(value_type = Publication, inline)]
    pub publication: Json<Publication>,
    /// La convention à laquelle celle-ci succède.
    #[schema(example = json!(null))]
    pub predecessor_id: Option<ConventionId>,
}

/// La suite du contenu contractuel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Terms {
    /// Objet de la convention.
    #[schema(example = "Faire découvrir les métiers de l'industrie.")]
    pub purpose: Option<Text<10000>>,
    /// Modalités de suivi.
    pub follow_up: Option<FollowUp>,
    /// Renouvellement.
    pub renewal: Option<Renewal>,
    /// Préavis de résiliation, en mois.
    #[schema(example = 3, minimum = 0, maximum = 120)]
    pub notice_months: Option<i32>,
    /// La délibération du conseil d'administration, pour un établissement.
    #[schema(example = json!(null))]
    pub board_decision: Option<BoardDecision>,
}

/// Ce qui n'est pas contractuel et se corrige après la signature.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Publication {
    /// Bureau qui suit la convention.
    #[schema(example = "DGESCO A2-2")]
    pub managing_office: Option<Text<100>>,
    /// Numéro NOR.
    #[schema(example = "MENE2600123X")]
    pub nor: Option<Nor>,
    /// Référence au Bulletin officiel.
    #[schema(example = "Bulletin officiel n° 5 du 29 janvier 2026")]
    pub bulletin_reference: Option<Text<200>>,
    /// Le texte, ses annexes, la presse.
    #[schema(required = false, max_items = 100)]
    pub documents: Vec<Document>,
}

/// Modalités de suivi.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FollowUp {
    /// Périodicité.
    #[schema(example = "yearly")]
    pub periodicity: Option<Periodicity>,
    /// Comité de suivi.
    #[schema(example = "Comité de pilotage annuel")]
    pub committee: Option<Text<1000>>,
    /// Objectifs annuels.
    #[schema(required = false, max_items = 100)]
    pub targets: Vec<Target>,
}

/// Un objectif : une mesure, une année scolaire, une valeur.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Target {
    /// Ce qui est compté.
    #[schema(example = "pupils")]
    pub measure: Measure,
    /// L'année scolaire.
    pub school_year: SchoolYear,
    /// La valeur visée.
    #[schema(example = 12000, minimum = 0, maximum = 1000000000)]
    #[serde(serialize_with = "crate::values::plain_number")]
    pub value: f64,
    /// Le territoire, s'il n'est pas celui de l'accord.
    #[schema(example = json!(null))]
    pub territory: Option<TerritoryCode>,
}

/// Renouvellement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Renewal {
    /// `none`, `tacit` ou `express`.
    #[schema(example = "tacit")]
    pub mode: RenewalMode,
    /// Durée d'une reconduction tacite, en mois.
    #[schema(example = 12, minimum = 1, maximum = 120)]
    pub months: Option<i32>,
    /// Nombre de reconductions tacites ; null : sans limite.
    #[schema(example = 2, minimum = 1, maximum = 50)]
    pub max_times: Option<i32>,
}

/// Une délibération d'un conseil d'administration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoardDecision {
    /// Sa date.
    #[schema(example = "2026-02-03")]
    pub date: Option<NaiveDate>,
    /// Son numéro.
    #[schema(example = "2026-07")]
    pub number: Option<Text<50>>,
}

/// Un document lié.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    /// `text`, `annex` ou `press`.
    #[schema(example = "text")]
    pub kind: DocumentKind,
    /// Intitulé.
    #[schema(example = "Texte signé")]
    pub title: Text<300>,
    /// Adresse, en https.
    #[schema(example = "https://www.education.gouv.fr/convention.pdf")]
    pub url: HttpsUrl,
    /// SHA-256 du fichier, en hexadécimal.
    pub sha256: Option<Sha256Hex>,
    /// Type de média.
    #[schema(example = "application/pdf")]
    pub media_type: Option<Text<100>>,
}

impl Body for Content {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let title = fields.required("title");
        let kind = fields.required("kind");
        let scope = fields.required("scope");
        let territory = fields.optional("territory");
        place(fields, scope, territory.as_ref());
        let partner_ids = fields.required_list("partner_ids");
        let (axes, action_types) = (fields.list("axes"), fields.list("action_types"));
        let (levels, moments) = (fields.list("levels"), fields.list("moments"));
        let starts_on: Option<NaiveDate> = fields.required("starts_on");
        let ends_on: Option<NaiveDate> = fields.optional("ends_on");
        if starts_on
            .zip(ends_on)
            .is_some_and(|(start, end)| end < start)
        {
            fields.fault("ends_on", Rule::Own(&BEFORE_START));
        }
        let terms = Terms::read(fields)?;
        let publication = Publication::read(fields)?;
        let predecessor_id = fields.optional("predecessor_id");
        Some(Self {
            title: title?,
            kind: kind?,
            scope: scope?,
            territory,
            partner_ids: partner_ids?,
            axes,
            action_types,
            levels,
            moments,
            starts_on,
            ends_on,
            terms: Json(terms),
            publication: Json(publication),
            predecessor_id,
        })
    }
}

/// A local convention names its territory, a national one has none.
fn place(
    fields: &mut Fields<'_>,
    scope: Option<ConventionScope>,
    territory: Option<&TerritoryCode>,
) {
    match (scope, territory) {
        (Some(ConventionScope::Local), _) => fields.needs("territory"),
        (Some(ConventionScope::National), Some(_)) => {
            fields.fault("territory", Rule::OnlyWith("scope = local"));
        }
        _ => {}
    }
}

impl Body for Terms {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            purpose: fields.optional("purpose"),
            follow_up: fields.object("follow_up"),
            renewal: fields.object("renewal"),
            notice_months: fields.integer("notice_months", 0, MAX_MONTHS),
            board_decision: fields.object("board_decision"),
        })
    }
}

impl Body for Publication {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            managing_office: fields.optional("managing_office"),
            nor: fields.optional("nor"),
            bulletin_reference: fields.optional("bulletin_reference"),
            documents: fields.objects("documents", MAX_PARTS),
        })
    }
}

impl Body for FollowUp {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            periodicity: fields.optional("periodicity"),
            committee: fields.optional("committee"),
            targets: fields.objects("targets", MAX_PARTS),
        })
    }
}

impl Body for Target {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let measure = fields.required("measure");
        let school_year = fields.required("school_year");
        let value = fields.required_number("value", 0, MAX_TARGET);
        let territory = fields.optional("territory");
        Some(Self {
            measure: measure?,
            school_year: school_year?,
            value: value?,
            territory,
        })
    }
}

impl Body for Renewal {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let mode = fields.required("mode");
        let months = fields.integer("months", 1, MAX_MONTHS);
        let max_times = fields.integer("max_times", 1, MAX_TIMES);
        match mode {
            Some(RenewalMode::Tacit) => fields.needs("months"),
            Some(RenewalMode::None | RenewalMode::Express) => {
                for (name, given) in [("months", months), ("max_times", max_times)] {
                    if given.is_some() {
                        fields.fault(name, Rule::OnlyWith("mode = tacit"));
                    }
                }
            }
            _ => {}
        }
        Some(Self {
            mode: mode?,
            months,
            max_times,
        })
    }
}

impl Body for BoardDecision {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            date: fields.optional("date"),
            number: fields.optional("number"),
        })
    }
}

impl Body for Document {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.required("kind");
        let title = fields.required("title");
        let url = fields.required("url");
        let sha256 = fields.optional("sha256");
        let media_type = fields.optional("media_type");
        Some(Self {
            kind: kind?,
            title: title?,
            url: url?,
            sha256,
            media_type,
        })
    }
}

/// Ce qu'il faut pour créer une convention.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NewConvention {
    /// Its fields.
    #[serde(flatten)]
    #[schema(inline)]
    pub content: Content,
    /// Les signataires, des deux côtés.
    #[schema(required = false, max_items = 100)]
    pub signatories: Vec<NewSignatory>,
}

/// A change of a convention.
pub type ConventionPatch = crate::http::merge::Patch<NewConvention>;

/// Fields of the answer that input may not set.
const SET_BY_SERVICE: &[&str] = &[
    "id",
    "reference",
    "status",
    "successor_id",
    "effective_status",
    "effective_ends_on",
    "signed_on",
    "content_hash",
    "termination",
    "date_precision",
    "source",
    "voided_signatures",
    "created_at",
    "updated_at",
    "allowed_actions",
    "warnings",
];

impl Body for NewConvention {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let content = Content::read(fields);
        let signatories: Vec<NewSignatory> = fields.objects("signatories", MAX_PARTS);
        if let Some(content) = &content {
            for (index, signatory) in signatories.iter().enumerate() {
                let is_party = |id: &PartnerId| content.partner_ids.contains(id);
                if signatory.side == Side::Partner
                    && !signatory.partner_id.as_ref().is_some_and(is_party)
                {
                    let below = format!("/{index}/partner_id");
                    fields.fault_below("signatories", &below, Rule::Own(&NOT_A_PARTY));
                }
            }
        }
        Some(Self {
            content: content?,
            signatories,
        })
    }
}
