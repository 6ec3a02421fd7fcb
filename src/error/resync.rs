//! How a reader of the feed gets in step again, when its cursor cannot be gone on from.

use super::{Code, Error, Subject};

/// What there is to read again, and from where to go on then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resync {
    /// Why.
    pub reason: &'static str,
    /// The types of the objects to read again.
    pub types: Vec<String>,
    /// The territories whose objects are to be read again; `FR`: all.
    pub territories: Vec<String>,
    /// The cursor to continue the feed from once they are read.
    pub cursor: String,
}

impl From<Resync> for Error {
    fn from(resync: Resync) -> Self {
        let (fr, en) = match resync.reason {
            "perimeter_changed" => (
                "le périmètre du jeton n'est plus celui pour lequel le curseur a été donné",
                "the perimeter of the token is not the one that the cursor was given for",
            ),
            "lineage_lost" => (
                "des écritures que ce curseur suit n'existent plus : le registre a été restauré, ou un serveur de secours a pris la suite sans elles",
                "writes that this cursor follows no longer exist: the register was restored, or a standby took over without them",
            ),
            _ => (
                "les changements qui suivent ce curseur ont plus de treize mois et ne sont plus gardés",
                "the changes after this cursor are over thirteen months old and no longer kept",
            ),
        };
        Self {
            resync: Some(Box::new(resync)),
            ..Self::new(Code::ResyncRequired).about(Subject::words(fr, en))
        }
    }
}
