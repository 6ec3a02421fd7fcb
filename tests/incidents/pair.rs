//! A primary, its standby, and what they hold.

use std::time::Duration;

use crate::load::Noted;
use crate::proxy::Proxy;
use crate::server::Server;
use crate::support::{Directory, Service, until};

pub struct Pair {
    pub first: Server,
    pub second: Server,
    /// The way to the first; the second is reached directly.
    pub network: Proxy,
    /// Of the services.
    pub directory: Directory,
}

impl Pair {
    pub fn create(name: &str) -> Self {
        let first = Server::create(&format!("{name}-first"));
        let second = first.standby(&format!("{name}-second"));
        let network = Proxy::before(first.port);
        Self {
            first,
            second,
            network,
            directory: Directory::new(),
        }
    }

    /// Both servers, in this order, as a service is told of them.
    pub fn url(&self) -> String {
        let (first, second) = (self.network.port, self.second.port);
        format!("postgresql://ree@127.0.0.1:{first},127.0.0.1:{second}/ree")
    }

    pub fn serve(&self) -> Service {
        self.serve_at(&self.url())
    }

    pub fn serve_at(&self, url: &str) -> Service {
        Service::start_with(&self.directory, &[("DATABASE_URL", url), ("REE_RATE", "0")])
    }

    /// A service that writes to the servers of this address, and reads from the second.
    pub fn serve_reading(&self, url: &str) -> Service {
        let read = format!("postgresql://ree@127.0.0.1:{}/ree", self.second.port);
        let settings = [
            ("DATABASE_URL", url),
            ("REE_READ_URL", read.as_str()),
            ("REE_RATE", "0"),
        ];
        let service = Service::start_with(&self.directory, &settings);
        until(Duration::from_secs(5), "the standby is read from", || {
            let ready = service.try_get("/readyz").unwrap();
            ready.json()["reads"] == "standby"
        });
        service
    }

    /// The first server alone.
    pub fn first_url(&self) -> String {
        format!("postgresql://ree@127.0.0.1:{}/ree", self.network.port)
    }

    /// Returns once the standby has all that the primary has written.
    pub fn is_level(&self) {
        let behind =
            "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn < pg_current_wal_lsn()";
        until(Duration::from_secs(10), "the standby is level", || {
            self.first.ask("postgres", behind) == Some(0)
        });
    }
}

impl Server {
    /// How many of these partners it has.
    pub fn has(&self, partners: &[&str]) -> usize {
        let ids = partners
            .iter()
            .map(|id| format!("'{id}'"))
            .collect::<Vec<_>>()
            .join(",");
        let query =
            format!("SELECT count(*) FROM partners WHERE id::text = ANY (ARRAY[{ids}]::text[])");
        self.ask("ree", &query).unwrap().try_into().unwrap()
    }

    /// What was acknowledged is there, and nothing is there twice.
    pub fn keeps(&self, what: &str, noted: &Noted) {
        let acknowledged = noted.acknowledged(None);
        assert!(
            acknowledged.len() > 20,
            "{what}: {} writes",
            acknowledged.len()
        );
        assert_eq!(
            self.has(&acknowledged),
            acknowledged.len(),
            "{what}: a write is lost"
        );
        let twice = "SELECT count(*) - count(DISTINCT legal_name) FROM partners";
        assert_eq!(
            self.ask("ree", twice),
            Some(0),
            "{what}: a write was done twice"
        );
    }
}
