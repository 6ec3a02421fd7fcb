//! The catalogue of conventions: a search, choices with how many each leaves, an order, a page, and the
//! same as a file.

mod choices;
mod list;

use std::collections::HashMap;

use actix_web::get;
use maud::{Markup, html};

use self::choices::{Known, known};
use self::list::carried;
use super::TAG;
use super::address::Address;
use super::parts::{self, frame};
use crate::agreements::conventions::content::ConventionScope;
use crate::agreements::conventions::directory::model::PublicConvention;
use crate::agreements::conventions::directory::store as directory;
use crate::agreements::conventions::directory::store::catalogue::{self, Catalogue};
use crate::agreements::conventions::filter::Filter;
use crate::agreements::conventions::store as conventions;
use crate::error::{Result, Rule};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::html::page;
use crate::http::query::{Parameter, Query, Reader};
use crate::layout::{Frame, Section, Spoken};
use crate::reference::{Reference, fold};
use crate::register::territories::ancestry;
use crate::values::ids::ConventionId;
use crate::values::today;

/// How many conventions a page shows.
const EACH: usize = 20;

/// What can be chosen in the address.
const KNOWN: [&str; 9] = [
    "q",
    "territory",
    "effective_status",
    "sector",
    "axis",
    "action_type",
    "level",
    "sort",
    "page",
];

/// What is chosen by codes: the parameter, the nomenclature, its name in both languages.
const CHOICES: [(&str, &str, &str, &str); 5] = [
    (
        "effective_status",
        "convention_effective_statuses",
        "État aujourd’hui",
        "State today",
    ),
    (
        "sector",
        "sectors",
        "Secteur du partenaire",
        "Sector of the partner",
    ),
    ("axis", "axes", "Axe de travail", "Axis of work"),
    (
        "action_type",
        "action_types",
        "Type d’action",
        "Type of action",
    ),
    ("level", "levels", "Niveau", "Level"),
];

/// The orders: their names in the address and in both languages.
const ORDERS: [(&str, &str, &str); 3] = [
    ("recent", "les plus récentes d’abord", "latest first"),
    ("title", "par intitulé", "by title"),
    ("end", "celles qui finissent d’abord", "ending first"),
];

/// What all states together are called in the address.
const ANY: &str = "any";

/// What is asked of the catalogue.
#[derive(Debug)]
pub struct Asked {
    /// What narrows it down before anything is counted.
    searched: Filter,
    /// The order.
    order: &'static str,
    /// The page, from 1.
    page: usize,
}

impl Query for Asked {
    const PARAMETERS: &'static [Parameter] = &[];
    const IS_LENIENT: bool = true;

    fn read(reader: &mut Reader<'_>) -> Self {
        let filter = Filter {
            scope: vec![ConventionScope::National],
            names_parties: true,
            territory: reader.several("territory"),
            q: reader.q(),
            ..Filter::default()
        };
        for (name, nomenclature, ..) in CHOICES {
            check(reader, name, nomenclature);
        }
        let page = reader.number_or("page", 1, 10_000, 1);
        Self {
            searched: filter,
            order: reader.word("sort", "recent, title, end"),
            page: usize::try_from(page).unwrap_or(1),
        }
    }
}

/// Refuses codes that there are not, in the words of the API.
fn check(reader: &mut Reader<'_>, name: &'static str, nomenclature: &'static str) {
    let Some(list) = Reference::get().nomenclature(nomenclature) else {
        return;
    };
    let asked = reader.text(name).unwrap_or_default();
    let codes = asked.split(',').filter(|code| !code.is_empty());
    for code in codes.filter(|code| *code != ANY && !list.has(code)) {
        reader.fault(name, Rule::UnknownCode(nomenclature, list.meant_by(code)));
    }
}

/// Catalogue des conventions
///
/// Les conventions nationales en vigueur, ou toutes ; une recherche, des filtres, et la même liste en fichier.
#[utoipa::path(tag = TAG, responses((status = 200, description = "La page", body = String, content_type = "text/html")))]
#[get("/conventions")]
pub async fn get_catalogue_page(call: Call<Asked>) -> Result<Answer> {
    let (scope, connection) = (call.scope()?, call.long_reader().await?);
    let today = today(call.app.now());
    let above = ancestry::of_known(&connection, &call.query.searched.territory).await?;
    let filter = Filter {
        today,
        above,
        ..call.query.searched.clone()
    };
    let catalogue = catalogue::read(&connection, scope, &filter).await?;
    let shown = Shown::of(&call, &catalogue);
    let ids = shown.of_page();
    let (found, declined) = tokio::try_join!(
        conventions::find_all(&connection, scope, &ids),
        catalogue::declined(&connection, scope, &ids),
    )?;
    let parties: Vec<_> = found.iter().flat_map(|one| one.parties(today)).collect();
    let parties = directory::parties(&connection, scope, &parties).await?;
    let mut found: Vec<PublicConvention> = found
        .into_iter()
        .map(|one| PublicConvention::of(one, &parties, today))
        .collect();
    found.sort_by_key(|one| ids.iter().position(|id| *id == one.id));
    let declined: HashMap<ConventionId, i64> = declined.into_iter().collect();
    let frame = shown.frame(&call);
    let content = shown.content(frame.spoken, &found, &declined);
    Ok(page(&frame, &content))
}

