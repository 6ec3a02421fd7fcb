//! What is answered of a batch: a verdict for each item, with the cell of each fault and its fix.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::fix::advised;
use super::heads::HeadFault;
use super::reading::{FileReading, Table};
use super::request::{How, Received};
use super::sheet::{address, letters};
use crate::error::{Error, Fault, Place, Result, Rule};
use crate::language::Language;

/// Le compte d'un lot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct BatchCounts {
    /// Reçues.
    #[schema(example = 1)]
    pub received: i32,
    /// Créées.
    #[schema(example = 1)]
    pub created: i32,
    /// Modifiées, ou proposées de nouveau.
    #[schema(example = 0)]
    pub updated: i32,
    /// Déjà connues telles quelles : confirmées, sans rien écrire d'autre.
    #[schema(example = 0)]
    pub unchanged: i32,
    /// Refusées.
    #[schema(example = 0)]
    pub rejected: i32,
}

/// Ce qu'est devenu ce que dit un élément d'un lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was not there.
    Created,
    /// It was, and changed, or is offered again.
    Updated,
    /// It was, as it is said.
    Unchanged,
    /// Something is wrong with it.
    Rejected,
}

impl BatchCounts {
    /// Those of the items of a batch.
    pub fn of(outcomes: impl Iterator<Item = Outcome>) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            let count = match outcome {
                Outcome::Created => &mut counts.created,
                Outcome::Updated => &mut counts.updated,
                Outcome::Unchanged => &mut counts.unchanged,
                Outcome::Rejected => &mut counts.rejected,
            };
            *count = count.saturating_add(1);
            counts.received = counts.received.saturating_add(1);
        }
        counts
    }
}

/// Ce qu'un fichier, ou un lot, est devenu.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FileVerdict {
    /// `partial` ou `atomic`.
    #[schema(example = "partial")]
    pub mode: &'static str,
    /// Vrai : rien n'a été écrit.
    #[schema(example = false)]
    pub dry_run: bool,
    /// Ce qui a été compris du fichier ; null pour du JSON.
    #[schema(example = json!(null))]
    pub file: Option<FileReading>,
    /// Ce qui empêche de lire le fichier : ses colonnes, sa feuille.
    #[schema(example = json!([]))]
    pub errors: Vec<CellFault>,
    /// Le compte des lignes.
    pub counts: BatchCounts,
    /// Le compte des objets dont elles sont.
    pub objects: BatchCounts,
    /// Ce que chaque ligne est devenue, dans l'ordre.
    pub items: Vec<RowVerdict>,
}

/// Le verdict d'une ligne.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowVerdict {
    /// Sa place parmi celles qui sont lues, à partir de 0.
    #[schema(example = 0)]
    pub index: usize,
    /// Son numéro dans le fichier.
    #[schema(example = 2)]
    pub row: Option<u32>,
    /// Ce qu'est devenu l'objet dont elle est : `created`, `updated`, `unchanged`, `rejected`.
    #[schema(value_type = String, example = "created")]
    pub outcome: Outcome,
    /// L'objet ; null s'il est refusé, ou s'il n'est pas encore créé.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e0b")]
    pub id: Option<Uuid>,
    /// Sa version.
    #[schema(example = 1)]
    pub version: Option<i64>,
    /// Son statut, s'il en a un.
    #[schema(example = "draft")]
    pub status: Option<String>,
    /// Ce qui mérite attention sans être une erreur.
    #[schema(example = json!([]))]
    pub warnings: Vec<CellNote>,
    /// Tout ce qui est à corriger, si elle est refusée.
    #[schema(example = json!([]))]
    pub errors: Vec<CellFault>,
    /// S'il peut y en avoir d'autres, que la réponse laisse de côté : 20 sont dits d'une ligne, 1 000 d'un lot.
    #[schema(example = false)]
    pub errors_truncated: bool,
}

/// Un endroit à corriger.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CellFault {
    /// Pointeur JSON dans l'élément (RFC 6901).
    #[schema(example = "/level")]
    pub pointer: String,
    /// La cellule du fichier, ou sa ligne.
    #[schema(example = "D12")]
    pub cell: Option<String>,
    /// La colonne, telle que le fichier la nomme ; si elle y manque, telle qu'elle doit être nommée.
    #[schema(example = "Niveau")]
    pub column: Option<String>,
    /// Code stable de la règle.
    #[schema(example = "unknown_code")]
    pub code: &'static str,
    /// La règle et ce qu'il faut faire.
    pub detail: String,
    /// Les valeurs acceptées, où elles sont en nombre ; pour un nombre, ses bornes.
    #[schema(example = json!(["4e", "3e"]))]
    pub accepted: Vec<Value>,
    /// La valeur probablement voulue, si elle se devine.
    #[schema(example = "3e")]
    pub nearest: Option<Value>,
}

/// Ce qui mérite attention, et où.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CellNote {
    /// Pointeur JSON dans l'élément (RFC 6901).
    #[schema(example = "/level")]
    pub pointer: String,
    /// La cellule du fichier, ou sa ligne.
    #[schema(example = "D12")]
    pub cell: Option<String>,
    /// Code stable.
    #[schema(example = "outside_convention")]
    pub code: &'static str,
    /// De quoi il s'agit.
    pub detail: String,
}

