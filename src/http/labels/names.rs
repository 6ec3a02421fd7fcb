//! What codes and ids are called.

use std::collections::{BTreeMap, BTreeSet};

use diesel_async::AsyncPgConnection;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use uuid::Uuid;

use crate::auth::policy::Scope;
use crate::error::Result;
use crate::language::Language;
use crate::reference::Reference;
use crate::values::TerritoryKind;

/// What a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// An entry of this nomenclature.
    Code(String),
    /// A territory.
    Territory,
    /// A school, by its UAI.
    School,
    /// A convention.
    Convention,
    /// A partner.
    Partner,
}

/// The objects whose names are to be read.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Conventions.
    pub conventions: BTreeSet<Uuid>,
    /// Partners.
    pub partners: BTreeSet<Uuid>,
    /// Schools, by their UAI.
    pub schools: BTreeSet<String>,
}

impl Wanted {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.conventions.is_empty() && self.partners.is_empty() && self.schools.is_empty()
    }

    /// Adds what a text names.
    pub fn add(&mut self, named: &Named, text: &str) {
        match named {
            Named::Convention => self.conventions.extend(Uuid::try_parse(text)),
            Named::Partner => self.partners.extend(Uuid::try_parse(text)),
            Named::School => {
                self.schools.insert(text.to_owned());
            }
            Named::Territory => self.schools.extend(uai_of(text).map(str::to_owned)),
            Named::Code(_) => {}
        }
    }
}

/// The names that were read.
#[derive(Debug, Default)]
pub struct Names {
    /// The reference and the title of conventions: of those that the caller may see.
    pub conventions: BTreeMap<Uuid, (String, String)>,
    /// The names of partners.
    pub partners: BTreeMap<Uuid, String>,
    /// The names of schools.
    pub schools: BTreeMap<String, String>,
}

/// How names are read: by who knows of the objects, which is above HTTP.
pub type ReadNames =
    for<'a> fn(&'a AsyncPgConnection, &'a Scope, &'a Wanted) -> LocalBoxFuture<'a, Result<Names>>;

impl Names {
    /// What a text is called, one value for each label of its kind; null where that is not known.
    pub fn of(&self, named: &Named, text: &str, language: Language) -> Vec<Value> {
        let id = || Uuid::try_parse(text).ok();
        match named {
            Named::Code(list) => vec![label(list, text, language).into()],
            Named::Territory => {
                let territory = Reference::get().territory(text);
                let name = territory.map(|one| one.name.as_str());
                let school = || self.schools.get(uai_of(text)?).map(String::as_str);
                vec![name.or_else(school).into()]
            }
            Named::School => vec![self.schools.get(text).cloned().into()],
            Named::Partner => vec![id().and_then(|id| self.partners.get(&id)).cloned().into()],
            Named::Convention => {
                let found = id().and_then(|id| self.conventions.get(&id));
                let (reference, title) = found.cloned().unzip();
                vec![reference.into(), title.into()]
            }
        }
    }
}

/// The label of a code.
fn label(list: &str, code: &str, language: Language) -> Option<String> {
    let label = Reference::get().label(list, code, language);
    label.map(str::to_owned)
}

/// The school that a territory is.
fn uai_of(territory: &str) -> Option<&str> {
    match TerritoryKind::of(territory) {
        Some(TerritoryKind::School) => territory.split_once(':').map(|(_, uai)| uai),
        _ => None,
    }
}
