//! The way to one server: its address, the socket there, and how it is encrypted.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::config::Host;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{CancelToken, Config, Connection};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::wire::Wire;

/// How long what was sent may stay without an acknowledgement of the other machine's, and how soon a
/// silent one is asked whether it is there: the system ends a connection to one that has vanished.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);
const SILENT: Duration = Duration::from_secs(15);
const ASKED_EVERY: Duration = Duration::from_secs(5);
const ASKED: u32 = 3;

/// One server that an address names.
#[derive(Debug, Clone)]
pub struct HostOf {
    /// The name, by which its certificate is verified.
    name: Option<String>,
    place: Place,
    port: u16,
}

#[derive(Debug, Clone)]
enum Place {
    Name(String),
    Address(IpAddr),
    Directory(PathBuf),
}

/// The servers that an address names, in its order.
pub fn hosts(config: &Config) -> Vec<HostOf> {
    let (names, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let ports = config.get_ports();
    let host = |at: usize| {
        let name = match names.get(at) {
            Some(Host::Tcp(name)) => Some(name.clone()),
            _ => None,
        };
        let place = match (addresses.get(at), names.get(at)) {
            (Some(address), _) => Place::Address(*address),
            (None, Some(Host::Tcp(name))) => Place::Name(name.clone()),
            (None, Some(Host::Unix(directory))) => Place::Directory(directory.clone()),
            (None, None) => return None,
        };
        let port = ports.get(at).or_else(|| ports.first()).copied();
        Some(HostOf {
            name,
            place,
            port: port.unwrap_or(5432),
        })
    };
    (0..names.len().max(addresses.len()))
        .filter_map(host)
        .collect()
}

impl HostOf {
    /// What it is called where several are told apart.
    pub fn label(&self) -> String {
        match &self.place {
            Place::Name(name) => format!("{name}:{}", self.port),
            Place::Address(address) => SocketAddr::from((*address, self.port)).to_string(),
            Place::Directory(directory) => format!("{}:{}", directory.display(), self.port),
        }
    }

    /// Where it is, as far as its name tells.
    pub async fn targets(&self, tls: &MakeRustlsConnect) -> io::Result<Vec<Target>> {
        let places = match &self.place {
            Place::Directory(directory) => {
                vec![Address::Unix(
                    directory.join(format!(".s.PGSQL.{}", self.port)),
                )]
            }
            Place::Address(address) => vec![Address::Tcp((*address, self.port).into())],
            Place::Name(name) => {
                let found = tokio::net::lookup_host((name.as_str(), self.port)).await?;
                found.map(Address::Tcp).collect()
            }
        };
        let target = |address| Target {
            name: self.name.clone(),
            address,
            tls: tls.clone(),
        };
        Ok(places.into_iter().map(target).collect())
    }
}

#[derive(Debug, Clone)]
enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// One address of a server.
#[derive(Clone)]
pub struct Target {
    name: Option<String>,
    address: Address,
    tls: MakeRustlsConnect,
}

type Rustls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// A connection that is looked at.
pub type Driven = Connection<Wire<Socket>, Wire<Encrypted>>;

impl Target {
    /// Asks for a session.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses.
    pub async fn connect(
        &self,
        config: &Config,
    ) -> Result<
        (
            tokio_postgres::Client,
            Driven,
            std::sync::Arc<super::wire::Pulse>,
        ),
        AnyError,
    > {
        let wire = Wire::new(self.socket(config).await?);
        let pulse = std::sync::Arc::clone(wire.pulse());
        let tls = Tls(self.rustls()?);
        let (client, connection) = config.connect_raw(wire, tls).await?;
        Ok((client, connection, pulse))
    }

    /// Asks the server to cancel what a session of its does.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn cancel(&self, token: &CancelToken) -> Result<(), AnyError> {
        let socket = Socket::open(&self.address).await?;
        Ok(token.cancel_query_raw(socket, self.rustls()?).await?)
    }

    fn rustls(&self) -> Result<Rustls, AnyError> {
        let name = self.name.as_deref().unwrap_or_default();
        let mut tls = self.tls.clone();
        Ok(MakeTlsConnect::<Socket>::make_tls_connect(&mut tls, name)?)
    }

    async fn socket(&self, config: &Config) -> io::Result<Socket> {
        let socket = Socket::open(&self.address).await?;
        if let Socket::Tcp(stream) = &socket {
            let socket = SockRef::from(stream);
            let unacknowledged = config.get_tcp_user_timeout().copied();
            #[cfg(target_os = "linux")]
            socket.set_tcp_user_timeout(Some(unacknowledged.unwrap_or(UNACKNOWLEDGED)))?;
            if config.get_keepalives() {
                let alive = TcpKeepalive::new()
                    .with_time(config.get_keepalives_idle().min(SILENT))
                    .with_interval(config.get_keepalives_interval().unwrap_or(ASKED_EVERY))
                    .with_retries(config.get_keepalives_retries().unwrap_or(ASKED));
                socket.set_tcp_keepalive(&alive)?;
            }
        }
        Ok(socket)
    }
}

/// Encrypts the stream itself, and looks at what passes inside.
struct Tls(Rustls);

impl TlsConnect<Wire<Socket>> for Tls {
    type Stream = Wire<Encrypted>;
    type Error = AnyError;
    type Future = BoxFuture<'static, Result<Self::Stream, AnyError>>;

    fn connect(self, wire: Wire<Socket>) -> Self::Future {
        let pulse = std::sync::Arc::clone(wire.pulse());
        let encrypting = TlsConnect::<Socket>::connect(self.0, wire.into_stream());
        Box::pin(async move { Ok(Wire::with(encrypting.await?, pulse)) })
    }
}

/// A socket of either kind.
#[derive(Debug)]
pub enum Socket {
    /// Over the network.
    Tcp(TcpStream),
    /// Within the machine.
    Unix(UnixStream),
}

impl Socket {
    async fn open(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok(Self::Tcp(stream))
            }
            Address::Unix(path) => UnixStream::connect(path).await.map(Self::Unix),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
