//! Which levels an establishment may teach, from its type and its tracks.
//!
//! The directory does not list classes. Where it is silent on a track, the track is taken as
//! possible: leaving a level out would hide an offer from a school that could ask for it, while
//! a level too many shows one offer too many.

use diesel::deserialize::FromSqlRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Ce que l'établissement enseigne ; null là où l'annuaire se tait.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromSqlRow, ToSchema,
)]
pub struct Tracks {
    /// Voie générale.
    #[schema(example = true)]
    pub general: Option<bool>,
    /// Voie technologique.
    #[schema(example = true)]
    pub technological: Option<bool>,
    /// Voie professionnelle.
    #[schema(example = false)]
    pub vocational: Option<bool>,
    /// Section d'enseignement général et professionnel adapté.
    #[schema(example = false)]
    pub segpa: Option<bool>,
    /// Unité localisée pour l'inclusion scolaire.
    #[schema(example = true)]
    pub ulis: Option<bool>,
    /// Enseignement supérieur.
    #[schema(example = true)]
    pub post_bac: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    College,
    Lycee,
    Erea,
}

impl Kind {
    fn of(kind: &str) -> Option<Self> {
        match kind.to_lowercase().as_str() {
            "collège" | "college" => Some(Self::College),
            "lycée" | "lycee" => Some(Self::Lycee),
            "erea" => Some(Self::Erea),
            _ => None,
        }
    }
}

/// The levels (codes of the nomenclature, in its order). Empty for the types that are not
/// secondary schools, and where the directory gives no type.
///
/// - Collège: `6e` to `3e`, `segpa`.
/// - Lycée: the `seconde` common to the general and technological tracks, then each track's two
///   years; the vocational track's CAP, baccalauréat and `cs`, with `3e_prepa_metiers`, which is
///   taught in vocational lycées (the few collèges that have one are not told in the directory);
///   both BTS years after the baccalauréat.
/// - EREA: `erea`, `6e` to `3e` and the CAP, which these schools prepare.
/// - `ulis` wherever it is not denied, `staff` (teachers and heads) wherever there is a level.
///
/// A track that is not of the type counts where the directory affirms it: a polyvalent lycée with
/// a SEGPA has one.
pub fn levels(kind: Option<&str>, tracks: &Tracks) -> Vec<&'static str> {
    let Some(kind) = kind.and_then(Kind::of) else {
        return Vec::new();
    };
    let usual_in = |home: Kind, track: Option<bool>| track.unwrap_or(kind == home);
    let lower = matches!(kind, Kind::College | Kind::Erea);
    let general = usual_in(Kind::Lycee, tracks.general);
    let technological = usual_in(Kind::Lycee, tracks.technological);
    let vocational = usual_in(Kind::Lycee, tracks.vocational);
    let cap = vocational || kind == Kind::Erea;
    let groups: [(bool, &[&'static str]); 14] = [
        (lower, &["6e", "5e", "4e", "3e"]),
        (vocational && kind == Kind::Lycee, &["3e_prepa_metiers"]),
        (usual_in(Kind::College, tracks.segpa), &["segpa"]),
        (tracks.ulis.unwrap_or(true), &["ulis"]),
        (general || technological, &["2de_gt"]),
        (general, &["1re_generale"]),
        (technological, &["1re_techno"]),
        (general, &["tle_generale"]),
        (technological, &["tle_techno"]),
        (cap, &["cap_1", "cap_2"]),
        (vocational, &["2de_pro", "1re_pro", "tle_pro", "cs"]),
        (usual_in(Kind::Lycee, tracks.post_bac), &["bts_1", "bts_2"]),
        (kind == Kind::Erea, &["erea"]),
        (true, &["staff"]),
    ];
    groups
        .iter()
        .filter(|(taught, _)| *taught)
        .flat_map(|(_, codes)| codes.iter().copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracks(general: bool, technological: bool, vocational: bool, post_bac: bool) -> Tracks {
        Tracks {
            general: Some(general),
            technological: Some(technological),
            vocational: Some(vocational),
            segpa: Some(false),
            ulis: Some(false),
            post_bac: Some(post_bac),
        }
    }

    #[test]
    fn a_college() {
        assert_eq!(
            levels(Some("Collège"), &tracks(false, false, false, false)),
            ["6e", "5e", "4e", "3e", "staff"]
        );
        assert_eq!(
            levels(Some("Collège"), &Tracks::default()),
            ["6e", "5e", "4e", "3e", "segpa", "ulis", "staff"]
        );
    }

    #[test]
    fn a_lycee_teaches_its_tracks() {
        assert_eq!(
            levels(Some("Lycée"), &tracks(true, false, false, false)),
            ["2de_gt", "1re_generale", "tle_generale", "staff"]
        );
        assert_eq!(
            levels(Some("Lycée"), &tracks(false, true, false, true)),
            [
                "2de_gt",
                "1re_techno",
                "tle_techno",
                "bts_1",
                "bts_2",
                "staff"
            ]
        );
        assert_eq!(
            levels(Some("Lycée"), &tracks(false, false, true, false)),
            [
                "3e_prepa_metiers",
                "cap_1",
                "cap_2",
                "2de_pro",
                "1re_pro",
                "tle_pro",
                "cs",
                "staff"
            ]
        );
    }

    #[test]
    fn unknown_tracks_are_every_level_of_the_type() {
        let all = levels(Some("Lycée"), &Tracks::default());
        assert_eq!(all.len(), 16);
        assert!(!all.contains(&"6e") && !all.contains(&"segpa") && !all.contains(&"erea"));
    }

    #[test]
    fn a_track_of_another_type_counts_when_affirmed() {
        let mut tracks = tracks(true, true, true, true);
        tracks.segpa = Some(true);
        assert!(levels(Some("Lycée"), &tracks).contains(&"segpa"));
    }

    #[test]
    fn an_erea_and_the_others() {
        assert_eq!(
            levels(Some("EREA"), &tracks(false, false, false, false)),
            ["6e", "5e", "4e", "3e", "cap_1", "cap_2", "erea", "staff"]
        );
        for other in [
            None,
            Some("Ecole"),
            Some("Médico-social"),
            Some("Autre"),
            Some(""),
        ] {
            assert!(levels(other, &Tracks::default()).is_empty());
        }
    }
}
