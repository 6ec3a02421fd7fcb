//! The summary as a page to print, in French: one document, no program, nothing fetched. What is
//! stored is escaped by the template; the style is the only text that is not.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Map, Value};

use super::figures::value;
use super::french::{change, day, measured, number, percent};
use super::labels;
use super::model::{ConventionSummary, SummaryExcerpt, SummaryFigures, SummaryHead, SummaryTarget};
use super::tables::{bar, by, card, narrower_base, out_of, targets};
use crate::language::Language;
use crate::results::indicators::model::Indicator;
use crate::values::{Territory, TextValue, today};

/// Its style: paper first, and the same on a screen.
const STYLE: &str = include_str!("page.css");

/// The whole document.
pub fn page(summary: &ConventionSummary) -> Markup {
    let (head, year) = (&summary.convention, summary.school_year.as_str());
    html! {
        (DOCTYPE)
        html lang="fr" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (head.reference) " · Synthèse " (year) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (heading(head, year, &source(summary)))
                main {
                    @if !summary.notes.is_empty() { (notes(summary)) }
                    @match &summary.figures {
                        Some(figures) => (figures_section(summary, figures)),
                        None => (untold(summary)),
                    }
                    (annex(summary))
                }
                (foot(summary))
            }
        }
    }
}

/// Whether the figures are live or published.
fn source(summary: &ConventionSummary) -> String {
    match &summary.figures {
        Some(_) => format!(
            "Chiffres en direct, tels que les bilans validés les donnent le {} : ils ne sont pas publiés.",
            day(summary.computed_on)
        ),
        None => "Sans chiffres : ceux qui sont publiés se lisent à part.".to_owned(),
    }
}

fn heading(head: &SummaryHead, year: &str, source: &str) -> Markup {
    let status = head.effective_status.map(|status| {
        labels::of_code(
            "convention_effective_statuses",
            status.code(),
            Language::French,
        )
    });
    let names: Vec<&str> = head
        .partners
        .iter()
        .map(|party| party.name.as_str())
        .collect();
    html! {
        header {
            p class="kind" { "Synthèse annuelle · année scolaire " (year) }
            h1 { (head.title) }
            p class="source" { (source) }
            dl class="head" {
                dt { "Référence" } dd { (head.reference) }
                dt { "Nature" } dd { (labels::of_code("convention_kinds", head.kind.as_str(), Language::French)) }
                @if let Some(territory) = &head.territory {
                    dt { "Territoire" } dd { (placed(territory.as_str())) }
                }
                dt { @if names.len() > 1 { "Partenaires" } @else { "Partenaire" } }
                dd { (names.join(" · ")) }
                dt { "Période" } dd { (period(head)) }
                @if let Some(status) = status { dt { "Situation" } dd { (status) } }
                @if let Some(office) = &head.managing_office { dt { "Suivi par" } dd { (office) } }
            }
        }
    }
}

/// A territory with its kind.
fn placed(code: &str) -> String {
    let (name, kind) = (labels::of_territory(code), labels::kind_of_territory(code));
    if kind.is_empty() {
        name
    } else {
        format!("{name} ({kind})")
    }
}

fn period(head: &SummaryHead) -> String {
    match (head.starts_on, head.effective_ends_on) {
        (Some(first), Some(last)) => format!("du {} au {}", day(first), day(last)),
        (Some(first), None) => format!("depuis le {}, sans échéance connue", day(first)),
        (None, Some(last)) => format!("jusqu’au {}", day(last)),
        (None, None) => "non connue".to_owned(),
    }
}

fn notes(summary: &ConventionSummary) -> Markup {
    let perimeter = summary.perimeter.iter().flatten();
    let places: Vec<String> = perimeter.map(|code| placed(code)).collect();
    html! {
        div class="note" role="note" {
            @for note in &summary.notes { p { (note.detail) } }
            @if !places.is_empty() { p { "Périmètre : " (places.join(", ")) "." } }
        }
    }
}

