//! A school: which conventions reach it, what partners offer near it, how to ask and whom to write to.

use std::collections::HashSet;

use actix_web::get;
use diesel_async::AsyncPgConnection;
use maud::{Markup, html};
use uuid::Uuid;

use super::establishments::where_it_is;
use super::parts::{self, frame, tags};
use super::{TAG, words};
use crate::agreements::conventions::store as conventions;
use crate::auth::person_viewer::Viewer;
use crate::auth::policy::Scope;
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::page;
use crate::http::query::Anything;
use crate::layout::{Frame, Section, Spoken};
use crate::offers::interventions::status::AsOf;
use crate::offers::opportunities::filter::Filter;
use crate::offers::opportunities::model::{Opportunity, Read, opportunities};
use crate::offers::opportunities::store::{self, Asked, Found, PartnerOffer};
use crate::register::contacts::model::Contact;
use crate::register::contacts::store as contacts;
use crate::register::establishments::model::Establishment;
use crate::register::establishments::store as establishments;
use crate::register::territories::ancestry;
use crate::values::ids::{ConventionId, Id};
use crate::values::{FromText as _, TerritoryCode, TextValue as _, Uai};

/// The most offers of one partner that are shown.
const EACH: i64 = 5;

/// The most partners that are shown.
const PARTNERS: usize = 30;

/// Un établissement
///
/// Ce qu'il peut demander, à qui, et les services auxquels écrire.
#[utoipa::path(
    tag = TAG,
    params(("uai" = String, Path, description = "Son numéro UAI", example = "0311131L")),
    responses((status = 200, description = "La page", body = String, content_type = "text/html"))
)]
#[get("/etablissements/{uai}")]
pub async fn get_establishment_page(call: Call<Anything>) -> Result<Answer> {
    let uai = Uai::from_text(call.segment("uai")).map_err(|_| Error::not_found())?;
    let scope = call.scope()?;
    let connection = call.long_reader().await?;
    let here = [TerritoryCode::of_school(&uai)];
    let (school, above) = tokio::try_join!(
        establishments::find(&connection, scope, &uai),
        ancestry::of(&connection, &here),
    )?;
    let asked = Asked {
        above: above.unwrap_or_default(),
        levels: school.levels.iter().map(ToString::to_string).collect(),
        point: school.latitude.zip(school.longitude),
        as_of: AsOf::now(&call.app),
        chosen: Filter::default(),
    };
    let (bonds, offers, contacts) = tokio::try_join!(
        store::partner_offers(&connection, scope, &asked),
        store::interventions(&connection, scope, &asked, EACH),
        contacts::of_territories(&connection, scope, &asked.above),
    )?;
    let read = national(&connection, scope, bonds, offers).await?;
    let s = crate::http::html::spoken(&call);
    let viewer = Viewer::new(scope, Vec::new());
    let found = opportunities(read, &asked, &viewer, s.language);
    let name = school.name.clone().unwrap_or_else(|| uai.to_string());
    let frame = framed(&call, &school, &name);
    let content = html! {
        (heading(s, &school, &name))
        (partners(s, &found))
        (asking(s, &contacts))
    };
    Ok(page(&frame, &content))
}

fn framed<'a>(call: &'a Call<Anything>, school: &Establishment, name: &str) -> Frame<'a> {
    let s = crate::http::html::spoken(call);
    Frame {
        steps: steps(s, school, name),
        ..frame(
            call,
            Some(Section::Establishments),
            name,
            format!(
                "{} · {}",
                where_it_is(school),
                s.say(
                    "ce que l’établissement peut demander, et à qui.",
                    "what the school can ask for, and of whom."
                )
            ),
        )
    }
}

/// What is open to everyone is national: local conventions, and what is offered under them, are not.
async fn national(
    connection: &AsyncPgConnection,
    scope: &Scope,
    bonds: Vec<PartnerOffer>,
    offers: Vec<Found>,
) -> Result<Read> {
    let ids: HashSet<Uuid> = bonds.iter().map(|bond| bond.convention_id).collect();
    let ids: Vec<ConventionId> = ids.into_iter().map(Id::new).collect();
    let national = conventions::national_of(connection, scope, &ids).await?;
    let national: HashSet<Uuid> = national.into_iter().map(|id| id.uuid()).collect();
    Ok(Read {
        partner_offers: bonds
            .into_iter()
            .filter(|one| national.contains(&one.convention_id))
            .collect(),
        found: offers
            .into_iter()
            .filter(|one| national.contains(&one.convention_id))
            .collect(),
        representatives: Vec::new(),
    })
}

