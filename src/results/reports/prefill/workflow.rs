//! The step that drafts a report from what took place.

use super::model::ReportKey;
use super::store;
use crate::auth::policy::Scope;
use crate::db::tx::Tx;
use crate::error::{Code, Error, Result};
use crate::results::reports::content::Schools;
use crate::results::reports::model::FullReport;
use crate::results::reports::workflow::{open, opening};

/// Creates the draft of a key, as [`create`](crate::results::reports::workflow::create) would have it be
/// written, with the sums of what took place.
///
/// # Errors
/// As a creation, and `nothing_held`.
pub async fn prefill(tx: &mut Tx<'_>, scope: &Scope, key: ReportKey) -> Result<FullReport> {
    let mut new = key.empty();
    let opening = opening(tx, scope, &mut new).await?;
    let took_place = store::took_place(tx.connection(), scope, &new).await?;
    if took_place.solicitations == 0 {
        return Err(Error::new(Code::NothingHeld));
    }
    let prefilled = took_place.prefilled(tx.now);
    new.lines.clone_from(&prefilled.lines);
    new.establishments = Schools(prefilled.establishments.clone());
    open(tx, scope, &new, opening, Some(prefilled)).await
}
