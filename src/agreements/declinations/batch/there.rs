//! The declinations that rows are of, among those that are there.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel_async::AsyncPgConnection;

use crate::agreements::declinations::content::{DeclinationLevel, NewDeclination};
use crate::agreements::declinations::model::DeclinationInContext;
use crate::agreements::declinations::store::many::KeyColumns;
use crate::agreements::declinations::store::{self, many};
use crate::auth::policy::Scope;
use crate::error::{Code, Error, Notice, Place, Result, Rule, notice};
use crate::http::table::object::Said;
use crate::values::TerritoryCode;
use crate::values::ids::{ConventionId, DeclinationId, kind};

/// Several declinations that a row may be of.
static SEVERAL_MATCH: Notice = notice(
    "several_match",
    "Plusieurs déclinaisons ont cette convention, ce niveau, ces territoires et ce premier jour : donnez l'identifiant de l'une d'elles.",
    "Several declinations have this convention, this level, these territories and this first day: give the id of one of them.",
);

/// What a row says.
pub type Row = Said<kind::Declination, NewDeclination>;

/// What a declination is known by where it is not named by its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    convention: ConventionId,
    level: DeclinationLevel,
    territories: Vec<TerritoryCode>,
    starts_on: NaiveDate,
}

impl Key {
    fn new((convention, level, mut territories, starts_on): KeyColumns) -> Self {
        territories.sort();
        Self {
            convention,
            level,
            territories,
            starts_on,
        }
    }

    /// That of a content.
    pub fn of(new: &NewDeclination) -> Self {
        let content = &new.content;
        Self::new((
            content.convention_id,
            content.level,
            content.territories.clone(),
            content.starts_on,
        ))
    }
}

/// Those that rows may be of, locked until the transaction ends.
pub struct There {
    by_id: HashMap<DeclinationId, DeclinationInContext>,
    by_key: HashMap<Key, Vec<DeclinationId>>,
}

impl There {
    /// Finds and locks them, their conventions first: five queries, whatever the number of rows.
    pub async fn of(
        connection: &mut AsyncPgConnection,
        scope: &Scope,
        rows: &[&Row],
    ) -> Result<Self> {
        let news: Vec<&NewDeclination> = rows.iter().filter_map(|row| row.new.as_ref()).collect();
        let keys: HashSet<Key> = news.iter().map(|new| Key::of(new)).collect();
        let named: HashSet<ConventionId> = keys.iter().map(|key| key.convention).collect();
        let named: Vec<ConventionId> = named.into_iter().collect();
        let places: HashSet<TerritoryCode> = keys
            .iter()
            .flat_map(|key| key.territories.clone())
            .collect();
        let places: Vec<TerritoryCode> = places.into_iter().collect();
        let mut ids: Vec<DeclinationId> = rows.iter().filter_map(|row| row.id).collect();
        many::lock_conventions(connection, &named, &ids).await?;
        let living = many::living(connection, scope, &named, &places).await?;
        let alike = living
            .into_iter()
            .filter(|(_, columns)| keys.contains(&Key::new(columns.clone())));
        ids.extend(alike.map(|(id, _)| id));
        if !ids.is_empty() {
            store::lock_all(connection, &ids).await?;
        }
        let found = store::find_all(connection, scope, &ids).await?;
        Ok(Self::among(found, scope))
    }

    fn among(mut found: Vec<DeclinationInContext>, scope: &Scope) -> Self {
        found.sort_by_key(|one| one.declination.id.uuid());
        let mut by_key: HashMap<Key, Vec<DeclinationId>> = HashMap::new();
        let living = found
            .iter()
            .map(|one| &one.declination)
            .filter(|one| !one.status.is_over() && one.is_kept_by(scope));
        for one in living {
            let key = Key::of(&one.as_input());
            by_key.entry(key).or_default().push(one.id);
        }
        let by_id = found.into_iter().map(|one| (one.declination.id, one));
        Self {
            by_id: by_id.collect(),
            by_key,
        }
    }

    /// The one that a row is of, if it is there.
    ///
    /// # Errors
    /// `not_found` and `forbidden` for an id; `validation_failed` where it may be one of several.
    pub fn one(&self, scope: &Scope, row: &Row) -> Result<Option<&DeclinationInContext>> {
        if let Some(id) = row.id {
            let found = self.by_id.get(&id).ok_or_else(Error::not_found)?;
            let is_kept = found.declination.is_kept_by(scope);
            return is_kept
                .then_some(Some(found))
                .ok_or_else(|| Error::new(Code::Forbidden));
        }
        let alike = row
            .new
            .as_ref()
            .and_then(|new| self.by_key.get(&Key::of(new)));
        match alike.map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([one]) => Ok(self.by_id.get(one)),
            Some(several) => {
                let names: Vec<String> = several.iter().map(ToString::to_string).collect();
                let rule = Rule::About(&SEVERAL_MATCH, names.join(", "));
                Err(Error::at(Code::ValidationFailed, Place::field("id"), rule))
            }
        }
    }
}
