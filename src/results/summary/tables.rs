//! The tables and bars of the printed summary. Each bar has its figure beside it as text, and a label
//! for screen readers: nothing is conveyed by colour alone.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::figures::value;
use super::french::{measured, number, percent};
use super::labels;
use super::model::{SummaryRow, SummaryTarget};
use crate::results::indicators::model::Indicator;
use crate::values::TextValue;

/// How wide a bar can be.
const WIDTH: f64 = 120.0;

/// A bar that fills this share of its frame; hatched where it goes beyond.
pub fn bar(share: f64, text: &str) -> Markup {
    let (filled, is_beyond) = (share.clamp(0.0, 1.0) * WIDTH, share > 1.0);
    html! {
        svg class="bar" role="img" aria-label=(text) viewBox={ "0 0 " (WIDTH) " 10" } width=(WIDTH) height="10" {
            title { (text) }
            rect class="frame" x="0.5" y="0.5" width=(WIDTH - 1.0) height="9" fill="#fff" stroke="#929292" {}
            rect class="filled" x="0.5" y="0.5" width=(format!("{:.1}", (filled - 1.0).max(0.0))) height="9" fill="#000091" {}
            @if is_beyond {
                // What is beyond the target, by strokes that print without colours.
                @for place in [106, 110, 114] {
                    line class="beyond" x1=(place) y1="9.5" x2=(place + 4) y2="0.5" stroke="#fff" {}
                }
            }
        }
    }
}

/// The measures in the columns of a table, besides the bar of pupils.
const COLUMNS: [(&str, Indicator); 5] = [
    ("Actions", Indicator::Actions),
    ("Part de filles", Indicator::GirlsShare),
    ("Éducation prioritaire", Indicator::PriorityEducationShare),
    ("Profes\u{ad}sionnels", Indicator::Professionals),
    ("Établis\u{ad}sements", Indicator::Establishments),
];

const fn is_share(measure: Indicator) -> bool {
    matches!(
        measure,
        Indicator::GirlsShare | Indicator::PriorityEducationShare | Indicator::InternshipFillRate
    )
}

fn of(row: &SummaryRow, measure: Indicator) -> Markup {
    let text = measured(value(&row.values, measure.code()), is_share(measure));
    html! {
        (text)
        @if let Some(base) = narrower_base(&row.values, measure) {
            " " span class="base" { "sur " (number(base)) }
        }
    }
}

/// The pupils that a share of them is over, where they are not all of them: not every line says how
/// many are girls, or in priority education.
pub fn narrower_base(values: &Map<String, Value>, share: Indicator) -> Option<f64> {
    let base = match share {
        Indicator::GirlsShare => Indicator::PupilsGirlsKnown,
        Indicator::PriorityEducationShare => Indicator::PupilsPriorityKnown,
        _ => return None,
    };
    let pupils = value(values, Indicator::Pupils.code());
    value(values, base.code()).filter(|base| Some(*base) != pupils)
}

/// The figures by one thing: a row each, the longest bar for the most pupils.
pub fn by(head: &str, rows: &[SummaryRow]) -> Markup {
    let pupils = |row: &SummaryRow| value(&row.values, Indicator::Pupils.code());
    let most = rows.iter().filter_map(pupils).fold(0.0, f64::max);
    html! {
        table class="by" {
            caption { "Les barres comparent les participations d’élèves entre elles." }
            thead {
                tr {
                    th scope="col" { (head) }
                    th scope="col" colspan="2" { "Participations d’élèves" }
                    @for (name, _) in COLUMNS { th scope="col" class="figure" { (name) } }
                }
            }
            tbody {
                @for row in rows { (of_row(row, pupils(row), most)) }
                @if rows.is_empty() {
                    tr { td colspan=(COLUMNS.len() + 3) { "Aucun bilan validé." } }
                }
            }
        }
    }
}

fn of_row(row: &SummaryRow, pupils: Option<f64>, most: f64) -> Markup {
    let text = measured(pupils, false);
    html! {
        tr {
            th scope="row" { (row.label) }
            td class="figure" { (text) }
            td class="bars" {
                @if let Some(pupils) = pupils.filter(|_| most > 0.0) {
                    (bar(pupils / most, &format!("{} : {text} participations d’élèves", row.label)))
                }
            }
            @for (_, measure) in COLUMNS { td class="figure" { (of(row, measure)) } }
        }
    }
}

/// What was aimed at, and what came of it.
pub fn targets(targets: &[&SummaryTarget]) -> Markup {
    html! {
        table {
            caption { "La barre va jusqu’à l’objectif ; au-delà, son bout est rayé." }
            thead {
                tr {
                    th scope="col" { "Objectif" }
                    th scope="col" { "Territoire" }
                    th scope="col" class="figure" { "Visé" }
                    th scope="col" class="figure" { "Atteint" }
                    th scope="col" colspan="2" { "Réalisation" }
                }
            }
            tbody { @for target in targets { (of_target(target)) } }
        }
    }
}

fn of_target(target: &SummaryTarget) -> Markup {
    let is_share = target.measure.ends_with("_share") || target.measure.ends_with("_rate");
    let rate = target.achievement_rate;
    let kind = labels::kind_of_territory(target.territory.as_str());
    let text = rate.map_or_else(|| measured(None, true), percent);
    html! {
        tr {
            th scope="row" { (target.label) }
            td { (target.territory_name) @if !kind.is_empty() { " (" (kind) ")" } }
            td class="figure" { (measured(Some(target.value), is_share)) }
            td class="figure" { (measured(target.result, is_share)) }
            td class="figure" { (text) }
            td class="bars" {
                @if let Some(rate) = rate {
                    (bar(rate, &format!("{}, {} : {text} de l’objectif", target.label, target.territory_name)))
                }
            }
        }
    }
}

/// A figure of the first page: its name, its value, and a note on it.
pub fn card(label: &str, figure: &str, more: &str) -> Markup {
    html! {
        div class="card" {
            dt { (label) }
            dd { strong { (figure) } @if !more.is_empty() { span { (more) } } }
        }
    }
}

/// So many of so many.
pub fn out_of(part: f64, whole: f64) -> String {
    format!("{} sur {}", number(part), number(whole))
}
