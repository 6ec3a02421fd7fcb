//! The admin listener: metrics, apart from the API so that they need not be public, and whether the service
//! lives and can serve. It has a thread of its own: it answers while every thread of the API is busy.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::health::{Health, Readiness};
use crate::app::Shared;
use crate::error::problem::Problem;
use crate::error::{Advice, Error, Result};
use crate::language::Language;

/// What the admin listener runs.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/metrics", web::get().to(metrics))
        .route("/healthz", web::get().to(health))
        .route("/readyz", web::get().to(readiness));
}

async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(shared.measured())
}

async fn health(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    told(&shared, &request, Ok(Health::OK))
}

async fn readiness(shared: web::Data<Shared>, request: HttpRequest) -> HttpResponse {
    let readiness = Readiness::of(&shared).await;
    told(&shared, &request, readiness)
}

/// What the operation of the API answers, without what only callers of the API need.
fn told(shared: &Shared, request: &HttpRequest, outcome: Result<impl Serialize>) -> HttpResponse {
    let error = match outcome {
        Ok(body) => return HttpResponse::Ok().json(body),
        Err(error) => error,
    };
    let id = shared.clock.new_id().to_string();
    let language = Language::of(request.headers());
    let problem = Problem::of(&error, language, request.path(), &id, |_| Advice::default());
    refused(&error)
        .content_type("application/problem+json")
        .body(serde_json::to_string(&problem).unwrap_or_default())
}

fn refused(error: &Error) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::build(error.code.status());
    for (name, value) in &error.headers {
        answer.append_header((name.clone(), value.clone()));
    }
    answer
}
