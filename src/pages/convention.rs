//! A convention: with whom, about what, until when; where it is carried; what it offers; what was
//! published of it; what was signed when.

use actix_web::get;
use chrono::NaiveDate;
use diesel_async::AsyncPgConnection;
use maud::{Markup, html};

use super::map::{Tile, key, map};
use super::parts::{self, frame, scrolled, tags};
use super::told::{Told, completeness, explained};
use super::{TAG, proof, words};
use crate::agreements::conventions::coverage::model::{AcademyCoverage, Coverage};
use crate::agreements::conventions::directory::model::PublicPartner;
use crate::agreements::declinations::content::DeclinationLevel;
use crate::app::App;
use crate::auth::policy::Scope;
use crate::db::limit::Plan;
use crate::db::page::{Direction, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::page;
use crate::http::query::Anything;
use crate::layout::{Frame, Section, Spoken};
use crate::offers::interventions::filter::{Filter, Sort};
use crate::offers::interventions::model::Offer;
use crate::offers::interventions::status::{AsOf, Status};
use crate::offers::interventions::store as interventions;
use crate::results::permalinks::model::{ConventionPermalink, PublishedYear};
use crate::results::permalinks::reading;
use crate::values::ids::ConventionId;
use crate::values::{TextValue as _, today};

/// How many offers are shown.
const OFFERS: i64 = 6;

/// The measures in the columns of a year.
const MEASURES: [&str; 6] = [
    "pupils",
    "girls_share",
    "actions",
    "establishments",
    "professionals",
    "internships_filled",
];

/// Une convention
///
/// La convention nationale de cette référence, pour qui la lit dans un navigateur.
#[utoipa::path(
    tag = TAG,
    params(("reference" = String, Path, description = "Sa référence", example = "CN-2019-0001")),
    responses((status = 200, description = "La page", body = String, content_type = "text/html"))
)]
#[get("/conventions/{reference}")]
pub async fn get_convention_page(call: Call<Anything>) -> Result<Answer> {
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let day = today(call.app.now());
    let found = reading::read(&connection, scope, call.segment("reference"), day).await?;
    let (offers, number) = offered(&connection, scope, &call.app, found.convention.id).await?;
    let s = crate::http::html::spoken(&call);
    let frame = framed(&call, &found);
    let content = html! {
        (heading(s, &found))
        (declined(s, &found.coverage))
        (offered_now(s, &offers, number))
        (published(s, &found))
        (history(s, &found))
        (proof::section(s, &found))
        (files(s, &found))
    };
    Ok(page(&frame, &content))
}

fn framed<'a>(call: &'a Call<Anything>, found: &ConventionPermalink) -> Frame<'a> {
    let s = crate::http::html::spoken(call);
    let one = &found.convention;
    let names: Vec<&str> = one
        .partners
        .iter()
        .map(|party| party.name.as_str())
        .collect();
    let description = format!(
        "{} · {} · {}",
        names.join(", "),
        words::state(s, one.effective_status).0,
        words::period(s, one.starts_on, one.effective_ends_on)
    );
    Frame {
        steps: vec![
            (
                s.say("Conventions", "Conventions").to_owned(),
                Some("/conventions".to_owned()),
            ),
            (one.reference.clone(), None),
        ],
        ..frame(
            call,
            Some(Section::Conventions),
            one.title.as_str(),
            description,
        )
    }
}

/// What it offers now: the first few, and how many there are.
async fn offered(
    connection: &AsyncPgConnection,
    scope: &Scope,
    app: &App,
    convention: ConventionId,
) -> Result<(Vec<Offer>, i64)> {
    let offered = Filter {
        convention_id: vec![convention],
        status: vec![Status::Published],
        as_of: AsOf::now(app),
        ..Filter::default()
    };
    let first = Page {
        sort: Sort::UpdatedAt,
        direction: Direction::Descending,
        limit: OFFERS,
        after: None,
    };
    tokio::try_join!(
        interventions::page(connection, scope, &offered, &first, Plan::Anew),
        interventions::count(connection, scope, &offered),
    )
}

