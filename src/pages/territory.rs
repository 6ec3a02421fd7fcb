//! A region, an academy or a department: the conventions carried there, what was published of it beside
//! the country, its schools in numbers, and the service to write to.

use actix_web::get;
use maud::{Markup, html};

use super::parts::{self, frame, scrolled};
use super::territories::below;
use super::told::{Told, completeness, explained};
use super::{TAG, published, words};
use crate::agreements::conventions::content::ConventionScope;
use crate::agreements::conventions::directory::model::PublicConvention;
use crate::agreements::conventions::directory::store as directory;
use crate::agreements::conventions::filter::{Filter, Sort};
use crate::agreements::conventions::store as conventions;
use crate::agreements::conventions::term::EffectiveStatus;
use crate::auth::policy::Scope;
use crate::db::page::{Direction, Page};
use crate::error::{Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::page;
use crate::http::query::Anything;
use crate::layout::{Frame, Section, Spoken};
use crate::reference::Territory;
use crate::register::contacts::model::Contact;
use crate::register::contacts::store as contacts;
use crate::register::establishments::filter::Filter as Schools;
use crate::register::establishments::model::EstablishmentState;
use crate::register::establishments::store as establishments;
use crate::register::territories::ancestry;
use crate::results::figures::published::completeness as base;
use crate::results::indicators::model::Dimension;
use crate::results::publications::model::Publication;
use crate::results::publications::store as publications;
use crate::results::publications::store::cells::Cell;
use crate::values::{FromText as _, TerritoryCode, TextValue as _, today};

/// How many conventions are shown.
const SHOWN: i64 = 10;

/// The measures told beside those of the country.
const MEASURES: [&str; 7] = [
    "pupils",
    "girls_share",
    "priority_education_share",
    "actions",
    "establishments",
    "professionals",
    "completeness_rate",
];

/// Un territoire
///
/// Une région académique, une académie ou un département : ce qui y est décliné, ses chiffres publiés à côté de ceux du pays.
#[utoipa::path(
    tag = TAG,
    params(("code" = String, Path, description = "Son code", example = "academy:10")),
    responses((status = 200, description = "La page", body = String, content_type = "text/html"))
)]
#[get("/territoires/{code}")]
pub async fn get_territory_page(call: Call<Anything>) -> Result<Answer> {
    let place = parts::place(call.segment("code")).filter(|place| place.parent.is_some());
    let place = place.ok_or_else(Error::not_found)?;
    let code = TerritoryCode::from_text(&place.code).map_err(|_| Error::not_found())?;
    let connection = call.long_reader().await?;
    let (scope, day) = (call.scope()?, today(call.app.now()));
    let read = Read::of(&connection, scope, place, &code, day).await?;
    let s = crate::http::html::spoken(&call);
    let kind = words::kind_of_place(s, &place.kind);
    let description = format!(
        "{kind} : {}. {}",
        place.name,
        s.say(
            "Conventions déclinées, chiffres publiés, à qui écrire.",
            "Conventions carried there, published figures, whom to write to."
        )
    );
    let frame = Frame {
        steps: steps(s, place),
        ..frame(
            &call,
            Some(Section::Territories),
            format!("{} ({kind})", place.name),
            description,
        )
    };
    let content = html! {
        p class="kicker" { (kind) }
        h1 { (place.name) }
        (read.head(s, place))
        (read.carried(s, place))
        (read.reach(s, place))
        (read.figures(s, place))
        section aria-labelledby="contact" {
            h2 id="contact" { (s.say("À qui s’adresser", "Whom to turn to")) }
            (parts::services(s, &read.contacts))
        }
        (inside(s, place))
    };
    Ok(page(&frame, &content))
}

