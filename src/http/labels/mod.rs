//! Names beside codes and ids: what a person reads of a row, without another request.
//!
//! [`plan`] knows from its schema which members of an answer are named by a code or an id, [`names`]
//! what these are called: nomenclatures and the tree of territories from memory, conventions, partners
//! and schools from the database, by one statement for each kind and batch of rows.

pub mod names;
pub mod plan;

use serde::Serialize;
use serde_json::Value;

use self::names::{Names, Wanted};
use self::plan::Plan;
use crate::error::{Error, Result};
use crate::language::Language;

/// Labels of rows, in a language.
#[derive(Debug, Clone)]
pub struct Labels {
    /// Which members have them.
    pub plan: Plan,
    /// Their language.
    pub language: Language,
}

impl Labels {
    /// Rows with their labels; the names of all of them are read together.
    ///
    /// # Errors
    /// What reading the names answers.
    pub async fn on<T: Serialize>(
        &self,
        rows: &[T],
        read: impl AsyncFnOnce(&Wanted) -> Result<Names>,
    ) -> Result<Vec<Value>> {
        let values = rows.iter().map(serde_json::to_value);
        let values: Result<Vec<Value>, _> = values.collect();
        let mut values = values.map_err(Error::internal)?;
        let mut wanted = Wanted::default();
        for value in &values {
            self.plan.collect(value, &mut wanted);
        }
        let names = match wanted.is_empty() {
            true => Names::default(),
            false => read(&wanted).await?,
        };
        for value in &mut values {
            self.plan.label(value, &names, self.language);
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::agreements::deadlines::model::DeadlineAnswer;

    /// A row whose members are named by ids, each its own.
    fn row(number: u128) -> Value {
        serde_json::json!({ "convention_id": uuid::Uuid::from_u128(number), "territories": ["uai:0690001A"] })
    }

    #[actix_web::test]
    async fn the_names_of_any_number_of_rows_are_read_once() {
        let labels = Labels {
            plan: Plan::of::<DeadlineAnswer>(),
            language: Language::French,
        };
        for rows in [1, 2, 500] {
            let rows: Vec<Value> = (0..rows).map(row).collect();
            let reads = Cell::new(0);
            let labelled = labels.on(&rows, async |wanted| {
                reads.set(reads.get() + 1);
                assert_eq!(wanted.conventions.len(), rows.len());
                assert_eq!(wanted.schools.len(), 1);
                Ok(Names::default())
            });
            assert_eq!(labelled.await.unwrap().len(), rows.len());
            assert_eq!(reads.get(), 1);
        }
    }

    #[actix_web::test]
    async fn rows_without_ids_read_nothing() {
        let labels = Labels {
            plan: Plan::of::<DeadlineAnswer>(),
            language: Language::French,
        };
        let nothing = async |_: &Wanted| panic!("read");
        let rows = [serde_json::json!({ "kind": "notice" })];
        let labelled = labels.on(&rows, nothing).await.unwrap();
        assert_eq!(labelled[0]["kind_label"], "Dernier jour de préavis");
    }
}
