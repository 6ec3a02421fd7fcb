//! The connections by which a worker reads from one server, or from whichever has the database now.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deadpool::managed::Pool;

use super::{Borrowed, Connector, Reading, SHORT, Session, Sessions, borrow, pool};
use crate::error::{Error, Result};

/// One that short reads share, pipelined, and a pool for long ones.
pub(super) struct Reads {
    connector: Connector,
    pub queries: Pool<Sessions>,
    shared: Mutex<Option<Arc<Session>>>,
}

impl Reads {
    /// Connections made by this connector, at most so many for long reads; none is opened yet.
    pub fn new(connector: &Connector, queries: usize) -> Result<Self> {
        Ok(Self {
            queries: pool(connector, queries)?,
            connector: connector.within(SHORT),
            shared: Mutex::new(None),
        })
    }

    /// The shared one, unless the read may be long.
    pub async fn reading(&self, is_long: bool) -> Result<Reading> {
        if is_long {
            let own = self.query().await?;
            Ok(Reading::Own(Box::new(own)))
        } else {
            self.reader().await.map(Reading::Shared)
        }
    }

    /// One of its own, for a long read.
    pub async fn query(&self) -> Result<Borrowed> {
        borrow(&self.queries).await
    }

    /// The shared one, made again when it was lost.
    pub async fn reader(&self) -> Result<Arc<Session>> {
        let shared = self.lock().clone();
        if let Some(reader) = shared.filter(|reader| reader.link().is_good()) {
            return Ok(reader);
        }
        let made = self.connector.diesel().await;
        let reader = Arc::new(made.map_err(Error::unavailable)?);
        *self.lock() = Some(Arc::clone(&reader));
        Ok(reader)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Session>>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
