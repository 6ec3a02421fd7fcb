//! The handlers of calendars' addresses.

use std::rc::Rc;

use actix_web::http::header;
use actix_web::{HttpResponse, delete, get, post};

use super::model::CalendarFeed;
use super::secret::CalendarSecret;
use super::store;
use crate::agreements::deadlines::calendar::{Calendar, DEADLINES};
use crate::agreements::deadlines::filter::{Filter, Filters, Sort};
use crate::agreements::deadlines::reading;
use crate::app::App;
use crate::auth::policy::Scope;
use crate::db::page::{Direction, Page};
use crate::error::{Code, Error, Result};
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::http::formats::stream;
use crate::integration::webhooks::owner::{Owner, rights_now};

const TAG: &str = "Échéances";

/// Adresse d'agenda de l'appelant
///
/// Dit quand elle a été créée, null pour qui n'en a pas ; elle-même n'est montrée qu'à sa création.
#[utoipa::path(
    tag = TAG,
    responses(
        (status = 200, description = "Son adresse d'agenda", body = CalendarFeed)
    )
)]
#[get("/v1/me/calendar")]
pub async fn get_calendar(call: Call) -> Result<Answer> {
    let created_at = store::created_at(&*call.reader().await?, call.scope()?).await?;
    Answer::digested(&CalendarFeed {
        url: None,
        created_at,
    })
}

/// Création d'une adresse d'agenda
///
/// Une adresse à laquelle un agenda (Outlook, Thunderbird, Google, iOS) s'abonne sans en-tête, pour les échéances de l'appelant seules, en lecture seule, avec les droits qu'il a à chaque moment. Qui la connaît la lit : elle n'est montrée que dans cette réponse. Une nouvelle remplace l'ancienne, qui cesse aussitôt ; un client révoqué n'en a plus.
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    responses((status = 201, description = "L'adresse", body = CalendarFeed))
)]
#[post("/v1/me/calendar")]
pub async fn create_calendar(call: Call) -> Result<Answer> {
    let claims = call.admitted.claims.as_deref();
    let owner = Owner::of(claims.ok_or_else(|| Error::new(Code::Unauthorized))?)?;
    call.write(async |tx| {
        let (secret, created_at) = (CalendarSecret::generate()?, call.app.now());
        store::put(tx.connection(), &owner, &secret, created_at).await?;
        let feed = |url| CalendarFeed {
            url,
            created_at: Some(created_at),
        };
        let url = format!(
            "{}/calendars/{}",
            call.app.config.public_url,
            secret.expose()
        );
        let mut answer = Answer::created(1, "/v1/me/calendar".to_owned(), &feed(Some(url)))?;
        answer.etag = None;
        answer.shown_once(&feed(None))
    })
    .await
}

/// Retrait de l'adresse d'agenda
///
/// Elle cesse aussitôt de répondre ; 204 aussi pour qui n'en avait pas.
#[utoipa::path(
    tag = TAG,
    responses(
        (status = 204, description = "Retirée")
    )
)]
#[delete("/v1/me/calendar")]
pub async fn delete_calendar(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        store::delete(tx.connection(), scope).await?;
        Ok(Answer::nothing())
    })
    .await
}

/// Agenda des échéances
///
/// À l'adresse que donne `POST /v1/me/calendar`, avec les filtres de la liste des échéances : les événements que lit un agenda abonné (RFC 5545). Une adresse inconnue, remplacée ou retirée répond 404.
#[utoipa::path(
    tag = TAG,
    params(
        ("secret" = String, Path, description = "La partie secrète de l'adresse", example = "cal_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.ics"),
        Filters,
    ),
    responses((status = 200, description = "Les échéances", body = String, content_type = "text/calendar", example = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"))
)]
#[get("/calendars/{secret}")]
pub async fn get_calendar_feed(call: Call<Filter>) -> Result<HttpResponse> {
    let scope = scope_of(&call.app, call.segment("secret")).await?;
    let call = Rc::new(call);
    let language = call.admitted.language;
    let calendar = Calendar {
        public_url: call.app.config.public_url.clone(),
        language,
        name: &DEADLINES,
    };
    let next = move |after| {
        let (call, scope) = (Rc::clone(&call), scope.clone());
        async move {
            let page = Page {
                sort: Sort::DueOn,
                direction: Direction::Ascending,
                limit: reading::BATCH,
                after,
            };
            let (connection, now) = (call.long_reader().await?, call.app.now());
            let filter = &call.query;
            let rows = reading::read(&connection, &scope, filter, &page, now, language).await?;
            let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows == reading::BATCH);
            let last = rows.last().filter(|_| is_full);
            let next = last.map(reading::mark);
            Ok((rows, next))
        }
    };
    let mut response = stream(calendar, next).await?;
    let headers = response.headers_mut();
    for (name, value) in [
        // Neither a proxy nor a search engine keeps what a secret address answers.
        (header::CACHE_CONTROL, "private, no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    Ok(response)
}

/// What the owner of this address may read now.
///
/// # Errors
/// `not_found`, whatever the reason: nobody learns from it that an address once was one.
async fn scope_of(app: &App, part: &str) -> Result<Scope> {
    let secret = CalendarSecret::of_address(part).ok_or_else(Error::not_found)?;
    let reader = app.db.reader().await?;
    let owner = store::owner_of(&reader, &secret).await?;
    let owner = owner.ok_or_else(Error::not_found)?;
    let rights = rights_now(app, owner.client_id, owner.acts_as.0).await?;
    rights.map_err(|_| Error::not_found())
}