fn heading(s: Spoken, found: &ConventionPermalink) -> Markup {
    let one = &found.convention;
    let (status, class) = words::state(s, one.effective_status);
    html! {
        p class="kicker" { (words::label(s, "convention_kinds", one.kind.as_str())) " · " (one.reference) }
        h1 { (one.title) }
        p class="lead" {
            span class=(class) { (status) } " "
            (words::period(s, one.starts_on, one.effective_ends_on))
        }
        @if let Some(purpose) = &one.purpose { p class="said" { (purpose) } }
        dl class="facts" {
            dt { @if one.partners.len() > 1 { (s.say("Partenaires", "Partners")) } @else { (s.say("Partenaire", "Partner")) } }
            dd {
                ul {
                    @for party in &one.partners { (partner(s, party)) }
                }
            }
            (covered(s, s.say("Axes de travail", "Axes of work"), "axes", one.axes.iter().map(|code| code.as_str()).collect()))
            (covered(s, s.say("Types d’action", "Types of action"), "action_types", one.action_types.iter().map(|code| code.as_str()).collect()))
            (covered(s, s.say("Niveaux", "Levels"), "levels", one.levels.iter().map(|code| code.as_str()).collect()))
            (terms(s, found))
        }
    }
}

fn partner(s: Spoken, party: &PublicPartner) -> Markup {
    html! {
                        li {
                            strong { (party.name) }
                            @if let Some(acronym) = &party.acronym { @if acronym.as_str() != party.name.as_str() { " (" (acronym) ")" } }
                            @if let Some(website) = &party.website { " · " a href=(website) rel="external" { (s.say("site du partenaire", "partner’s website")) span class="unseen" { " " (party.name) } } }
                            (tags(s, "sectors", party.sectors.iter().map(|sector| sector.as_str())))
                        }
    }
}

/// What was agreed on its end, and where it can be read.
fn terms(s: Spoken, found: &ConventionPermalink) -> Markup {
    let one = &found.convention;
    html! {
            @if let Some(renewal) = &found.renewal {
                dt { (s.say("Renouvellement", "Renewal")) }
                dd {
                    (words::label(s, "renewal_modes", renewal.mode.as_str()))
                    @if let Some(months) = renewal.months { ", " (months) " " (s.say("mois", "months")) }
                }
            }
            @if let Some(months) = found.notice_months {
                dt { (s.say("Préavis de résiliation", "Notice of termination")) }
                dd { (months) " " (s.say("mois", "months")) }
            }
            @if let Some(nor) = &one.nor { dt { "NOR" } dd { (nor) } }
            @if let Some(bulletin) = &one.bulletin_reference {
                dt { (s.say("Bulletin officiel", "Official bulletin")) }
                dd { (bulletin) }
            }
            @if !one.documents.is_empty() {
                dt { (s.say("Documents", "Documents")) }
                dd { ul { @for document in &one.documents {
                    li { a href=(document.url) rel="external" { (document.title) } " (" (words::label(s, "document_kinds", document.kind.as_str())) ")" }
                } } }
            }
    }
}

/// What it covers; an empty list restricts nothing.
fn covered(s: Spoken, name: &str, list: &str, codes: Vec<&str>) -> Markup {
    html! {
        dt { (name) }
        dd {
            @if codes.is_empty() { (s.say("Tous : la convention ne restreint rien", "All: the convention restricts nothing")) }
            @else { (tags(s, list, codes)) }
        }
    }
}

fn declined(s: Spoken, coverage: &Coverage) -> Markup {
    let totals = &coverage.totals;
    let academies: Vec<&AcademyCoverage> = coverage
        .regions
        .iter()
        .flat_map(|region| &region.academies)
        .chain(&coverage.overseas)
        .collect();
    let reached = totals.reached;
    let title = s.say("Où elle est déclinée", "Where it is carried");
    html! {
        section aria-labelledby="declinee" {
            h2 id="declinee" { (title) }
            p {
                strong { (words::length(s, totals.academies_declined)) " " (words::plural(s, i64::try_from(totals.academies_declined).unwrap_or(i64::MAX), ["académie sur", "académies sur"], ["academy out of", "academies out of"])) " " (words::length(s, totals.academies)) } ", "
                (words::count(s, reached.establishments_reached)) " "
                (words::plural(s, reached.establishments_reached, ["établissement atteint sur", "établissements atteints sur"], ["school reached out of", "schools reached out of"])) " " (words::count(s, reached.establishments))
                @if let Some(share) = reached.reached_share { " (" (words::percent(s, share)) ")" } "."
            }
            div class="picture" {
                figure {
                    (map(|code| tile(s, &academies, code)))
                    (key(s, &[
                        (Some(4), s.say("par l’académie", "by the academy").to_owned()),
                        (Some(2), s.say("par la région académique", "by the academic region").to_owned()),
                        (Some(0), s.say("pas déclinée", "not carried").to_owned()),
                    ]))
                    figcaption { (s.say("Chaque carré est une académie ou un service d’outre-mer, avec la part de ses établissements atteints. Le tableau dit la même chose.", "Each square is an academy or an overseas service, with the share of its schools that are reached. The table says the same.")) }
                }
                (scrolled(title, &table(s, &academies)))
            }
        }
    }
}

