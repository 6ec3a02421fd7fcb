//! Bounds, so that nobody costs the others more than their share: how much a client may ask in a
//! time ([`rates`]), how much of a class runs at once and whose turn it is ([`turns`]), how many bytes
//! of bodies are held ([`bodies`]). What is beyond a bound is refused at the door, with when to come
//! back.

pub mod address;
pub mod attempts;
pub mod bodies;
pub mod connections;
pub mod rates;
pub mod turns;
pub mod waiting;

use std::num::NonZeroU32;
use std::time::Duration;

use crate::auth::policy::Class;
use crate::config::Config;
use crate::error::Result;
use attempts::Attempts;
use bodies::Bodies;
use connections::Connections;
use rates::Rates;
use turns::{Turn, Turns};
use waiting::Waiting;

/// The bounds of one service.
pub struct Limits {
    /// What clients and addresses may ask in a time.
    pub rates: Rates,
    /// Who failed to name itself.
    pub attempts: Attempts,
    /// The connections of each address.
    pub connections: Connections,
    /// What is held of bodies.
    pub bodies: Bodies,
    /// Readers that wait for changes.
    pub waiting: Waiting,
    /// Reads of one row or one page: many at once, on connections that they share.
    light: Turns,
    /// Searches, counts and sums.
    queries: Turns,
    /// Complete lists.
    exports: Turns,
    /// Changes of one object.
    writes: Turns,
    /// Changes of many.
    bulk: Turns,
}

impl Limits {
    /// As the settings have them.
    pub fn new(config: &Config) -> Self {
        let heavy = config.query_connections;
        Self {
            rates: Rates::new(NonZeroU32::new(config.rate)),
            attempts: Attempts::default(),
            connections: Connections::new(
                config.connections_per_address,
                config.trusted_proxies.clone(),
            ),
            bodies: Bodies::new(config.body_memory),
            waiting: Waiting::new(config.waiting_per_client),
            light: Turns::new(LIGHT, LIGHT, LIGHT),
            queries: Turns::new(heavy, share(heavy), WAITING),
            exports: Turns::new(heavy, share(heavy), WAITING),
            writes: Turns::new(WRITES, WRITES / 2, WAITING),
            bulk: Turns::new(heavy, share(heavy), WAITING),
        }
    }

    /// The turn of a request, by its class, for as long as it is kept.
    ///
    /// # Errors
    /// `service_unavailable` when too many wait already, or it does not come in time.
    pub async fn enter(&self, class: Class, who: &str) -> Result<Turn> {
        let turn = self.of(class).enter(who).await;
        if turn.is_err() {
            unhurried().await;
        }
        turn
    }

    /// Refuses a request for which there will be no turn, before its body is read.
    ///
    /// # Errors
    /// `service_unavailable` when too many wait already.
    pub async fn look_in(&self, class: Class, who: &str) -> Result<()> {
        let found = self.of(class).look_in(who);
        if found.is_err() {
            unhurried().await;
        }
        found
    }

    /// For each class, how many run and how many wait.
    pub fn in_flight(&self) -> [(Class, usize, usize); 7] {
        Class::ALL.map(|class| {
            let (running, waiting) = self.of(class).count();
            (class, running, waiting)
        })
    }

    /// How many were refused, of all classes.
    fn refused(&self) -> u64 {
        let all = [
            &self.light,
            &self.queries,
            &self.exports,
            &self.writes,
            &self.bulk,
        ];
        all.into_iter().map(Turns::refused).sum()
    }

    /// Tells what is in flight, waits and was refused, as it is now.
    pub fn measure(&self) {
        for (class, running, waiting) in self.in_flight() {
            for (state, count) in [("running", running), ("waiting", waiting)] {
                let of = [("class", class.name()), ("state", state)];
                metrics::gauge!("ree_requests_in_flight", &of).set(number(count));
            }
        }
        metrics::gauge!("ree_waiting_readers").set(number(self.waiting.count()));
        metrics::gauge!("ree_connections").set(number(self.connections.count()));
        metrics::gauge!("ree_body_memory_free_bytes").set(number(self.bodies.free()));
        metrics::counter!("ree_rate_limited_total").absolute(self.rates.refused());
        metrics::counter!("ree_overload_refused_total").absolute(self.refused());
    }

    const fn of(&self, class: Class) -> &Turns {
        match class {
            Class::Point | Class::List => &self.light,
            Class::Search | Class::Aggregate => &self.queries,
            Class::Export => &self.exports,
            Class::Write => &self.writes,
            Class::Bulk => &self.bulk,
        }
    }
}

/// How long a refusal takes. Who asks again at once, as fast as it is refused, would keep a processor
/// busy with nothing else.
const REFUSAL: Duration = Duration::from_millis(10);

/// To be waited for before a refusal is told.
pub async fn unhurried() {
    tokio::time::sleep(REFUSAL).await;
}

/// Reads on the shared connections at once.
const LIGHT: usize = 1024;
/// Changes of one object at once: more than there are connections, since a lock is waited for.
const WRITES: usize = 128;
/// Requests of a class that wait for their turn.
const WAITING: usize = 256;

/// The most that one client has of `all` at once: it never takes them all.
const fn share(all: usize) -> usize {
    if all > 1 { all - all / 2 } else { 1 }
}

/// A gauge's value.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
