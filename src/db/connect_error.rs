//! Why a connection could not be made.

/// Why a connection could not be prepared or made, in words for a log.
#[derive(Debug)]
pub struct ConnectError {
    words: String,
    /// No server said anything.
    is_silent: bool,
    /// A server said that it has no room.
    is_busy: bool,
}

impl ConnectError {
    /// In these words.
    pub(super) const fn new(words: String) -> Self {
        Self {
            words,
            is_silent: false,
            is_busy: false,
        }
    }

    /// Whether no server said anything, not even that it refuses.
    pub const fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// Whether a server is there and has no room for one more connection.
    pub const fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// None did.
    pub(super) fn silent() -> Self {
        Self {
            words: "PostgreSQL did not answer in time".to_owned(),
            is_silent: true,
            is_busy: false,
        }
    }
}

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for ConnectError {}

/// The failure to tell of several: one that says something.
pub(super) fn keep(before: Option<ConnectError>, failure: ConnectError) -> Option<ConnectError> {
    match before {
        Some(before) if failure.is_silent => Some(before),
        _ => Some(failure),
    }
}

/// The message with what lies below it: tokio-postgres' own is only `error connecting to server`.
pub(super) fn unreachable(error: &(dyn std::error::Error + 'static)) -> ConnectError {
    let below = error.source().map(|source| format!(": {source}"));
    let below = below.unwrap_or_default();
    let told = error.downcast_ref::<tokio_postgres::Error>();
    let state = told.and_then(tokio_postgres::Error::code);
    ConnectError {
        // Insufficient resources.
        is_busy: state.is_some_and(|state| state.code().starts_with("53")),
        ..ConnectError::new(format!("PostgreSQL cannot be reached: {error}{below}"))
    }
}
