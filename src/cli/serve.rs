//! `ree serve`: opens the database, brings it up to date, and answers requests until told to stop.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpServer, web};

use super::Failure;
use super::database::Database;
use super::output::tell;
use crate::app::{App, Shared};
use crate::config::{Config, Overrides};
use crate::integration::{demo, operation};
use crate::{jobs, server};

/// How long requests in flight may take to end once told to stop.
const GRACE: u64 = 20;

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
    // Bound first: a port that is taken must be told before anything is started or changed.
    let listener = bind(config.listen, "REE_LISTEN")?;
    let admin_listener = bind(config.admin_listen, "REE_ADMIN_LISTEN")?;
    let database = Database::open(&config).await?;
    // Before the application reads it back as the issuer of its tokens.
    std::fs::create_dir_all(&config.data_dir)?;
    config.publish_url()?;
    let shared = database.application(&config).await?;
    if with_demo {
        demo::load(&shared.connector).await?;
    }
    let api = api(Arc::clone(&shared), listener)?;
    let admin = admin(Arc::clone(&shared), admin_listener)?;
    announce(&config, &database);
    let (api_handle, admin_handle) = (api.handle(), admin.handle());
    let jobs = tokio::spawn(jobs::run(Arc::clone(&shared)));
    tokio::select! {
        ended = api => ended?,
        ended = admin => ended?,
        () = database.keep_running() => {}
        () = stop_signal() => log::info!("stopping: requests in flight are given {GRACE} s"),
    }
    jobs.abort();
    admin_handle.stop(false).await;
    api_handle.stop(true).await;
    Ok(())
}

fn bind(address: std::net::SocketAddr, setting: &str) -> Result<std::net::TcpListener, Failure> {
    let listener = std::net::TcpListener::bind(address).map_err(|error| {
        format!(
            "{setting}={address}: {error}; choose another address with --listen, --admin-listen"
        )
    })?;
    Ok(listener)
}

fn api(
    shared: Arc<Shared>,
    listener: std::net::TcpListener,
) -> Result<actix_web::dev::Server, Failure> {
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

fn admin(
    shared: Arc<Shared>,
    listener: std::net::TcpListener,
) -> Result<actix_web::dev::Server, Failure> {
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
    tell("  token ree token --role ministry   (cargo run --release -- token --role ministry)");
}

/// SIGTERM or Ctrl-C.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
