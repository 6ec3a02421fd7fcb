//! One error type for the whole service.
//!
//! An [`Error`] is a [`Code`] of the table in [`code`], the [`Fault`]s of the request if it has
//! any, the headers its answer must carry and, for our own failures, a cause that is logged once at
//! the boundary and never sent. It knows nothing of the language or the path: the outermost
//! middleware renders it as a problem document (RFC 9457), see [`problem`].

pub mod code;
mod database;
pub mod fault;
pub mod notice;
pub mod oauth;
pub mod problem;
pub mod resync;
pub mod warning;

pub use code::Code;
pub use database::{SQLSTATE, in_progress, last_demotion};
pub use fault::{Advice, Fault, Faults, Place, Rule};
pub use notice::{Notice, notice};
pub use resync::Resync;

use std::fmt;

use crate::language::Language;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};

/// What a function of the service answers when it cannot do what was asked.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the explanation of a code names: a value, or words in each language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// In French.
    pub fr: String,
    /// In English.
    pub en: String,
}

impl Subject {
    /// Words, which differ.
    pub fn words(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            fr: fr.into(),
            en: en.into(),
        }
    }

    /// It in a language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::French => &self.fr,
            Language::English => &self.en,
        }
    }
}

impl<T: Into<String>> From<T> for Subject {
    /// A value, the same in both.
    fn from(value: T) -> Self {
        let value = value.into();
        Self::words(value.clone(), value)
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A refusal or a failure. See the module's documentation.
#[derive(Debug)]
pub struct Error {
    /// Which row of the code table it is.
    pub code: Code,
    /// The places of the request that are wrong, all of them.
    pub faults: Vec<Fault>,
    /// Whether some of them were left out.
    pub is_cut: bool,
    /// Headers of the answer (`Allow`, `Retry-After`, `WWW-Authenticate`…).
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What became of each item of the request, where it has several.
    pub verdicts: Option<Box<serde_json::Value>>,
    /// How a reader of the feed gets in step again.
    pub resync: Option<Box<Resync>>,
    /// What the explanation of the code has to name (a status, a limit…).
    pub subject: Option<Box<Subject>>,
    cause: Option<Cause>,
}

impl Error {
    /// An error of this code, without further details.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            faults: Vec::new(),
            is_cut: false,
            headers: Vec::new(),
            verdicts: None,
            resync: None,
            subject: None,
            cause: None,
        }
    }

    /// The request was understood and these places of it are wrong.
    pub fn validation(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            ..Self::new(Code::ValidationFailed)
        }
    }

    /// A refusal that comes from one place of the request.
    pub fn at(code: Code, place: Place, rule: Rule) -> Self {
        Self {
            faults: vec![Fault { place, rule }],
            ..Self::new(code)
        }
    }

    /// What does not exist, or may not be seen: the two must look the same.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// A step that the object's status does not allow; the explanation names the status and the
    /// steps it does allow.
    pub fn impossible(status: impl fmt::Display, possible: &[&str]) -> Self {
        Self::new(Code::InvalidTransition).about(format!("{status} → {}", possible.join(", ")))
    }

    /// Our own failure; the cause is for the log.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(Code::InternalError)
        }
    }

    /// Something we depend on is away or too busy: to be tried again.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::passing(Code::ServiceUnavailable, cause, "1")
    }

    /// The database's disk is full: to be tried again once somebody made room.
    pub fn storage_full(cause: impl Into<Cause>) -> Self {
        Self::passing(Code::StorageFull, cause, "30")
    }

    /// Something was asked to be written, and whether it was is not known.
    pub fn unknown_outcome(cause: impl Into<Cause>) -> Self {
        Self::passing(Code::OutcomeUnknown, cause, "1")
    }

    /// What passes by itself, in about so many seconds.
    fn passing(code: Code, cause: impl Into<Cause>, seconds: &'static str) -> Self {
        let error = Self {
            cause: Some(cause.into()),
            ..Self::new(code)
        };
        error.header(
            actix_web::http::header::RETRY_AFTER,
            HeaderValue::from_static(seconds),
        )
    }

    /// The same error with one more header on its answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same error, coming from these places.
    #[must_use]
    pub fn with(self, faults: Vec<Fault>) -> Self {
        Self { faults, ..self }
    }

    /// The same error, with what became of each item of the request.
    ///
    /// # Errors
    /// `internal_error` when they cannot be written.
    pub fn with_verdicts(mut self, verdicts: &impl serde::Serialize) -> Result<Self> {
        let verdicts = serde_json::to_value(verdicts).map_err(Self::internal)?;
        self.verdicts = Some(Box::new(verdicts));
        Ok(self)
    }

    /// The same error, whose explanation names this.
    #[must_use]
    pub fn about(mut self, subject: impl Into<Subject>) -> Self {
        self.subject = Some(Box::new(subject.into()));
        self
    }

    /// The cause to log, for failures that are ours.
    pub fn cause(&self) -> Option<String> {
        let first = self.cause.as_deref()?;
        let mut text = first.to_string();
        let mut next = first.source();
        while let Some(source) = next {
            text.push_str(": ");
            text.push_str(&source.to_string());
            next = source.source();
        }
        Some(text)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        match self.cause() {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl actix_web::ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// Bare: the shell, which knows the language and the path, writes the document.
    fn error_response(&self) -> actix_web::HttpResponse {
        actix_web::HttpResponse::new(self.status_code())
    }
}
