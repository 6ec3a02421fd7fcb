//! Connecting to a receiver: the address connected to is the very one that was looked at, whatever a name
//! stood for before. No proxy of the environment stands in between.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::integration::webhooks::reserved::{Reach, is_private};

/// Why nothing was answered, as deliveries name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Not in time.
    Timeout,
    /// The name stands for nothing.
    NameNotFound,
    /// What it stands for may not be reached.
    InwardAddress,
    /// Plain http to a public address.
    HttpsOnly,
    /// Nobody listens there.
    ConnectionFailed,
    /// Its certificate is not believed, or it does not speak TLS.
    TlsFailed,
    /// What came back is not HTTP.
    AnswerBroken,
    /// No secret can be opened any more: its key is gone.
    SecretLost,
}

impl Failure {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::NameNotFound => "name_not_found",
            Self::InwardAddress => "inward_address",
            Self::HttpsOnly => "https_only",
            Self::ConnectionFailed => "connection_failed",
            Self::TlsFailed => "tls_failed",
            Self::AnswerBroken => "answer_broken",
            Self::SecretLost => "secret_lost",
        }
    }
}

/// A connection, encrypted or not.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Connects to where an address leads now.
///
/// # Errors
/// Why it cannot be.
pub async fn connect(url: &Url, reach: Reach) -> Result<Box<dyn Wire>, Failure> {
    let is_plain = url.scheme() != "https";
    let allowed: Vec<SocketAddr> = resolve(url)
        .await?
        .into_iter()
        .filter(|address| reach.includes(address.ip()))
        .collect();
    if allowed.is_empty() {
        return Err(Failure::InwardAddress);
    }
    let allowed = allowed
        .into_iter()
        .filter(|address| !is_plain || is_private(address.ip()));
    let allowed: Vec<SocketAddr> = allowed.collect();
    if allowed.is_empty() {
        return Err(Failure::HttpsOnly);
    }
    // Of addresses alone: nothing is resolved a second time.
    let stream = TcpStream::connect(&*allowed)
        .await
        .map_err(|_| Failure::ConnectionFailed)?;
    stream
        .set_nodelay(true)
        .map_err(|_| Failure::ConnectionFailed)?;
    if is_plain {
        return Ok(Box::new(stream));
    }
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare.to_owned()).map_err(|_| Failure::TlsFailed)?;
    let config = tls().ok_or(Failure::TlsFailed)?;
    let encrypted = TlsConnector::from(config).connect(name, stream).await;
    match encrypted {
        Ok(stream) => Ok(Box::new(stream)),
        Err(_) => Err(Failure::TlsFailed),
    }
}

/// The addresses that the host stands for.
async fn resolve(url: &Url) -> Result<Vec<SocketAddr>, Failure> {
    let port = url.port_or_known_default().unwrap_or_default();
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(vec![(address, port).into()]),
        Some(Host::Ipv6(address)) => Ok(vec![(address, port).into()]),
        Some(Host::Domain(name)) => match tokio::net::lookup_host((name, port)).await {
            Ok(found) => Ok(found.collect()),
            Err(_) => Err(Failure::NameNotFound),
        },
        None => Err(Failure::NameNotFound),
    }
}

/// TLS with the authorities of the system, read once.
fn tls() -> Option<Arc<rustls::ClientConfig>> {
    static TLS: OnceLock<Option<Arc<rustls::ClientConfig>>> = OnceLock::new();
    TLS.get_or_init(|| {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .ok()?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Some(Arc::new(config))
    })
    .clone()
}
