//! The public fields of a convention and of its parties. A field is public by being named here.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::store::Party;
use crate::agreements::conventions::content::{ConventionKind, Document, DocumentKind};
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::term::EffectiveStatus;
use crate::http::open::{Licence, OPEN_LICENCE};
use crate::http::page::Listed;
use crate::register::partners::content::Sector;
use crate::values::ids::{ConventionId, PartnerId};
use crate::values::{ActionType, Axis, HttpsUrl, Level, Moment, Nor, Siren, Text};

/// Une convention nationale signée, telle que chacun peut la lire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicConvention {
    /// Identifiant.
    pub id: ConventionId,
    /// Référence.
    #[schema(example = "CN-2026-0001")]
    pub reference: String,
    /// Intitulé.
    #[schema(example = "Convention-cadre de coopération avec l'UIMM")]
    pub title: Text<300>,
    /// Nature.
    #[schema(example = "framework_cooperation")]
    pub kind: ConventionKind,
    /// Les partenaires parties à la convention ; en CSV, leurs noms.
    pub partners: Vec<PublicPartner>,
    /// Objet de la convention.
    #[schema(example = "Faire découvrir les métiers de l'industrie.")]
    pub purpose: Option<Text<10000>>,
    /// Axes de travail ; une liste vide ne restreint rien.
    #[schema(example = json!(["career_discovery", "internships"]))]
    pub axes: Vec<Axis>,
    /// Types d'action ; une liste vide ne restreint rien.
    #[schema(example = json!(["company_visit", "class_talk"]))]
    pub action_types: Vec<ActionType>,
    /// Niveaux concernés ; une liste vide ne restreint rien.
    #[schema(example = json!(["3e", "2de_gt"]))]
    pub levels: Vec<Level>,
    /// Temps du parcours ; une liste vide ne restreint rien.
    #[schema(example = json!(["career_discovery"]))]
    pub moments: Vec<Moment>,
    /// Premier jour ; null lorsque la source d'une convention importée ne le dit pas.
    #[schema(example = "2026-01-01")]
    pub starts_on: Option<NaiveDate>,
    /// Dernier jour, compris ; null : sans échéance.
    #[schema(example = "2028-12-31")]
    pub ends_on: Option<NaiveDate>,
    /// Ce qu'elle est aujourd'hui (à Paris).
    #[schema(value_type = EffectiveStatus, example = "in_force")]
    pub effective_status: Option<EffectiveStatus>,
    /// Le dernier jour où elle est en vigueur, vu d'aujourd'hui : reconductions tacites, résiliation et remplacement compris.
    #[schema(example = "2028-12-31")]
    pub effective_ends_on: Option<NaiveDate>,
    /// Le jour de la dernière signature.
    #[schema(example = "2026-01-15")]
    pub signed_on: Option<NaiveDate>,
    /// Numéro NOR.
    #[schema(example = "MENE2600123X")]
    pub nor: Option<Nor>,
    /// Référence au Bulletin officiel.
    #[schema(example = "Bulletin officiel n° 5 du 29 janvier 2026")]
    pub bulletin_reference: Option<Text<200>>,
    /// Le texte, ses annexes, la presse ; en CSV, leurs adresses.
    pub documents: Vec<PublicDocument>,
    /// Date de dernière modification.
    #[serde(serialize_with = "crate::values::moment")]
    pub updated_at: DateTime<Utc>,
}

/// Une page du répertoire public.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Listed_PublicConvention)]
pub struct PublicConventions {
    /// Les éléments de la page.
    pub data: Vec<PublicConvention>,
    /// Le curseur de la page suivante, ou null à la fin.
    pub next_cursor: Option<String>,
    /// La licence sous laquelle le répertoire se réutilise.
    pub licence: Licence,
}

impl PublicConventions {
    /// Under the licence of all that is open.
    pub fn of(listed: Listed<PublicConvention>) -> Self {
        Self {
            data: listed.data,
            next_cursor: listed.next_cursor,
            licence: OPEN_LICENCE,
        }
    }
}

/// Un partenaire, partie à une convention.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicPartner {
    /// Identifiant.
    pub id: PartnerId,
    /// Nom d'usage, ou à défaut dénomination légale.
    #[schema(example = "UIMM La Fabrique de l'avenir")]
    pub name: Text<200>,
    /// Sigle.
    #[schema(example = "UIMM")]
    pub acronym: Option<Text<30>>,
    /// Numéro SIREN, lorsqu'il est connu.
    #[schema(example = "552049447")]
    pub siren: Option<Siren>,
    /// Secteurs d'activité.
    #[schema(example = json!(["metal_industry"]))]
    pub sectors: Vec<Sector>,
    /// Site internet.
    #[schema(example = "https://uimm.fr")]
    pub website: Option<HttpsUrl>,
}

/// Un document d'une convention.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicDocument {
    /// `text`, `annex` ou `press`.
    #[schema(example = "text")]
    pub kind: DocumentKind,
    /// Intitulé.
    #[schema(example = "Texte signé")]
    pub title: Text<300>,
    /// Adresse.
    #[schema(example = "https://www.education.gouv.fr/convention.pdf")]
    pub url: HttpsUrl,
}

impl PublicConvention {
    /// What is public of a convention on this day; its parties are among these.
    pub fn of(convention: Convention, parties: &[Party], day: NaiveDate) -> Self {
        let (effective_status, effective_ends_on) = (
            convention.effective_status(day),
            convention.effective_ends_on(day),
        );
        let content = convention.on(day).content;
        let publication = content.publication.0;
        let of_id = |id: &PartnerId| parties.iter().find(|party| party.id == *id);
        let partners = content.partner_ids.iter().filter_map(of_id);
        Self {
            id: convention.id,
            reference: convention.reference,
            title: content.title,
            kind: content.kind,
            partners: partners.cloned().map(PublicPartner::from).collect(),
            purpose: content.terms.0.purpose,
            axes: content.axes,
            action_types: content.action_types,
            levels: content.levels,
            moments: content.moments,
            starts_on: content.starts_on,
            ends_on: content.ends_on,
            effective_status,
            effective_ends_on,
            signed_on: convention.signed_on,
            nor: publication.nor,
            bulletin_reference: publication.bulletin_reference,
            documents: publication.documents.into_iter().map(Into::into).collect(),
            updated_at: convention.updated_at,
        }
    }
}

impl From<Party> for PublicPartner {
    fn from(party: Party) -> Self {
        Self {
            id: party.id,
            name: party.usual_name.unwrap_or(party.legal_name),
            acronym: party.acronym,
            siren: party.siren,
            sectors: party.sectors,
            website: party.website,
        }
    }
}

impl From<Document> for PublicDocument {
    fn from(document: Document) -> Self {
        Self {
            kind: document.kind,
            title: document.title,
            url: document.url,
        }
    }
}
