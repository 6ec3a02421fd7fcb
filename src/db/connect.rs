//! Making one connection: TLS, the limits the server enforces, a bound on the whole attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// `connect_timeout` covers the TCP connection only: a frozen server accepts and never answers.
const ATTEMPT: Duration = Duration::from_secs(5);

/// What each session asks the server to enforce: a statement that outlives its request is ended,
/// a lock is not waited for without end, a forgotten transaction does not hold back the others.
const LIMITS: &str = "-c statement_timeout=15s -c lock_timeout=5s \
                      -c idle_in_transaction_session_timeout=20s -c timezone=UTC \
                      -c client_min_messages=warning";

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
    /// Reads a `DATABASE_URL`. `sslmode` means what it means to libpq: `disable`; `prefer` (the
    /// default) and `require` encrypt; `verify-full`, and `verify-ca` which is read as it, verify
    /// the certificate and its name. `sslrootcert` names a PEM file to believe instead of the
    /// system's authorities, and asks for verification by itself.
    ///
    /// # Errors
    /// When the address or the certificates cannot be read; the password is not in the message.
    pub fn new(database_url: &str) -> Result<Self, ConnectError> {
        let (address, verification) = own_parameters(database_url);
        let mut config: tokio_postgres::Config = address.parse().map_err(|error| {
            ConnectError(format!("DATABASE_URL is not a PostgreSQL address: {error}"))
        })?;
        config.application_name("ree").connect_timeout(ATTEMPT);
        let options = config
            .get_options()
            .map(|given| format!("{LIMITS} {given}"));
        config.options(options.as_deref().unwrap_or(LIMITS));
        let tls = trust(&verification)?;
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

/// How the address wants the server's certificate checked.
#[derive(Debug, Default, PartialEq, Eq)]
struct Verification {
    /// Whether it is verified at all.
    wanted: bool,
    /// The PEM file of the authorities to believe, instead of the system's.
    root_certificate: Option<String>,
}

/// Takes from the address the parameters tokio-postgres does not know.
fn own_parameters(database_url: &str) -> (String, Verification) {
    let mut verification = Verification::default();
    let Some((address, query)) = database_url.split_once('?') else {
        return (database_url.to_owned(), verification);
    };
    let kept: Vec<String> = query
        .split('&')
        .filter_map(|pair| match pair.split_once('=') {
            Some(("sslrootcert", path)) => {
                verification.wanted = true;
                verification.root_certificate = decoded(path);
                None
            }
            Some(("sslmode", "verify-ca" | "verify-full")) => {
                verification.wanted = true;
                Some("sslmode=require".to_owned())
            }
            _ => Some(pair.to_owned()),
        })
        .collect();
    (format!("{address}?{}", kept.join("&")), verification)
}

/// A percent-encoded value.
fn decoded(value: &str) -> Option<String> {
    let query = format!("value={}", value.replace('+', "%2B"));
    url::form_urlencoded::parse(query.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
}

/// How the server is recognised: as libpq does, encryption alone unless the address asks for more.
fn trust(verification: &Verification) -> Result<MakeRustlsConnect, ConnectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (verifier, pinned) = if verification.wanted {
        let believed = believed(verification.root_certificate.as_deref())?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(believed.iter().cloned());
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = builder
            .build()
            .map_err(|error| ConnectError(error.to_string()))?;
        (Some(verifier), believed)
    } else {
        (None, Vec::new())
    };
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Recognition {
            provider,
            verifier,
            pinned,
        }))
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The certificates of the file named, else of the system's authorities.
fn believed(root_certificate: Option<&str>) -> Result<Vec<CertificateDer<'static>>, ConnectError> {
    let Some(path) = root_certificate else {
        return Ok(rustls_native_certs::load_native_certs().certs);
    };
    let unreadable =
        |error: &str| ConnectError(format!("sslrootcert={path} cannot be read: {error}"));
    let pem = std::fs::read(path).map_err(|error| unreadable(&error.to_string()))?;
    let found = certificates(&pem);
    if found.is_empty() {
        Err(unreadable("no certificate in it"))
    } else {
        Ok(found)
    }
}

/// Recognises a server by its certificate, where that is asked for.
#[derive(Debug)]
struct Recognition {
    provider: Arc<CryptoProvider>,
    /// None where the address asks for encryption alone (`prefer`, `require`).
    verifier: Option<Arc<WebPkiServerVerifier>>,
    /// A server whose very certificate is believed needs no authority: the usual case of one that
    /// signed its own, which the verifier would refuse.
    pinned: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Recognition {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let is_pinned = self
            .pinned
            .iter()
            .any(|pinned| pinned.as_ref() == end_entity.as_ref());
        match &self.verifier {
            Some(verifier) if !is_pinned => verifier.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
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
        let (address, verification) = own_parameters(
            "postgresql://u@h/d?sslmode=verify-full&sslrootcert=%2Fetc%2Fmy%20ca.pem&port=1",
        );
        assert_eq!(address, "postgresql://u@h/d?sslmode=require&port=1");
        let root_certificate = Some("/etc/my ca.pem".to_owned());
        assert_eq!(
            verification,
            Verification {
                wanted: true,
                root_certificate
            }
        );
    }

    #[test]
    fn a_broken_address_is_refused_without_its_password() {
        let refused = Connector::new("postgresql://u:s3cret@h:notaport/d")
            .err()
            .unwrap();
        assert!(!refused.0.contains("s3cret"), "{}", refused.0);
    }
}
