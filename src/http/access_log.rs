//! What the log says of a request, noted while it is read.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::limits::rates::Left;
use super::trace::Trace;
use crate::auth::claims::Claims;
use crate::db::freshness::Freshness;
use crate::error::Code;

/// Log context of a request: filled in while it is read, written when it is answered.
#[derive(Debug)]
pub struct AccessLog {
    /// The request's id.
    pub request_id: String,
    /// Its place in a trace that others keep.
    pub trace: Option<Trace>,
    claims: RefCell<Option<Arc<Claims>>>,
    asked: RefCell<Asked>,
    refused: Cell<Option<Code>>,
    rate: Cell<Option<Left>>,
    freshness: RefCell<Option<Rc<Freshness>>>,
}

/// What is asked for; nothing, where an address is none.
#[derive(Debug, Default, Clone)]
pub struct Asked {
    /// The operation's id.
    pub operation: String,
    /// The form of its path.
    pub route: String,
}

impl AccessLog {
    /// Of a request of which nothing else is known yet.
    pub fn of(request_id: String, trace: Option<Trace>) -> Self {
        Self {
            request_id,
            trace,
            claims: RefCell::default(),
            asked: RefCell::default(),
            refused: Cell::new(None),
            rate: Cell::new(None),
            freshness: RefCell::default(),
        }
    }

    /// Who asks, as far as it was noted.
    pub fn claims(&self) -> Option<Arc<Claims>> {
        self.claims.borrow().clone()
    }

    /// What is asked for, as far as it was noted.
    pub fn asked(&self) -> Asked {
        self.asked.borrow().clone()
    }

    /// Notes what is left to the caller.
    pub fn note_rate(&self, left: Option<Left>) {
        self.rate.set(left);
    }

    /// What is left to the caller, where there is a bound.
    pub fn rate(&self) -> Option<Left> {
        self.rate.get()
    }

    /// Notes how fresh what it reads must be; how fresh it was is told with that.
    pub fn note_freshness(&self, freshness: &Rc<Freshness>) {
        *self.freshness.borrow_mut() = Some(Rc::clone(freshness));
    }

    /// Until when what was read is complete, where a standby was read from.
    pub fn as_of(&self) -> Option<DateTime<Utc>> {
        self.freshness.borrow().as_ref()?.as_of()
    }

    /// Notes who asks.
    pub fn note_caller(&self, claims: &Arc<Claims>) {
        *self.claims.borrow_mut() = Some(Arc::clone(claims));
    }

    /// Notes what is asked for.
    pub fn note(&self, operation: &str, route: &str) {
        *self.asked.borrow_mut() = Asked {
            operation: operation.to_owned(),
            route: route.to_owned(),
        };
    }

    /// Notes why it is refused.
    pub fn note_refusal(&self, code: Code) {
        self.refused.set(Some(code));
    }

    /// Why it was refused, where the service wrote the refusal.
    pub fn refused(&self) -> Option<Code> {
        self.refused.get()
    }
}
