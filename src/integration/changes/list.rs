//! The feed as a list: how one page of it is read.

use std::rc::Rc;

use super::filter::{Filter, Sort};
use super::model::ChangeAnswer;
use super::{objects, store};
use crate::db::page::{Mark, MarkValue, Page};
use crate::error::Result;
use crate::feed::Reading;
use crate::http::call::{Call, List};
use crate::http::page::bound_to;
use crate::register::territories::ancestry;

/// The feed.
pub struct Changes;

impl List for Changes {
    type Filter = Filter;
    type Sort = Sort;
    type Item = ChangeAnswer;
    const CURSOR: &'static str = "after";
    const CURSOR_WORDS: &'static str = "Le `cursor` du dernier changement lu";

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<ChangeAnswer>> {
        let (scope, connection) = (call.scope()?, call.reader().await?);
        // Asked for only where the caller is a school.
        let above = ancestry::above_schools(&connection, scope).await?;
        let changes = store::page(&connection, scope, &above, &call.query, &page).await?;
        let claims = call.admitted.claims.as_deref();
        let reading = Reading {
            connection: &connection,
            scope,
            above_schools: above,
            subject: claims.map_or("", |claims| &claims.sub),
            language: call.admitted.language,
            now: call.app.now(),
            stale_after_days: call.app.config.stale_after_days,
        };
        let objects = objects::read(&reading, &changes).await?;
        let list = bound_to(Self::CURSOR, call.path(), &call.admitted.parameters);
        changes
            .into_iter()
            .map(|change| {
                let place = place(change.position, change.seq);
                let cursor = call.app.cursors.write(&place, &list)?;
                let data = objects.get(&change.object_id).cloned();
                let url = objects::url(&change);
                Ok(change.answer(cursor, url, data))
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
