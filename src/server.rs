//! The server: the application with its resources mounted and its middleware around them. `serve` and
//! the tests build it the same way.

use std::net::TcpListener;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_http::{HttpService, Protocol};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{AppConfig, Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web;
use tokio::net::TcpStream;
use utoipa_actix_web::AppExt;

use crate::agreements::names;
use crate::app::{Api, App, Shared};
use crate::auth::{KeySource, Tokens};
use crate::config::Config;
use crate::db::Connector;
use crate::error::{Error, Result};
use crate::http::contract::Contract;
use crate::http::gate::gate;
use crate::http::open;
use crate::http::shell::shell;
use crate::http::stream::Explained;
use crate::{openapi, routes};

/// What all workers share, over a database that is up to date; the keys are read again from their source.
///
/// # Errors
/// `service_unavailable` when the database is away.
pub async fn shared(
    config: Config,
    connector: Connector,
    source: KeySource,
    tokens: Tokens,
) -> Result<Arc<Shared>> {
    // The same as long as the program runs, and slow to make where nothing is optimised.
    static CONTRACT: LazyLock<Arc<Contract>> =
        LazyLock::new(|| Arc::new(Contract::of(&openapi::document())));
    let api = Api {
        contract: Arc::clone(&CONTRACT),
        document: openapi::text().map_err(Error::internal)?,
        names: names::read,
        references: names::ids_of_references,
    };
    Shared::new(config, connector, source, tokens, api).await
}

/// CORS wraps bodies in a type of its own; outside of it they are all boxed again.
async fn plain(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    next.call(request)
        .await
        .map(ServiceResponse::map_into_boxed_body)
}

/// Mounts everything: what `serve` runs and the tests call.
pub fn configure(
    app: web::Data<App>,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let cors = crate::http::cors::middleware(&app.config.cors_origins);
    actix_web::App::new()
        .app_data(app)
        .into_utoipa_app()
        .configure(routes::mount)
        .into_app()
        .wrap(from_fn(gate))
        .wrap(cors)
        .wrap(from_fn(plain))
        .wrap(from_fn(open::preflights))
        .wrap(from_fn(shell))
}

/// The threads beside each worker, for what takes its time: bodies to be read, workbooks to be written,
/// publications to be decided. Many of them would leave the workers no processor.
const BESIDE: usize = 8;

/// How long the parts of an exchange may take.
#[derive(Debug, Clone, Copy)]
pub struct Waits {
    /// The head of a request.
    pub request: Duration,
    /// The end of a connection.
    pub disconnect: Duration,
    /// A connection without a request.
    pub idle: Duration,
    /// The requests in flight, once the service is told to stop, in seconds.
    pub stop: u64,
}

/// Serves applications, one for each worker, on a listener. `HttpServer` does the same, but for the
/// stream under its parser ([`Explained`]).
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(
    shared: &Arc<Shared>,
    listener: TcpListener,
    waits: Waits,
    app: impl Fn() -> web::Data<App> + Clone + Send + 'static,
) -> std::io::Result<Server> {
    let address = listener.local_addr()?;
    let builder = Server::build()
        .workers(shared.config.workers)
        .worker_max_blocking_threads(BESIDE)
        .shutdown_timeout(waits.stop)
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let shared = Arc::clone(shared);
    let builder = builder.listen("ree", listener, move || {
        let (stopping, shared) = (stopping.clone(), Arc::clone(&shared));
        let factory = configure(app()).into_factory();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(waits.idle)
            .client_request_timeout(waits.request)
            .client_disconnect_timeout(waits.disconnect)
            .local_addr(address)
            .finish(map_config(
                factory.map_err(|error: actix_web::Error| error.error_response()),
                |()| AppConfig::default(),
            ));
        fn_service(move |stream: TcpStream| {
            let shared = Arc::clone(&shared);
            async move {
                let peer = stream.peer_addr().ok();
                Ok((Explained::new(stream, peer, shared), Protocol::Http1, peer))
            }
        })
        .and_then(http)
    })?;
    Ok(builder.run())
}
