//! Searching a text whatever its accents and case.

use diesel::pg::Pg;
use diesel::sql_types::{Nullable, Text};

/// PostgreSQL's `tsvector`: the words of a text, for full-text search.
#[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "tsvector"))]
pub struct TsVector;

/// PostgreSQL's `tsquery`: the words a user looks for.
#[derive(Debug, Clone, Copy, diesel::sql_types::SqlType, diesel::query_builder::QueryId)]
#[diesel(postgres_type(name = "tsquery"))]
pub struct TsQuery;

// Whether a text matches the search.
diesel::infix_operator!(Matches, " @@ ", backend: Pg);

diesel::define_sql_function! {
    /// The words of a search in French, accents and endings put aside; no search, no words.
    fn french_query(q: Nullable<Text>) -> Nullable<TsQuery>;
}

diesel::define_sql_function! {
    /// How well a text matches a search; null without a search.
    fn ts_rank(text: TsVector, query: Nullable<TsQuery>) -> Nullable<Float>;
}

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
