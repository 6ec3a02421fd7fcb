//! What values are asked for: measures, groupings, filters, and which publication.

use crate::db::page::Page;
use crate::error::{Error, Notice, Result, Rule, notice};
use crate::http::page;
use crate::http::query::{Parameter, Query, Reader, parameter, without_example};
use crate::results::indicators::model::{
    Asked, Edition, EditionAsOf, EditionNamed, MAX_DIMENSIONS, Shape,
};
use crate::results::indicators::store::Key;
use crate::values::TerritoryKind;

static ONE_OR_THE_OTHER: Notice = notice(
    "one_or_the_other",
    "Donnez publication ou as_of, et non les deux.",
    "Give publication or as_of, not both.",
);

impl Query for Asked {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            "measures",
            "Mesures, séparées par des virgules : les codes de `/v1/indicators`",
            "pupils,girls_share",
        ),
        parameter(
            "group_by",
            "Dimensions, trois au plus, séparées par des virgules ; sans elles, le total seul",
            "academy,school_year",
        ),
        parameter(
            "school_year",
            "Années scolaires, séparées par des virgules",
            "2025-2026",
        ),
        parameter(
            "academic_region",
            "Régions académiques, séparées par des virgules",
            "region:84",
        ),
        parameter(
            "academy",
            "Académies, séparées par des virgules",
            "academy:10",
        ),
        Parameter {
            name: "convention",
            description: "Identifiants de conventions, séparés par des virgules",
            example: None,
        },
        Parameter {
            name: "partner",
            description: "Identifiants de partenaires parties à la convention, séparés par des virgules",
            example: None,
        },
        parameter(
            "sector",
            "Secteurs des partenaires, séparés par des virgules",
            "metal_industry",
        ),
        parameter(
            "axis",
            "Axes de travail, séparés par des virgules",
            "internships",
        ),
        parameter(
            "action_type",
            "Types d'action, séparés par des virgules",
            "company_visit",
        ),
        parameter("level", "Niveaux, séparés par des virgules", "3e"),
        parameter(
            "moment",
            "Temps du parcours, séparés par des virgules",
            "pfmp",
        ),
        parameter(
            "event",
            "Événements, séparés par des virgules",
            "semaine_industrie",
        ),
        without_example(
            "publication",
            "Les chiffres de cette publication : son numéro ou son identifiant",
        ),
        without_example(
            "as_of",
            "Les chiffres publiés à ce moment (RFC 3339), ou à la fin de ce jour à Paris : la dernière publication de chaque année demandée",
        ),
        parameter(
            "shape",
            "`wide` : une ligne par case ; `long` : une ligne par chiffre, avec `obs_status`, l'unité et la publication",
            "wide",
        ),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        reader.needs("measures");
        Self {
            measures: reader.distinct("measures"),
            group_by: reader.distinct_up_to("group_by", MAX_DIMENSIONS),
            school_year: reader.several("school_year"),
            academic_region: reader.territories("academic_region", TerritoryKind::Region),
            academy: reader.territories("academy", TerritoryKind::Academy),
            convention: reader.several("convention"),
            partner: reader.several("partner"),
            sector: reader.several("sector"),
            axis: reader.several("axis"),
            action_type: reader.several("action_type"),
            level: reader.several("level"),
            moment: reader.several("moment"),
            event: reader.several("event"),
            edition: edition(reader),
            shape: match reader.word("shape", "wide, long") {
                "long" => Shape::Long,
                _ => Shape::Wide,
            },
        }
    }
}

/// Which publication is asked for, by one of the two ways to name it.
fn edition(reader: &mut Reader<'_>) -> Option<Edition> {
    if reader.text("publication").is_some() && reader.text("as_of").is_some() {
        reader.fault("as_of", Rule::Own(&ONE_OR_THE_OTHER));
    }
    let named = reader
        .one("publication")
        .map(|EditionNamed(edition)| edition);
    let as_of = reader.one("as_of").map(|EditionAsOf(edition)| edition);
    named.or(as_of)
}

/// Cells have one order, that of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByKey {
    /// Ascending, null last.
    Only,
}

impl page::Sort for ByKey {
    const DEFAULT: Self = Self::Only;
    const ORDERS: &'static [(&'static str, Self)] = &[];
}

/// The key of the last cell of the page before; none where the page begins with the first cell.
///
/// # Errors
/// `internal_error` for a mark of another list.
pub fn after(page: &Page<ByKey>) -> Result<Option<Key>> {
    let mark = page.after.as_ref();
    let key = mark.map(|mark| serde_json::from_str(&mark.id).map_err(Error::internal));
    Ok(key.transpose()?.flatten())
}
