//! Making one connection: TLS, the limits the server enforces, a bound on the whole attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// `connect_timeout` covers the TCP connection only: a frozen server accepts and never answers.
const ATTEMPT: Duration = Duration::from_secs(5);

/// What each session asks the server to enforce: a statement that outlives its request is ended,
/// a lock is not waited for without end, a forgotten transaction does not hold back the others.
const LIMITS: &str = "-c statement_timeout=15s -c lock_timeout=5s \
                      -c idle_in_transaction_session_timeout=20s -c timezone=UTC";

/// Makes connections to one database.
#[derive(Clone)]
pub struct Connector {
    config: Arc<tokio_postgres::Config>,
    tls: MakeRustlsConnect,
}

/// Whether a connection's driver still runs.
#[derive(Clone, Debug)]
pub struct Alive(Arc<AtomicBool>);

impl Alive {
    /// False once the connection was lost.
    pub fn is_alive(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Why a connection could not be prepared or made, in words for a log.
#[derive(Debug)]
pub struct ConnectError(pub String);

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConnectError {}

impl Connector {
    /// Reads a `DATABASE_URL`. `sslmode` is `disable`, `prefer` (default) or `require`;
    /// `verify-ca` and `verify-full` are read as `require`, since a certificate is always verified.
    /// `sslrootcert` names a PEM file to trust instead of the system's authorities.
    ///
    /// # Errors
    /// When the address or the certificates cannot be read; the password is not in the message.
    pub fn new(database_url: &str) -> Result<Self, ConnectError> {
        let (address, root_certificate) = own_parameters(database_url);
        let mut config: tokio_postgres::Config = address.parse().map_err(|error| {
            ConnectError(format!("DATABASE_URL is not a PostgreSQL address: {error}"))
        })?;
        config.application_name("ree").connect_timeout(ATTEMPT);
        let options = config
            .get_options()
            .map(|given| format!("{LIMITS} {given}"));
        config.options(options.as_deref().unwrap_or(LIMITS));
        let tls = trust(config.get_ssl_mode(), root_certificate.as_deref())?;
        Ok(Self {
            config: Arc::new(config),
            tls,
        })
    }

    /// The same server, another database: for the tests.
    #[must_use]
    pub fn database(&self, name: &str) -> Self {
        let mut config = (*self.config).clone();
        config.dbname(name);
        Self {
            config: Arc::new(config),
            tls: self.tls.clone(),
        }
    }

    /// A plain connection, for bulk work.
    ///
    /// # Errors
    /// When the server cannot be reached in time, or refuses.
    pub async fn plain(&self) -> Result<(tokio_postgres::Client, Alive), ConnectError> {
        let attempt = tokio::time::timeout(ATTEMPT, self.config.connect(self.tls.clone()));
        let (client, connection) = attempt
            .await
            .map_err(|_| ConnectError("PostgreSQL did not answer in time".into()))?
            .map_err(|error| ConnectError(explain(&error)))?;
        let alive = Arc::new(AtomicBool::new(true));
        let driver = Arc::clone(&alive);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                log::warn!("a PostgreSQL connection was lost: {error}");
            }
            driver.store(false, Ordering::Release);
        });
        Ok((client, Alive(alive)))
    }

    /// A connection for queries.
    ///
    /// # Errors
    /// As [`Connector::plain`].
    pub async fn diesel(&self) -> Result<(AsyncPgConnection, Alive), ConnectionError> {
        let bad = |error: ConnectError| ConnectionError::BadConnection(error.0);
        let (client, alive) = self.plain().await.map_err(bad)?;
        Ok((AsyncPgConnection::try_from(client).await?, alive))
    }
}

/// The message with what lies below it: tokio-postgres' own is only `error connecting to server`.
fn explain(error: &tokio_postgres::Error) -> String {
    let below = std::error::Error::source(error).map(|source| format!(": {source}"));
    format!(
        "PostgreSQL cannot be reached: {error}{}",
        below.unwrap_or_default()
    )
}

/// Takes from the address the parameters tokio-postgres does not know.
fn own_parameters(database_url: &str) -> (String, Option<String>) {
    let Some((address, query)) = database_url.split_once('?') else {
        return (database_url.to_owned(), None);
    };
    let mut root_certificate = None;
    let kept: Vec<String> = query
        .split('&')
        .filter_map(|pair| match pair.split_once('=') {
            Some(("sslrootcert", path)) => {
                root_certificate = decoded(path);
                None
            }
            Some(("sslmode", "verify-ca" | "verify-full")) => Some("sslmode=require".to_owned()),
            _ => Some(pair.to_owned()),
        })
        .collect();
    (format!("{address}?{}", kept.join("&")), root_certificate)
}

/// A percent-encoded value.
fn decoded(value: &str) -> Option<String> {
    let query = format!("value={}", value.replace('+', "%2B"));
    url::form_urlencoded::parse(query.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
}

/// The authorities whose certificates are believed.
fn trust(mode: SslMode, root_certificate: Option<&str>) -> Result<MakeRustlsConnect, ConnectError> {
    let mut roots = rustls::RootCertStore::empty();
    if let Some(path) = root_certificate {
        let unreadable =
            |error: String| ConnectError(format!("sslrootcert={path} cannot be read: {error}"));
        let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        for certificate in certificates(&pem) {
            roots
                .add(certificate)
                .map_err(|error| unreadable(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(unreadable("no certificate in it".into()));
        }
    } else if mode != SslMode::Disable {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn certificates(pem: &[u8]) -> Vec<rustls::pki_types::CertificateDer<'static>> {
    use rustls::pki_types::pem::PemObject;
    rustls::pki_types::CertificateDer::pem_slice_iter(pem)
        .filter_map(Result::ok)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_name_a_root_certificate_and_verification() {
        let (address, root) = own_parameters(
            "postgresql://u@h/d?sslmode=verify-full&sslrootcert=%2Fetc%2Fmy%20ca.pem&port=1",
        );
        assert_eq!(address, "postgresql://u@h/d?sslmode=require&port=1");
        assert_eq!(root.as_deref(), Some("/etc/my ca.pem"));
    }

    #[test]
    fn a_broken_address_is_refused_without_its_password() {
        let refused = Connector::new("postgresql://u:s3cret@h:notaport/d")
            .err()
            .unwrap();
        assert!(!refused.0.contains("s3cret"), "{}", refused.0);
    }
}
