//! The handler of the change feed.

use std::collections::HashMap;
use std::rc::Rc;

use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::filter::{Filter, Filters, Sort};
use super::model::{Change, ChangeAnswer};
use super::store;
use crate::agreements::conventions::amendments;
use crate::agreements::{conventions, declinations};
use crate::auth::person_viewer::Viewer;
use crate::auth::policy::Scope;
use crate::db::Reader as Connection;
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::{Error, Result};
use crate::http::call::{Call, List, ListCall};
use crate::http::page::{Listed, bound_to};
use crate::language::Language;
use crate::offers::interventions::status::Looked;
use crate::offers::interventions::syncs;
use crate::offers::{interventions, solicitations};
use crate::register::establishments::model::EstablishmentAnswer;
use crate::register::partners::representatives;
use crate::register::territories::ancestry;
use crate::register::{clients, contacts, establishments, partners};
use crate::results::{campaigns, publications, reports};
use crate::values::ids::Id;
use crate::values::{TextValue, Uai, today};

/// The feed.
pub struct Changes;

impl List for Changes {
    type Filter = Filter;
    type Sort = Sort;
    type Item = ChangeAnswer;
    const CURSOR: &'static str = "after";

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<ChangeAnswer>> {
        let (scope, connection) = (call.scope()?, call.app.db.reader().await?);
        // Asked for only where the caller is a school.
        let above = ancestry::above_schools(&connection, scope).await?;
        let changes = store::page(&connection, scope, &above, &call.query, &page).await?;
        let objects = objects(&connection, &call, above, &changes).await?;
        let list = bound_to(Self::CURSOR, call.path(), &call.admitted.parameters);
        changes
            .into_iter()
            .map(|change| {
                let place = place(change.position, change.seq);
                let cursor = call.app.cursors.write(&place, &list)?;
                let data = objects.get(&change.object_id).cloned();
                Ok(change.answer(cursor, data))
            })
            .collect()
    }

    fn mark(item: &ChangeAnswer, _sort: Sort) -> Mark {
        place(item.position, item.seq)
    }
}

fn place(position: i64, seq: i64) -> Mark {
    Mark {
        value: MarkValue::Place(position, seq),
        id: String::new(),
    }
}

/// Who reads the feed, and through what.
struct Reading<'a> {
    connection: &'a Connection,
    scope: &'a Scope,
    /// With a school: it and the territories above it.
    above_schools: Vec<String>,
    subject: &'a str,
    language: Language,
    now: DateTime<Utc>,
    looked: Looked,
    changes: &'a [Change],
}

/// Objects by their ids.
type Objects = HashMap<Uuid, Rc<Value>>;

/// The objects of these changes as the caller may see them now: one query for each kind, all sent
/// together.
async fn objects(
    connection: &Connection,
    call: &Call<Filter>,
    above_schools: Vec<String>,
    changes: &[Change],
) -> Result<Objects> {
    let reading = Reading {
        connection,
        scope: call.scope()?,
        above_schools,
        subject: call
            .admitted
            .claims
            .as_deref()
            .map_or("", |claims| &claims.sub),
        language: call.admitted.language,
        now: call.app.now(),
        looked: Looked::at(call.app.now(), call.app.config.stale_after_days),
        changes,
    };
    // All sent together; in two halves, for tuples of more than twelve are no arrays.
    let parties = async {
        let kinds = tokio::try_join!(
            reading.partners(),
            reading.representatives(),
            reading.establishments(),
            reading.clients(),
            reading.contacts(),
        );
        kinds.map(<[Objects; 5]>::from)
    };
    let acts = async {
        let kinds = tokio::try_join!(
            reading.conventions(),
            reading.amendments(),
            reading.declinations(),
            reading.interventions(),
            reading.syncs(),
            reading.solicitations(),
            reading.campaigns(),
            reading.reports(),
            reading.publications(),
        );
        kinds.map(<[Objects; 9]>::from)
    };
    let (parties, acts) = tokio::try_join!(parties, acts)?;
    Ok(parties.into_iter().chain(acts).flatten().collect())
}

