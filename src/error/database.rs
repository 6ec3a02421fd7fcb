//! What the database refuses, in the service's words.
//!
//! Uniqueness and references are checked by the database (never select-then-insert): each constraint
//! that a request can violate has a name, and its name maps to a code here.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::{Code, Error, Place, Rule};

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => {
                Self::unavailable(error)
            }
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
            DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                Self::new(Code::InUse)
            }
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
    if text.contains("deadlock detected") || text.contains("could not serialize access") {
        return Error::new(Code::Conflict);
    }
    if PASSING.iter().any(|start| text.contains(start)) {
        Error::unavailable(error)
    } else {
        Error::internal(error)
    }
}