fn tile(s: Spoken, academies: &[&AcademyCoverage], code: &str) -> Tile {
    let found = academies.iter().find(|academy| academy.code == code);
    let share = found.and_then(|academy| academy.reached.reached_share);
    let (class, how) = match found.and_then(|academy| academy.via) {
        Some(DeclinationLevel::AcademicRegion) => (
            2,
            s.say("par la région académique", "by the academic region"),
        ),
        Some(_) => (4, s.say("par l’académie", "by the academy")),
        None => (0, s.say("pas déclinée", "not carried")),
    };
    Tile {
        class: found.map(|_| class),
        value: match share.filter(|share| *share > 0.0) {
            Some(share) => words::percent(s, (share * 100.0).round() / 100.0),
            None => String::new(),
        },
        words: format!("{} : {how}", parts::place_name(code)),
        link: Some(s.link(&format!("/territoires/{code}"))),
    }
}

fn table(s: Spoken, academies: &[&AcademyCoverage]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { (s.say("Académie", "Academy")) }
                th scope="col" { (s.say("Déclinée", "Carried")) }
                th scope="col" class="figure" { (s.say("Établissements atteints", "Schools reached")) }
            } }
            tbody {
                @for academy in academies {
                    tr {
                        th scope="row" { a href=(s.link(&format!("/territoires/{}", academy.code))) { (academy.name) } }
                        td {
                            @match academy.via {
                                Some(DeclinationLevel::AcademicRegion) => (s.say("par la région", "by the region")),
                                Some(_) => (s.say("par l’académie", "by the academy")),
                                None => (s.say("non", "no")),
                            }
                            @if let Some(since) = academy.since { br; small { (s.say("depuis le ", "since ")) (words::day(s, since)) } }
                        }
                        td class="figure" {
                            (words::count(s, academy.reached.establishments_reached)) " / " (words::count(s, academy.reached.establishments))
                        }
                    }
                }
            }
        }
    }
}

fn offered_now(s: Spoken, offers: &[Offer], number: i64) -> Markup {
    html! {
        section aria-labelledby="offres" {
            h2 id="offres" { (s.say("Ce qu’elle propose aujourd’hui", "What it offers today")) }
            @if offers.is_empty() {
                p { (s.say("Aucune intervention n’est publiée sous cette convention aujourd’hui.", "No offer is published under this convention today.")) }
            } @else {
                p {
                    strong { (words::count(s, number)) } " "
                    (s.say("interventions publiées. Les dernières confirmées :", "published offers. The latest:"))
                }
                ul class="found" {
                    @for offer in offers {
                        @let content = &offer.intervention.content;
                        li {
                            h3 { (content.title) }
                            p class="quiet" {
                                (words::label(s, "action_types", content.action_type.as_str())) " · "
                                (words::label(s, "modalities", content.modality.as_str()))
                                @if let Some(last) = content.available_to { " · " (s.say("jusqu’au ", "until ")) (words::day(s, last)) }
                            }
                            (tags(s, "levels", content.levels.iter().map(|level| level.as_str())))
                        }
                    }
                }
            }
            p { a href=(s.link("/etablissements")) { (s.say("Trouver mon établissement et voir ce qu’il peut demander", "Find my school and see what it can ask for")) } }
        }
    }
}

