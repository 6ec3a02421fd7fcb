//! The handler of the table of reports to fill in.

use actix_web::{HttpResponse, get};

use super::store::{self, Missing};
use crate::error::Result;
use crate::http::call::Call;
use crate::http::query::{Documented, Parameter, Query, Reader, parameter};
use crate::http::table::template::{FORM, FORMS, Template};
use crate::reference::Reference;
use crate::results::reports::batch::layout::LAYOUT;
use crate::results::reports::filter::{CONVENTION, SCHOOL_YEAR};
use crate::values::ids::ConventionId;
use crate::values::{SchoolYear, today};

/// The most rows that are filled in: a batch has no more reports.
const MOST: i64 = 1_000;

/// Which reports the table is for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Of this year; the present one without it.
    pub school_year: Option<SchoolYear>,
    /// On these conventions.
    pub convention_id: Vec<ConventionId>,
}

impl Query for Asked {
    const PARAMETERS: &'static [Parameter] = &[
        parameter(
            SCHOOL_YEAR.name,
            "Année scolaire des bilans attendus ; par défaut, celle d'aujourd'hui",
            "2025-2026",
        ),
        CONVENTION,
        FORM,
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        reader.form(FORMS);
        Self {
            school_year: reader.one("school_year"),
            convention_id: reader.several("convention_id"),
        }
    }
}

/// Modèle du fichier des bilans
///
/// Un classeur à remplir, ou un CSV : une colonne par champ, et une ligne pour chaque bilan que la campagne
/// de l'année attend de l'appelant et que personne n'a commencé. Les codes acceptés sont dans une feuille à
/// part. Recopiez une ligne pour ajouter au même bilan une autre ligne ; laissez les autres colonnes vides
/// pour ne rien en dire. Le fichier rempli s'envoie à `/v1/reports/batch`.
#[utoipa::path(
    tag = "Bilans",
    params(Documented<Asked>),
    responses((status = 200, description = "Le modèle", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "text/csv")
    )))
)]
#[get("/v1/reports/template")]
pub async fn get_report_template(call: Call<Asked>) -> Result<HttpResponse> {
    let year = call.query.school_year.clone();
    let year = year.unwrap_or_else(|| SchoolYear::of(today(call.app.now())));
    let asked = (&year, call.query.convention_id.as_slice());
    let found = store::missing(&*call.reader().await?, call.scope()?, asked, MOST).await?;
    let template = Template {
        title: "Bilans",
        layout: &LAYOUT,
        helps: &[
            ("convention_title", "Intitulé de la convention"),
            ("territory_label", "Nom du territoire"),
        ],
        rows: found.into_iter().map(|one| row(one, &year)).collect(),
    };
    template.answer(&call).await
}

fn row(missing: Missing, year: &SchoolYear) -> Vec<(&'static str, String)> {
    let known = Reference::get().territory(&missing.territory);
    let name = known.map(|territory| territory.name.clone());
    let name = name.or(missing.school).unwrap_or_default();
    let declination = missing.declination_id.map(|id| id.to_string());
    vec![
        ("convention_id", missing.reference),
        ("declination_id", declination.unwrap_or_default()),
        ("territory", missing.territory),
        ("school_year", year.to_string()),
        ("convention_title", missing.title),
        ("territory_label", name),
    ]
}
