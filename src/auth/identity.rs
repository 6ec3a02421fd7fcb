//! As whom a caller acts, over which perimeter, and what its token lets it do.
//!
//! The same rules serve the claims of a token, the fields of a machine client and the options of
//! `ree token`, whence a [`ClaimFault`] names a field as well as a claim.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::values::{Territory, TerritoryCode, TextValue, Uai};

/// What a caller is. The order and the names are those of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The ministry: everything.
    Ministry,
    /// An academy or academic region: its territories and all below them.
    Academy,
    /// One or several establishments.
    Establishment,
    /// A partner: its own objects.
    Partner,
    /// Reads what is common to all.
    Reader,
}

impl Role {
    /// All roles, in the order of the contract.
    pub const ALL: [Role; 5] = [
        Role::Ministry,
        Role::Academy,
        Role::Establishment,
        Role::Partner,
        Role::Reader,
    ];

    /// The role as it is written in tokens, answers and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Ministry => "ministry",
            Role::Academy => "academy",
            Role::Establishment => "establishment",
            Role::Partner => "partner",
            Role::Reader => "reader",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ClaimFault;

    fn from_str(text: &str) -> Result<Role, ClaimFault> {
        let found = Role::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or(ClaimFault::Malformed("role"))
    }
}

/// A role together with its perimeter: neither makes sense alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// The ministry; no perimeter, it sees all.
    Ministry,
    /// An academy or academic region.
    Academy {
        /// `academy:NN` or `region:NN`, at least one; whether they exist is checked elsewhere.
        territories: Vec<TerritoryCode>,
    },
    /// One or several establishments.
    Establishment {
        /// UAIs by their shape, at least one; whether they exist is checked elsewhere.
        uais: Vec<Uai>,
    },
    /// A partner.
    Partner {
        /// The partner's id.
        partner_id: Uuid,
    },
    /// A reader; no perimeter.
    Reader,
}

/// The perimeter as callers write it, before it is known to fit a role: the claims of a token,
/// the fields of a client, the options of `ree token`. `None` is an absent one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Perimeter {
    /// Academies and academic regions.
    pub territories: Option<Vec<String>>,
    /// Establishments.
    pub uais: Option<Vec<String>>,
    /// A partner.
    pub partner_id: Option<Uuid>,
}

impl Identity {
    /// Joins a role and its perimeter: the perimeter of the role is required, all others refused.
    ///
    /// # Errors
    /// Names the field at fault: `territories`, `uais` or `partner_id`.
    pub fn new(role: Role, perimeter: Perimeter) -> Result<Identity, ClaimFault> {
        let Perimeter {
            territories,
            uais,
            partner_id,
        } = perimeter;
        if role != Role::Academy && territories.is_some() {
            return Err(ClaimFault::Foreign("territories"));
        }
        if role != Role::Establishment && uais.is_some() {
            return Err(ClaimFault::Foreign("uais"));
        }
        if role != Role::Partner && partner_id.is_some() {
            return Err(ClaimFault::Foreign("partner_id"));
        }
        Ok(match role {
            Role::Ministry => Identity::Ministry,
            Role::Academy => Identity::Academy {
                territories: codes("territories", territories, is_territory)?,
            },
            Role::Establishment => Identity::Establishment {
                uais: codes("uais", uais, Uai::is_shaped)?,
            },
            Role::Partner => Identity::Partner {
                partner_id: partner_id.ok_or(ClaimFault::Missing("partner_id"))?,
            },
            Role::Reader => Identity::Reader,
        })
    }

    /// The role without its perimeter.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Identity::Ministry => Role::Ministry,
            Identity::Academy { .. } => Role::Academy,
            Identity::Establishment { .. } => Role::Establishment,
            Identity::Partner { .. } => Role::Partner,
            Identity::Reader => Role::Reader,
        }
    }
}

/// What a token allows: a non-empty subset of `read` and `write`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scopes {
    /// Reading only.
    Read,
    /// Writing only, for a depositor that must not read back.
    Write,
    /// Both.
    ReadWrite,
}

impl Scopes {
    /// Whether reading is allowed.
    #[must_use]
    pub fn can_read(self) -> bool {
        matches!(self, Scopes::Read | Scopes::ReadWrite)
    }

    /// Whether writing is allowed.
    #[must_use]
    pub fn can_write(self) -> bool {
        matches!(self, Scopes::Write | Scopes::ReadWrite)
    }

    /// Whether `other` asks for nothing that these do not give (RFC 6749 §3.3).
    #[must_use]
    pub fn include(self, other: Scopes) -> bool {
        (self.can_read() || !other.can_read()) && (self.can_write() || !other.can_write())
    }

    /// The scopes as RFC 6749 §3.3 writes them: words separated by one space.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Scopes::Read => "read",
            Scopes::Write => "write",
            Scopes::ReadWrite => "read write",
        }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scopes {
    type Err = ClaimFault;

    /// Words in any order; an unknown or an empty one is refused.
    fn from_str(text: &str) -> Result<Scopes, ClaimFault> {
        let (mut read, mut write) = (false, false);
        for word in text.split(' ') {
            match word {
                "read" => read = true,
                "write" => write = true,
                _ => return Err(ClaimFault::Malformed("scope")),
            }
        }
        match (read, write) {
            (true, true) => Ok(Scopes::ReadWrite),
            (true, false) => Ok(Scopes::Read),
            (false, true) => Ok(Scopes::Write),
            (false, false) => Err(ClaimFault::Malformed("scope")),
        }
    }
}

/// The codes of a perimeter: present, at least one, each of the right shape.
fn codes<T: TextValue>(
    name: &'static str,
    codes: Option<Vec<String>>,
    is_one: fn(&str) -> bool,
) -> Result<Vec<T>, ClaimFault> {
    let codes = codes.ok_or(ClaimFault::Missing(name))?;
    let sound = !codes.is_empty() && codes.iter().all(|code| is_one(code));
    if sound {
        Ok(codes.into_iter().map(T::stored).collect())
    } else {
        Err(ClaimFault::Malformed(name))
    }
}

/// `academy:NN` or `region:NN`: the ministry's own two-digit codes.
fn is_territory(code: &str) -> bool {
    match Territory::parse(code) {
        Some(Territory::Academy(number) | Territory::Region(number)) => {
            number.len() == 2 && number.bytes().all(|digit| digit.is_ascii_digit())
        }
        _ => false,
    }
}

/// What is wrong with a claim; names the claim and never quotes its value, which could be a
/// secret pasted in the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimFault {
    /// A required claim is absent.
    Missing(&'static str),
    /// A claim has the wrong type or form, is empty, or holds a value that does not exist.
    Malformed(&'static str),
    /// A claim that must not be there, such as the perimeter of another role.
    Foreign(&'static str),
}

impl ClaimFault {
    /// The claim at fault.
    #[must_use]
    pub fn claim(&self) -> &'static str {
        match self {
            ClaimFault::Missing(claim)
            | ClaimFault::Malformed(claim)
            | ClaimFault::Foreign(claim) => claim,
        }
    }
}

impl fmt::Display for ClaimFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClaimFault::Missing(claim) => write!(f, "{claim} is missing"),
            ClaimFault::Malformed(claim) => write!(f, "{claim} is malformed"),
            ClaimFault::Foreign(claim) => write!(f, "{claim} is out of place"),
        }
    }
}

impl std::error::Error for ClaimFault {}
