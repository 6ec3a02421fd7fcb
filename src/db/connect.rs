//! Making one connection: which of several servers, the limits they enforce, a bound on each attempt.

use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use futures_util::StreamExt;
use futures_util::future::poll_fn;
use futures_util::stream::FuturesUnordered;
use rand::seq::SliceRandom;
use tokio_postgres::Client;
use tokio_postgres::config::{LoadBalanceHosts, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::cluster::{Cluster, Seen, Standing};
pub use super::connect_error::ConnectError;
use super::connect_error::{keep, unreachable};
use super::session::{self, Limits, Link, Session};
use super::socket::{self, Driven, HostOf, Target};
use super::tls::{own_parameters, trust};
use super::wire::Pulse;

/// What an attempt at one server may take, from the name to a session: a frozen one accepts and never
/// answers.
const ATTEMPT: Duration = Duration::from_millis(2500);

/// How long one server is waited for before the next is tried beside it.
const ALONE: Duration = Duration::from_millis(300);

/// How long a statement may take, where nothing shorter is asked for.
const STATEMENT: Duration = Duration::from_secs(15);

/// What a server that enforces its limits is given beyond them.
const MARGIN: Duration = Duration::from_secs(1);

/// How long bulk work, whose statements have no limit, waits for one of them.
const BULK: Duration = Duration::from_hours(1);

/// What each session asks the server to enforce: a statement that outlives its request is ended,
/// a lock is not waited for without end, a forgotten transaction does not hold back the others.
const LIMITS: &str = "-c statement_timeout=15s -c lock_timeout=5s \
                      -c idle_in_transaction_session_timeout=20s -c timezone=UTC \
                      -c client_min_messages=warning";

/// Makes connections to one database, whichever of its servers has it now.
#[derive(Clone)]
pub struct Connector {
    config: Arc<tokio_postgres::Config>,
    tls: MakeRustlsConnect,
    cluster: Arc<Cluster>,
    /// The one of the servers that is connected to, where it is one alone.
    only: Option<usize>,
    /// How long a byte is waited for that the server owes.
    patience: Duration,
}

/// A connection to one of the servers, and what that said of itself.
pub struct Opened {
    /// What is asked on.
    pub client: Client,
    /// What there is to know of it.
    pub link: Link,
    /// Which of the servers.
    pub host: usize,
    /// What it said.
    pub seen: Seen,
}

/// A session that nobody drives yet.
struct Met {
    client: Client,
    connection: Driven,
    pulse: Arc<Pulse>,
    target: Target,
    host: usize,
    seen: Seen,
}

impl Connector {
    /// Reads a `DATABASE_URL`. `sslmode` means what it means to libpq: `disable`; `prefer` (the
    /// default) and `require` encrypt; `verify-full`, and `verify-ca` which is read as it, verify
    /// the certificate and its name. `sslrootcert` names a PEM file to believe instead of the
    /// system's authorities, and asks for verification by itself.
    ///
    /// # Errors
    /// When the address or the certificates cannot be read; the password is not in the message.
    pub fn new(database_url: &str) -> Result<Self, ConnectError> {
        Self::of_setting("DATABASE_URL", database_url)
    }

    /// Reads the address that this setting gives.
    ///
    /// # Errors
    /// As [`Connector::new`].
    pub fn of_setting(name: &str, database_url: &str) -> Result<Self, ConnectError> {
        let (address, verification) = own_parameters(database_url);
        let mut config: tokio_postgres::Config = address.parse().map_err(|error| {
            ConnectError::new(format!("{name} is not a PostgreSQL address: {error}"))
        })?;
        config.application_name("ree");
        let options = config
            .get_options()
            .map(|given| format!("{LIMITS} {given}"));
        config.options(options.as_deref().unwrap_or(LIMITS));
        let tls = trust(&verification).map_err(ConnectError::new)?;
        Ok(Self {
            config: Arc::new(config),
            tls,
            cluster: Arc::default(),
            only: None,
            patience: STATEMENT + MARGIN,
        })
    }

    /// The same server, another database, by connections that know nothing of these: for the tests.
    #[must_use]
    pub fn database(&self, name: &str) -> Self {
        let mut config = (*self.config).clone();
        config.dbname(name);
        Self {
            config: Arc::new(config),
            cluster: Arc::default(),
            ..self.clone()
        }
    }

    /// Each server that the address names by itself, with what it is called in metrics; in the order they are
    /// tried.
    pub fn each_server(&self) -> Vec<(String, Self)> {
        let hosts = self.in_order();
        let alone = hosts.into_iter().map(|(place, host)| {
            let name = host.label();
            let one = Self {
                only: Some(place),
                cluster: Arc::default(),
                ..self.clone()
            };
            (name, one)
        });
        alone.collect()
    }

    /// The same, where a statement may take no longer than this.
    #[must_use]
    pub fn within(&self, most: Duration) -> Self {
        let mut config = (*self.config).clone();
        let given = config.get_options().unwrap_or_default();
        // The last one counts.
        let options = format!("{given} -c statement_timeout={}ms", most.as_millis());
        config.options(options);
        Self {
            config: Arc::new(config),
            patience: most + MARGIN,
            ..self.clone()
        }
    }

    /// The same for bulk work, which lifts the limits of its statements itself.
    #[must_use]
    pub fn bulk(&self) -> Self {
        Self {
            patience: BULK,
            ..self.clone()
        }
    }

    /// What is known of the servers.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// A plain connection.
    ///
    /// # Errors
    /// When no server can be reached in time, or all refuse.
    pub async fn plain(&self) -> Result<(Client, Link), ConnectError> {
        let opened = self.open().await?;
        Ok((opened.client, opened.link))
    }

    /// A connection for queries.
    ///
    /// # Errors
    /// As [`Connector::plain`].
    pub async fn diesel(&self) -> Result<Session, ConnectionError> {
        let bad = |error: ConnectError| ConnectionError::BadConnection(error.to_string());
        let (client, link) = self.plain().await.map_err(bad)?;
        let prepared = tokio::time::timeout(ATTEMPT, AsyncPgConnection::try_from(client)).await;
        let connection = prepared.map_err(|_| bad(ConnectError::silent()))??;
        Ok(Session::new(connection, link))
    }

    /// A connection to the server that takes writes, else to one that answers: at once where none is known
    /// to take any.
    ///
    /// # Errors
    /// As [`Connector::plain`].
    pub async fn open(&self) -> Result<Opened, ConnectError> {
        let is_content = self.cluster.standing() == Standing::ReadOnly;
        Ok(self.opened(self.meet(is_content).await?))
    }

    /// A connection to the server that takes writes, else, once all were tried, to one that answers.
    ///
    /// # Errors
    /// As [`Connector::plain`].
    pub async fn search(&self) -> Result<Opened, ConnectError> {
        Ok(self.opened(self.meet(false).await?))
    }

    fn opened(&self, met: Met) -> Opened {
        let link = Link::new(met.client.cancel_token(), met.target, met.seen.is_standby());
        let limits = Limits {
            pulse: met.pulse,
            patience: self.patience,
            cluster: Arc::clone(&self.cluster),
            generation: self.cluster.generation(),
        };
        tokio::spawn(session::drive(met.connection, link.clone(), limits));
        Opened {
            client: met.client,
            link,
            host: met.host,
            seen: met.seen,
        }
    }

    /// Tries the servers, the one that was good last first, each beside those before it once these have
    /// had a while alone.
    async fn meet(&self, is_content: bool) -> Result<Met, ConnectError> {
        let mut waiting = self.in_order().into_iter();
        let mut trying: FuturesUnordered<_> = waiting
            .next()
            .into_iter()
            .map(|host| self.attempt(host))
            .collect();
        let (mut second_best, mut failure) = (None, None);
        while !trying.is_empty() {
            let outcome = tokio::select! {
                outcome = trying.next() => outcome,
                () = tokio::time::sleep(ALONE), if waiting.len() > 0 => None,
            };
            match outcome {
                Some(Ok(met)) if self.is_wanted(&met.seen, is_content) => return Ok(met),
                Some(Ok(met)) => second_best = second_best.or(Some(met)),
                Some(Err(error)) => failure = keep(failure, error),
                None => {}
            }
            trying.extend(waiting.next().map(|host| self.attempt(host)));
        }
        let acceptable = second_best
            .filter(|_| self.config.get_target_session_attrs() == TargetSessionAttrs::Any);
        let nothing = || ConnectError::new("no PostgreSQL server is of the kind asked for".into());
        acceptable.ok_or_else(|| failure.unwrap_or_else(nothing))
    }

    /// Whether no other server would be better.
    fn is_wanted(&self, seen: &Seen, is_content: bool) -> bool {
        match self.config.get_target_session_attrs() {
            TargetSessionAttrs::ReadOnly => !seen.is_writable,
            TargetSessionAttrs::Any => seen.is_writable || is_content,
            _ => seen.is_writable,
        }
    }

    fn in_order(&self) -> Vec<(usize, HostOf)> {
        let mut hosts: Vec<_> = socket::hosts(&self.config)
            .into_iter()
            .enumerate()
            .filter(|(host, _)| self.only.is_none_or(|only| only == *host))
            .collect();
        if self.config.get_load_balance_hosts() == LoadBalanceHosts::Random {
            hosts.shuffle(&mut rand::rng());
        }
        let first = self.cluster.host();
        hosts.sort_by_key(|(host, _)| *host != first);
        hosts
    }

    /// One server, at each of its addresses in turn.
    async fn attempt(&self, (host, address): (usize, HostOf)) -> Result<Met, ConnectError> {
        let trying = async {
            let targets = address.targets(&self.tls).await;
            let targets = targets.map_err(|error| unreachable(&error))?;
            let share = ATTEMPT
                .checked_div(u32::try_from(targets.len()).unwrap_or(u32::MAX))
                .unwrap_or(ATTEMPT);
            let mut failure = None;
            for target in targets {
                let tried = tokio::time::timeout(share, self.session(host, target)).await;
                match tried.unwrap_or_else(|_| Err(ConnectError::silent())) {
                    Ok(met) => return Ok(met),
                    Err(error) => failure = keep(failure, error),
                }
            }
            let nowhere = || ConnectError::new("PostgreSQL's name has no address".to_owned());
            Err(failure.unwrap_or_else(nowhere))
        };
        let tried = tokio::time::timeout(ATTEMPT, trying).await;
        tried.unwrap_or_else(|_| Err(ConnectError::silent()))
    }

    /// A session at one address, whose server is asked what it is.
    async fn session(&self, host: usize, target: Target) -> Result<Met, ConnectError> {
        let connected = target.connect(&self.config).await;
        let (client, mut connection, pulse) = connected.map_err(|error| unreachable(&*error))?;
        let seen = {
            // Nobody drives it yet.
            let ended = async {
                while let Some(message) = poll_fn(|context| connection.poll_message(context)).await
                {
                    if let Err(error) = message {
                        return error.to_string();
                    }
                }
                "connection closed".to_owned()
            };
            tokio::select! {
                seen = Seen::of(&client) => seen.map_err(|error| unreachable(&error))?,
                ended = ended => return Err(ConnectError::new(ended)),
            }
        };
        if !self.cluster.meets(host, seen) {
            let words = "PostgreSQL's former primary answers";
            return Err(ConnectError::new(words.to_owned()));
        }
        Ok(Met {
            client,
            connection,
            pulse,
            target,
            host,
            seen,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_address_is_refused_without_its_password() {
        let refused = Connector::new("postgresql://u:s3cret@h:notaport/d")
            .err()
            .unwrap();
        assert!(!refused.to_string().contains("s3cret"), "{refused}");
    }

    #[tokio::test]
    async fn a_server_that_accepts_and_never_answers_is_given_up_and_the_next_is_tried_beside_it() {
        let frozen = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = |listener: &std::net::TcpListener| listener.local_addr().unwrap().port();
        let (first, second) = (port(&frozen), port(&other));
        let url = format!("postgresql://u@127.0.0.1:{first},127.0.0.1:{second}/d");
        let connector = Connector::new(&url).unwrap();
        let began = std::time::Instant::now();
        let refused = connector.plain().await.err().unwrap();
        assert!(refused.is_silent(), "{refused}");
        assert!(
            began.elapsed() < ATTEMPT + ALONE + MARGIN,
            "{:?}",
            began.elapsed()
        );
        other.set_nonblocking(true).unwrap();
        assert!(other.accept().is_ok(), "the second was tried");
    }
}
