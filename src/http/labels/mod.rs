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
