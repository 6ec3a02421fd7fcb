//! The handler of coverage.

use actix_web::{HttpResponse, Responder, get};
use chrono::NaiveDate;

use super::model::{Asked, Counted, Coverage, Line};
use super::store;
use crate::agreements::conventions::store as conventions;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::formats::{Dialect, Form, Writer, stream};
use crate::http::members::Members;
use crate::http::query::{Documented, Parameter, Query, Reader, parameter};
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
    ];

    fn read(reader: &mut Reader<'_>) -> Self {
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
    params(("id" = ConventionId, Path, description = "Identifiant de la convention"), Documented<On>),
    responses((status = 200, description = "La couverture", content(
        (Coverage = "application/json"), (String = "text/csv")
    )))
)]
#[get("/v1/conventions/{id}/coverage")]
pub async fn get_convention_coverage(call: Call<On>) -> Result<HttpResponse> {
    let coverage = read(&call).await?;
    if call.admitted.form == Form::Csv {
        let lines = coverage.lines();
        let writer = Writer {
            form: Form::Csv,
            members: Members::default(),
            dialect: call.query.dialect,
            columns: Line::columns(),
        };
        return stream(writer, move |_| {
            std::future::ready(Ok((lines.clone(), None)))
        })
        .await;
    }
    Ok(Answer::digested(&coverage)?.respond_to(call.request()))
}

/// On a connection of its own: what counts every school must not delay the reads of others.
async fn read(call: &Call<On>) -> Result<Coverage> {
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let convention = conventions::find(&connection, scope, call.id("id")).await?;
    let day = call.query.day.unwrap_or_else(|| today(call.app.now()));
    let asked = Asked::of(&convention, day);
    // Sent together: one round trip.
    let (wide, all, declined) = tokio::try_join!(
        store::wide(&connection, scope, &asked),
        store::all(&connection, scope, &asked),
        store::declined(&connection, scope, &asked),
    )?;
    let counted = Counted {
        wide,
        all,
        declined,
    };
    Ok(Coverage::of(&asked, &counted))
}
