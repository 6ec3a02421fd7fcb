//! What the database refuses, in the service's words.
//!
//! Uniqueness and references are checked by the database (never select-then-insert): each constraint
//! that a request can violate has a name, and its name maps to a code here.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use diesel::result::{DatabaseErrorKind as Kind, Error as DieselError};

use super::{Code, Error, Place, Rule};

/// When PostgreSQL last refused a write because it is, or has become, a standby.
static DEMOTION: Mutex<Option<Instant>> = Mutex::new(None);

/// When PostgreSQL last refused a write because it takes none: connections made before that are not to be
/// used again, since they may lead to what was the primary.
pub fn last_demotion() -> Option<Instant> {
    *DEMOTION.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note_demotion() {
    *DEMOTION.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(Kind::ReadOnlyTransaction, _) => {
                note_demotion();
                Self::unavailable(error)
            }
            DieselError::DatabaseError(Kind::ClosedConnection, _) => Self::unavailable(error),
            // What has no SQLSTATE was not said by the server: the connection broke, unless what was sent
            // or answered is no value of its type, which is a failure of ours.
            DieselError::DatabaseError(Kind::UnableToSendCommand, _) if is_lost(&error) => {
                Self::unavailable(error)
            }
            DieselError::DatabaseError(Kind::SerializationFailure, _) => Self::new(Code::Conflict),
            DieselError::DatabaseError(_, information) => {
                let refused = information.constraint_name().and_then(refusal);
                refused.unwrap_or_else(|| unexpected(error))
            }
            _ => Self::internal(error),
        }
    }
}

impl Error {
    /// What a deletion answers when other rows refer to the one to delete.
    pub fn on_delete(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(Kind::ForeignKeyViolation, _) => Self::new(Code::InUse),
            other => other.into(),
        }
    }
}

/// The refusal for a constraint that an insertion or an update violates.
fn refusal(constraint: &str) -> Option<Error> {
    let invalid = |field, rule| Some(Error::at(Code::ValidationFailed, Place::field(field), rule));
    match constraint {
        "partners_siren_key" => Some(Error::at(
            Code::DuplicateSiren,
            Place::field("siren"),
            Rule::Taken,
        )),
        "partners_rna_key" => Some(Error::at(
            Code::DuplicateRna,
            Place::field("rna"),
            Rule::Taken,
        )),
        "partners_not_its_own_network" => invalid("member_of", Rule::ItsOwnNetwork),
        "partner_networks_network_fkey" => invalid("member_of", Rule::UnknownReference),
        "clients_partner_fkey" => invalid("partner_id", Rule::UnknownReference),
        // Deleted between the look and the write.
        "convention_partners_partner_fkey" => invalid("partner_ids", Rule::UnknownReference),
        "conventions_predecessor_fkey" => invalid("predecessor_id", Rule::UnknownReference),
        "conventions_not_its_own_predecessor" => invalid("predecessor_id", Rule::UnknownReference),
        // The partner was deleted between the look and the write.
        "representatives_partner_fkey" | "interventions_partner_fkey" => Some(Error::not_found()),
        // Deleted, or erased, between the look and the write.
        "declinations_convention_fkey" => invalid("convention_id", Rule::UnknownReference),
        "declinations_parent_fkey" | "declinations_not_their_own_parent" => {
            invalid("parent_id", Rule::UnknownReference)
        }
        "declinations_representative_fkey" => invalid("representative_id", Rule::UnknownReference),
        "declination_claims_key" => Some(Error::at(
            Code::TerritoryAlreadyDeclined,
            Place::field("territories"),
            Rule::Taken,
        )),
        "interventions_convention_fkey" => invalid("convention_id", Rule::UnknownReference),
        // Erased between the look and the write.
        "solicitations_representative_fkey" => invalid("representative_id", Rule::UnknownReference),
        "campaigns_school_year_key" => Some(Error::at(
            Code::DuplicateCampaign,
            Place::field("school_year"),
            Rule::Taken,
        )),
        "reports_open_key" | "reports_number_key" => Some(Error::new(Code::DuplicateReport)),
        // Deleted between the look and the write.
        "reports_convention_fkey" => invalid("convention_id", Rule::UnknownReference),
        "reports_declination_fkey" => invalid("declination_id", Rule::UnknownReference),
        "syncs_open_key" => Some(Error::new(Code::SyncAlreadyOpen)),
        // Deleted between the look and the write.
        "syncs_partner_fkey" => Some(Error::not_found()),
        "idempotency_keys_pkey" => Some(in_progress()),
        _ => None,
    }
}

/// A request with the same idempotency key has not ended yet.
pub fn in_progress() -> Error {
    Error::new(Code::IdempotencyInProgress).header(
        actix_web::http::header::RETRY_AFTER,
        actix_web::http::header::HeaderValue::from_static("1"),
    )
}

/// Whether the client library says that its connection broke: words of its own, in no language of the
/// server's.
fn is_lost(error: &DieselError) -> bool {
    const LOST: [&str; 3] = [
        "connection closed",
        "error communicating with the server",
        "unexpected message from server",
    ];
    let text = error.to_string();
    LOST.iter().any(|words| text.starts_with(words))
}

/// Timeouts and shutdowns are for trying again, and so is a write that another one crossed; anything
/// else is our failure.
fn unexpected(error: DieselError) -> Error {
    const PASSING: [&str; 4] = [
        "canceling statement due to",
        "terminating connection",
        "the database system is",
        "too many clients",
    ];
    let text = error.to_string();
    if text.contains("deadlock detected") {
        return Error::new(Code::Conflict);
    }
    if PASSING.iter().any(|start| text.contains(start)) {
        Error::unavailable(error)
    } else {
        Error::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(kind: Kind, text: &str) -> Code {
        Error::from(DieselError::DatabaseError(kind, Box::new(text.to_owned()))).code
    }

    #[test]
    fn a_connection_that_breaks_is_for_trying_again_and_a_failure_of_ours_is_not() {
        for lost in [
            "connection closed",
            "error communicating with the server: broken pipe",
        ] {
            assert_eq!(
                code(Kind::UnableToSendCommand, lost),
                Code::ServiceUnavailable
            );
        }
        let ours = code(Kind::UnableToSendCommand, "error serializing parameter 0");
        assert_eq!(ours, Code::InternalError);
        assert_eq!(code(Kind::Unknown, "division by zero"), Code::InternalError);
    }

    #[test]
    fn a_server_that_takes_no_writes_is_not_asked_again_on_the_connections_there_are() {
        let before = Instant::now();
        let refused = "cannot execute INSERT in a read-only transaction";
        assert_eq!(
            code(Kind::ReadOnlyTransaction, refused),
            Code::ServiceUnavailable
        );
        assert!(last_demotion().is_some_and(|at| at >= before));
    }
}
