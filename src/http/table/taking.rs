//! A batch from its request to its answer, whatever its objects are.

use actix_web::http::StatusCode;

use super::layout::Layout;
use super::request::{Batch, How, Received};
use super::verdict::FileVerdict;
use crate::db::tx::Tx;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;

/// Takes a batch of so many items at most: reads it, and has `step` write what is right of it in one
/// transaction, or rehearse that.
///
/// # Errors
/// Those of [`Received::of`], `validation_failed` for heads that cannot be read, and what the step
/// refuses.
pub async fn take<const MOST: usize>(
    call: &Call<How, Batch>,
    layout: &'static Layout,
    step: impl AsyncFnOnce(&mut Tx<'_>, &mut Received) -> Result<FileVerdict>,
) -> Result<Answer> {
    let (how, language) = (call.query, call.admitted.language);
    let mut received = Received::of::<MOST>(call, layout).await?;
    FileVerdict::refuse_heads(&received, how, language)?;
    let answered = async |tx: &mut Tx<'_>| {
        let verdict = step(tx, &mut received).await?;
        let answer = Answer::json(StatusCode::OK, &verdict)?;
        match verdict.without_persons(&received, language) {
            Some(kept) => answer.shown_once(&kept),
            None => Ok(answer),
        }
    };
    if how.is_dry_run {
        call.rehearse(answered).await
    } else {
        call.write(answered).await
    }
}
