//! The SQL of solicitations.

mod scoped;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub use self::scoped::{Scoped, scoped};
use super::content::NewSolicitation;
use super::filter::{Filter, Sort};
use super::model::{Addressee, Solicitation, StepColumns};
use crate::auth::policy::Scope;
use crate::db::keyset::Order;
use crate::db::limit::paged;
use crate::db::page::Page;
use crate::db::schema::{
    conventions, intervention_standing as eligibility, interventions, solicitations,
};
use crate::error::{Error, Result};
use crate::values::ids::{ConventionId, InterventionId, PartnerId, SolicitationId};

fn filtered<'a>(scope: &'a Scope, filter: &'a Filter) -> Scoped<'a> {
    let mut query = scoped(scope);
    if !filter.uai.is_empty() {
        query = query.filter(solicitations::uai.eq_any(&filter.uai));
    }
    if !filter.partner_id.is_empty() {
        query = query.filter(solicitations::partner_id.eq_any(&filter.partner_id));
    }
    if !filter.intervention_id.is_empty() {
        let intervention = solicitations::intervention_id.assume_not_null();
        query = query.filter(intervention.eq_any(&filter.intervention_id));
    }
    if !filter.status.is_empty() {
        query = query.filter(solicitations::status.eq_any(&filter.status));
    }
    if !filter.territory.is_empty() {
        query = query.filter(solicitations::reach.overlaps_with(&filter.territory));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(solicitations::updated_at.ge(since));
    }
    query
}

/// One page, in the order asked for.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Solicitation>> {
    let query = filtered(scope, filter).select(Solicitation::as_select());
    let order = match page.sort {
        Sort::Id => Order::by_key(&solicitations::id),
        Sort::UpdatedAt => Order::by(&solicitations::updated_at, &solicitations::id),
    };
    Ok(paged(query, order, page).load(&mut connection).await?)
}

/// How many there are.
pub async fn count(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
) -> Result<i64> {
    Ok(filtered(scope, filter)
        .select(count_star())
        .first(&mut connection)
        .await?)
}

/// One solicitation.
///
/// # Errors
/// `not_found`.
pub async fn find(
    connection: &AsyncPgConnection,
    scope: &Scope,
    id: SolicitationId,
) -> Result<Solicitation> {
    let found = find_all(connection, scope, &[id]).await?;
    found.into_iter().next().ok_or_else(Error::not_found)
}

/// The ones with these ids that the caller may see.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[SolicitationId],
) -> Result<Vec<Solicitation>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(scoped(scope)
        .filter(solicitations::id.eq_any(ids))
        .select(Solicitation::as_select())
        .load(&mut connection)
        .await?)
}

/// One solicitation, locked until the transaction ends.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    id: SolicitationId,
) -> Result<Solicitation> {
    // Locked first, read next: a boxed query takes no lock, and what was waited for is then read.
    let locked = solicitations::table
        .filter(solicitations::id.eq(id))
        .select(solicitations::id)
        .for_no_key_update()
        .first::<SolicitationId>(connection)
        .await;
    locked.optional()?.ok_or_else(Error::not_found)?;
    find(connection, scope, id).await
}

/// These, and where sessions are taken the interventions they are about, locked until the transaction
/// ends: all solicitations before all interventions, each in one order, so that those who lock several
/// do not wait for each other in a circle.
pub async fn lock_all(
    connection: &mut AsyncPgConnection,
    ids: &[SolicitationId],
    takes_sessions: bool,
) -> Result<()> {
    let locked: Vec<Option<InterventionId>> = solicitations::table
        .filter(solicitations::id.eq_any(ids))
        .order(solicitations::id)
        .select(solicitations::intervention_id)
        .for_no_key_update()
        .load(connection)
        .await?;
    let asked: Vec<InterventionId> = locked.into_iter().flatten().collect();
    if takes_sessions && !asked.is_empty() {
        interventions::table
            .filter(interventions::id.eq_any(asked))
            .order(interventions::id)
            .select(interventions::id)
            .for_no_key_update()
            .load::<InterventionId>(connection)
            .await?;
    }
    Ok(())
}

