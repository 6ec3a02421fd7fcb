//! Why something matches a school: a stable code and its words.

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Notice, notice};
use crate::language::Language;
use crate::values::TerritoryKind;

/// Pourquoi cela convient à l'établissement.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = OpportunityReason)]
pub struct Reason {
    /// Code stable.
    #[schema(example = "covers_academy")]
    pub code: &'static str,
    /// En toutes lettres.
    #[schema(example = "Couvre l'académie.")]
    pub detail: String,
}

impl Reason {
    /// In this language, with what it is about if there is something.
    pub fn of(notice: &'static Notice, about: Option<&str>, language: Language) -> Self {
        let detail = match about {
            Some(subject) => notice.about(subject, language),
            None => notice.detail.get(language).to_owned(),
        };
        Self {
            code: notice.code,
            detail,
        }
    }
}

/// By what a convention reaches a school, the nearest first.
pub static VIA: [Notice; 5] = [
    notice(
        "declined_for_school",
        "Déclinée par l'établissement.",
        "Declined by the school.",
    ),
    notice(
        "declined_in_academy",
        "Déclinée par l'académie.",
        "Declined by the academy.",
    ),
    notice(
        "declined_in_region",
        "Déclinée par la région académique.",
        "Declined by the academic region.",
    ),
    notice(
        "local_convention",
        "Convention locale du territoire.",
        "A local convention of the territory.",
    ),
    notice(
        "national_convention",
        "Convention nationale en vigueur.",
        "A national convention in force.",
    ),
];

/// By what territory something covers a school, the nearest first.
pub static COVERS: [Notice; 5] = [
    notice(
        "covers_school",
        "Propre à l'établissement.",
        "For this very school.",
    ),
    notice(
        "covers_department",
        "Couvre le département.",
        "Covers the department.",
    ),
    notice(
        "covers_academy",
        "Couvre l'académie.",
        "Covers the academy.",
    ),
    notice(
        "covers_region",
        "Couvre la région académique.",
        "Covers the academic region.",
    ),
    notice("nationwide", "Dans tout le pays.", "Nationwide."),
];

/// The place of the nearest of these territories that a school lies in, among [`COVERS`].
pub fn nearest<'a>(
    territories: impl IntoIterator<Item = &'a str>,
    above: &[String],
) -> Option<usize> {
    const KINDS: [TerritoryKind; 4] = [
        TerritoryKind::School,
        TerritoryKind::Department,
        TerritoryKind::Academy,
        TerritoryKind::Region,
    ];
    let place = |code: &str| {
        let kind = KINDS.iter().position(|kind| kind.is_of(code));
        kind.unwrap_or(KINDS.len())
    };
    let covering = territories
        .into_iter()
        .filter(|code| above.iter().any(|one| one == code));
    covering.map(place).min()
}

/// The partner belongs to the network of a party.
pub static OF_NETWORK: Notice = notice(
    "member_of_network",
    "Membre du réseau d'un signataire.",
    "A member of a signatory's network.",
);

/// It is for levels that the school has.
pub static LEVELS: Notice = notice(
    "levels_offered",
    "Pour des niveaux de l'établissement.",
    "For levels of the school.",
);

/// How far it is.
pub static DISTANCE: Notice = notice(
    "distance",
    "Distance du lieu de l'intervention, en kilomètres.",
    "Distance from the place of the intervention, in kilometres.",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_local_wins() {
        let above: Vec<String> = ["FR", "region:84", "academy:10", "department:069", "uai:X"]
            .map(str::to_owned)
            .to_vec();
        for (territories, place) in [
            (vec!["FR"], Some(4)),
            (vec!["FR", "academy:10"], Some(2)),
            (vec!["academy:01", "department:069"], Some(1)),
            (vec!["uai:X", "FR"], Some(0)),
            (vec!["academy:01"], None),
        ] {
            assert_eq!(nearest(territories, &above), place);
        }
    }
}
