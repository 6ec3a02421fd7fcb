//! The database's functions of conventions, for queries.

use diesel::sql_types::{Date, Jsonb, Nullable, Text};

diesel::define_sql_function! {
    /// What a convention is on a day.
    fn convention_effective_status(
        status: Text, starts_on: Nullable<Date>, in_force_until: Nullable<Date>,
        termination: Nullable<Jsonb>, replaced_on: Nullable<Date>, day: Date,
    ) -> Nullable<Text>;
}

diesel::define_sql_function! {
    /// The days a convention is in force.
    fn convention_days(status: Text, first: Nullable<Date>, last: Nullable<Date>) -> Daterange;
}
