//! The server: the application with its resources mounted and its middleware around them. `serve` and
//! the tests build it the same way.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web;
use utoipa_actix_web::AppExt;

use crate::app::{Api, App, Shared};
use crate::auth::Tokens;
use crate::config::Config;
use crate::db::Connector;
use crate::error::{Error, Result};
use crate::http::contract::Contract;
use crate::http::gate::gate;
use crate::http::shell::shell;
use crate::{openapi, routes};

/// What all workers share, over a database that is up to date.
///
/// # Errors
/// `service_unavailable` when the database is away.
pub async fn shared(config: Config, connector: Connector, tokens: Tokens) -> Result<Arc<Shared>> {
    let api = Api {
        contract: Contract::of(&openapi::document()),
        document: openapi::text().map_err(Error::internal)?,
    };
    Shared::new(config, connector, tokens, api).await
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
        .wrap(from_fn(shell))
}
