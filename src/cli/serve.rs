//! `ree serve`: opens the database, brings it up to date, and answers requests until told to stop.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{HttpServer, web};

use super::Failure;
use super::database::Database;
use super::output::tell;
use crate::app::{App, Shared};
use crate::auth::KeySource;
use crate::auth::keys::source::leave_note;
use crate::config::{Config, Overrides};
use crate::db::cluster::Standing;
use crate::db::installation;
use crate::integration::{demo, operation};
use crate::{jobs, server};

/// How long requests in flight may take to end once told to stop.
const GRACE: u64 = 20;

/// Connections that the system keeps until they are accepted.
const BACKLOG: i32 = 1024;

#[derive(clap::Args)]
pub struct Arguments {
    /// Load the example partners and establishments too
    #[arg(long)]
    demo: bool,
    /// Address of the API (REE_LISTEN)
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Address of /metrics (REE_ADMIN_LISTEN)
    #[arg(long, value_name = "ADDR")]
    admin_listen: Option<String>,
}

pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let overrides = Overrides {
        listen: arguments.listen,
        admin_listen: arguments.admin_listen,
    };
    let config = Config::read(&overrides)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(serve(config, arguments.demo))
}

async fn serve(config: Config, with_demo: bool) -> Result<(), Failure> {
    // As many files and connections as the system allows at all.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        log::warn!("the limit of open files stays as it is: {error}");
    }
    // Bound first: a port that is taken must be told before anything is started or changed.
    let listener = listen(&config)?;
    let admin_listener = bind(config.admin_listen, config.shares_port, "REE_ADMIN_LISTEN")?;
    let database = Database::open(&config).await?;
    // Before the application reads it back as the issuer of its tokens.
    publish(&config)?;
    let shared = database.application(&config).await?;
    let is_writable = shared.connector.cluster().standing() == Standing::Primary;
    share(&shared, is_writable).await?;
    if with_demo && is_writable {
        demo::load(&shared.connector).await?;
    }
    if config.shares_port {
        // The system gives connections to all who listen on a port: not to one that cannot answer yet.
        for bound in [&listener, &admin_listener] {
            socket2::SockRef::from(bound).listen(BACKLOG)?;
        }
    }
    let servers = Servers {
        api: api(Arc::clone(&shared), listener)?,
        admin: admin(Arc::clone(&shared), admin_listener)?,
    };
    announce(&config, &database);
    servers
        .run_until(&shared, database.keep_running())
        .await
        .map_err(Failure::from)
}

/// Leaves the service's address in its data directory. Where the keys are in the database nothing there is
/// needed, and it may take no writes.
fn publish(config: &Config) -> Result<(), Failure> {
    let published = std::fs::create_dir_all(&config.data_dir).and_then(|()| config.publish_url());
    match published {
        Err(error) if config.key_encryption.is_some() => {
            log::warn!("REE_DATA_DIR={}: {error}", config.data_dir.display());
            Ok(())
        }
        published => Ok(published?),
    }
}

/// Tells commands where the keys are, and those of other machines whom tokens are to name.
async fn share(shared: &Shared, is_writable: bool) -> Result<(), Failure> {
    let config = &shared.config;
    let source = KeySource::of(config);
    leave_note(&config.data_dir, &source);
    if is_writable && matches!(source, KeySource::Database(_)) {
        let issuer = shared.authenticator.tokens().issuer().to_owned();
        if let Some(former) = installation::keep_issuer(&shared.connector, &issuer).await? {
            log::warn!(
                "the service of this database was {former} before and is {issuer} now: tokens of the one \
                        are refused by the other"
            );
        }
    }
    Ok(())
}

/// What listens.
struct Servers {
    api: Server,
    admin: Server,
}

impl Servers {
    /// Answers until told to stop, or until what is supposed to go on ends; then the requests in flight
    /// are answered. `/metrics` is read until the last one.
    async fn run_until(
        self,
        shared: &Arc<Shared>,
        database: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let (api_handle, admin_handle) = (self.api.handle(), self.admin.handle());
        // Tasks of their own: a server that nobody polls answers nothing that is in flight.
        let (mut api, mut admin) = (tokio::spawn(self.api), tokio::spawn(self.admin));
        let jobs = tokio::spawn(jobs::run(Arc::clone(shared)));
        let ended = tokio::select! {
            ended = &mut api => ended,
            ended = &mut admin => ended,
            () = database => Ok(Ok(())),
            signal = stop_signal() => {
                drain(shared, signal).await;
                Ok(Ok(()))
            }
        };
        jobs.abort();
        api_handle.stop(true).await;
        jobs::finish(Arc::clone(shared)).await;
        admin_handle.stop(false).await;
        ended.map_err(io::Error::other)?
    }
}

