//! Every setting, read once, each knowing where it came from.
//!
//! The environment wins over the file named by `REE_CONFIG` (TOML, the same names in lower case),
//! which wins over the defaults. A name that is not in [`SETTINGS`] stops the start: a misspelt
//! setting must not be silently ignored.

mod encryption;
mod settings;
mod sources;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

pub use encryption::EncryptionKeys;
pub use settings::{DRAIN, SETTINGS, SMALL_GROUP, STALE_AFTER_DAYS, Setting};
use sources::Values;

use crate::layout::Theme;

/// The variable that commands take a token from: no setting of the service.
pub const TOKEN: &str = "REE_TOKEN";

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
    /// The standbys to read from.
    pub read_url: Option<String>,
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
    /// Searches, counts and sums at once.
    pub query_connections: usize,
    /// What a client may ask in a second; 0: no bound.
    pub rate: u32,
    /// The bytes of bodies held at once.
    pub body_memory: usize,
    /// Connections of one address at once.
    pub connections_per_address: usize,
    /// Readers of one client that wait for changes at once.
    pub waiting_per_client: usize,
    /// The addresses whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How long the service goes on listening once it is told to stop.
    pub drain: Duration,
    /// Whether another process may listen on the same address.
    pub shares_port: bool,
    /// What is logged, in env_logger's syntax.
    pub log_filter: String,
    /// Origins allowed by CORS.
    pub cors_origins: Vec<String>,
    /// Days after which an intervention that is not confirmed is stale.
    pub stale_after_days: u16,
    /// Counts of pupils from 1 to one less are hidden in publications.
    pub small_group: u16,
    /// Whom to tell of a weakness, the preferred first; none: the documentation says it.
    pub security_contacts: Vec<String>,
    /// How the pages look.
    pub theme: Theme,
    /// Whether webhooks may be private and loopback addresses, by plain http too.
    pub webhooks_allow_private: bool,
    /// What the signing keys kept in the database are encrypted under; none: they are files.
    pub key_encryption: Option<EncryptionKeys>,
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

    /// `REE_PUBLIC_URL`, where it was given rather than derived from `REE_LISTEN`.
    pub fn named_url(&self) -> Option<&str> {
        let (_, origin) = self.origins.get("REE_PUBLIC_URL")?;
        (*origin != Origin::Default).then_some(self.public_url.as_str())
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
        if let Some(named) = self.named_url() {
            return named.to_owned();
        }
        self.published_url()
            .unwrap_or_else(|| self.public_url.clone())
    }

    /// The address that the service started last left in the data directory.
    pub fn published_url(&self) -> Option<String> {
        let published = std::fs::read_to_string(self.data_dir.join(PUBLISHED_URL));
        published.ok().filter(|url| !url.is_empty())
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
    fn the_public_address_is_a_scheme_and_a_host() {
        for taken in [
            "https://ree.example",
            "https://ree.example/",
            "http://10.0.0.1:8080",
        ] {
            let config = read(&[("REE_PUBLIC_URL", taken)]).unwrap();
            assert_eq!(config.public_url, taken.trim_end_matches('/'));
        }
        for refused in [
            "https://ree.example/api",
            "https://ree.example/api/",
            "https://ree.example/?a=b",
            "https://ree.example/#a",
            "https://user@ree.example",
            "ree.example",
        ] {
            let error = read(&[("REE_PUBLIC_URL", refused)]).unwrap_err();
            assert_eq!(error.0.len(), 1, "{refused}: {error}");
        }
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
    fn whom_to_tell_of_a_weakness_is_an_address_that_can_be_followed() {
        let config = read(&[(
            "REE_SECURITY_CONTACT",
            "mailto:securite@ree.example, https://ree.example/securite",
        )]);
        assert_eq!(
            config.unwrap().security_contacts,
            [
                "mailto:securite@ree.example",
                "https://ree.example/securite"
            ]
        );
        assert!(read(&[]).unwrap().security_contacts.is_empty());
        for refused in ["securite@ree.example", "http://ree.example", "mailto:"] {
            let error = read(&[("REE_SECURITY_CONTACT", refused)]).unwrap_err();
            assert_eq!(error.0.len(), 1, "{refused}: {error}");
        }
    }

    #[test]
    fn pages_are_neutral_unless_a_theme_is_named() {
        assert_eq!(read(&[]).unwrap().theme, Theme::Neutral);
        assert_eq!(read(&[("REE_THEME", "state")]).unwrap().theme, Theme::State);
        let error = read(&[("REE_THEME", "blue")]).unwrap_err();
        assert_eq!(error.0, ["REE_THEME=blue: neutral or state is expected"]);
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
    fn an_encryption_key_is_shown_nowhere() {
        let key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        let config = read(&[("REE_KEY_ENCRYPTION_KEY", key)]).unwrap();
        assert!(config.key_encryption.is_some());
        let shown = format!("{config:?} {:?}", config.shown());
        assert!(!shown.contains("aabb"), "{shown}");
        let error = read(&[("REE_KEY_ENCRYPTION_KEY", "aabbccdd:1")]).unwrap_err();
        assert_eq!(error.0.len(), 1, "{error}");
        assert!(!error.to_string().contains("aabb"), "{error}");
        assert!(read(&[]).unwrap().key_encryption.is_none());
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
