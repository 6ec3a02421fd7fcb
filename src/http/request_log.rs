//! The last requests of each caller, as they wait to be kept: what a request costs for it is a place in
//! memory. A task writes them in sets (see [`requests`](crate::integration::requests)).
//!
//! Both the callers and what waits of each are bounded: who asks a thousand times a second fills its own
//! places and nobody else's. Those that find none are counted, and the caller is told how many they were.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::auth::claims::Claims;
use crate::auth::policy::Scope;

/// What waits of one caller, at most: of what was done, and as many again of what was refused, so that
/// refusals are found among many answers.
const OF_A_CALLER: usize = 100;
/// What waits in all, at most.
const IN_ALL: usize = 2_000;
/// The longest path that is kept, in characters.
const LONGEST_PATH: usize = 200;
/// The longest part of a path that may be the name of an object.
const LONGEST_PART: usize = 100;

/// An answered request, as it is kept.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Its id, in the order of answers.
    pub id: Uuid,
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The request's id.
    pub request_id: String,
    /// The method.
    pub method: String,
    /// The operation; none for an address that is none.
    pub operation: Option<String>,
    /// The form of its path.
    pub route: Option<String>,
    /// The path, without query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// Why it was refused.
    pub code: Option<&'static str>,
    /// How long it took.
    pub duration_ms: i32,
    /// Requests of the same caller after it that are not kept.
    pub not_kept: i32,
}

impl Entry {
    const fn is_refused(&self) -> bool {
        self.status >= 400
    }
}

/// What waits of one caller.
#[derive(Debug, Default)]
struct Waiting {
    entries: Vec<Entry>,
    refused: usize,
}

/// The requests that wait to be kept.
#[derive(Debug, Default)]
pub struct RequestLog(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: HashMap<String, Waiting>,
    length: usize,
    /// Whose requests were kept since it was looked for more than are kept of each.
    written: HashSet<String>,
}

/// What is to be kept: a caller's request.
#[derive(Debug, Clone, Serialize)]
pub struct Owned {
    /// Whose it is.
    pub owner: String,
    /// The request.
    #[serde(flatten)]
    pub entry: Entry,
}

impl RequestLog {
    /// Has a request wait to be kept; false when there is no place for it.
    pub fn add(&self, claims: &Claims, entry: Entry) -> bool {
        let scope = Scope::of(&claims.identity).acting_as(&claims.sub);
        scope
            .caller()
            .is_none_or(|owner| self.lock().add(owner, entry))
    }

    /// Takes all that waits.
    pub fn take(&self) -> Vec<Owned> {
        let mut queue = self.lock();
        queue.length = 0;
        let waiting = mem::take(&mut queue.waiting);
        queue.written.extend(waiting.keys().cloned());
        let of_each = waiting.into_iter().flat_map(|(owner, waiting)| {
            let own = move |entry| Owned {
                owner: owner.clone(),
                entry,
            };
            waiting.entries.into_iter().map(own)
        });
        of_each.collect()
    }

    /// Whose requests were taken since this was asked last.
    pub fn written(&self) -> Vec<String> {
        mem::take(&mut self.lock().written).into_iter().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn add(&mut self, owner: String, entry: Entry) -> bool {
        let is_full = self.length >= IN_ALL;
        if is_full && !self.waiting.contains_key(&owner) {
            return false;
        }
        let waiting = self.waiting.entry(owner).or_default();
        let alike = match entry.is_refused() {
            true => waiting.refused,
            false => waiting.entries.len().saturating_sub(waiting.refused),
        };
        if is_full || alike >= OF_A_CALLER {
            if let Some(last) = waiting.entries.last_mut() {
                last.not_kept = last.not_kept.saturating_add(1);
            }
            return false;
        }
        waiting.refused += usize::from(entry.is_refused());
        waiting.entries.push(entry);
        self.length += 1;
        true
    }
}

/// A path as it may be kept: what is no name of an object, but may be a secret or somebody's address that
/// was put there by mistake, is left out.
pub fn path_kept(path: &str) -> String {
    let is_name = |part: &str| {
        let is_address = part.contains('@') || part.to_ascii_lowercase().contains("%40");
        part.len() <= LONGEST_PART && !is_address
    };
    let mut is_after_calendars = false;
    let parts = path.split('/').map(|part| {
        let is_secret = mem::replace(&mut is_after_calendars, part == "calendars");
        if is_name(part) && !is_secret {
            part
        } else {
            "…"
        }
    });
    let kept = parts.collect::<Vec<_>>().join("/");
    match kept.char_indices().nth(LONGEST_PATH) {
        Some((end, _)) => format!("{}…", kept.get(..end).unwrap_or_default()),
        None => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(status: u16) -> Entry {
        Entry {
            id: Uuid::nil(),
            at: DateTime::UNIX_EPOCH,
            request_id: "a".to_owned(),
            method: "GET".to_owned(),
            operation: None,
            route: None,
            path: "/v1".to_owned(),
            status,
            code: None,
            duration_ms: 1,
            not_kept: 0,
        }
    }

    #[test]
    fn who_asks_too_much_is_told_what_is_not_kept_and_refusals_have_places_of_their_own() {
        let mut queue = Queue::default();
        for _ in 0..OF_A_CALLER + 7 {
            queue.add("a".to_owned(), entry(200));
        }
        assert!(queue.add("a".to_owned(), entry(422)));
        assert!(queue.add("b".to_owned(), entry(200)));
        let log = RequestLog(Mutex::new(queue));
        let taken = log.take();
        let own: Vec<&Owned> = taken.iter().filter(|one| one.owner == "a").collect();
        assert_eq!(own.len(), OF_A_CALLER + 1);
        assert_eq!(own.iter().map(|one| one.entry.not_kept).sum::<i32>(), 7);
        assert_eq!(own[OF_A_CALLER - 1].entry.not_kept, 7);
        assert_eq!(taken.len(), OF_A_CALLER + 2);
        assert!(log.take().is_empty());
        let mut written = log.written();
        written.sort();
        assert_eq!(
            (written, log.written().len()),
            (vec!["a".to_owned(), "b".to_owned()], 0)
        );
    }

    #[test]
    fn memory_is_bounded_whoever_asks() {
        let mut queue = Queue::default();
        for number in 0..3 * IN_ALL {
            queue.add(number.to_string(), entry(200));
        }
        assert_eq!((queue.length, queue.waiting.len()), (IN_ALL, IN_ALL));
        assert!(!queue.add("0".to_owned(), entry(200)));
        let told = queue.waiting.get("0").unwrap().entries[0].not_kept;
        assert_eq!(told, 1);
    }

    #[test]
    fn a_path_is_kept_without_what_may_be_a_secret_or_a_persons() {
        let id = "/v1/conventions/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03/amendments";
        assert_eq!(path_kept(id), id);
        for (path, kept) in [
            ("/v1/calendars/cal_secret.ics", "/v1/calendars/…"),
            ("/v1/contacts/camille@exemple.fr", "/v1/contacts/…"),
            ("/v1/contacts/camille%40exemple.fr", "/v1/contacts/…"),
        ] {
            assert_eq!(path_kept(path), kept);
        }
        let token = format!("/v1/{}", "a".repeat(LONGEST_PART + 1));
        assert_eq!(path_kept(&token), "/v1/…");
        let long = path_kept(&"/abc".repeat(200));
        assert_eq!(long.chars().count(), LONGEST_PATH + 1);
    }
}