/// Told to stop by its supervisor, the service is not ready any more and still listens, so that who
/// sends requests hears of it first. A person who presses Ctrl-C, or a second signal, does not wait.
async fn drain(shared: &Shared, signal: Signal) {
    shared.begin_to_stop();
    if signal == Signal::Terminate && !shared.config.drain.is_zero() {
        let seconds = shared.config.drain.as_secs();
        log::info!("stopping: not ready any more, listening for {seconds} s");
        tokio::select! {
            () = tokio::time::sleep(shared.config.drain) => {}
            _ = stop_signal() => {}
        }
    }
    log::info!("stopping: requests in flight are given {GRACE} s");
}

/// The listener that a supervisor hands over (systemd's socket activation), else one of our own.
fn listen(config: &Config) -> Result<TcpListener, Failure> {
    if let Some(handed) = listenfd::ListenFd::from_env().take_tcp_listener(0)? {
        return Ok(handed);
    }
    bind(config.listen, config.shares_port, "REE_LISTEN")
}

/// A listener of our own; of a port that is shared, one that does not listen yet.
fn bind(address: SocketAddr, is_shared: bool, setting: &str) -> Result<TcpListener, Failure> {
    let bound = || {
        let domain = socket2::Domain::for_address(address);
        let socket =
            socket2::Socket::new(domain, socket2::Type::STREAM, Some(socket2::Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(is_shared)?;
        socket.bind(&address.into())?;
        if !is_shared {
            socket.listen(BACKLOG)?;
        }
        io::Result::Ok(socket.into())
    };
    let listener = bound().map_err(|error| {
        format!(
            "{setting}={address}: {error}; choose another address with --listen, --admin-listen"
        )
    })?;
    Ok(listener)
}

fn api(shared: Arc<Shared>, listener: TcpListener) -> Result<Server, Failure> {
    let waits = server::Waits {
        request: Duration::from_secs(10),
        disconnect: Duration::from_secs(5),
        idle: Duration::from_secs(75),
        stop: GRACE,
    };
    let of_worker = Arc::clone(&shared);
    let app = move || worker(&of_worker);
    Ok(server::serve(&shared, listener, waits, app)?)
}

/// The application of one worker. It is made on the worker's thread, where its connections live.
fn worker(shared: &Arc<Shared>) -> web::Data<App> {
    match App::new(Arc::clone(shared)) {
        Ok(app) => web::Data::new(app),
        Err(error) => {
            log::error!("a worker cannot start: {error}");
            std::process::exit(1)
        }
    }
}

fn admin(shared: Arc<Shared>, listener: TcpListener) -> Result<Server, Failure> {
    let shared = web::Data::from(shared);
    let factory = move || {
        actix_web::App::new()
            .app_data(shared.clone())
            .configure(operation::admin::configure)
    };
    Ok(HttpServer::new(factory)
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run())
}

fn announce(config: &Config, database: &Database) {
    let url = &config.public_url;
    let server = if database.is_embedded() {
        "embedded PostgreSQL"
    } else {
        "DATABASE_URL"
    };
    let version = env!("CARGO_PKG_VERSION");
    tell(&format!("ree {version} is ready ({server})"));
    tell(&format!("  API   {url}/v1"));
    tell(&format!("  docs  {url}/docs/"));
    if config.webhooks_allow_private {
        tell(
            "  REE_WEBHOOKS_ALLOW_PRIVATE: webhooks may be private and loopback addresses, by plain http too; for development alone",
        );
    }
    tell("  token ree token --role ministry   (cargo run --release -- token --role ministry)");
}

/// What tells the service to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// SIGTERM: a supervisor.
    Terminate,
    /// Ctrl-C: a person.
    Interrupt,
}

async fn stop_signal() -> Signal {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => Signal::Terminate,
        _ = tokio::signal::ctrl_c() => Signal::Interrupt,
    }
}
