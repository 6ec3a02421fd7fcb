//! The feed as a list: how one page of it is read.

use std::rc::Rc;

use super::filter::{Filter, Sort};
use super::model::{ChangeAnswer, ChangesPage};
use super::reader::Reader;
use crate::db::page::{Mark, Page};
use crate::error::Result;
use crate::http::call::{Call, List};
use crate::http::page::Listed;

/// The feed.
pub struct Changes;

impl List for Changes {
    type Filter = Filter;
    type Sort = Sort;
    type Item = ChangeAnswer;
    const KEY: &'static str = "cursor";
    const CURSOR: &'static str = "after";
    const CURSOR_WORDS: &'static str =
        "Le `cursor` du dernier changement lu, ou de la dernière page";

    async fn page(call: Rc<Call<Filter>>, page: Page<Sort>) -> Result<Vec<ChangeAnswer>> {
        let connection = call.reader().await?;
        let reader = Reader::of(&call, &connection).await?;
        let changes = reader.changes(&call.query, &page).await?;
        reader.answers(changes).await
    }

    fn mark(item: &ChangeAnswer, _sort: Sort) -> Mark {
        item.mark.clone()
    }
}

/// A page, and where to go on after it when nothing follows.
///
/// # Errors
/// As [`Reader::changes`].
pub async fn page_with_end(
    call: Rc<Call<Filter>>,
    page: Page<Sort>,
) -> Result<(Vec<ChangeAnswer>, Option<String>)> {
    let connection = call.reader().await?;
    let reader = Reader::of(&call, &connection).await?;
    let changes = reader.changes(&call.query, &page).await?;
    let read = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    let answers = reader.answers(changes).await?;
    // One more than the page has was asked for: with it, more follows.
    let end = if read < page.limit {
        Some(reader.after(answers.last()).await?)
    } else {
        None
    };
    Ok((answers, end))
}

/// The page as it is answered.
pub fn whole(listed: Listed<ChangeAnswer>, end: Option<String>) -> ChangesPage {
    let Listed { data, next_cursor } = listed;
    let last = next_cursor.clone().or(end).unwrap_or_default();
    ChangesPage {
        data,
        next_cursor,
        cursor: last,
    }
}