/// How many sessions an intervention has left, none where they are not counted. Locks the intervention
/// until the transaction ends, so that nobody else takes one meanwhile.
pub async fn lock_sessions(
    connection: &mut AsyncPgConnection,
    _scope: &Scope,
    id: InterventionId,
) -> Result<Option<i64>> {
    let sessions = interventions::table
        .find(id)
        .select(interventions::sessions)
        .for_no_key_update()
        .first::<Option<i32>>(connection)
        .await?;
    let Some(sessions) = sessions else {
        return Ok(None);
    };
    // A statement of its own, which sees what the lock was waited for.
    let taken: i64 = solicitations::table
        .filter(solicitations::intervention_id.eq(id))
        .filter(solicitations::takes_session)
        .select(count_star())
        .first(connection)
        .await?;
    Ok(Some(i64::from(sessions) - taken))
}

/// How many conventions a refusal names.
const TOLD: i64 = 50;

/// A convention that what is asked may come under.
#[derive(Debug, Queryable)]
pub struct Fitting {
    /// Its id.
    pub id: ConventionId,
    /// Its reference.
    pub reference: String,
    /// Its title.
    pub title: String,
}

impl Fitting {
    /// All that tells it from others: what to give, and what it is called.
    pub fn name(&self) -> String {
        format!("{}, {}, {}", self.reference, self.id, self.title)
    }
}

/// The conventions under which a partner works in these territories on a day: in force, its own or its
/// network's; of those only the one that is given, if one is.
pub async fn fitting_conventions(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    (partner, given): (PartnerId, Option<ConventionId>),
    ancestors: &[String],
    day: NaiveDate,
) -> Result<Vec<Fitting>> {
    let (from, until) = (eligibility::in_force_from, eligibility::in_force_until);
    let territory = eligibility::territory;
    let mut query = eligibility::table
        .inner_join(conventions::table.on(conventions::id.eq(eligibility::convention_id)))
        .filter(eligibility::partner_id.eq(partner))
        .filter(
            eligibility::from_day
                .le(day)
                .and(eligibility::until_day.gt(day)),
        )
        .filter(eligibility::obstacles.eq(Vec::<String>::new()))
        .filter(from.assume_not_null().le(day))
        .filter(until.is_null().or(until.assume_not_null().ge(day)))
        .filter(
            territory
                .is_null()
                .or(territory.assume_not_null().eq_any(ancestors)),
        )
        .order(conventions::reference)
        .limit(TOLD)
        .select((conventions::id, conventions::reference, conventions::title))
        .into_boxed();
    if let Some(id) = given {
        query = query.filter(conventions::id.eq(id));
    }
    Ok(query.load(&mut connection).await?)
}

/// What the service adds to a new solicitation.
pub struct Beginning<'a> {
    /// Its id.
    pub id: SolicitationId,
    /// Whom it is addressed to.
    pub addressee: Addressee,
    /// The school and all above it.
    pub ancestors: &'a [String],
    /// The moment.
    pub now: DateTime<Utc>,
}

/// Inserts one.
///
/// # Errors
/// `validation_failed` when what it names went away.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    beginning: &Beginning<'_>,
    new: &NewSolicitation,
) -> Result<Solicitation> {
    let set = (
        solicitations::id.eq(beginning.id),
        solicitations::reach.eq(beginning.ancestors),
        solicitations::partner_id.eq(beginning.addressee.partner),
        solicitations::created_at.eq(beginning.now),
        solicitations::updated_at.eq(beginning.now),
    );
    let inserted = diesel::insert_into(solicitations::table)
        .values((new, set))
        .returning(Solicitation::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// Changes what is asked.
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: SolicitationId,
    new: &NewSolicitation,
    now: DateTime<Utc>,
) -> Result<Solicitation> {
    let stamp = (
        solicitations::version.eq(solicitations::version + 1),
        solicitations::updated_at.eq(now),
    );
    let updated = diesel::update(solicitations::table.find(id))
        .set((new, stamp))
        .returning(Solicitation::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Writes a step.
pub async fn record_step(
    connection: &mut AsyncPgConnection,
    id: SolicitationId,
    columns: &StepColumns,
    now: DateTime<Utc>,
) -> Result<Solicitation> {
    let set = (
        solicitations::status.eq(columns.status),
        solicitations::scheduled_on.eq(columns.scheduled_on),
        solicitations::proposed_on.eq(columns.proposal.map(|(day, _)| day)),
        solicitations::proposed_by.eq(columns.proposal.map(|(_, side)| side)),
        solicitations::reason.eq(&columns.reason),
        solicitations::outcome.eq(&columns.outcome),
        solicitations::version.eq(solicitations::version + 1),
        solicitations::updated_at.eq(now),
    );
    let updated = diesel::update(solicitations::table.find(id))
        .set(set)
        .returning(Solicitation::as_returning());
    Ok(updated.get_result(connection).await?)
}
