//! Every setting, read once, each knowing where it came from.
//!
//! The environment wins over the file named by `REE_CONFIG` (TOML, the same names in lower case),
//! which wins over the defaults. A name that is not in [`SETTINGS`] stops the start: a misspelt
//! setting must not be silently ignored.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// One setting as it is documented.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the environment.
    pub name: &'static str,
    /// Its default, in words.
    pub default: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Whether its value is never shown whole.
    pub secret: bool,
}

const fn setting(name: &'static str, default: &'static str, purpose: &'static str) -> Setting {
    Setting {
        name,
        default,
        purpose,
        secret: false,
    }
}

/// Days after which an intervention that is not confirmed is stale, by default.
pub const STALE_AFTER_DAYS: u16 = 180;

/// The least that a group must count to be published, unless the settings ask for more.
pub const SMALL_GROUP: u16 = 5;

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "DATABASE_URL",
        default: "none: the private embedded PostgreSQL",
        purpose: "the PostgreSQL server to use; may name several hosts; TLS by sslmode and sslrootcert",
        secret: true,
    },
    setting(
        "REE_DATA_DIR",
        "./data/run in a checkout, else the platform's data directory",
        "embedded database, signing keys",
    ),
    setting("REE_LISTEN", "127.0.0.1:8080", "address of the API"),
    setting("REE_ADMIN_LISTEN", "127.0.0.1:9090", "address of /metrics"),
    setting(
        "REE_PUBLIC_URL",
        "http:// and REE_LISTEN",
        "issuer of tokens, base of links",
    ),
    setting(
        "REE_CONFIG",
        "none",
        "a TOML file with these names in lower case",
    ),
    setting("REE_WORKERS", "one per processor", "HTTP worker threads"),
    setting(
        "REE_DB_CONNECTIONS",
        "4",
        "connections for writes, per worker; reads share one more",
    ),
    setting(
        "REE_CORS_ORIGINS",
        "none",
        "origins whose pages may call the API, separated by commas",
    ),
    setting(
        "REE_STALE_AFTER_DAYS",
        "180",
        "days after which an intervention that its portal does not confirm leaves the search",
    ),
    setting(
        "REE_SMALL_GROUP",
        "5",
        "counts of pupils below this are hidden in publications; 5 or more",
    ),
    setting("RUST_LOG", "info", "log filter, env_logger's syntax"),
];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nothing was given.
    Default,
    /// An environment variable.
    Environment,
    /// The configuration file.
    File(PathBuf),
    /// An option of the command line.
    Option,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Option => f.write_str("command line"),
        }
    }
}

/// The settings of a run.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database, when it is not the embedded one.
    pub database_url: Option<String>,
    /// The data directory.
    pub data_dir: PathBuf,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where `/metrics` listens.
    pub admin_listen: SocketAddr,
    /// The base of links, without a slash at the end.
    pub public_url: String,
    /// HTTP worker threads.
    pub workers: usize,
    /// Connections for writes, per worker.
    pub db_connections: usize,
    /// What is logged, in env_logger's syntax.
    pub log_filter: String,
    /// Origins allowed by CORS.
    pub cors_origins: Vec<String>,
    /// Days after which an intervention that is not confirmed is stale.
    pub stale_after_days: u16,
    /// Counts of pupils from 1 to one less are hidden in publications.
    pub small_group: u16,
    /// Where each value came from, by setting name.
    pub origins: BTreeMap<&'static str, (String, Origin)>,
}

/// Why the settings cannot be used: every reason, in words for a person.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<String>);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

/// The values of the command line, which override all others.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--listen`.
    pub listen: Option<String>,
    /// `--admin-listen`.
    pub admin_listen: Option<String>,
}

