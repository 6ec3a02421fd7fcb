//! A convention in the coverage of many: a cell for each academy, the same ones in the same order for all.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::agreements::conventions::coverage::model::{
    AcademyCoverage, Asked, Counted, Coverage, Wide,
};
use crate::agreements::conventions::model::Convention;
use crate::agreements::declinations::content::DeclinationLevel;
use crate::http::formats::Column;
use crate::reference::{Reference, Territory};
use crate::values::Text;
use crate::values::ids::{ConventionId, DeclinationId, PartnerId};

/// Une convention, et les académies où elle est déclinée ou non.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConventionCoverage {
    /// La convention.
    pub convention_id: ConventionId,
    /// Sa référence.
    #[schema(example = "CN-2026-0001")]
    pub reference: String,
    /// Son intitulé ce jour-là.
    #[schema(example = "Convention-cadre de coopération avec l'UIMM")]
    pub title: Text<300>,
    /// Les partenaires parties à la convention ce jour-là.
    pub partner_ids: Vec<PartnerId>,
    /// Le jour.
    #[schema(example = "2026-11-23")]
    pub on: NaiveDate,
    /// Combien d'académies elle concerne : toutes, ou celles de son territoire si elle est locale.
    #[schema(example = 30)]
    pub academies_total: usize,
    /// Combien d'entre elles l'ont déclinée, elles-mêmes ou leur région académique.
    #[schema(example = 17)]
    pub academies_declined: usize,
    /// Les académies, toujours toutes et dans le même ordre ; en CSV une colonne chacune, qui dit si elle y est déclinée.
    pub academies: Vec<AcademyCell>,
    /// Les services des collectivités d'outre-mer, de même.
    pub overseas: Vec<AcademyCell>,
}

/// Une académie, et si une convention y est déclinée.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AcademyCell {
    /// Code.
    #[schema(example = "academy:10")]
    pub code: String,
    /// Nom.
    #[schema(example = "Lyon")]
    pub name: String,
    /// Si elle y est déclinée ; null : elle ne la concerne pas.
    #[schema(example = true)]
    pub declined: Option<bool>,
    /// `academy` ou `academic_region` : par quelle déclinaison.
    pub via: Option<DeclinationLevel>,
    /// La déclinaison.
    pub declination_id: Option<DeclinationId>,
    /// Depuis quand.
    #[schema(example = "2026-09-01")]
    pub since: Option<NaiveDate>,
}

/// The territories of a kind, in the order of all answers.
fn places(kind: &str) -> impl Iterator<Item = &'static Territory> {
    let places = Reference::get().territories().iter();
    places.filter(move |place| place.kind == kind)
}

const ACADEMY: &str = "academy";
const OVERSEAS: &str = "overseas_service";

impl ConventionCoverage {
    /// Of a convention on a day, with the declinations that count then: what its own coverage says, in a row.
    pub fn of(convention: &Convention, on: NaiveDate, wide: Vec<Wide>) -> Self {
        let asked = Asked::of(convention, on);
        let counted = Counted {
            wide,
            ..Counted::default()
        };
        let coverage = Coverage::of(&asked, &counted);
        let of_regions = coverage.regions.iter().flat_map(|one| &one.academies);
        let concerned: Vec<&AcademyCoverage> = of_regions.chain(&coverage.overseas).collect();
        let cells = |kind| places(kind).map(|place| cell(place, &concerned)).collect();
        let text = convention.on(on).content;
        Self {
            convention_id: convention.id,
            reference: convention.reference.clone(),
            title: text.title,
            partner_ids: text.partner_ids,
            on,
            academies_total: coverage.totals.academies,
            academies_declined: coverage.totals.academies_declined,
            academies: cells(ACADEMY),
            overseas: cells(OVERSEAS),
        }
    }

    /// The columns of its CSV: one for each academy and each service overseas.
    pub fn columns() -> Vec<Column> {
        let first = [
            "convention_id",
            "reference",
            "title",
            "partner_ids",
            "on",
            "academies_total",
            "academies_declined",
        ];
        let of = |list: &str, kind| {
            let list = list.to_owned();
            let cells = places(kind).enumerate();
            cells.map(move |(index, place)| {
                let pointer = format!("/{list}/{index}/declined");
                let words = format!("Si elle est déclinée dans l'académie : {}", place.name);
                Column::at(place.code.clone(), pointer).told(&words)
            })
        };
        let first = first.map(Column::member).into_iter();
        let first = first.chain(of("academies", ACADEMY));
        first.chain(of("overseas", OVERSEAS)).collect()
    }
}

fn cell(place: &Territory, concerned: &[&AcademyCoverage]) -> AcademyCell {
    let found = concerned.iter().find(|one| one.code == place.code);
    AcademyCell {
        code: place.code.clone(),
        name: place.name.clone(),
        declined: found.map(|one| one.declined),
        via: found.and_then(|one| one.via),
        declination_id: found.and_then(|one| one.declination_id),
        since: found.and_then(|one| one.since),
    }
}
