//! What is told of a convention at its permalink. A field is public by being named here.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::proof::Proof;
use crate::agreements::conventions::acts::{Amended, Article};
use crate::agreements::conventions::consolidated::Consolidated;
use crate::agreements::conventions::content::{Renewal, Target};
use crate::agreements::conventions::coverage::model::Coverage;
use crate::agreements::conventions::directory::model::PublicConvention;
use crate::agreements::conventions::model::Convention;
use crate::http::open::{Licence, OPEN_LICENCE};
use crate::results::indicators::answer::Completeness;
use crate::results::publications::model::Status;
use crate::values::{SchoolYear, Text};

/// Une convention nationale signée : ses parties, son texte d'aujourd'hui, sa couverture et ses
/// chiffres publiés. Aucune personne n'y est nommée par le registre.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConventionPermalink {
    /// What the directory tells of it.
    #[serde(flatten)]
    #[schema(inline)]
    pub convention: PublicConvention,
    /// Renouvellement.
    pub renewal: Option<Renewal>,
    /// Préavis de résiliation, en mois.
    #[schema(example = 3)]
    pub notice_months: Option<i32>,
    /// Les objectifs convenus.
    pub targets: Vec<Target>,
    /// Les articles que des avenants ont ajoutés ou récrits.
    pub articles: Vec<Article>,
    /// Les avenants signés qui ont pris effet.
    pub amendments: Vec<PublicAmendment>,
    /// De quoi vérifier ce texte.
    pub proof: Proof,
    /// La couverture du territoire aujourd'hui.
    pub coverage: Coverage,
    /// Les chiffres publiés, année par année : ceux de la publication qui vaut.
    pub figures: Vec<PublishedYear>,
    /// La licence sous laquelle elle se réutilise.
    pub licence: Licence,
}

/// Un avenant signé, tel que chacun peut le lire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicAmendment {
    /// Son numéro parmi les avenants de la convention.
    #[schema(example = 1)]
    pub number: i32,
    /// Intitulé.
    #[schema(example = "Prolongation d'un an")]
    pub title: Text<300>,
    /// Le jour où il prend effet.
    #[schema(example = "2027-01-01")]
    pub effective_on: NaiveDate,
    /// Le jour de la dernière signature.
    #[schema(example = "2026-12-15")]
    pub signed_on: Option<NaiveDate>,
}

/// Ce qui a été publié d'une convention pour une année scolaire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublishedYear {
    /// L'année scolaire.
    #[schema(example = "2025-2026")]
    pub school_year: SchoolYear,
    /// Le numéro de la publication.
    #[schema(example = 1)]
    pub publication: i32,
    /// `provisional` ou `final`.
    #[schema(example = "provisional")]
    pub status: Status,
    /// Le moment dont datent les chiffres.
    #[serde(serialize_with = "crate::values::moment")]
    pub published_at: DateTime<Utc>,
    /// La valeur de chaque mesure ; null là où elle est masquée, ou que personne ne la connaît.
    #[schema(value_type = HashMap<String, Option<f64>>, example = json!({ "pupils": 1240, "girls_share": 0.4823 }))]
    pub values: Map<String, Value>,
    /// Les mesures masquées.
    #[schema(example = json!([]))]
    pub suppressed: Vec<String>,
    /// Les mesures dont la valeur est restée celle d'une publication antérieure, avec son numéro.
    #[schema(example = json!({}))]
    pub carried: BTreeMap<String, i32>,
    /// Les bilans sur lesquels ces chiffres reposent.
    pub completeness: Completeness,
}

/// What the text of a day says beside what the directory tells.
#[derive(Debug)]
pub struct Agreed {
    renewal: Option<Renewal>,
    notice_months: Option<i32>,
    targets: Vec<Target>,
    articles: Vec<Article>,
    amendments: Vec<PublicAmendment>,
}

impl Agreed {
    /// By its text of this day. Who follows the convention up is told in words that may name people: not here.
    pub fn of(convention: &Convention, text: Consolidated, day: NaiveDate) -> Self {
        let terms = text.content.terms.0;
        let in_effect = convention.amendments.iter();
        Self {
            renewal: terms.renewal,
            notice_months: terms.notice_months,
            targets: terms.follow_up.map_or_else(Vec::new, |one| one.targets),
            articles: text.articles,
            amendments: in_effect
                .filter(|one| one.effective_on <= day)
                .map(PublicAmendment::of)
                .collect(),
        }
    }
}

impl PublicAmendment {
    fn of(amendment: &Amended) -> Self {
        Self {
            number: amendment.number,
            title: amendment.title.clone(),
            effective_on: amendment.effective_on,
            signed_on: amendment.signed_on,
        }
    }
}

impl ConventionPermalink {
    /// Puts together what was read.
    pub fn of(
        convention: PublicConvention,
        agreed: Agreed,
        proof: Proof,
        coverage: Coverage,
        figures: Vec<PublishedYear>,
    ) -> Self {
        Self {
            convention,
            renewal: agreed.renewal,
            notice_months: agreed.notice_months,
            targets: agreed.targets,
            articles: agreed.articles,
            amendments: agreed.amendments,
            proof,
            coverage,
            figures,
            licence: OPEN_LICENCE,
        }
    }
}
