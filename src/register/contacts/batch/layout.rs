//! The columns of a table of contacts.

use crate::http::table::layout::{Column, ID, Kind, Layout, column};
use crate::register::contacts::content::SET_BY_SERVICE;

const COLUMNS: &[Column] = &[
    column(
        "territory",
        Kind::Territory,
        "Territoire",
        &[
            "établissement",
            "UAI",
            "code UAI",
            "académie",
            "département",
        ],
    )
    .required(),
    column("role", Kind::Code("contact_roles"), "Rôle", &["fonction"]).required(),
    column(
        "name",
        Kind::Text,
        "Nom",
        &["nom de la personne", "nom et prénom"],
    )
    .personal(),
    column(
        "email",
        Kind::Text,
        "Courriel",
        &["e-mail", "adresse électronique", "mél", "mail"],
    )
    .personal(),
    column("phone", Kind::Phone, "Téléphone", &["tél"]).personal(),
    column(
        "label",
        Kind::Text,
        "Intitulé du service",
        &["service", "intitulé"],
    ),
    column(ID, Kind::Reference, "Identifiant", &[]),
];

/// The columns: whose contact it is, who or what it is, and how it is reached.
pub static LAYOUT: Layout = Layout {
    columns: COLUMNS,
    passed_over: &[SET_BY_SERVICE],
    filled_in: &[],
};