fn steps(s: Spoken, school: &Establishment, name: &str) -> Vec<crate::layout::Step> {
    let academy = school.academy.as_ref().map(|code| {
        (
            parts::place_name(code.as_str()),
            Some(format!("/territoires/{code}")),
        )
    });
    let first = (
        s.say("Établissements", "Schools").to_owned(),
        Some("/etablissements".to_owned()),
    );
    let own = (name.to_owned(), None);
    std::iter::once(first).chain(academy).chain([own]).collect()
}

fn heading(s: Spoken, school: &Establishment, name: &str) -> Markup {
    html! {
        p class="kicker" { (where_it_is(school)) }
        h1 { (name) }
        dl class="facts" {
            dt { "UAI" } dd { (school.uai) }
            @if let Some(sector) = &school.sector { dt { (s.say("Secteur", "Sector")) } dd { (words::label(s, "establishment_sectors", sector.as_str())) } }
            @if let Some(priority) = &school.priority_education { dt { (s.say("Éducation prioritaire", "Priority education")) } dd { (priority) } }
            @if !school.levels.is_empty() {
                dt { (s.say("Niveaux", "Levels")) }
                dd { (tags(s, "levels", school.levels.iter().map(|level| level.as_str()))) }
            }
        }
    }
}

fn asking(s: Spoken, contacts: &[Contact]) -> Markup {
    html! {
        section aria-labelledby="demander" {
            h2 id="demander" { (s.say("Comment demander", "How to ask")) }
            ol {
                li { (s.say("Choisissez une intervention ci-dessus ; à défaut, un partenaire dont une convention vous atteint.", "Choose an offer above; failing that, a partner whose convention reaches you.")) }
                li { (s.say("Demandez-la depuis le logiciel de l’établissement ou le portail du partenaire : tous deux parlent au registre, qui suit la demande jusqu’à la réponse.", "Ask for it from the school’s software or the partner’s portal: both speak to the register, which follows the request until it is answered.")) }
                li { (s.say("Pour être accompagné, écrivez au service le plus proche :", "For help, write to the nearest service:")) }
            }
            (parts::services(s, contacts))
        }
    }
}

fn partners(s: Spoken, found: &[Opportunity]) -> Markup {
    html! {
        section aria-labelledby="peut" {
            h2 id="peut" { (s.say("Ce que l’établissement peut demander", "What the school can ask for")) }
            @if found.is_empty() {
                p { (s.say("Aucune convention nationale en vigueur n’atteint aujourd’hui cet établissement.", "No national convention in force reaches this school today.")) }
            } @else {
                p {
                    strong { (words::length(s, found.len())) " " @if found.len() > 1 { (s.say("partenaires", "partners")) } @else { (s.say("partenaire", "partner")) } } " "
                    (s.say("liés par une convention nationale en vigueur ; les plus proches d’abord.", "bound by a national convention in force; the nearest first."))
                }
                ul class="found" { @for one in found.iter().take(PARTNERS) { (partner(s, one)) } }
            }
        }
    }
}

fn partner(s: Spoken, one: &Opportunity) -> Markup {
    html! {
        li {
            h3 {
                (one.partner.name)
                @if let Some(acronym) = one.partner.acronym.as_ref().filter(|acronym| **acronym != one.partner.name) { " (" (acronym) ")" }
            }
            @for convention in &one.conventions {
                p class="quiet" {
                    a href=(s.link(&format!("/conventions/{}", convention.reference))) { (convention.title) } ". "
                    @for reason in &convention.reasons { (reason.detail) " " }
                }
            }
            @if one.interventions.is_empty() {
                p { (s.say("Aucune intervention publiée pour vos niveaux : la convention vous permet d’en demander une.", "No offer published for your levels: the convention lets you ask for one.")) }
            } @else {
                p { (words::count(s, one.interventions_count)) " " @if one.interventions_count > 1 { (s.say("interventions pour vous :", "offers for you:")) } @else { (s.say("intervention pour vous :", "offer for you:")) } }
                ul {
                    @for offer in &one.interventions {
                        li {
                            strong { (offer.title) } " · " (words::label(s, "action_types", &offer.action_type)) " · " (words::label(s, "modalities", &offer.modality))
                            @if let Some(distance) = offer.distance_km { " · " (words::number(s, distance)) "\u{a0}km" }
                            @if let Some(last) = offer.available_to { " · " (s.say("jusqu’au ", "until ")) (words::day(s, last)) }
                        }
                    }
                }
            }
        }
    }
}
