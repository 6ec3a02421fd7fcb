//! What is told of a batch of reports: of each row what became of its report.

use std::collections::HashMap;

use serde_json::Value;

use super::pieces::{ItemFault, Piece};
use super::plan::Planned;
use crate::error::{Code, Error, Fault, Notice, Place, Result, Rule, notice};
use crate::http::table::request::{How, Received};
use crate::http::table::verdict::{
    CellFault, CellNote, FileVerdict, OF_BATCH, OF_ITEM, Outcome, RowVerdict,
};
use crate::language::Language;
use crate::reference::nearest_of;
use crate::results::reports::checks::warnings;
use crate::results::reports::model::FullReport;
use crate::values::TextValue;
use crate::values::ids::ReportId;

/// A row that is right, of a report that is not.
static ANOTHER_ROW: Notice = notice(
    "another_row",
    "Cette ligne est juste, mais une autre du même bilan est refusée : corrigez celle-là, et renvoyez tout le bilan.",
    "This row is right, but another one of the same report is refused: correct that one, and send the whole report again.",
);

/// What came of the reports of a batch.
pub struct Outcomes {
    /// The reports that its items are of.
    pub pieces: Vec<Piece>,
    /// What became of each.
    pub planned: Vec<Planned>,
    /// Those that were written, as they are now.
    pub after: HashMap<ReportId, FullReport>,
    /// The conventions that could be meant, where one that is none was named.
    pub conventions: Vec<String>,
    /// The territories that the caller reports on.
    pub own: Vec<String>,
}

impl Outcomes {
    /// The verdict of the batch.
    ///
    /// # Errors
    /// `validation_failed` for a fault of an atomic batch.
    pub fn told(&self, received: &Received, how: How, language: Language) -> Result<FileVerdict> {
        let mut rows: Vec<Option<RowVerdict>> = received.items.iter().map(|_| None).collect();
        let mut left = OF_BATCH;
        for (piece, planned) in self.pieces.iter().zip(&self.planned) {
            let faults = piece.faults_of_items();
            for index in &piece.items {
                let own = faults.get(index).map(Vec::as_slice).unwrap_or_default();
                let verdict = self.row(
                    received,
                    *index,
                    (piece, planned, own),
                    (how, language, &mut left),
                );
                if let Some(place) = rows.get_mut(*index) {
                    *place = Some(verdict);
                }
            }
        }
        let rows: Vec<RowVerdict> = rows.into_iter().flatten().collect();
        let objects = self.planned.iter().map(Planned::outcome);
        let verdict = FileVerdict::of(received, how, language, (rows, objects));
        if how.is_atomic && verdict.counts.rejected > 0 {
            return Err(Error::validation(self.faults(received)).with_verdicts(&verdict)?);
        }
        Ok(verdict)
    }

    fn row(
        &self,
        received: &Received,
        index: usize,
        (piece, planned, faults): (&Piece, &Planned, &[&ItemFault]),
        (how, language, left): (How, Language, &mut usize),
    ) -> RowVerdict {
        let report = planned.report(&self.after);
        let outcome = planned.outcome();
        // Each that is refused says why, be it in one word.
        let most = (*left).clamp(1, OF_ITEM);
        let is_cut = piece.is_cut || faults.len() > most;
        let told = faults.get(..most).unwrap_or(faults);
        let errors = match planned {
            Planned::Refused(refusal) => {
                self.errors(received, index, (told, refusal.as_ref()), language)
            }
            _ => Vec::new(),
        };
        *left = left.saturating_sub(errors.len());
        let is_kept = !how.is_dry_run || outcome != Outcome::Created;
        RowVerdict {
            index,
            row: received.items.get(index).and_then(|item| item.row),
            outcome,
            id: report
                .filter(|_| is_kept)
                .map(|report| report.report.id.uuid()),
            version: report.map(|report| report.report.version),
            status: report.map(|report| report.report.status.as_str().to_owned()),
            warnings: report
                .map(|report| notes(received, index, (piece, report), language))
                .unwrap_or_default(),
            errors_truncated: is_cut && outcome == Outcome::Rejected,
            errors,
        }
    }

