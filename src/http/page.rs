//! Pages of a list: `limit`, `sort`, and cursors that are opaque and bound to their list.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::Sha256;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::query::{Parameters, Reader};
use crate::db::page::{DEFAULT_LIMIT, Direction, MAX_LIMIT, Mark, Page};
use crate::error::{Code, Error, Place, Result, Rule};
use crate::values::schemas;

/// The orders a list documents.
pub trait Sort: Copy + PartialEq + Sized + 'static {
    /// The order when `sort` is absent.
    const DEFAULT: Self;
    /// The direction when `sort` is absent.
    const FIRST: Direction = Direction::Ascending;
    /// The names `sort` accepts.
    const ORDERS: &'static [(&'static str, Self)];
    /// What the document says of them besides, in French.
    const NOTE: &'static str = "";

    /// What `sort` is when it is absent; none where that order has no name.
    fn default_order() -> Option<String> {
        let mut orders = Self::ORDERS.iter();
        let (name, _) = orders.find(|(_, sort)| *sort == Self::DEFAULT)?;
        Some(match Self::FIRST {
            Direction::Ascending => (*name).to_owned(),
            Direction::Descending => format!("-{name}"),
        })
    }
}

/// What the document says of `sort`.
pub fn sort_described<S: Sort>() -> String {
    let default = S::default_order();
    let order = |name: &str| match &default {
        Some(default) if default.trim_start_matches('-') == name => {
            format!("`{default}` (par défaut)")
        }
        _ => format!("`{name}`"),
    };
    let orders: Vec<String> = S::ORDERS.iter().map(|(name, _)| order(name)).collect();
    let note = S::NOTE;
    format!(
        "{}{note} ; `-` devant pour l'ordre inverse",
        orders.join(", ")
    )
}

/// How `sort` is read.
fn sort_schema<S: Sort>() -> RefOr<Schema> {
    let names = S::ORDERS.iter().map(|(name, _)| *name);
    let reversed = names.clone().map(|name| format!("-{name}"));
    schemas::one_of(names.map(str::to_owned).chain(reversed), S::default_order())
}

impl<S: Sort> Page<S> {
    /// Reads `limit` and `sort`; the cursor was already verified.
    pub fn read(reader: &mut Reader<'_>, after: Option<Mark>) -> Self {
        let limit = reader.number_or("limit", 1, MAX_LIMIT, DEFAULT_LIMIT);
        reader.note("sort", sort_schema::<S>);
        // Without orders `sort` is an unknown parameter, and was already refused as one.
        let text = reader.text("sort").filter(|_| !S::ORDERS.is_empty());
        let (name, direction) = match text.map(|text| (text.strip_prefix('-'), text)) {
            Some((Some(name), _)) => (Some(name), Direction::Descending),
            Some((None, name)) => (Some(name), Direction::Ascending),
            None => (None, S::FIRST),
        };
        let sort = match name {
            None => Some(S::DEFAULT),
            Some(name) => S::ORDERS
                .iter()
                .find(|(order, _)| *order == name)
                .map(|(_, sort)| *sort),
        };
        if sort.is_none() {
            let names = S::ORDERS.iter().map(|(name, _)| *name);
            reader.fault("sort", Rule::UnknownOrder(names.collect()));
        }
        let sort = sort.unwrap_or(S::DEFAULT);
        Self {
            sort,
            direction,
            limit,
            after,
        }
    }
}

/// Une page d'une liste.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// Les éléments de la page.
    pub data: Vec<T>,
    /// Le curseur de la page suivante, ou null à la fin.
    pub next_cursor: Option<String>,
}

/// Le nombre d'éléments d'une liste.
#[derive(Debug, Serialize, ToSchema)]
pub struct Count {
    /// Combien d'éléments répondent aux filtres.
    #[schema(example = 26)]
    pub count: i64,
}

/// Signs and reads cursors.
#[derive(Clone)]
pub struct Cursors {
    key: [u8; 32],
}