/// The catalogue as it is shown.
struct Shown<'a> {
    address: Address,
    known: Vec<Known<'a>>,
    /// The places of those left by every choice, in order.
    left: Vec<usize>,
    page: usize,
    updated: Option<chrono::DateTime<chrono::Utc>>,
}

impl<'a> Shown<'a> {
    fn of(call: &Call<Asked>, catalogue: &'a Catalogue) -> Self {
        let address = Address::of("/conventions", &call.admitted.parameters, &KNOWN);
        let known = known(catalogue);
        let mut shown = Self {
            address,
            known,
            left: Vec::new(),
            page: call.query.page,
            updated: catalogue.entries.iter().map(|one| one.updated_at).max(),
        };
        shown.left = (0..shown.known.len())
            .filter(|place| shown.is_left(*place, None))
            .collect();
        shown.sort(call.query.order);
        shown
    }

    /// What is chosen of a choice: of states, those in force unless the address says otherwise.
    fn chosen(&self, name: &str) -> Vec<&str> {
        match self.address.get(name) {
            None if name == "effective_status" => vec!["in_force"],
            None | Some(ANY) => Vec::new(),
            Some(codes) => codes.split(',').collect(),
        }
    }

    /// Whether every choice but one leaves a convention in.
    fn is_left(&self, place: usize, but: Option<usize>) -> bool {
        let mut choices = CHOICES.iter().enumerate();
        self.known.get(place).is_some_and(|known| {
            choices.all(|(choice, (name, ..))| {
                Some(choice) == but || known.is_of(choice, &self.chosen(name))
            })
        })
    }

    fn sort(&mut self, order: &str) {
        let entry = |place: &usize| self.known.get(*place).map(|known| known.entry);
        match order {
            "title" => self
                .left
                .sort_by_cached_key(|place| entry(place).map(|one| fold(&one.title))),
            "end" => self.left.sort_by_cached_key(|place| {
                entry(place).map(|one| (one.until.is_none(), one.until, one.reference.clone()))
            }),
            _ => self.left.sort_by_cached_key(|place| {
                std::cmp::Reverse(entry(place).map(|one| one.reference.clone()))
            }),
        }
    }

    fn of_page(&self) -> Vec<ConventionId> {
        let from = (self.page - 1) * EACH;
        let places = self.left.iter().skip(from).take(EACH);
        let known = places.filter_map(|place| self.known.get(*place));
        known.map(|known| known.entry.id).collect()
    }

    fn frame<'f>(&self, call: &'f Call<Asked>) -> Frame<'f> {
        let frame = frame(call, Some(Section::Conventions), "", "");
        let s = frame.spoken;
        Frame {
            title: s.say("Conventions nationales", "National conventions").to_owned(),
            description: s
                .say(
                    "Le catalogue des conventions nationales entre le ministère et ses partenaires : avec qui, sur quoi, jusqu’à quand.",
                    "The catalogue of national conventions between the ministry and its partners: with whom, about what, until when.",
                )
                .to_owned(),
            address: self.address.to_string(),
            steps: vec![(s.say("Conventions", "Conventions").to_owned(), None)],
            is_indexed: self.address.is_plain(),
            ..frame
        }
    }

    fn content(
        &self,
        s: Spoken,
        found: &[PublicConvention],
        declined: &HashMap<ConventionId, i64>,
    ) -> Markup {
        html! {
            h1 { (s.say("Conventions nationales", "National conventions")) }
            p class="lead" {
                (s.say(
                    "Ce que le ministère a signé avec des branches, des entreprises et des associations. Celles qui sont en vigueur d’abord.",
                    "What the ministry has signed with industries, companies and associations. Those in force first.",
                ))
            }
            (self.search(s))
            div class="catalogue" {
                div class="choices" {
                    h2 { (s.say("Affiner", "Narrow down")) }
                    @for (choice, (name, list, french, english)) in CHOICES.into_iter().enumerate() {
                        (self.choice(s, choice, name, list, s.say(french, english)))
                    }
                }
                div {
                    (self.bar(s))
                    @if found.is_empty() { (self.nothing(s)) }
                    ul class="found" {
                        @for one in found {
                            (parts::convention(s, one, &carried(s, declined.get(&one.id).copied())))
                        }
                    }
                    (self.pages(s))
                    (self.files(s))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_choice_and_order_can_be_said_in_the_address() {
        let names: HashSet<&str> = KNOWN.into_iter().collect();
        assert!(CHOICES.iter().all(|(name, ..)| names.contains(name)));
        for (_, list, ..) in CHOICES {
            assert!(Reference::get().nomenclature(list).is_some(), "{list}");
        }
        assert_eq!(
            ORDERS.map(|(name, ..)| name).join(", "),
            "recent, title, end"
        );
    }
}
