//! What the database refuses, in the service's words.
//!
//! Uniqueness and references are checked by the database (never select-then-insert): each constraint
//! that a request can violate has a name, and its name maps to a code here.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, Error as DieselError};

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

/// What stands before the SQLSTATE in the hint of an error: Diesel tells no other way.
pub const SQLSTATE: &str = "SQLSTATE ";

/// The SQLSTATE of an error that the server told.
fn sqlstate(information: &dyn DatabaseErrorInformation) -> Option<&str> {
    information.hint()?.strip_prefix(SQLSTATE)?.get(..5)
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match error {
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
            DieselError::DatabaseError(_, ref information) => {
                let refused = information.constraint_name().and_then(refusal);
                let code = sqlstate(&**information).map(str::to_owned);
                refused.unwrap_or_else(|| incident(code.as_deref(), error))
            }
            // What the commit said counts, not that it could not be undone either.
            DieselError::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            // The connection was lost before, or what was asked on it.
            DieselError::BrokenTransactionManager => Self::unavailable(error),
            _ => Self::internal(error),
        }
    }
}

/// What an error is that no constraint explains, by its SQLSTATE: an incident of the server's or of its
/// machine's is for trying again, and so is a write that another one crossed; anything else is our failure.
fn incident(code: Option<&str>, error: DieselError) -> Error {
    let Some(code) = code else {
        return Error::internal(error);
    };
    match (code, code.get(..2).unwrap_or_default()) {
        // A deadlock.
        ("40P01", _) => Error::new(Code::Conflict),
        // The disk is full.
        ("53100", _) => Error::storage_full(error),
        // A statement or a lock that took too long, a transaction that was forgotten.
        ("57014" | "55P03" | "25P03", _) => Error::unavailable(error),
        // Connections, resources, the operator, the system.
        (_, "08" | "53" | "57" | "58") => Error::unavailable(error),
        _ => Error::internal(error),
    }
}

/// Whether an error leaves open what became of the commit that it answers: the connection went, or the
/// server did.
fn leaves_open(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(Kind::ClosedConnection, _) => true,
        DieselError::DatabaseError(Kind::UnableToSendCommand, _) => is_lost(error),
        DieselError::DatabaseError(_, information) => {
            let code = sqlstate(&**information).unwrap_or_default();
            code.starts_with("08") || code.starts_with("57P")
        }
        DieselError::RollbackErrorOnCommit { commit_error, .. } => leaves_open(commit_error),
        _ => false,
    }
}

impl Error {
    /// What a commit that failed answers.
    pub fn of_commit(error: DieselError) -> Self {
        if leaves_open(&error) {
            Self::unknown_outcome(error)
        } else {
            error.into()
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn code(kind: Kind, text: &str) -> Code {
        Error::from(DieselError::DatabaseError(kind, Box::new(text.to_owned()))).code
    }

    /// An error as the wire passes it on.
    struct Told(&'static str);

    impl DatabaseErrorInformation for Told {
        fn message(&self) -> &str {
            "ERREUR : des mots d'une langue quelconque"
        }
        fn details(&self) -> Option<&str> {
            None
        }
        fn hint(&self) -> Option<&str> {
            Some(self.0)
        }
        fn table_name(&self) -> Option<&str> {
            None
        }
        fn column_name(&self) -> Option<&str> {
            None
        }
        fn constraint_name(&self) -> Option<&str> {
            None
        }
        fn statement_position(&self) -> Option<i32> {
            None
        }
    }

    #[test]
    fn an_incident_is_known_by_its_sqlstate_in_every_language() {
        let status = |hint: &'static str| {
            let error = DieselError::DatabaseError(Kind::Unknown, Box::new(Told(hint)));
            Error::from(error).code.entry().status
        };
        for state in [
            "08006", "53200", "53300", "55P03", "57014", "57P01", "57P03", "58030",
        ] {
            let hint: &str = Box::leak(format!("SQLSTATE {state} Réessayez.").into_boxed_str());
            assert_eq!(status(hint), 503, "{state}");
        }
        assert_eq!(status("SQLSTATE 53100"), 507);
        assert_eq!(status("SQLSTATE 40P01"), 409);
        assert_eq!(status("SQLSTATE 22012"), 500, "a division by zero is ours");
        assert_eq!(status("57P01 without its name"), 500);
    }

    #[test]
    fn a_commit_that_is_not_answered_is_not_known_to_have_failed() {
        let commit = |kind, told: &'static str| {
            let error = DieselError::DatabaseError(kind, Box::new(Told(told)));
            Error::of_commit(error).code
        };
        assert_eq!(
            commit(Kind::Unknown, "SQLSTATE 57P01"),
            Code::OutcomeUnknown
        );
        assert_eq!(commit(Kind::ClosedConnection, ""), Code::OutcomeUnknown);
        assert_eq!(
            commit(Kind::Unknown, "SQLSTATE 53200"),
            Code::ServiceUnavailable
        );
        assert_eq!(
            commit(Kind::SerializationFailure, "SQLSTATE 40001"),
            Code::Conflict
        );
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
