//! The SQL of what a publication says otherwise.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Jsonb, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::filter::{Filter, Sort};
use crate::auth::policy::Scope;
use crate::db::page::{MarkValue, Page};
use crate::error::Result;
use crate::results::publications::model::Publication;
use crate::results::publications::tables::MEASURES;
use crate::values::{Json, TextValue};

/// Un chiffre qui a changé d'une publication à la suivante.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct PublicationChange {
    /// Its place among all.
    #[serde(skip)]
    #[schema(ignore)]
    #[diesel(sql_type = BigInt)]
    pub place: i64,
    /// La case : l'année scolaire et les autres dimensions de son tableau ; null là où les lignes n'en ont pas.
    #[schema(value_type = HashMap<String, Option<String>>, example = json!({ "school_year": "2025-2026", "academy": "academy:10" }))]
    #[diesel(sql_type = Jsonb)]
    pub cell: Json<Map<String, Value>>,
    /// La mesure.
    #[schema(example = "pupils")]
    #[diesel(sql_type = Text)]
    pub measure: String,
    /// La valeur d'avant ; null si elle n'était pas dite, ou inconnue.
    #[schema(value_type = Option<f64>, example = 1240)]
    #[diesel(sql_type = Jsonb)]
    pub from: Json<Value>,
    /// La valeur d'après.
    #[schema(value_type = Option<f64>, example = 1262)]
    #[diesel(sql_type = Jsonb)]
    pub to: Json<Value>,
}

const CHANGES: &str = "
    SELECT row_number() OVER (ORDER BY grouping, first_key, second_key, ordinal) AS place,
           jsonb_build_object('school_year', $3::text)
               || coalesce((SELECT jsonb_object_agg(d.name, (ARRAY[first_key, second_key])[d.place::integer])
                              FROM unnest(string_to_array(grouping, ',')) WITH ORDINALITY AS d (name, place)), '{}') AS cell,
           measure, before AS \"from\", after AS \"to\"
      FROM (SELECT coalesce(a.grouping, b.grouping) AS grouping, coalesce(a.first_key, b.first_key) AS first_key,
                   coalesce(a.second_key, b.second_key) AS second_key, m.measure, m.ordinal,
                   coalesce(b.figures -> m.measure, 'null') AS before, coalesce(a.figures -> m.measure, 'null') AS after
              FROM (SELECT * FROM publication_cells WHERE publication_id = $1) AS a
              FULL JOIN (SELECT * FROM publication_cells WHERE publication_id = $2) AS b
                ON (a.grouping, coalesce('=' || a.first_key, ''), coalesce('=' || a.second_key, ''))
                 = (b.grouping, coalesce('=' || b.first_key, ''), coalesce('=' || b.second_key, ''))
             CROSS JOIN unnest($4::text[]) WITH ORDINALITY AS m (measure, ordinal)) AS all_figures
     WHERE before IS DISTINCT FROM after";

/// A page of what a publication says otherwise than the one it revises.
pub async fn page(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    publication: &Publication,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<PublicationChange>> {
    let Some(revised) = publication.revises else {
        return Ok(Vec::new());
    };
    let is_asked = |one: &&_| filter.measures.is_empty() || filter.measures.contains(one);
    let measures: Vec<&str> = MEASURES
        .iter()
        .filter(is_asked)
        .map(|one| one.code())
        .collect();
    let after = page.after.as_ref().map_or(0, |mark| match mark.value {
        MarkValue::Place(place, _) => place,
        _ => 0,
    });
    let query = diesel::sql_query(format!(
        "SELECT * FROM ({CHANGES}) AS changes WHERE place > $5 ORDER BY place LIMIT $6"
    ));
    Ok(query
        .bind::<Uuid, _>(publication.id.uuid())
        .bind::<Uuid, _>(revised.uuid())
        .bind::<Text, _>(publication.school_year.as_str().to_owned())
        .bind::<Array<Text>, _>(measures)
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(page.limit)
        .load(&mut connection)
        .await?)
}
