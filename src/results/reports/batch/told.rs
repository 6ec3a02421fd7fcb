//! What is told of a batch of reports: of each row what became of its report.

use std::collections::HashMap;

use super::pieces::{ItemFault, Piece};
use super::plan::Planned;
use crate::error::{Code, Error, Fault, Notice, Result, Rule, notice};
use crate::http::bulk::{FaultBudget, MOST_FAULTS};
use crate::http::table::request::{How, Received};
use crate::http::table::told::Meant;
use crate::http::table::verdict::{CellFault, CellNote, FileVerdict, Outcome, RowVerdict};
use crate::language::Language;
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
    /// What may be meant where something is named that is not known.
    pub meant: Meant,
}

impl Outcomes {
    /// The verdict of the batch.
    ///
    /// # Errors
    /// `validation_failed` for a fault of an atomic batch.
    pub fn told(&self, received: &Received, how: How, language: Language) -> Result<FileVerdict> {
        let mut rows: Vec<Option<RowVerdict>> = received.items.iter().map(|_| None).collect();
        let mut budget = FaultBudget::default();
        for (piece, planned) in self.pieces.iter().zip(&self.planned) {
            let faults = piece.faults_of_items();
            for index in &piece.items {
                let own = faults.get(index).map(Vec::as_slice).unwrap_or_default();
                let verdict = self.row(
                    received,
                    *index,
                    (piece, planned, own),
                    (how, language, &mut budget),
                );
                if let Some(place) = rows.get_mut(*index) {
                    *place = Some(verdict);
                }
            }
        }
        let rows: Vec<RowVerdict> = rows.into_iter().flatten().collect();
        let objects = self.planned.iter().map(Planned::outcome);
        let verdict = FileVerdict::of(received, how, language, (rows, objects));
        verdict.unless_refused(how, || self.faults(received))
    }

    fn row(
        &self,
        received: &Received,
        index: usize,
        (piece, planned, faults): (&Piece, &Planned, &[&ItemFault]),
        (how, language, budget): (How, Language, &mut FaultBudget),
    ) -> RowVerdict {
        let report = planned.report(&self.after);
        let outcome = planned.outcome();
        // Each that is refused says why, be it in one word.
        let told = faults.get(..=budget.of_item()).unwrap_or(faults);
        let mut errors = match planned {
            Planned::Refused(refusal) => {
                self.errors(received, index, (told, refusal.as_ref()), language)
            }
            _ => Vec::new(),
        };
        let is_cut = budget.fit(&mut errors) || piece.is_cut;
        let is_kept = !how.is_dry_run || outcome != Outcome::Created;
        RowVerdict {
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
            ..RowVerdict::of(received, index, outcome)
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
            let at = (index, fault.pointer.as_str());
            self.meant.told(received, at, &fault.rule, language)
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
                place: received.place(fault.item, &fault.pointer),
                rule: fault.rule.clone(),
            }));
            if let (Planned::Refused(Some(error)), Some(item)) = (planned, piece.items.first()) {
                faults.push(Fault {
                    place: received.place(*item, decisive(error.code)),
                    rule: Rule::About(&REFUSED_REPORT, error.code.as_str().to_owned()),
                });
            }
        }
        faults.truncate(MOST_FAULTS);
        faults
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