const MAC_LENGTH: usize = 16;

impl Cursors {
    /// With the installation's key.
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    fn mac(&self, payload: &[u8], list: &str) -> Result<[u8; MAC_LENGTH]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).map_err(Error::internal)?;
        mac.update(list.as_bytes());
        mac.update(&[0]);
        mac.update(payload);
        let bytes = mac.finalize().into_bytes();
        bytes
            .get(..MAC_LENGTH)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| Error::internal("short MAC"))
    }

    /// The cursor of a place in a list; the list is its path and filters.
    ///
    /// # Errors
    /// `internal_error` when it cannot be made.
    pub fn write(&self, mark: &Mark, list: &str) -> Result<String> {
        let mut bytes = serde_json::to_vec(mark).map_err(Error::internal)?;
        let mac = self.mac(&bytes, list)?;
        bytes.extend_from_slice(&mac);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The mark of a cursor that is given in this place of the request.
    ///
    /// # Errors
    /// `invalid_cursor` when it was altered or made for another list.
    pub fn read(&self, cursor: &str, list: &str, place: Place) -> Result<Mark> {
        let refused = || {
            let rule = Rule::Format("next_cursor");
            Error::at(Code::InvalidCursor, place.clone(), rule)
        };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let cut = bytes.len().checked_sub(MAC_LENGTH).ok_or_else(refused)?;
        let (payload, mac) = bytes.split_at_checked(cut).ok_or_else(refused)?;
        let expected = self.mac(payload, list)?;
        if !bool::from(subtle::ConstantTimeEq::ct_eq(&expected[..], mac)) {
            return Err(refused());
        }
        serde_json::from_slice(payload).map_err(|_| refused())
    }
}

/// What a cursor is bound to: its list; a place in the change feed (`after`) is one whatever the
/// filters, so that a reader can change them and go on.
pub fn bound_to(cursor_parameter: &str, path: &str, parameters: &Parameters) -> String {
    if cursor_parameter == "after" {
        path.to_owned()
    } else {
        list_of(path, parameters)
    }
}

/// The path and the parameters, but for how much of the list and of its items is asked for at a time,
/// how it is written, and what is counted beside it.
fn list_of(path: &str, parameters: &Parameters) -> String {
    format!(
        "{path}?{}",
        parameters.canonical_without(&[
            "cursor", "limit", "dialect", "facets", "fields", "format", "labels",
        ])
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::page::MarkValue;
    use proptest::prelude::*;

    fn cursors() -> Cursors {
        Cursors::new([7; 32])
    }

    fn parameter() -> Place {
        Place::Parameter("cursor".into())
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back_for_its_own_list_only(value in ".*", id in ".*", list in ".*", other in ".*") {
            let mark = Mark { value: MarkValue::Text(value), id };
            let cursor = cursors().write(&mark, &list).unwrap();
            prop_assert_eq!(cursors().read(&cursor, &list, parameter()).unwrap(), mark);
            prop_assert!(list == other || cursors().read(&cursor, &other, parameter()).is_err());
        }

        #[test]
        fn an_altered_cursor_is_refused(place in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
            let mark = Mark { value: MarkValue::Place(3, 4), id: "x".into() };
            let cursor = cursors().write(&mark, "/v1/changes?").unwrap();
            let at = place.index(cursor.len());
            let altered = format!("{}{to}{}", &cursor[..at], &cursor[at + 1..]);
            prop_assert!(altered == cursor || cursors().read(&altered, "/v1/changes?", parameter()).is_err());
        }
    }

    #[test]
    fn parameter_order_does_not_change_the_list() {
        let list = |query| list_of("/v1/partners", &Parameters::parse(query).unwrap());
        assert_eq!(
            list("kind=company&q=a&limit=5"),
            list("q=a&cursor=zz&kind=company")
        );
        assert_ne!(list("kind=company"), list("kind=association"));
    }
}
