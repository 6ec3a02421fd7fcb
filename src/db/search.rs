//! Searching a text whatever its accents and case.

use diesel::sql_types::Text;

/// PostgreSQL's `tsvector`: the words of a text, for full-text search.
#[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "tsvector"))]
pub struct TsVector;

diesel::define_sql_function! {
    /// Lower case, without accents: how the `search` columns are written.
    fn fold(input: Text) -> Text;
}

/// A `LIKE` pattern for texts that contain this one.
pub fn contains(text: &str) -> String {
    format!(
        "%{}%",
        text.replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_")
    )
}
