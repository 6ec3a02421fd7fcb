//! The handlers of contacts.

use std::rc::Rc;

use actix_web::{HttpResponse, delete, get, patch, post};

use super::content::{ContactPatch, NewContact};
use super::filter::{Filter, Filters, Sort};
use super::model::ContactAnswer;
use super::{store, workflow};
use crate::auth::person_viewer::Viewer;
use crate::db::Reading as Connection;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Count, Listed};
use crate::http::query::NoQuery;
use crate::register::territories::ancestry;
use crate::values::ids::ContactId;

const TAG: &str = "Contacts";

/// The list of contacts.
pub struct Contacts;

impl List for Contacts {
    type Filter = Filter;
    type Sort = Sort;
    type Item = ContactAnswer;

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<ContactAnswer>> {
        let scope = call.scope()?;
        let reader = call.reader().await?;
        let filter = with_reach(&reader, &call.query).await?;
        // Sent together: one round trip.
        let (above, rows) = tokio::try_join!(
            ancestry::above_schools(&reader, scope),
            store::page(&reader, scope, &filter, &page),
        )?;
        let viewer = Viewer::new(scope, above);
        Ok(rows
            .into_iter()
            .map(|row| row.answer_for(&viewer))
            .collect())
    }

    fn mark(item: &ContactAnswer, sort: Sort) -> Mark {
        let value = match sort {
            Sort::Id => MarkValue::Id,
            Sort::UpdatedAt => MarkValue::Time(item.updated_at),
        };
        Mark {
            value,
            id: item.id.to_string(),
        }
    }
}

/// The filter with what is above its territories; a school that does not exist is above nothing.
async fn with_reach(connection: &Connection, filter: &Filter) -> Result<Filter> {
    Ok(Filter {
        above: ancestry::of_known(connection, &filter.territory).await?,
        ..filter.clone()
    })
}

/// Liste des contacts
///
/// Cellules école-entreprise, comités locaux, bureaux des entreprises et chefs d'établissement. Nom,
/// courriel et téléphone ne sont montrés qu'à qui en a l'usage.
#[utoipa::path(
    tag = TAG,
    params(
        ListCall<Contacts>,
    ),
    responses((status = 200, description = "Une page de contacts", content(
        (Listed<ContactAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/contacts")]
pub async fn list_contacts(call: ListCall<Contacts>) -> Result<HttpResponse> {
    call.answer().await
}

/// Nombre de contacts
///
/// Avec les mêmes filtres que la liste.
#[utoipa::path(
    tag = TAG,
    params(
        Filters,
    ),
    responses((status = 200, description = "Le nombre", body = Count))
)]
#[get("/v1/contacts/count")]
pub async fn count_contacts(call: Call<Filter>) -> Result<Answer> {
    let reader = call.reader().await?;
    let filter = with_reach(&reader, &call.query).await?;
    let count = store::count(&reader, call.scope()?, &filter).await?;
    Answer::digested(&Count { count })
}

/// Enregistrement d'un contact
///
/// Par le ministère, par une académie dans son périmètre, par un établissement pour lui-même.
#[utoipa::path(
    tag = TAG,
    params(crate::http::parameters::IdempotencyKey),
    request_body(content = NewContact, example = json!({
        "territory": "academy:10", "role": "cell", "label": "Cellule école-entreprise du rectorat de Lyon",
        "name": "Dominique Petit", "email": "ecole-entreprise@ac-lyon.example", "phone": "04 72 80 60 60"
    })),
    responses((status = 201, description = "Le contact enregistré", body = ContactAnswer))
)]
#[post("/v1/contacts")]
pub async fn create_contact(call: Call<NoQuery, NewContact>) -> Result<Answer> {
    let scope = call.scope()?;
    call.write(async |tx| {
        let created = workflow::create(tx, scope, &call.body).await?;
        let (id, version) = (created.id, created.version);
        let location = format!("/v1/contacts/{id}");
        let shown = created.answer_for(&Viewer::of_writer(scope));
        let answer = Answer::created(version, location, &shown)?;
        Ok(answer.about_person(id.uuid()))
    })
    .await
}

/// Lecture d'un contact
///
/// Son nom, son courriel et son téléphone sont `null` pour qui n'en a pas l'usage.
#[utoipa::path(
    tag = TAG,
    params(("id" = ContactId, Path, description = "Identifiant du contact")),
    responses((status = 200, description = "Le contact", body = ContactAnswer))
)]
#[get("/v1/contacts/{id}")]
pub async fn get_contact(call: Call) -> Result<Answer> {
    let scope = call.scope()?;
    let reader = call.reader().await?;
    let (above, found) = tokio::try_join!(
        ancestry::above_schools(&reader, scope),
        store::find(&reader, scope, call.id("id")),
    )?;
    Answer::object(found.version, &found.answer_for(&Viewer::new(scope, above)))
}

/// Modification d'un contact
///
/// Correctif RFC 7396, par qui a la charge de son territoire, ancien et nouveau.
#[utoipa::path(
    tag = TAG,
    params(("id" = ContactId, Path, description = "Identifiant du contact"), crate::http::parameters::RequiredIfMatch),
    request_body(content = ContactPatch, content_type = "application/merge-patch+json", example = json!({
        "name": "Claude Roux", "phone": null
    })),
    responses((status = 200, description = "Le contact modifié", body = ContactAnswer))
)]
#[patch("/v1/contacts/{id}")]
pub async fn update_contact(call: Call<NoQuery, ContactPatch>) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        let updated = workflow::update(tx, scope, call.id("id"), &call.body, if_match).await?;
        let version = updated.version;
        Answer::object(version, &updated.answer_for(&Viewer::of_writer(scope)))
    })
    .await
}

/// Effacement d'un contact
///
/// La personne disparaît du registre, de ses réponses gardées et de ses événements ; il n'en reste
/// que la trace anonyme.
#[utoipa::path(
    tag = TAG,
    params(("id" = ContactId, Path, description = "Identifiant du contact"), crate::http::parameters::OptionalIfMatch),
    responses((status = 204, description = "Effacé"))
)]
#[delete("/v1/contacts/{id}")]
pub async fn delete_contact(call: Call) -> Result<Answer> {
    let (scope, if_match) = (call.scope()?, &call.admitted.if_match);
    call.write(async |tx| {
        workflow::erase(tx, scope, call.id("id"), if_match).await?;
        Ok(Answer::nothing())
    })
    .await
}
