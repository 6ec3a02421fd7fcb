//! Whether the service lives, and whether it can serve.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::db::cluster::Standing;
use crate::db::probe::Ready;
use crate::error::{Error, Result};

/// L'état du service.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

impl Health {
    /// It lives.
    pub const OK: Self = Self { status: "ok" };
}

/// Si le service peut servir, et quoi.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// `primary` : lectures et écritures ; `read_only` : la base de données ne prend aucune écriture à présent, les lectures continuent et les écritures sont 503.
    #[schema(example = "primary")]
    database: &'static str,
    /// D'où les lectures sont faites : `primary`, le serveur qui prend les écritures ; `standby`, un serveur qui le suit.
    #[schema(example = "primary")]
    reads: &'static str,
    /// Quand la base de données a répondu : à l'instant, ou il y a une ou deux secondes si elle a trop à faire.
    #[serde(serialize_with = "crate::values::moment")]
    checked_at: DateTime<Utc>,
}

impl Readiness {
    /// Whether the service can serve, and what.
    ///
    /// # Errors
    /// `service_unavailable` while the database does not answer, and once the service was told to stop.
    pub async fn of(shared: &Shared) -> Result<Self> {
        if shared.is_stopping() {
            return Err(Error::unavailable("the service was told to stop"));
        }
        let standby = shared.standbys.age();
        let is_away = shared.connector.cluster().standing() == Standing::Away;
        // Reads go on, and who waits for the primary is not the one to ask.
        let seen = match standby {
            Some(_) if is_away => Ready {
                standing: Standing::ReadOnly,
                age: Duration::ZERO,
            },
            _ => shared.probe.ready().await?,
        };
        let database = match seen.standing {
            Standing::ReadOnly => "read_only",
            _ => "primary",
        };
        let reads = match (standby, seen.standing) {
            (None, Standing::Primary) => "primary",
            _ => "standby",
        };
        let age = TimeDelta::from_std(seen.age).map_err(Error::internal)?;
        Ok(Self {
            status: "ok",
            database,
            reads,
            checked_at: shared.clock.now() - age,
        })
    }
}