fn figures_section(summary: &ConventionSummary, figures: &SummaryFigures) -> Markup {
    let codes = summary.coverage.academies_not_covered.iter();
    let missing: Vec<String> = codes.map(|code| labels::of_territory(code)).collect();
    html! {
        (key_figures(summary, figures))
        section { h2 { "Tous les chiffres" } (all(summary, figures)) }
        (agreed_targets(summary))
        section {
            h2 { "Par académie" }
            (by("Académie", &figures.by_academy))
            @if !missing.is_empty() {
                p class="small" {
                    "Au " (day(summary.coverage.on)) ", la convention n’est pas déclinée dans " (count(missing.len()))
                    " : " (missing.join(", ")) "."
                }
            }
        }
        section {
            h2 { "Par type d’action" }
            (by("Type d’action", &figures.by_action_type))
        }
        section {
            h2 { "Par niveau" }
            (by("Niveau", &figures.by_level))
        }
    }
}

fn count(academies: usize) -> String {
    match academies {
        1 => "une académie".to_owned(),
        more => format!("{more} académies"),
    }
}

/// For those who read published figures only.
fn untold(summary: &ConventionSummary) -> Markup {
    html! {
        section {
            h2 { "Couverture du territoire" }
            dl class="cards" { (coverage(summary)) }
        }
        (agreed_targets(summary))
    }
}

/// The targets of the convention.
fn agreed_targets(summary: &ConventionSummary) -> Markup {
    let of_convention = of_targets(summary, |target| target.declination_id.is_none());
    html! {
        @if !of_convention.is_empty() {
            section { h2 { "Objectifs de la convention" } (targets(&of_convention)) }
        }
    }
}

fn of_targets(
    summary: &ConventionSummary,
    is_wanted: impl Fn(&&SummaryTarget) -> bool,
) -> Vec<&SummaryTarget> {
    summary.targets.iter().filter(is_wanted).collect()
}

fn key_figures(summary: &ConventionSummary, figures: &SummaryFigures) -> Markup {
    let of = |measure: Indicator| value(&figures.totals, measure.code());
    let girls = of(Indicator::GirlsShare).map(|share| girls(&figures.totals, share));
    let filled = of(Indicator::InternshipsFilled).zip(of(Indicator::InternshipsOffered));
    let rate = of(Indicator::InternshipFillRate).map(|rate| format!("{} pourvus", percent(rate)));
    let hours = of(Indicator::Hours).map(|hours| format!("{} heures", number(hours)));
    html! {
        section {
            h2 { "L’essentiel" }
            dl class="cards" {
                (card("Participations d’élèves", &measured(of(Indicator::Pupils), false), &girls.unwrap_or_default()))
                (card("Actions", &measured(of(Indicator::Actions), false), &hours.unwrap_or_default()))
                (card("Établissements", &measured(of(Indicator::Establishments), false), "distincts"))
                (card("Professionnels", &measured(of(Indicator::Professionals), false), "participations"))
                (card("Entreprises", &measured(of(Indicator::Companies), false), "participations"))
                (card("Stages et périodes", &filled.map_or_else(|| measured(None, false), |(part, whole)| out_of(part, whole)),
                      &rate.unwrap_or_default()))
                (completeness(figures))
                (coverage(summary))
            }
        }
    }
}

/// The share of girls, and over whom it is where not every line states them.
fn girls(totals: &Map<String, Value>, share: f64) -> String {
    let share = percent(share);
    narrower_base(totals, Indicator::GirlsShare).map_or_else(
        || format!("dont {share} de filles"),
        |base| {
            format!(
                "{share} de filles, sur {} dont elles sont connues",
                number(base)
            )
        },
    )
}

fn completeness(figures: &SummaryFigures) -> Markup {
    let reports = figures.completeness;
    let Some((expected, of_them)) = reports.expected.zip(reports.expected_validated) else {
        let validated = reports.validated.to_string();
        return card("Bilans validés", &validated, "aucune campagne n’en attend");
    };
    let text = format!("{of_them} sur {expected}");
    let others = reports.unexpected().unwrap_or_default();
    html! {
        div class="card" {
            dt { "Bilans validés" }
            dd {
                strong { (text) }
                @if let Some(rate) = reports.rate {
                    span { (percent(rate)) " des bilans attendus" }
                    (bar(rate, &format!("{text} bilans attendus")))
                } @else { span { "aucun bilan attendu" } }
                @if others > 0 { span { (unexpected(others)) } }
            }
        }
    }
}

fn unexpected(reports: i64) -> String {
    match reports {
        1 => "et un bilan non attendu".to_owned(),
        more => format!("et {more} bilans non attendus"),
    }
}