fn steps(s: Spoken, place: &Territory) -> Vec<crate::layout::Step> {
    let mut steps = vec![(
        s.say("Territoires", "Territories").to_owned(),
        Some("/territoires".to_owned()),
    )];
    let mut above = Vec::new();
    let mut parent = place.parent.as_deref();
    while let Some(found) = parent
        .and_then(parts::place)
        .filter(|one| one.parent.is_some())
    {
        above.push((
            found.name.clone(),
            Some(format!("/territoires/{}", found.code)),
        ));
        parent = found.parent.as_deref();
    }
    steps.extend(above.into_iter().rev());
    steps.push((place.name.clone(), None));
    steps
}

/// What a publication tells of the country and of the place in one year.
struct Year {
    publication: Publication,
    country: Option<Cell>,
    place: Option<Cell>,
}

struct Read {
    conventions: Vec<PublicConvention>,
    number: i64,
    schools: i64,
    contacts: Vec<Contact>,
    /// The last year published.
    year: Option<Year>,
    /// Whose published figures are told: of a department, its academy's.
    told_of: String,
}

impl Read {
    async fn of(
        connection: &diesel_async::AsyncPgConnection,
        scope: &Scope,
        place: &Territory,
        code: &TerritoryCode,
        day: chrono::NaiveDate,
    ) -> Result<Self> {
        let above = ancestry::of_known(connection, std::slice::from_ref(code)).await?;
        let here = carried(code, &above, day);
        let schools = schools(place, code);
        let told_of = told_of(place, code);
        let (found, number, schools, contacts, standing) = tokio::try_join!(
            conventions::page(connection, scope, &here, &NEWEST),
            conventions::count(connection, scope, &here),
            establishments::count(connection, scope, &schools),
            contacts::of_territories(connection, scope, &above),
            publications::standing_of_all(connection, scope),
        )?;
        let ids: Vec<_> = found.iter().flat_map(|one| one.parties(day)).collect();
        let (parties, year) = tokio::try_join!(
            directory::parties(connection, scope, &ids),
            last_year(connection, scope, standing, &told_of.0, told_of.1),
        )?;
        let conventions = found.into_iter();
        Ok(Self {
            conventions: conventions
                .map(|one| PublicConvention::of(one, &parties, day))
                .collect(),
            number,
            schools,
            contacts,
            year,
            told_of: told_of.0.as_str().to_owned(),
        })
    }

    fn head(&self, s: Spoken, place: &Territory) -> Markup {
        let told = |measure: &str| {
            let cell = self.year.as_ref().and_then(|year| year.place.as_ref());
            cell.map_or(Told::Unknown, |cell| Told::of_cell(cell, measure))
        };
        let is_own = self.told_of == place.code;
        let year = self.year.as_ref().filter(|_| is_own);
        html! {
            dl class="figures" {
                (parts::figure(s.say("conventions nationales en vigueur déclinées ici", "national conventions in force carried here"), &html! { (words::count(s, self.number)) }, ""))
                (parts::figure(s.say("établissements ouverts", "open schools"), &html! { (words::count(s, self.schools)) }, ""))
                @if let Some(year) = year {
                    (parts::figure(s.say("établissements avec une action", "schools with an action"), &told("establishments").show(s, "establishments"), &format!("{} {}", s.say("publié pour", "published for"), year.publication.school_year)))
                    (parts::figure(s.say("participations d’élèves", "pupils’ participations"), &told("pupils").show(s, "pupils"), &format!("{} {}", s.say("publié pour", "published for"), year.publication.school_year)))
                }
            }
        }
    }

    fn carried(&self, s: Spoken, place: &Territory) -> Markup {
        let all = format!("/conventions?territory={}", place.code);
        html! {
            section aria-labelledby="declinees" {
                h2 id="declinees" { (s.say("Conventions déclinées ici", "Conventions carried here")) }
                @if self.conventions.is_empty() {
                    p { (s.say("Aucune convention nationale en vigueur n’est encore déclinée ici.", "No national convention in force is carried here yet.")) }
                }
                ul class="found" { @for one in &self.conventions { (parts::convention(s, one, "")) } }
                p {
                    @if self.number > SHOWN {
                        a href=(s.link(&all)) { (s.say("Toutes les conventions déclinées ici", "All conventions carried here")) " (" (words::count(s, self.number)) ")" } " · "
                    }
                    a href=(format!("/public{all}&effective_status=in_force&format=csv")) { (s.say("La liste en CSV", "The list as CSV")) }
                }
            }
        }
    }

