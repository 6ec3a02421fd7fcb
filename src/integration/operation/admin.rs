//! The admin listener: metrics, apart from the API so that it need not be public.

use actix_web::{HttpResponse, web};

use crate::app::Shared;

/// What the admin listener runs.
pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/metrics", web::get().to(metrics));
}

async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(shared.measured())
}
