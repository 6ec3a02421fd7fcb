//! A write: one transaction for the rows, their journal and, where the request carries an
//! `Idempotency-Key`, the answer itself.

use actix_web::http::StatusCode;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::call::Call;
use super::position;
use crate::db::Session;
use crate::db::idempotency::{self, Found, Kept};
use crate::db::tx::{Author, Tx};
use crate::error::{Code, Error, Result};

impl<Q, B> Call<Q, B> {
    /// Runs one step in one transaction and answers what it made. With an `Idempotency-Key` that
    /// was used before, answers again what was answered then, and does nothing. Tells the position after it.
    ///
    /// # Errors
    /// What the step refuses; nothing was written then. `service_unavailable` when the database is
    /// away: repeating it with the same key then shows whether the step was committed.
    pub async fn write(
        &self,
        step: impl AsyncFnOnce(&mut Tx<'_>) -> Result<Answer>,
    ) -> Result<Answer> {
        let mut connection = self.app.db.borrow().await?;
        let mut tx = self.begin(&mut connection).await?;
        let outcome = self.once(&mut tx, step).await;
        match outcome {
            Ok(answer) => Ok(position::told(answer, tx.commit().await?)),
            Err(error) => {
                tx.rollback().await;
                Err(error)
            }
        }
    }

    async fn once(
        &self,
        tx: &mut Tx<'_>,
        step: impl AsyncFnOnce(&mut Tx<'_>) -> Result<Answer>,
    ) -> Result<Answer> {
        let Some(key) = &self.admitted.idempotency_key else {
            return step(tx).await;
        };
        let scope = self.idempotency_scope(key)?;
        let request_hash = self.request_hash();
        match idempotency::find(tx, &scope).await? {
            Found::Running => return Err(crate::error::in_progress()),
            Found::Kept(kept) if kept.request_hash != request_hash => {
                return Err(Error::new(Code::IdempotencyKeyReused));
            }
            Found::Kept(kept) => {
                idempotency::touch(tx, &scope).await?;
                return replay(kept);
            }
            Found::Nothing => {}
        }
        let answer = step(tx).await?;
        if answer.status.is_success() {
            idempotency::keep(tx, &scope, &kept(&answer, &request_hash)?).await?;
        }
        Ok(answer)
    }

    /// Runs one step as [`Call::write`] does, and undoes it: nothing is written, no key is used.
    ///
    /// # Errors
    /// As [`Call::write`].
    pub async fn rehearse(
        &self,
        step: impl AsyncFnOnce(&mut Tx<'_>) -> Result<Answer>,
    ) -> Result<Answer> {
        let mut connection = self.app.db.borrow().await?;
        let mut tx = self.begin(&mut connection).await?;
        let outcome = step(&mut tx).await;
        tx.rollback().await;
        outcome
    }

    /// Distinguishes a repeated request from another one under the same key: the digest of its body
    /// and of its query, which determines what is done with the body.
    fn request_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(&self.admitted.raw);
        hash.update(self.admitted.parameters.canonical_without(&[]));
        hash.finalize().into()
    }

    /// Whose key it is: the same key of another client, subject or path is another key.
    fn idempotency_scope(&self, key: &str) -> Result<[u8; 32]> {
        let claims = self
            .admitted
            .claims
            .as_deref()
            .ok_or_else(|| Error::new(Code::Unauthorized))?;
        let mut hash = Sha256::new();
        for part in [
            &claims.client_id,
            &claims.sub,
            self.request().method().as_str(),
            self.path(),
            key,
        ] {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Ok(hash.finalize().into())
    }

    /// A transaction of the caller's, as a part of the trace it names.
    async fn begin<'a>(&'a self, session: &'a mut Session) -> Result<Tx<'a>> {
        let tx = Tx::begin(session, self.author()?, &self.app.clock).await?;
        let trace = self.admitted.trace.as_ref();
        Ok(tx.in_trace(trace.map(|trace| trace.as_str().to_owned())))
    }

    fn author(&self) -> Result<Author> {
        let claims = self
            .admitted
            .claims
            .as_deref()
            .ok_or_else(|| Error::new(Code::Unauthorized))?;
        Ok(Author {
            subject: claims.sub.clone(),
            role: claims.identity.role().as_str().to_owned(),
            client_id: claims.client_id.clone(),
            request_id: self.admitted.request_id.clone(),
        })
    }
}

fn kept(answer: &Answer, request_hash: &[u8; 32]) -> Result<Kept> {
    Ok(Kept {
        request_hash: request_hash.to_vec(),
        status: i16::try_from(answer.status.as_u16()).map_err(Error::internal)?,
        location: answer.location.clone(),
        etag: answer.etag.clone(),
        body: Some(answer.replay_body.as_ref().unwrap_or(&answer.body).to_vec()),
        person_id: answer.person,
    })
}

/// The first answer again.
fn replay(kept: Kept) -> Result<Answer> {
    let body = kept
        .body
        .ok_or_else(|| Error::new(Code::IdempotencyAnswerErased))?;
    let status = u16::try_from(kept.status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok());
    let answer = Answer {
        status: status.ok_or_else(|| Error::internal("a kept answer without a status"))?,
        body: Bytes::from(body),
        etag: kept.etag,
        location: kept.location,
        content_type: "application/json",
        ..Answer::nothing()
    };
    Ok(answer.header(
        actix_web::http::header::HeaderName::from_static("idempotency-replayed"),
        "true",
    ))
}