fn coverage(summary: &ConventionSummary) -> Markup {
    let coverage = &summary.coverage;
    let text = format!("{} sur {}", coverage.academies_covered, coverage.academies);
    html! {
        div class="card" {
            dt { "Académies couvertes" }
            dd {
                strong { (text) }
                @if let Some(rate) = coverage.coverage_rate {
                    span { (percent(rate)) ", au " (day(coverage.on)) }
                    (bar(rate, &format!("{text} académies")))
                }
            }
        }
    }
}

/// Every measure, this year and the one before.
fn all(summary: &ConventionSummary, figures: &SummaryFigures) -> Markup {
    let before = &figures.last_year;
    let (now, then) = (
        figures.completeness.validated,
        before.completeness.validated,
    );
    html! {
        table class="all" {
            caption {
                "Totaux, sur les bilans validés : " (now) " en " (summary.school_year.as_str()) ", " (then) " en "
                (before.school_year.as_str()) "."
            }
            thead {
                tr {
                    th scope="col" { "Mesure" }
                    th scope="col" class="figure" { (summary.school_year.as_str()) }
                    th scope="col" class="figure" { (before.school_year.as_str()) }
                    th scope="col" class="figure" { "Évolution" }
                }
            }
            tbody {
                @for (measure, total) in &figures.totals {
                    @let definition = figures.definitions.get(measure.as_str());
                    @let is_share = definition.is_some_and(|one| one.kind == "share");
                    tr {
                        th scope="row" { (definition.map_or(measure.as_str(), |one| one.label.as_str())) }
                        @let last = value(&before.totals, measure);
                        td class="figure" { (measured(total.as_f64(), is_share)) }
                        td class="figure" { (measured(last, is_share)) }
                        td class="figure" { (change(total.as_f64(), last, is_share)) }
                    }
                }
            }
        }
        p class="small" {
            "Un élève présent à deux actions compte deux fois ; il en va de même des professionnels et des entreprises. "
            "Les établissements sont comptés une fois chacun : leur nombre ne s’additionne pas d’une ligne à l’autre. "
            "« Non connu » : aucun bilan validé ne le dit."
        }
    }
}

/// What is read after the figures: folded on a screen, on pages of its own on paper.
fn annex(summary: &ConventionSummary) -> Markup {
    let of_declinations = of_targets(summary, |target| target.declination_id.is_some());
    html! {
        @if !of_declinations.is_empty() || !summary.narratives.is_empty() {
            div class="annex" {
                @if !of_declinations.is_empty() {
                    details {
                        summary { h2 { "Annexe · Objectifs des déclinaisons" } }
                        (targets(&of_declinations))
                    }
                }
                @if !summary.narratives.is_empty() { (narratives(summary)) }
            }
        }
    }
}

fn narratives(summary: &ConventionSummary) -> Markup {
    html! {
        details class="narratives" {
            summary { h2 { "Annexe · Ce que disent les bilans" } }
            @for excerpt in &summary.narratives { (narrative(excerpt)) }
            @if summary.narratives_left_out > 0 {
                p class="small" { (summary.narratives_left_out) " autres récits ne sont pas repris ici." }
            }
        }
    }
}

fn narrative(excerpt: &SummaryExcerpt) -> Markup {
    let parts = [
        ("Résultats", &excerpt.results),
        ("Difficultés", &excerpt.difficulties),
        ("Perspectives", &excerpt.outlook),
    ];
    html! {
        article {
            h3 { (excerpt.territory_name) span { (kind(excerpt)) } }
            @for (name, text) in parts {
                @if let Some(text) = text { h4 { (name) } p class="said" { (text) } }
            }
        }
    }
}

/// What kind of territory speaks; of a school, its number.
fn kind(excerpt: &SummaryExcerpt) -> String {
    match excerpt.territory.territory() {
        Some(Territory::School(uai)) => uai.to_string(),
        _ => labels::kind_of_territory(excerpt.territory.as_str()).to_owned(),
    }
}

fn foot(summary: &ConventionSummary) -> Markup {
    let latest = summary
        .figures
        .as_ref()
        .and_then(|figures| figures.computed_at);
    html! {
        footer {
            p {
                "Synthèse établie le " (day(summary.computed_on)) "."
                @if let Some(latest) = latest {
                    " Les chiffres sont ceux des bilans validés jusqu’au " (day(today(latest))) "."
                }
            }
            p { "Empreinte du texte (SHA-256) : " code { (summary.convention.content_hash) } }
        }
    }
}
