//! Whether PostgreSQL answers, asked on a thread and a connection of its own: no read, write or export
//! makes the asking wait.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use tokio::sync::{mpsc, oneshot};

use super::{Connector, Reader};
use crate::error::{Error, Result};

/// How long PostgreSQL may take to answer that it is there.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many may ask at the same time: one answer serves all who wait for it.
const ASKING: usize = 64;

type Asked = oneshot::Sender<Result<()>>;

/// Asks on behalf of all workers.
pub struct Probe(mpsc::Sender<Asked>);

/// A connection, while it is good.
struct Answering {
    connector: Connector,
    connection: Option<Reader>,
}

impl Probe {
    /// Begins to wait for those who ask; ends with the last of them.
    ///
    /// # Errors
    /// `internal_error` when no thread can be started.
    pub fn start(connector: &Connector) -> Result<Self> {
        let (probe, asked) = mpsc::channel(ASKING);
        let mut answering = Answering {
            connector: connector.clone(),
            connection: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::internal)?;
        std::thread::Builder::new()
            .name("ree-probe".to_owned())
            .spawn(move || runtime.block_on(answering.answer(asked)))
            .map_err(Error::internal)?;
        Ok(Self(probe))
    }

    /// Whether PostgreSQL answers.
    ///
    /// # Errors
    /// `service_unavailable` when it does not, or not in time.
    pub async fn ping(&self) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(reply).map_err(Error::unavailable)?;
        answer.await.map_err(Error::unavailable)?
    }
}

impl Answering {
    async fn answer(&mut self, mut asked: mpsc::Receiver<Asked>) {
        while let Some(first) = asked.recv().await {
            let mut waiting = vec![first];
            while let Ok(another) = asked.try_recv() {
                waiting.push(another);
            }
            let found = tokio::time::timeout(PATIENCE, self.ask())
                .await
                .unwrap_or_else(|late| Err(late.to_string()));
            if found.is_err() {
                self.connection = None;
            }
            for reply in waiting {
                // Whoever asked may have gone.
                let _ = reply.send(found.clone().map_err(Error::unavailable));
            }
        }
    }

    async fn ask(&mut self) -> std::result::Result<(), String> {
        let reader = match self.connection.take().filter(Reader::is_good) {
            Some(reader) => reader,
            None => Reader::connect(&self.connector)
                .await
                .map_err(|error| error.to_string())?,
        };
        let asked = (&mut &*reader).batch_execute("SELECT 1").await;
        self.connection = Some(reader);
        asked.map_err(|error| error.to_string())
    }
}