    fn errors(
        &self,
        received: &Received,
        index: usize,
        (faults, refusal): (&[&ItemFault], Option<&Error>),
        language: Language,
    ) -> Vec<CellFault> {
        if let Some(refusal) = refusal {
            let pointer = decisive(refusal.code);
            return vec![received.refused(index, pointer, refusal, language)];
        }
        let told = faults.iter().map(|fault| {
            let told = received.told(index, &fault.pointer, &fault.rule, language);
            let known = match (fault.pointer.as_str(), fault.rule.code()) {
                ("/convention_id", "required" | "unknown_convention" | "unknown_reference") => {
                    &self.conventions
                }
                ("/territory", "required" | "unknown_territory" | "outside_perimeter") => &self.own,
                ("/academy", "outside_territory") => &self.own,
                _ => return told,
            };
            one_of(told, known, received, index)
        });
        let told: Vec<CellFault> = told.collect();
        if told.is_empty() {
            return vec![received.told(index, "", &Rule::Own(&ANOTHER_ROW), language)];
        }
        told
    }

    /// What is wrong, as places of the whole body.
    fn faults(&self, received: &Received) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (piece, planned) in self.pieces.iter().zip(&self.planned) {
            faults.extend(piece.faults.iter().map(|fault| Fault {
                place: at(received.list, fault.item, &fault.pointer),
                rule: fault.rule.clone(),
            }));
            if let (Planned::Refused(Some(error)), Some(item)) = (planned, piece.items.first()) {
                faults.push(Fault {
                    place: at(received.list, *item, decisive(error.code)),
                    rule: Rule::About(&REFUSED_REPORT, error.code.as_str().to_owned()),
                });
            }
        }
        faults.truncate(OF_BATCH);
        faults
    }
}

/// A place of an item, as one of the whole body.
fn at(list: &str, item: usize, pointer: &str) -> Place {
    Place::Pointer(format!("/{list}/{item}{pointer}"))
}

/// The fault of a value that is to be one of these: the only one, or the nearest.
fn one_of(told: CellFault, known: &[String], received: &Received, index: usize) -> CellFault {
    let given = received
        .items
        .get(index)
        .and_then(|item| item.object.pointer(&told.pointer)?.as_str());
    let near = |given: &str| nearest_of(given, known.iter().cloned(), 3);
    let nearest = match known {
        [only] => Some(only.clone()),
        _ => given.and_then(near),
    };
    CellFault {
        accepted: known.iter().cloned().map(Value::from).collect(),
        nearest: nearest.map(Value::from),
        ..told
    }
}

/// A report that is refused as it would be alone.
static REFUSED_REPORT: Notice = notice(
    "refused_report",
    "Ce bilan est refusé : le verdict de sa ligne dit pourquoi.",
    "This report is refused: the verdict of its row says why.",
);

/// The place that decides a refusal of a whole report.
const fn decisive(code: Code) -> &'static str {
    match code {
        Code::ConventionNotSigned => "/convention_id",
        Code::CampaignClosed => "/school_year",
        Code::Forbidden => "/territory",
        _ => "",
    }
}

/// What deserves attention in the part of the report that an item says.
fn notes(
    received: &Received,
    index: usize,
    (piece, report): (&Piece, &FullReport),
    language: Language,
) -> Vec<CellNote> {
    let all = warnings(report, language).into_iter();
    let told = all.flat_map(|warning| {
        // Of the whole report it is said once.
        let places = piece.places(&warning.pointer);
        let first = places.into_iter().next().filter(|(item, _)| *item == index);
        first.map(|(_, pointer)| CellNote {
            cell: received.cell(index, &pointer).0,
            pointer,
            code: warning.code,
            detail: warning.detail,
        })
    });
    told.collect()
}
