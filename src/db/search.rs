//! Searching a text whatever its accents and case.

use diesel::pg::Pg;
use diesel::sql_types::{Float, Nullable, Text};

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
// Whether a text is like some words of another, by the groups of three letters that an index has.
diesel::infix_operator!(LikeWordsOf, " <% ", backend: Pg);

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

diesel::define_sql_function! {
    /// `fold` of a text that may be absent.
    #[sql_name = "fold"]
    fn fold_nullable(input: Nullable<Text>) -> Nullable<Text>;
}

diesel::define_sql_function! {
    /// How alike two texts are, by the groups of three letters they share: from 0 to 1.
    fn similarity(a: Nullable<Text>, b: Nullable<Text>) -> Nullable<Float>;
}

diesel::define_sql_function! {
    /// The greatest of three numbers; those that are null do not count.
    fn greatest(a: Nullable<Float>, b: Nullable<Float>, c: Nullable<Float>) -> Nullable<Float>;
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