fn published(s: Spoken, found: &ConventionPermalink) -> Markup {
    let title = s.say("Chiffres publiés", "Published figures");
    html! {
        section aria-labelledby="chiffres" {
            h2 id="chiffres" { (title) }
            @if found.figures.is_empty() {
                p { (s.say("Rien n’a encore été publié de cette convention.", "Nothing was published of this convention yet.")) }
            } @else {
                (scrolled(title, &years(s, &found.figures)))
                (explained(s))
            }
        }
    }
}

fn years(s: Spoken, years: &[PublishedYear]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { (s.say("Année scolaire", "School year")) }
                @for measure in MEASURES { th scope="col" class="figure" { (words::label(s, "measures", measure)) } }
                th scope="col" { (s.say("Complétude", "Completeness")) }
            } }
            tbody {
                @for year in years.iter().rev() {
                    @let done = &year.completeness;
                    tr {
                        th scope="row" {
                            a href=(s.link(&format!("/chiffres/{}", year.school_year))) { (year.school_year) }
                            br; small { (words::label(s, "publication_statuses", year.status.as_str())) }
                        }
                        @for measure in MEASURES { td class="figure" { (Told::of_year(year, measure).show(s, measure)) } }
                        td { small { (completeness(s, done.expected, done.expected_validated, done.validated)) } }
                    }
                }
            }
        }
    }
}

/// What was signed and took effect, day by day.
fn events(s: Spoken, found: &ConventionPermalink) -> Vec<(NaiveDate, String)> {
    let one = &found.convention;
    let told = |day: Option<NaiveDate>, words: String| day.map(|day| (day, words));
    let said = |french, english| s.say(french, english).to_owned();
    let of_all = said("Signée par toutes les parties", "Signed by all parties");
    let last = said("Dernier jour, vu d’aujourd’hui", "Last day, as seen today");
    let mut events = proof::signatures(s, found, None);
    events.extend(told(one.signed_on, of_all));
    events.extend(told(one.starts_on, said("Premier jour", "First day")));
    for amendment in &found.amendments {
        let number = amendment.number;
        let short = proof::act_name(s, Some(number));
        let name = format!("{short} · {}", amendment.title);
        let signed = format!("{name} : {}", s.say("signé", "signed"));
        let effect = format!("{name} : {}", s.say("prend effet", "takes effect"));
        events.extend(proof::signatures(s, found, Some(number)));
        events.extend(told(amendment.signed_on, signed));
        events.extend(told(Some(amendment.effective_on), effect));
    }
    events.extend(told(one.effective_ends_on, last));
    // Of one day, in the order of what leads to what.
    events.sort_by_key(|(day, _)| *day);
    events
}

fn history(s: Spoken, found: &ConventionPermalink) -> Markup {
    let events = events(s, found);
    html! {
        @if !events.is_empty() {
            section aria-labelledby="histoire" {
                h2 id="histoire" { (s.say("Ce qui a été signé, et quand", "What was signed, and when")) }
                ol class="history" {
                    @for (day, words) in events { li { time datetime=(day.to_string()) { (words::day(s, day)) } (words) } }
                }
            }
        }
        @if !found.articles.is_empty() {
            section aria-labelledby="articles" {
                h2 id="articles" { (s.say("Articles ajoutés ou récrits par avenant", "Articles added or rewritten by amendment")) }
                @for article in &found.articles { h3 { (article.article) } p class="said" { (article.text) } }
            }
        }
    }
}

fn files(s: Spoken, found: &ConventionPermalink) -> Markup {
    let one = &found.convention;
    html! {
        section {
            h2 { (s.say("Réutiliser", "Reuse")) }
            p {
                a href=(format!("/public/conventions/{}", one.reference)) { (s.say("Cette convention en JSON", "This convention as JSON")) }
                " · " a href="/public/conventions?format=csv" { (s.say("Toutes en CSV", "All as CSV")) }
            }
            p class="quiet" {
                (s.say("Sous Licence Ouverte 2.0. Dernière mise à jour : ", "Under the Open Licence 2.0. Last updated on ")) (words::day(s, today(one.updated_at))) ". "
                (s.say("Cette adresse ne change pas : elle peut être citée.", "This address does not change: it can be cited."))
            }
        }
    }
}
