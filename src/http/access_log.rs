//! What the log says of a request, noted while it is read.

use std::cell::{Cell, RefCell};

use super::limits::rates::Left;
use crate::auth::claims::Claims;

/// Log context of a request: filled in while it is read, written when it is answered.
#[derive(Debug)]
pub struct AccessLog {
    /// The request's id.
    pub request_id: String,
    caller: RefCell<Caller>,
    rate: Cell<Option<Left>>,
}

/// Who asks for what.
#[derive(Debug, Default, Clone)]
pub struct Caller {
    /// The operation's id.
    pub operation: String,
    /// The role.
    pub role: &'static str,
    /// The client.
    pub client_id: String,
}

impl AccessLog {
    /// Of a request of which nothing else is known yet.
    pub fn of(request_id: String) -> Self {
        Self {
            request_id,
            caller: RefCell::default(),
            rate: Cell::new(None),
        }
    }

    /// Who asks for what, as far as it was noted.
    pub fn caller(&self) -> Caller {
        self.caller.borrow().clone()
    }

    /// Notes what is left to the caller.
    pub fn note_rate(&self, left: Option<Left>) {
        self.rate.set(left);
    }

    /// What is left to the caller, where there is a bound.
    pub fn rate(&self) -> Option<Left> {
        self.rate.get()
    }

    /// Notes the operation and who asks.
    pub fn note(&self, operation: &str, claims: Option<&Claims>) {
        *self.caller.borrow_mut() = Caller {
            operation: operation.to_owned(),
            role: claims.map_or("", |claims| claims.identity.role().as_str()),
            client_id: claims
                .map(|claims| claims.client_id.clone())
                .unwrap_or_default(),
        };
    }
}
