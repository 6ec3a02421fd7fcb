//! The columns of a table of reports.

use crate::http::table::layout::{Column, Kind, Layout, column};
use crate::results::reports::content::SET_BY_SERVICE;

/// The most reports of a batch.
pub const MOST_REPORTS: usize = 1_000;

/// The fields that are of the report, and not of its line.
pub const OF_REPORT: [&str; 6] = [
    "convention_id",
    "declination_id",
    "territory",
    "school_year",
    "establishments",
    "narrative",
];

const COLUMNS: &[Column] = &[
    column(
        "convention_id",
        Kind::Reference,
        "Convention",
        &[
            "référence de la convention",
            "convention_reference",
            "n° de convention",
        ],
    )
    .required(),
    column("declination_id", Kind::Reference, "Déclinaison", &[]),
    column(
        "territory",
        Kind::Territory,
        "Territoire",
        &["établissement", "UAI", "code UAI"],
    )
    .required(),
    column(
        "school_year",
        Kind::SchoolYear,
        "Année scolaire",
        &["année"],
    )
    .required(),
    column(
        "action_type",
        Kind::Code("action_types"),
        "Type d'action",
        &["action"],
    )
    .required(),
    column("level", Kind::Code("levels"), "Niveau", &["classe"]),
    column(
        "moment",
        Kind::Code("moments"),
        "Temps du parcours",
        &["temps"],
    ),
    column("axis", Kind::Code("axes"), "Axe de travail", &["axe"]),
    column("academy", Kind::Academy, "Académie", &[]),
    column("event", Kind::Code("events"), "Événement", &[]),
    column(
        "actions",
        Kind::Whole,
        "Actions",
        &["nombre d'actions", "nb actions"],
    ),
    column(
        "pupils",
        Kind::Whole,
        "Élèves",
        &["participations d'élèves", "nombre d'élèves", "nb élèves"],
    ),
    column(
        "girls",
        Kind::Whole,
        "Dont filles",
        &["filles", "nombre de filles", "nb filles"],
    ),
    column(
        "priority_education_pupils",
        Kind::Whole,
        "Dont éducation prioritaire",
        &[
            "dont élèves de l'éducation prioritaire",
            "éducation prioritaire",
        ],
    ),
    column(
        "teachers",
        Kind::Whole,
        "Enseignants",
        &[
            "participations d'enseignants",
            "nombre d'enseignants",
            "nb enseignants",
        ],
    ),
    column(
        "professionals",
        Kind::Whole,
        "Professionnels",
        &[
            "participations de professionnels",
            "nombre de professionnels",
            "nb professionnels",
        ],
    ),
    column(
        "companies",
        Kind::Whole,
        "Entreprises",
        &[
            "participations d'entreprises",
            "nombre d'entreprises",
            "nb entreprises",
        ],
    ),
    column(
        "hours",
        Kind::Whole,
        "Heures",
        &["nombre d'heures", "nb heures"],
    ),
    column(
        "internships_offered",
        Kind::Whole,
        "Stages proposés",
        &["stages et périodes proposés"],
    ),
    column(
        "internships_filled",
        Kind::Whole,
        "Dont pourvus",
        &["stages pourvus"],
    ),
    column(
        "establishments",
        Kind::Schools,
        "Établissements participants",
        &["établissements qui ont pris part"],
    ),
    column("narrative_results", Kind::Text, "Résultats", &[]).within("narrative", "results"),
    column("narrative_difficulties", Kind::Text, "Difficultés", &[])
        .within("narrative", "difficulties"),
    column("narrative_outlook", Kind::Text, "Perspectives", &[]).within("narrative", "outlook"),
];

/// The columns: the key of the report, its line, the schools and the narrative.
pub static LAYOUT: Layout = Layout {
    columns: COLUMNS,
    passed_over: &[
        SET_BY_SERVICE,
        &["report_id", "convention_title", "convention_reference"],
    ],
    filled_in: &[
        "convention_id",
        "declination_id",
        "territory",
        "school_year",
    ],
};
