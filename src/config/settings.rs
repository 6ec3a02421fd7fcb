//! The settings there are, as they are documented.

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

/// Seconds between the signal to stop and the end of listening, by default.
pub const DRAIN: u64 = 5;

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
    Setting {
        name: "REE_READ_URL",
        default: "none: reads go where writes go",
        purpose: "standbys of that server to read from, as DATABASE_URL names hosts: the first that answers and \
                  is not far behind",
        secret: true,
    },
    setting(
        "REE_DATA_DIR",
        "./data/run in a checkout, else the platform's data directory",
        "embedded database, signing keys",
    ),
    Setting {
        name: "REE_KEY_ENCRYPTION_KEY",
        default: "none: signing keys are files of REE_DATA_DIR",
        purpose: "32 random bytes, base64 or hexadecimal: signing keys are kept in the database, encrypted under it; \
                  to change it: the new one, a comma, the former one",
        secret: true,
    },
    setting("REE_LISTEN", "127.0.0.1:8080", "address of the API"),
    setting(
        "REE_ADMIN_LISTEN",
        "127.0.0.1:9090",
        "address of /metrics, and of /healthz and /readyz on a thread of their own",
    ),
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
        "connections for writes, per worker; reads of rows and pages share one more",
    ),
    setting(
        "REE_QUERY_CONNECTIONS",
        "two per processor",
        "searches, counts and sums at once; as many exports, and as many batches",
    ),
    setting(
        "REE_RATE",
        "500",
        "what a client may ask in a second, over ten seconds; 0: no bound",
    ),
    setting("REE_BODY_MEMORY", "256", "MiB of bodies held at once"),
    setting(
        "REE_CONNECTIONS_PER_ADDRESS",
        "500",
        "connections of one address at once, but for REE_TRUSTED_PROXIES",
    ),
    setting(
        "REE_WAITING_PER_CLIENT",
        "1000",
        "readers of one client that wait for changes at once",
    ),
    setting(
        "REE_TRUSTED_PROXIES",
        "none",
        "addresses, separated by commas, whose X-Forwarded-For is believed",
    ),
    setting(
        "REE_DRAIN",
        "5",
        "seconds between SIGTERM, when /readyz turns 503, and the end of listening",
    ),
    setting(
        "REE_REUSE_PORT",
        "false",
        "true: another process may listen on REE_LISTEN at the same time, to take over from this one",
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
    setting(
        "REE_WEBHOOKS_ALLOW_PRIVATE",
        "false",
        "true, for development: webhooks may be private and loopback addresses, by plain http too",
    ),
    setting(
        "REE_SECURITY_CONTACT",
        "REE_PUBLIC_URL and /docs/",
        "whom to tell of a weakness, in security.txt: mailto:, https: or tel: addresses, separated by commas",
    ),
    setting(
        "REE_THEME",
        "neutral",
        "how the pages look: neutral, or state: the State's design system, for operators who are entitled to it",
    ),
    setting("RUST_LOG", "info", "log filter, env_logger's syntax"),
];

/// The setting of this name.
pub(super) fn known(name: &str) -> Option<&'static str> {
    SETTINGS
        .iter()
        .map(|setting| setting.name)
        .find(|known| *known == name)
}