impl Config {
    /// Reads the process's environment and the configuration file.
    ///
    /// # Errors
    /// Every unknown or invalid setting, together.
    pub fn read(overrides: &Overrides) -> Result<Self, ConfigError> {
        Self::from_environment(
            std::env::vars_os().map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            }),
            overrides,
        )
    }

    /// Reads this environment.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn from_environment(
        environment: impl Iterator<Item = (String, String)>,
        overrides: &Overrides,
    ) -> Result<Self, ConfigError> {
        let mut values = Values::default();
        values.environment(environment);
        values.file();
        values.set("REE_LISTEN", overrides.listen.clone(), Origin::Option);
        values.set(
            "REE_ADMIN_LISTEN",
            overrides.admin_listen.clone(),
            Origin::Option,
        );
        values.config()
    }

    /// Whether `REE_PUBLIC_URL` was given, rather than derived from `REE_LISTEN`.
    fn names_public_url(&self) -> bool {
        self.origins
            .get("REE_PUBLIC_URL")
            .is_some_and(|(_, origin)| *origin != Origin::Default)
    }

    /// Leaves the service's address where the commands beside it look for it: `--listen` is on the
    /// service's command line only, and tokens name the address as their issuer.
    ///
    /// # Errors
    /// When the data directory cannot be written.
    pub fn publish_url(&self) -> std::io::Result<()> {
        std::fs::write(self.data_dir.join(PUBLISHED_URL), &self.public_url)
    }

    /// The address of the service these settings are about: the one configured, else the one the
    /// service left in the data directory, else the default.
    pub fn issuer(&self) -> String {
        if self.names_public_url() {
            return self.public_url.clone();
        }
        let published = std::fs::read_to_string(self.data_dir.join(PUBLISHED_URL));
        published
            .ok()
            .filter(|url| !url.is_empty())
            .unwrap_or_else(|| self.public_url.clone())
    }

    /// The settings with their values as they may be shown, in the order of [`SETTINGS`].
    pub fn shown(&self) -> Vec<(&'static str, String, String)> {
        let row = |setting: &Setting| {
            let (value, origin) = self
                .origins
                .get(setting.name)
                .cloned()
                .unwrap_or((setting.default.into(), Origin::Default));
            let value = if setting.secret && origin != Origin::Default {
                mask(&value)
            } else {
                value
            };
            (setting.name, value, origin.to_string())
        };
        SETTINGS.iter().map(row).collect()
    }
}

/// Where a running service leaves its address, in the data directory.
const PUBLISHED_URL: &str = "public_url";

/// An address without its password; whatever is not an address is hidden whole.
fn mask(value: &str) -> String {
    let Ok(mut url) = url::Url::parse(value) else {
        return "***".into();
    };
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return "***".into();
    }
    if url.query_pairs().any(|(name, _)| name == "password") {
        url.set_query(Some("***"));
    }
    url.into()
}

#[derive(Default)]
struct Values {
    values: BTreeMap<&'static str, (String, Origin)>,
    problems: Vec<String>,
}

fn known(name: &str) -> Option<&'static str> {
    SETTINGS
        .iter()
        .map(|setting| setting.name)
        .find(|known| *known == name)
}