impl Reading<'_> {
    /// The ids of the changed objects of a kind.
    fn ids<T>(&self, kind: &str) -> Vec<Id<T>> {
        let mut ids: Vec<Uuid> = self
            .changes
            .iter()
            .filter(|change| change.object_type == kind)
            .map(|change| change.object_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(Id::new).collect()
    }

    async fn partners(&self) -> Result<Objects> {
        let ids = self.ids("partner");
        let found = partners::store::find_all(self.connection, self.scope, &ids).await?;
        let seen = found.into_iter().map(|partner| {
            let id = partner.id.uuid();
            (id, partner.seen_by(self.scope, self.language))
        });
        written(seen)
    }

    async fn representatives(&self) -> Result<Objects> {
        let ids = self.ids("representative");
        let viewer = Viewer::new(self.scope, self.above_schools.clone());
        let found = representatives::store::find_all(self.connection, self.scope, &ids).await?;
        let seen = found
            .into_iter()
            .map(|person| (person.id.uuid(), person.seen_by(&viewer)));
        written(seen)
    }

    async fn establishments(&self) -> Result<Objects> {
        let of_kind = self
            .changes
            .iter()
            .filter(|change| change.object_type == "establishment");
        let uais: Vec<Uai> = of_kind
            .map(|change| Uai::stored(change.object_key.clone()))
            .collect();
        let found = establishments::store::find_all(self.connection, self.scope, &uais).await?;
        let seen = found
            .into_iter()
            .map(|school| (school.id.uuid(), EstablishmentAnswer::from(school)));
        written(seen)
    }

    async fn clients(&self) -> Result<Objects> {
        let ids = self.ids("client");
        let found = clients::store::find_all(self.connection, self.scope, &ids, self.now).await?;
        let seen = found.into_iter().map(|client| {
            let id = client.record.id.uuid();
            (id, client.seen(self.language, self.now))
        });
        written(seen)
    }

    async fn conventions(&self) -> Result<Objects> {
        let ids = self.ids("convention");
        let found = conventions::store::find_all(self.connection, self.scope, &ids).await?;
        let day = today(self.now);
        let seen = found.into_iter().map(|convention| {
            let id = convention.id.uuid();
            Ok((id, convention.seen_by(self.scope, day, self.language)?))
        });
        written(seen.collect::<Result<Vec<_>>>()?.into_iter())
    }

    async fn amendments(&self) -> Result<Objects> {
        let (ids, day) = (self.ids("amendment"), today(self.now));
        let found = amendments::store::find_all(self.connection, self.scope, &ids, day).await?;
        let seen = found.into_iter().map(|(amendment, convention)| {
            let id = amendment.id.uuid();
            (
                id,
                amendment.seen_by(self.scope, &convention, self.language),
            )
        });
        written(seen)
    }

    async fn declinations(&self) -> Result<Objects> {
        let ids = self.ids("declination");
        let found = declinations::store::find_all(self.connection, self.scope, &ids).await?;
        let viewer = Viewer::new(self.scope, self.above_schools.clone());
        let day = today(self.now);
        let seen = found.into_iter().map(|framed| {
            let id = framed.declination.id.uuid();
            (id, framed.seen_by(&viewer, day, self.language))
        });
        written(seen)
    }

    async fn interventions(&self) -> Result<Objects> {
        let ids = self.ids("intervention");
        let (connection, scope) = (self.connection, self.scope);
        let found = interventions::store::find_all(connection, scope, &ids, self.looked).await?;
        let seen = found.into_iter().map(|offer| {
            let id = offer.intervention.id.uuid();
            (id, offer.seen_by(self.scope, self.language))
        });
        written(seen)
    }

    async fn campaigns(&self) -> Result<Objects> {
        let ids = self.ids("campaign");
        let found = campaigns::store::find_all(self.connection, self.scope, &ids).await?;
        let seen = found
            .into_iter()
            .map(|campaign| (campaign.id.uuid(), campaign.seen_by(self.scope)));
        written(seen)
    }

    async fn contacts(&self) -> Result<Objects> {
        let ids = self.ids("contact");
        let viewer = Viewer::new(self.scope, self.above_schools.clone());
        let found = contacts::store::find_all(self.connection, self.scope, &ids).await?;
        let seen = found
            .into_iter()
            .map(|contact| (contact.id.uuid(), contact.seen_by(&viewer)));
        written(seen)
    }

    async fn solicitations(&self) -> Result<Objects> {
        let (ids, day) = (self.ids("solicitation"), today(self.now));
        let found = solicitations::store::find_all(self.connection, self.scope, &ids).await?;
        let seen = found.into_iter().map(|solicitation| {
            let id = solicitation.id.uuid();
            (id, solicitation.seen_by(self.scope, day, self.language))
        });
        written(seen)
    }

    async fn syncs(&self) -> Result<Objects> {
        let ids = self.ids("sync");
        let found = syncs::store::find_all(self.connection, self.scope, &ids).await?;
        let seen = found
            .into_iter()
            .map(|sync| (sync.id.uuid(), sync.seen_by(self.scope)));
        written(seen)
    }

    async fn publications(&self) -> Result<Objects> {
        let ids = self.ids("publication");
        let found = publications::store::find_all(self.connection, self.scope, &ids).await?;
        written(found.into_iter().map(|one| (one.id.uuid(), one)))
    }

    async fn reports(&self) -> Result<Objects> {
        let ids = self.ids("report");
        let found = reports::store::find_all(self.connection, self.scope, &ids).await?;
        if found.is_empty() {
            return Ok(Objects::new());
        }
        let (found, closed) = tokio::try_join!(
            reports::store::with_lines(self.connection, self.scope, found),
            campaigns::store::closed_years(self.connection, self.scope),
        )?;
        let viewer = reports::answer::Viewer {
            scope: self.scope,
            subject: self.subject,
            language: self.language,
            closed: &closed,
        };
        let seen = found
            .into_iter()
            .map(|(report, lines)| (report.id.uuid(), report.listed_for(lines, viewer)));
        written(seen)
    }
}

fn written<T: Serialize>(objects: impl Iterator<Item = (Uuid, T)>) -> Result<Objects> {
    objects
        .map(|(id, object)| {
            let value = serde_json::to_value(object).map_err(Error::internal)?;
            Ok((id, Rc::new(value)))
        })
        .collect()
}

/// Flux des changements
///
/// Chaque écriture une fois, dans un ordre que des écritures simultanées ne peuvent pas faire
/// manquer. Reprenez avec `after=` le `cursor` du dernier changement lu ; `next_cursor` est null
/// quand vous êtes à jour. `data` est l'objet tel que vous pouvez le lire maintenant, null s'il
/// n'est plus.
#[utoipa::path(
    tag = "Synchronisation",
    params(
        Filters,
        ("after" = Option<String>, Query, description = "Le `cursor` du dernier changement lu"),
        ("limit" = Option<i64>, Query, description = "Nombre de changements par page, de 1 à 200", minimum = 1, maximum = 200, example = 50),
        ("dialect" = Option<String>, Query, description = "Écriture du CSV : `standard` ou `excel-fr`", example = "standard"),
    ),
    responses((status = 200, description = "Une page du flux", content(
        (Listed<ChangeAnswer> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson")
    )))
)]
#[get("/v1/changes")]
pub async fn list_changes(call: ListCall<Changes>) -> Result<HttpResponse> {
    call.answer().await
}
