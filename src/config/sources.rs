//! Where values come from: the environment, the file it names, the command line, the defaults.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::settings::{DRAIN, SMALL_GROUP, STALE_AFTER_DAYS, known};
use super::{Config, ConfigError, EncryptionKeys, Origin};
use crate::layout::{THEMES, Theme};

/// The values given, and what is wrong with them.
#[derive(Default)]
pub(super) struct Values {
    values: BTreeMap<&'static str, (String, Origin)>,
    problems: Vec<String>,
}

impl Values {
    pub fn set(&mut self, name: &'static str, value: Option<String>, origin: Origin) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.values.insert(name, (value, origin));
        }
    }

    pub fn environment(&mut self, environment: impl Iterator<Item = (String, String)>) {
        for (name, value) in environment {
            match known(&name) {
                Some(name) => self.set(name, Some(value), Origin::Environment),
                // What commands call a service with; the service has no use for it.
                None if name == super::TOKEN => {}
                None if name.starts_with("REE_") => {
                    self.problems.push(format!(
                        "{name}: there is no such setting (see `ree config check`)"
                    ));
                }
                None => {}
            }
        }
    }

    pub fn file(&mut self) {
        let Some((path, _)) = self.values.get("REE_CONFIG").cloned() else {
            return;
        };
        let table = std::fs::read_to_string(&path)
            .map_err(|error| error.to_string())
            .and_then(|text| {
                text.parse::<toml::Table>()
                    .map_err(|error| error.message().to_owned())
            });
        match table {
            Err(error) => self.problems.push(format!("REE_CONFIG={path}: {error}")),
            Ok(table) => table
                .into_iter()
                .for_each(|(key, value)| self.entry(&path, &key, &value)),
        }
    }

    fn entry(&mut self, path: &str, key: &str, value: &toml::Value) {
        let text = match value {
            toml::Value::String(text) => Some(text.clone()),
            toml::Value::Integer(number) => Some(number.to_string()),
            _ => None,
        };
        let name = known(&key.to_uppercase())
            .filter(|name| *name != "REE_CONFIG" && key == key.to_lowercase());
        match (name, text) {
            (None, _) => self.problems.push(format!(
                "{path}: {key}: there is no such setting (see `ree config check`)"
            )),
            (_, None) => self
                .problems
                .push(format!("{path}: {key}: a string or a number is expected")),
            (Some(name), text) if !self.values.contains_key(name) => {
                self.set(name, text, Origin::File(path.into()))
            }
            _ => {}
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(value, _)| value.as_str())
    }

    fn parsed<T: std::str::FromStr>(
        &mut self,
        name: &'static str,
        default: T,
        expected: &str,
    ) -> T {
        match self.get(name).map(str::parse::<T>) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.problems.push(format!(
                    "{name}={}: {expected} is expected",
                    self.get(name).unwrap_or_default()
                ));
                default
            }
        }
    }

    pub fn config(mut self) -> Result<Config, ConfigError> {
        let here = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let listen = self.parsed(
            "REE_LISTEN",
            here(8080),
            "an address and a port, such as 127.0.0.1:8080,",
        );
        let admin_listen = self.parsed(
            "REE_ADMIN_LISTEN",
            here(9090),
            "an address and a port, such as 127.0.0.1:9090,",
        );
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let workers = self.number("REE_WORKERS", processors, 1..=256);
        let db_connections = self.number("REE_DB_CONNECTIONS", 4, 1..=256);
        let query_connections =
            self.number("REE_QUERY_CONNECTIONS", (processors * 2).min(256), 1..=256);
        let rate = self.number("REE_RATE", 500, 0..=1_000_000);
        let body_memory = self.number("REE_BODY_MEMORY", 256, 16..=65_536) * 1024 * 1024;
        let connections_per_address = self.number("REE_CONNECTIONS_PER_ADDRESS", 500, 1..=100_000);
        let waiting_per_client = self.number("REE_WAITING_PER_CLIENT", 1000, 1..=100_000);
        let trusted_proxies = self.trusted_proxies();
        let drain = self.number("REE_DRAIN", DRAIN, 0..=300);
        let shares_port = self.parsed("REE_REUSE_PORT", false, "true or false");
        let stale_after_days = self.number("REE_STALE_AFTER_DAYS", STALE_AFTER_DAYS, 1..=3650);
        let small_group = self.number("REE_SMALL_GROUP", SMALL_GROUP, SMALL_GROUP..=100);
        let webhooks_allow_private =
            self.parsed("REE_WEBHOOKS_ALLOW_PRIVATE", false, "true or false");
        let security_contacts = self.security_contacts();
        let theme = self.parsed("REE_THEME", Theme::default(), THEMES);
        let public_url = self.public_url(listen);
        let log_filter = self.log_filter();
        let cors_origins = self.origins();
        let key_encryption = self.key_encryption();
        let database_url = self.get("DATABASE_URL").map(str::to_owned);
        if let Some(Err(error)) = database_url.as_deref().map(crate::db::Connector::new) {
            self.problems.push(error.to_string());
        }
        let read_url = self.read_url();
        let data_dir = self
            .get("REE_DATA_DIR")
            .map_or_else(default_data_dir, PathBuf::from);
        let problems = std::mem::take(&mut self.problems);
        if !problems.is_empty() {
            return Err(ConfigError(problems));
        }
        self.values
            .entry("REE_DATA_DIR")
            .or_insert((data_dir.display().to_string(), Origin::Default));
        self.values
            .entry("REE_PUBLIC_URL")
            .or_insert((public_url.clone(), Origin::Default));
        Ok(Config {
            database_url,
            read_url,
            data_dir,
            listen,
            admin_listen,
            public_url,
            workers,
            db_connections,
            query_connections,
            rate,
            body_memory,
            connections_per_address,
            waiting_per_client,
            trusted_proxies,
            drain: Duration::from_secs(drain),
            shares_port,
            log_filter,
            cors_origins,
            stale_after_days,
            small_group,
            security_contacts,
            theme,
            webhooks_allow_private,
            key_encryption,
            origins: self.values,
        })
    }

    /// A whole number within bounds.
    fn number<N>(&mut self, name: &'static str, default: N, bounds: RangeInclusive<N>) -> N
    where
        N: std::str::FromStr + std::fmt::Display + PartialOrd + Copy,
    {
        let expected = format!("a number from {} to {}", bounds.start(), bounds.end());
        let number = self.parsed(name, default, &expected);
        if !bounds.contains(&number) {
            self.problems
                .push(format!("{name}={number}: {expected} is expected"));
        }
        number
    }

    /// The standbys of a database that is named: the embedded one has none.
    fn read_url(&mut self) -> Option<String> {
        const NAME: &str = "REE_READ_URL";
        let given = self.get(NAME)?.to_owned();
        if let Err(error) = crate::db::Connector::of_setting(NAME, &given) {
            self.problems.push(error.to_string());
        }
        if self.get("DATABASE_URL").is_none() {
            self.problems.push(format!(
                "{NAME}: its servers are standbys of that of DATABASE_URL, which is not given"
            ));
        }
        Some(given)
    }

    fn public_url(&mut self, listen: SocketAddr) -> String {
        let Some(given) = self.get("REE_PUBLIC_URL").map(str::to_owned) else {
            return format!("http://{listen}");
        };
        let url = url::Url::parse(&given)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        match url {
            None => self.problems.push(format!(
                "REE_PUBLIC_URL={given}: an http or https address is expected"
            )),
            // Links, identifiers of keys and the metadata of OAuth are written from the root.
            Some(url) if !is_origin(&url) => {
                self.problems.push(format!(
                    "REE_PUBLIC_URL={given}: an address without a path, a query or a user is expected, \
                     such as {}: give the service a host name of its own",
                    url.origin().ascii_serialization()
                ));
            }
            Some(_) => {}
        }
        given.trim_end_matches('/').to_owned()
    }

    fn log_filter(&mut self) -> String {
        let filter = self.get("RUST_LOG").unwrap_or("info").to_owned();
        if let Err(error) = env_filter::Builder::new().try_parse(&filter) {
            self.problems.push(format!("RUST_LOG={filter}: {error}"));
        }
        filter
    }

    fn trusted_proxies(&mut self) -> Vec<IpAddr> {
        let given = self
            .get("REE_TRUSTED_PROXIES")
            .unwrap_or_default()
            .to_owned();
        let named = given
            .split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty());
        let mut addresses = Vec::new();
        for one in named {
            match one.parse() {
                Ok(address) => addresses.push(address),
                Err(_) => self.problems.push(format!(
                    "REE_TRUSTED_PROXIES: {one} is not an address such as 10.0.0.1"
                )),
            }
        }
        addresses
    }

    /// Addresses that a person can follow (RFC 9116 §2.5.3).
    fn security_contacts(&mut self) -> Vec<String> {
        let given = self.get("REE_SECURITY_CONTACT").unwrap_or_default();
        let contacts: Vec<String> = given
            .split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty())
            .map(str::to_owned)
            .collect();
        for contact in &contacts {
            let is_followed = url::Url::parse(contact).is_ok_and(|url| match url.scheme() {
                "https" => url.has_host(),
                "mailto" | "tel" => !url.path().is_empty(),
                _ => false,
            });
            if !is_followed {
                self.problems.push(format!(
                    "REE_SECURITY_CONTACT: {contact} is not an address such as mailto:securite@exemple.fr \
                     or https://exemple.fr/securite"
                ));
            }
        }
        contacts
    }

    /// The keys are kept once: what is told of settings has no part of them.
    fn key_encryption(&mut self) -> Option<EncryptionKeys> {
        const NAME: &str = "REE_KEY_ENCRYPTION_KEY";
        let (value, _) = self.values.get_mut(NAME)?;
        match std::mem::replace(value, "***".to_owned()).parse() {
            Ok(keys) => Some(keys),
            Err(expected) => {
                self.problems.push(format!("{NAME}: {expected}"));
                None
            }
        }
    }

    fn origins(&mut self) -> Vec<String> {
        let given = self.get("REE_CORS_ORIGINS").unwrap_or_default().to_owned();
        let origins: Vec<String> = given
            .split(',')
            .map(str::trim)
            .filter(|o| !o.is_empty())
            .map(str::to_owned)
            .collect();
        for origin in &origins {
            let is_origin = url::Url::parse(origin)
                .is_ok_and(|url| url.origin().ascii_serialization() == *origin);
            if !is_origin {
                self.problems.push(format!(
                    "REE_CORS_ORIGINS: {origin} is not an origin such as https://portail.exemple.fr"
                ));
            }
        }
        origins
    }
}

/// Whether an address names a scheme, a host and a port, and nothing else.
fn is_origin(url: &url::Url) -> bool {
    url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

/// `./data/run` in a checkout of the project, else where the platform keeps a program's data.
fn default_data_dir() -> PathBuf {
    let is_checkout =
        std::fs::read_to_string("Cargo.toml").is_ok_and(|text| text.contains("name = \"ree\""));
    if is_checkout {
        return PathBuf::from("data/run");
    }
    let under = |variable: &str, path: &str| {
        std::env::var_os(variable).map(|base| PathBuf::from(base).join(path))
    };
    let platform = if cfg!(target_os = "macos") {
        under("HOME", "Library/Application Support/ree")
    } else {
        under("XDG_DATA_HOME", "ree").or_else(|| under("HOME", ".local/share/ree"))
    };
    platform.unwrap_or_else(|| PathBuf::from("/var/lib/ree"))
}