impl Values {
    fn set(&mut self, name: &'static str, value: Option<String>, origin: Origin) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.values.insert(name, (value, origin));
        }
    }

    fn environment(&mut self, environment: impl Iterator<Item = (String, String)>) {
        for (name, value) in environment {
            match known(&name) {
                Some(name) => self.set(name, Some(value), Origin::Environment),
                None if name.starts_with("REE_") => {
                    self.problems.push(format!(
                        "{name}: there is no such setting (see `ree config check`)"
                    ));
                }
                None => {}
            }
        }
    }

    fn file(&mut self) {
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

    fn config(mut self) -> Result<Config, ConfigError> {
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
        let workers = self.number("REE_WORKERS", processors);
        let db_connections = self.number("REE_DB_CONNECTIONS", 4);
        let stale_after_days = self.stale_after_days();
        let small_group = self.small_group();
        let public_url = self.public_url(listen);
        let log_filter = self.log_filter();
        let cors_origins = self.origins();
        let database_url = self.get("DATABASE_URL").map(str::to_owned);
        if let Some(Err(error)) = database_url.as_deref().map(crate::db::Connector::new) {
            self.problems.push(error.to_string());
        }
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
            data_dir,
            listen,
            admin_listen,
            public_url,
            workers,
            db_connections,
            log_filter,
            cors_origins,
            stale_after_days,
            small_group,
            origins: self.values,
        })
    }

    fn number(&mut self, name: &'static str, default: usize) -> usize {
        let number = self.parsed(name, default, "a number from 1 to 256");
        if !(1..=256).contains(&number) {
            self.problems.push(format!(
                "{name}={number}: a number from 1 to 256 is expected"
            ));
        }
        number
    }

    fn stale_after_days(&mut self) -> u16 {
        const NAME: &str = "REE_STALE_AFTER_DAYS";
        let days = self.parsed(NAME, STALE_AFTER_DAYS, "a number of days from 1 to 3650");
        if !(1..=3650).contains(&days) {
            let expected = "a number of days from 1 to 3650 is expected";
            self.problems.push(format!("{NAME}={days}: {expected}"));
        }
        days
    }

    fn small_group(&mut self) -> u16 {
        const NAME: &str = "REE_SMALL_GROUP";
        let least = self.parsed(NAME, SMALL_GROUP, "a number from 5 to 100");
        if !(SMALL_GROUP..=100).contains(&least) {
            let expected = "a number from 5 to 100 is expected";
            self.problems.push(format!("{NAME}={least}: {expected}"));
        }
        least
    }

    fn public_url(&mut self, listen: SocketAddr) -> String {
        let Some(given) = self.get("REE_PUBLIC_URL").map(str::to_owned) else {
            return format!("http://{listen}");
        };
        let is_web = url::Url::parse(&given)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !is_web {
            self.problems.push(format!(
                "REE_PUBLIC_URL={given}: an http or https address is expected"
            ));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        Config::from_environment(pairs.into_iter(), &Overrides::default())
    }

    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let error = read(&[
            ("REE_LISTEN", "here"),
            ("REE_LISTN", "127.0.0.1:1"),
            ("REE_WORKERS", "0"),
        ])
        .unwrap_err();
        assert_eq!(error.0.len(), 3, "{error}");
        assert!(
            error
                .0
                .iter()
                .any(|problem| problem.contains("REE_LISTN: there is no such setting"))
        );
    }

    #[test]
    fn small_groups_can_be_larger_and_not_smaller_than_five() {
        assert_eq!(read(&[]).unwrap().small_group, 5);
        assert_eq!(read(&[("REE_SMALL_GROUP", "11")]).unwrap().small_group, 11);
        for refused in ["4", "101", "five"] {
            assert!(read(&[("REE_SMALL_GROUP", refused)]).is_err(), "{refused}");
        }
    }

    #[test]
    fn secrets_are_masked_and_origins_told() {
        let config = read(&[
            ("DATABASE_URL", "postgresql://u:hidden@h/d"),
            ("REE_WORKERS", "3"),
        ])
        .unwrap();
        let shown = config.shown();
        assert!(
            shown.contains(&(
                "DATABASE_URL",
                "postgresql://u:***@h/d".into(),
                "environment".into()
            )),
            "{shown:?}"
        );
        assert!(!format!("{shown:?}").contains("hidden"));
        assert!(shown.contains(&("REE_LISTEN", "127.0.0.1:8080".into(), "default".into())));
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = std::env::temp_dir().join(format!("ree-config-{}.toml", std::process::id()));
        std::fs::write(&file, "ree_listen = \"127.0.0.1:1000\"\nree_workers = 5\n").unwrap();
        let path = file.display().to_string();
        let config = read(&[("REE_CONFIG", &path), ("REE_LISTEN", "127.0.0.1:2000")]).unwrap();
        assert_eq!((config.listen.port(), config.workers), (2000, 5));
        std::fs::write(&file, "ree_listn = 1").unwrap();
        assert!(read(&[("REE_CONFIG", &path)]).is_err());
        std::fs::remove_file(file).unwrap();
    }
}
