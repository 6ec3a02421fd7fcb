//! The handler of coverage.

use actix_web::{HttpResponse, Responder, get};
use chrono::NaiveDate;

use super::model::{Asked, Coverage, Line};
use super::store;
use crate::agreements::conventions::store as conventions;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, FORMAT_WORDS};
use crate::http::formats::{Dialect, Form, Writer, saved_as, stream};
use crate::http::query::{Documented, Parameter, Query, Reader, parameter};
use crate::http::xlsx;
use crate::values::ids::ConventionId;
use crate::values::today;

/// For which day, and how the CSV is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct On {
    day: Option<NaiveDate>,
    dialect: Dialect,
}

impl Query for On {
    const PARAMETERS: &'static [Parameter] = &[
        parameter("at", "Le jour ; aujourd'hui par défaut", "2026-03-01"),
        parameter(
            "dialect",
            "Écriture du CSV : `standard` (RFC 4180) ou `excel-fr` (point-virgule, BOM, virgule décimale)",
            "standard",
        ),
        parameter("format", FORMAT_WORDS, "json"),
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
        reader.form("json, csv, xlsx");
        Self {
            day: reader.one("at"),
            dialect: reader.dialect(),
        }
    }
}

/// Couverture du territoire par une convention
///
/// Par région académique et par académie : si la convention y est déclinée, depuis quand, par quelle
/// déclinaison, et combien d'établissements elle atteint. Une déclinaison compte le jour demandé si
/// elle a été activée, si ce jour est dans ses dates et la convention en vigueur, et si elle n'était
/// pas close : elle ne compte plus à partir du jour (à Paris) de sa clôture. Le jour de l'activation
/// n'importe pas : ce qui est enregistré après coup compte depuis son premier jour. L'état, les
/// niveaux et l'académie des établissements sont ceux d'aujourd'hui ; ceux d'aucune académie ne sont
/// pas comptés. Une convention locale n'a que la région et les académies de son territoire. En CSV,
/// une académie par ligne.
#[utoipa::path(
    tag = "Conventions",
    params(("id" = ConventionId, Path, description = "Identifiant de la convention, ou sa référence"), Documented<On>),
    responses((status = 200, description = "La couverture", content(
        (Coverage = "application/json"), (String = "text/csv", example = json!("region_code,region_name,region_declined,code,name,declined,via,declination_id,since,establishments,establishments_reached,reached_share,schools_declined\r\nregion:84,Auvergne-Rhône-Alpes,false,academy:10,Lyon,true,academy,0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e05,2026-09-01,812,40,0.0493,3\r\n"))
    )))
)]
#[get("/v1/conventions/{id}/coverage")]
pub async fn get_convention_coverage(call: Call<On>) -> Result<HttpResponse> {
    let coverage = read(&call).await?;
    let form = call.admitted.form;
    if form == Form::Json {
        return Ok(Answer::digested(&coverage)?.respond_to(call.request()));
    }
    let lines = coverage.lines();
    let whole = move |_| std::future::ready(Ok((lines.clone(), None)));
    let columns = Line::columns();
    let mut response = match form {
        Form::Xlsx => xlsx::answer(columns, whole).await?,
        _ => {
            let dialect = call.query.dialect;
            let writer = Writer {
                form,
                dialect,
                columns,
            };
            stream(writer, whole).await?
        }
    };
    saved_as(&mut response, &call.file_name());
    Ok(response)
}

/// On a connection of its own: what counts every school must not delay the reads of others.
async fn read(call: &Call<On>) -> Result<Coverage> {
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let convention = conventions::find(&connection, scope, call.id("id")).await?;
    let day = call.query.day.unwrap_or_else(|| today(call.app.now()));
    let asked = Asked::of(&convention, day);
    let counted = store::counted(&connection, scope, &asked).await?;
    Ok(Coverage::of(&asked, &counted))
}