    /// Schools with an action and without, in numbers: of two that everybody reads, how many are open and
    /// how many were published to have one. The difference tells no more than these two do.
    fn reach(&self, s: Spoken, place: &Territory) -> Markup {
        let year = self.year.as_ref().filter(|_| self.told_of == place.code);
        let Some(year) = year else { return html! {} };
        let cell = year.place.as_ref();
        let told = cell.map_or(Told::Unknown, |cell| Told::of_cell(cell, "establishments"));
        html! {
            section aria-labelledby="atteints" {
                h2 id="atteints" { (s.say("Établissements atteints", "Schools reached")) " · " (year.publication.school_year) }
                (reached(s, told, self.schools))
                p class="quiet" {
                    (s.say(
                        "Un établissement est atteint quand un bilan validé de l’année le nomme. Les autres n’ont pas d’action connue : un bilan peut manquer, et les établissements ouverts sont comptés aujourd’hui. Aucun n’est nommé ici.",
                        "A school is reached when a validated report of the year names it. The others have no known action: a report may be missing, and open schools are counted today. None is named here.",
                    ))
                    @if let Some(done) = cell.map(base) {
                        " " (completeness(s, done.expected, done.expected_validated, done.validated)) "."
                    }
                }
            }
        }
    }

    fn figures(&self, s: Spoken, place: &Territory) -> Markup {
        let title = s.say("Chiffres publiés", "Published figures");
        let Some(year) = &self.year else {
            return html! { section { h2 { (title) } p { (s.say("Rien n’a encore été publié.", "Nothing was published yet.")) } } };
        };
        let name = parts::place_name(&self.told_of);
        html! {
            section aria-labelledby="chiffres" {
                h2 id="chiffres" { (title) " · " (year.publication.school_year) }
                @if self.told_of != place.code {
                    p { (s.say("Les chiffres se publient par académie. Voici ceux de ", "Figures are published by academy. These are those of ")) (name) "." }
                }
                (scrolled(title, &year.table(s, &name)))
                (explained(s))
                p { a href=(s.link(&format!("/chiffres/{}", year.publication.school_year))) { (s.say("Toutes les académies, toutes les mesures", "All academies, all measures")) } }
            }
        }
    }
}

impl Year {
    fn table(&self, s: Spoken, name: &str) -> Markup {
        let told = |cell: &Option<Cell>, measure: &str| {
            let told = cell
                .as_ref()
                .map_or(Told::Unknown, |cell| Told::of_cell(cell, measure));
            told.show(s, measure)
        };
        html! {
            table {
                thead { tr {
                    th scope="col" { (s.say("Mesure", "Measure")) }
                    th scope="col" class="figure" { (name) }
                    th scope="col" class="figure" { (s.say("France", "France")) }
                } }
                tbody {
                    @for measure in MEASURES {
                        tr {
                            th scope="row" { (words::label(s, "measures", measure)) }
                            td class="figure" { (told(&self.place, measure)) }
                            td class="figure" { (told(&self.country, measure)) }
                        }
                    }
                }
            }
        }
    }
}

