//! What the log says of a request, noted while it is read.

use std::cell::RefCell;

use crate::auth::claims::Claims;

/// Log context of a request: filled in while it is read, written when it is answered.
#[derive(Debug)]
pub struct AccessLog {
    /// The request's id.
    pub request_id: String,
    caller: RefCell<Caller>,
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
        }
    }

    /// Who asks for what, as far as it was noted.
    pub fn caller(&self) -> Caller {
        self.caller.borrow().clone()
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
