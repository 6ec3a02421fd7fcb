//! What conventions are chosen by, and how many each choice leaves.

use std::collections::HashMap;

use maud::{Markup, html};

use super::{ANY, Shown};
use crate::agreements::conventions::directory::store::catalogue::{Catalogue, Entry};
use crate::layout::Spoken;
use crate::pages::words;
use crate::reference::Reference;
use crate::values::TextValue;
use crate::values::ids::ConventionId;

/// What one convention is chosen by: for each choice, its codes; none where it is open to all of them.
pub(super) struct Known<'a> {
    pub(super) entry: &'a Entry,
    codes: [Option<Vec<&'a str>>; 5],
}

impl Known<'_> {
    /// Whether a choice of codes leaves it in.
    pub(super) fn is_of(&self, choice: usize, chosen: &[&str]) -> bool {
        let own = self.codes.get(choice);
        chosen.is_empty()
            || own.is_some_and(|own| {
                let has = |own: &Vec<&str>| chosen.iter().any(|code| own.contains(code));
                own.as_ref().is_none_or(has)
            })
    }
}

/// What each convention found is chosen by.
pub(super) fn known(catalogue: &Catalogue) -> Vec<Known<'_>> {
    let covered: HashMap<ConventionId, _> = catalogue
        .covered
        .iter()
        .map(|one| (one.convention, one))
        .collect();
    let mut sectors: HashMap<ConventionId, Vec<&str>> = HashMap::new();
    for (id, codes) in &catalogue.sectors {
        let own = sectors.entry(*id).or_default();
        own.extend(codes.iter().map(TextValue::as_str));
    }
    let of = |entry| {
        let entry: &Entry = entry;
        let text = covered.get(&entry.id);
        Known {
            entry,
            codes: [
                Some(entry.status.iter().map(TextValue::as_str).collect()),
                Some(sectors.get(&entry.id).cloned().unwrap_or_default()),
                text.map_or(Some(Vec::new()), |text| open(&text.axes)),
                text.map_or(Some(Vec::new()), |text| open(&text.action_types)),
                text.map_or(Some(Vec::new()), |text| open(&text.levels)),
            ],
        }
    };
    catalogue.entries.iter().map(of).collect()
}

/// The codes of a list; an empty one restricts nothing.
fn open<T: TextValue>(codes: &[T]) -> Option<Vec<&str>> {
    (!codes.is_empty()).then(|| codes.iter().map(TextValue::as_str).collect())
}

impl Shown<'_> {
    pub(super) fn choice(
        &self,
        s: Spoken,
        choice: usize,
        name: &'static str,
        list: &str,
        title: &str,
    ) -> Markup {
        let chosen = self.chosen(name);
        let others: Vec<&Known<'_>> = (0..self.known.len())
            .filter(|place| self.is_left(*place, Some(choice)))
            .filter_map(|place| self.known.get(place))
            .collect();
        let count = |code: &str| {
            let of = others.iter().filter(|known| known.is_of(choice, &[code]));
            of.count()
        };
        let entries = Reference::get().nomenclature(list).into_iter();
        let entries: Vec<(&str, usize)> = entries
            .flat_map(|list| &list.entries)
            .map(|entry| (entry.code.as_str(), count(&entry.code)))
            .filter(|(code, count)| *count > 0 || chosen.contains(code))
            .collect();
        let is_open = name == "effective_status" || self.address.get(name).is_some();
        html! {
            @if !entries.is_empty() {
                details open[is_open] {
                    summary { (title) }
                    ul {
                        @for (code, count) in entries {
                            (self.link(s, name, code, &words::short_label(s, list, code), count, chosen.contains(&code)))
                        }
                        @if name == "effective_status" {
                            (self.link(s, name, ANY, s.say("Toutes", "All"), others.len(), chosen.is_empty()))
                        }
                    }
                }
            }
        }
    }

    fn link(
        &self,
        s: Spoken,
        name: &'static str,
        code: &str,
        words: &str,
        count: usize,
        is_chosen: bool,
    ) -> Markup {
        let plain = self.address.without("page");
        let address = match name {
            // One state at a time: the one that is not said is that of being in force.
            "effective_status" if code == "in_force" => plain.without(name),
            "effective_status" => plain.with(name, code),
            _ => plain.toggled(name, code),
        };
        html! {
            li {
                a href=(s.link(&address.to_string())) aria-current=[is_chosen.then_some("true")] {
                    span { (words) }
                    span class="count" { (words::length(s, count)) }
                }
            }
        }
    }
}
