//! The columns of a table of declinations.

use crate::agreements::declinations::content::SET_BY_SERVICE;
use crate::http::table::layout::{Column, ID, Kind, Layout, column};

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
    column(
        "level",
        Kind::Code("declination_levels"),
        "Niveau de déclinaison",
        &["niveau", "échelon"],
    )
    .required(),
    column(
        "territories",
        Kind::Territories,
        "Territoires",
        &[
            "territoire",
            "établissement",
            "établissements",
            "UAI",
            "code UAI",
        ],
    )
    .required(),
    column("title", Kind::Text, "Intitulé", &["titre"]),
    column(
        "starts_on",
        Kind::Day,
        "Premier jour",
        &["début", "date de début"],
    )
    .required(),
    column(
        "ends_on",
        Kind::Day,
        "Dernier jour",
        &["fin", "date de fin", "échéance"],
    ),
    column(
        "axes",
        Kind::Codes("axes"),
        "Axes de travail",
        &["axe de travail"],
    ),
    column(
        "action_types",
        Kind::Codes("action_types"),
        "Types d'action",
        &["type d'action"],
    ),
    column(
        "levels",
        Kind::Codes("levels"),
        "Niveaux concernés",
        &["classes", "niveaux"],
    ),
    column(
        "moments",
        Kind::Codes("moments"),
        "Temps du parcours",
        &["temps"],
    ),
    column(
        "reports_by",
        Kind::Code("declination_reporters"),
        "Qui rend compte",
        &[],
    ),
    column(
        "coordinator_name",
        Kind::Text,
        "Coordination : nom",
        &["coordinateur", "coordinatrice", "coordination"],
    )
    .within("coordinator", "name")
    .personal(),
    column(
        "coordinator_function",
        Kind::Text,
        "Coordination : fonction",
        &[],
    )
    .within("coordinator", "function"),
    column(
        "coordinator_email",
        Kind::Text,
        "Coordination : courriel",
        &[],
    )
    .within("coordinator", "email")
    .personal(),
    column(
        "coordinator_phone",
        Kind::Phone,
        "Coordination : téléphone",
        &[],
    )
    .within("coordinator", "phone")
    .personal(),
    column(
        "board_decision_date",
        Kind::Day,
        "Délibération : date",
        &["date du conseil d'administration"],
    )
    .within("board_decision", "date"),
    column(
        "board_decision_number",
        Kind::Text,
        "Délibération : numéro",
        &[],
    )
    .within("board_decision", "number"),
    column("parent_id", Kind::Reference, "Déclinaison parente", &[]),
    column("representative_id", Kind::Reference, "Représentant", &[]),
    column(ID, Kind::Reference, "Identifiant", &[]),
    // What is not of one cell, as the list writes it.
    column(
        "coordinator",
        Kind::Json,
        "La personne qui la coordonne",
        &[],
    )
    .personal()
    .for_programs(),
    column(
        "board_decision",
        Kind::Json,
        "La délibération du conseil d'administration",
        &[],
    )
    .for_programs(),
    column("targets", Kind::Json, "Objectifs annuels", &[]).for_programs(),
    column("planned_actions", Kind::Json, "Actions prévues", &[]).for_programs(),
];

/// The columns: what a declination is of, its content, its coordinator, and what it names.
pub static LAYOUT: Layout = Layout {
    columns: COLUMNS,
    passed_over: &[
        SET_BY_SERVICE,
        &["convention_title", "convention_reference"],
    ],
    filled_in: &[],
};