impl FileVerdict {
    /// The verdict of a batch, of those of its items; `objects` is what became of each object that they
    /// are of.
    pub fn of(
        received: &Received,
        how: How,
        language: Language,
        (items, objects): (Vec<RowVerdict>, impl Iterator<Item = Outcome>),
    ) -> Self {
        let table = received.table.as_ref();
        let faults = table.into_iter().flat_map(|table| &table.faults);
        let header_row = table.and_then(|table| table.reading.header_row);
        Self {
            mode: if how.is_atomic { "atomic" } else { "partial" },
            dry_run: how.is_dry_run,
            file: table.map(|table| table.reading.clone()),
            errors: faults
                .map(|fault| CellFault::of_head(fault, header_row, language))
                .collect(),
            counts: BatchCounts::of(items.iter().map(|item| item.outcome)),
            objects: BatchCounts::of(objects),
            items,
        }
    }

    /// The verdict, unless a fault of an atomic batch refuses all of it; `faults` are those of its items,
    /// as places of the whole body.
    ///
    /// # Errors
    /// `validation_failed`.
    pub fn unless_refused(self, how: How, faults: impl FnOnce() -> Vec<Fault>) -> Result<Self> {
        if how.is_atomic && self.counts.rejected > 0 {
            return Err(Error::validation(faults()).with_verdicts(&self)?);
        }
        Ok(self)
    }

    /// The refusal of a file whose heads cannot be read.
    ///
    /// # Errors
    /// `validation_failed`, always.
    pub fn refuse_heads(received: &Received, how: How, language: Language) -> Result<()> {
        let Some(table) = received.table.as_ref().filter(|_| !received.is_readable()) else {
            return Ok(());
        };
        let verdict = Self::of(received, how, language, (Vec::new(), std::iter::empty()));
        let faults = table.faults.iter().map(|fault| Fault {
            place: Place::Pointer(String::new()),
            rule: fault.rule.clone(),
        });
        Err(Error::validation(faults.collect()).with_verdicts(&verdict)?)
    }
}

impl RowVerdict {
    /// That of an item of which nothing else is to be said.
    pub fn of(received: &Received, index: usize, outcome: Outcome) -> Self {
        Self {
            index,
            row: received.items.get(index).and_then(|item| item.row),
            outcome,
            id: None,
            version: None,
            status: None,
            warnings: Vec::new(),
            errors: Vec::new(),
            errors_truncated: false,
        }
    }
}

impl CellFault {
    fn of_head(fault: &HeadFault, row: Option<u32>, language: Language) -> Self {
        let cell = fault
            .column
            .zip(row)
            .map(|(column, row)| address(column, row));
        Self {
            pointer: String::new(),
            cell,
            column: Some(fault.title.clone()).filter(|title| !title.is_empty()),
            code: fault.rule.code(),
            detail: fault.rule.detail(language),
            accepted: Vec::new(),
            nearest: fault.nearest.clone().map(Value::from),
        }
    }
}

impl Received {
    /// A fault of an item, with its cell and its fix.
    pub fn told(&self, index: usize, pointer: &str, rule: &Rule, language: Language) -> CellFault {
        let none = Value::Null;
        let object = self.items.get(index).map_or(&none, |item| &item.object);
        let advice = advised(self.layout, pointer, rule, object);
        let (cell, column) = self.cell(index, pointer);
        CellFault {
            pointer: pointer.to_owned(),
            cell,
            column,
            code: rule.code(),
            detail: rule.detail(language),
            accepted: advice.accepted,
            nearest: advice.nearest,
        }
    }

    /// What became impossible of an item whose cells are right: at the place that decides it.
    pub fn refused(
        &self,
        index: usize,
        pointer: &str,
        error: &Error,
        language: Language,
    ) -> CellFault {
        let (cell, column) = self.cell(index, pointer);
        CellFault {
            pointer: pointer.to_owned(),
            cell,
            column,
            code: error.code.as_str(),
            detail: error.told(language),
            accepted: Vec::new(),
            nearest: None,
        }
    }

    /// A place of an item, as one of the whole body.
    pub fn place(&self, index: usize, pointer: &str) -> Place {
        Place::Pointer(format!("/{}/{index}{pointer}", self.list))
    }

    /// The cell of a place of an item and what its column is called.
    pub fn cell(&self, index: usize, pointer: &str) -> (Option<String>, Option<String>) {
        let row = self.items.get(index).and_then(|item| item.row);
        let (Some(table), Some(row)) = (&self.table, row) else {
            return (None, None);
        };
        // A field may be one column or several: what counts is which the table has.
        let mut columns = table.columns.iter();
        let found = columns.find(|(_, column, _)| column.has(pointer));
        match (found, self.layout.of(pointer)) {
            (Some((place, _, title)), _) => (Some(address(*place, row)), Some(title.clone())),
            (None, Some(column)) => (None, Some(column.head())),
            (None, None) => (Some(whole(table, row)), None),
        }
    }
}

/// All cells of a row that are read: `A12:K12`.
fn whole(table: &Table, row: u32) -> String {
    let places = || table.columns.iter().map(|(place, ..)| *place);
    let (first, last) = (
        places().min().unwrap_or_default(),
        places().max().unwrap_or_default(),
    );
    format!("{}{row}:{}{row}", letters(first), letters(last))
}