/// How many schools are reached, and how many are not, where both are known.
fn reached(s: Spoken, told: Told, open: i64) -> Markup {
    let whole = i32::try_from(open).unwrap_or(i32::MAX);
    let missed = told.value().map(|reached| f64::from(whole) - reached);
    let schools = |number: f64, words: [&'static str; 2]| html! { strong { (words::number(s, number)) } " " (s.say(words[0], words[1])) };
    match missed.filter(|missed| *missed >= 0.0) {
        Some(missed) => html! {
            p {
                (told.show(s, "establishments")) " "
                (s.say("établissements avec une action, sur", "schools with an action, out of")) " "
                (words::count(s, open)) " " (s.say("ouverts", "open")) " : "
                (schools(missed, ["sans action connue.", "without a known action."]))
            }
        },
        None => html! {
            p { (s.say("Établissements avec une action : ", "Schools with an action: ")) (told.show(s, "establishments")) ". " (s.say("Combien n’en ont pas n’est donc pas dit.", "How many have none is therefore not told.")) }
        },
    }
}

/// The latest first.
const NEWEST: Page<Sort> = Page {
    sort: Sort::Reference,
    direction: Direction::Descending,
    limit: SHOWN,
    after: None,
};

/// The national conventions in force that are carried in a place.
fn carried(code: &TerritoryCode, above: &[String], day: chrono::NaiveDate) -> Filter {
    Filter {
        scope: vec![ConventionScope::National],
        effective_status: vec![EffectiveStatus::InForce],
        territory: vec![code.clone()],
        above: above.to_vec(),
        today: day,
        ..Filter::default()
    }
}

/// The open schools of a place.
fn schools(place: &Territory, code: &TerritoryCode) -> Schools {
    let open = Schools {
        state: EstablishmentState::from_text("open").into_iter().collect(),
        ..Schools::default()
    };
    match place.kind.as_str() {
        "department" => Schools {
            department: vec![code.clone()],
            ..open
        },
        "academic_region" => {
            let academies = below(&place.code).into_iter();
            let academies = academies.filter_map(|one| TerritoryCode::from_text(&one.code).ok());
            Schools {
                academy: academies.collect(),
                ..open
            }
        }
        _ => Schools {
            academy: vec![code.clone()],
            ..open
        },
    }
}

/// Whose figures are published for a place, and by what.
fn told_of(place: &Territory, code: &TerritoryCode) -> (TerritoryCode, Dimension) {
    match place.kind.as_str() {
        "academic_region" => (code.clone(), Dimension::AcademicRegion),
        "department" => {
            let parent = place.parent.as_deref().unwrap_or_default();
            let academy = TerritoryCode::from_text(parent).unwrap_or_else(|_| code.clone());
            (academy, Dimension::Academy)
        }
        _ => (code.clone(), Dimension::Academy),
    }
}

async fn last_year(
    connection: &diesel_async::AsyncPgConnection,
    scope: &Scope,
    standing: Vec<Publication>,
    place: &TerritoryCode,
    dimension: Dimension,
) -> Result<Option<Year>> {
    let Some(publication) = standing.into_iter().last() else {
        return Ok(None);
    };
    let last = std::slice::from_ref(&publication);
    let (country, own) = tokio::try_join!(
        published::totals(connection, scope, last),
        published::of_place(connection, scope, last, place, dimension),
    )?;
    Ok(Some(Year {
        country: country.into_iter().next(),
        place: own.into_iter().next(),
        publication,
    }))
}

fn inside(s: Spoken, place: &Territory) -> Markup {
    let parts = below(&place.code);
    let schools = match place.kind.as_str() {
        "department" => format!("/etablissements?department={}", place.code),
        "academic_region" => "/etablissements".to_owned(),
        _ => format!("/etablissements?academy={}", place.code),
    };
    html! {
        section aria-labelledby="dedans" {
            h2 id="dedans" { (s.say("Plus près", "Closer")) }
            @if !parts.is_empty() {
                ul class="tags" {
                    @for part in parts { li class="tag" { a href=(s.link(&format!("/territoires/{}", part.code))) { (part.name) } } }
                }
            }
            p { a href=(s.link(&schools)) { (s.say("Les établissements d’ici, et ce qu’ils peuvent demander", "The schools here, and what they can ask for")) } }
        }
    }
}
