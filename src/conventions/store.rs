//! The SQL of conventions.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::count_star;
use diesel::helper_types::IntoBoxed;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Date, Jsonb, Nullable, Text, Timestamptz, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::content::Content;
use super::model::{Convention, ConventionId, Imported, Status};
use super::signing::{Signatory, VoidedSignature};
use super::term::{EffectiveStatus, Termination};
use super::text::{Amended, Restricted};
use crate::auth::policy::Scope;
use crate::db::keyset::{Direction, after};
use crate::db::schema::{convention_partners, convention_texts as texts};
use crate::db::schema::{conventions, declinations, partners};
use crate::db::search::{contains, fold};
use crate::error::{Error, Result};
use crate::http::page::{MarkValue, Page};
use crate::partners::model::{PartnerId, Sector};
use crate::values::{ActionType, Axis, Json, Level, Sha256Hex, TerritoryCode};

diesel::define_sql_function! {
    /// What a convention is on a day.
    fn convention_effective_status(
        status: Text, starts_on: Nullable<Date>, in_force_until: Nullable<Date>,
        termination: Nullable<Jsonb>, replaced_on: Nullable<Date>, day: Date,
    ) -> Nullable<Text>;
}

diesel::define_sql_function! {
    /// The days a convention is in force.
    fn convention_days(status: Text, first: Nullable<Date>, last: Nullable<Date>) -> Daterange;
}

diesel::define_sql_function! {
    /// Writes what the texts of a convention restrict.
    fn set_convention_texts(convention: Uuid, amended: Jsonb) -> diesel::sql_types::Text;
}

diesel::define_sql_function! {
    /// The successor of a convention that is being prepared.
    fn convention_successor_under_way(convention: Uuid) -> Nullable<Uuid>;
}

diesel::define_sql_function! {
    /// The last day a convention is in force.
    fn convention_end(convention: Nullable<Uuid>) -> Nullable<Date>;
}

/// The conventions a caller may know of, for queries that start from them.
pub type Visible<'a> = IntoBoxed<'a, conventions::table, Pg>;

/// The conventions ever signed, and of the others those the caller keeps or is a party to.
pub fn visible(scope: &Scope) -> Visible<'_> {
    let query = conventions::table.into_boxed();
    let signed = || {
        let ever: Vec<Status> = Status::ALL
            .iter()
            .copied()
            .filter(|status| status.was_signed())
            .collect();
        conventions::status.eq_any(ever)
    };
    if scope.is_everything() {
        query
    } else if let Some((named, _)) = scope.territories() {
        query.filter(signed().or(conventions::reach.overlaps_with(named)))
    } else if let Some(uais) = scope.schools() {
        let own: Vec<String> = uais.iter().map(|uai| format!("uai:{uai}")).collect();
        query.filter(signed().or(conventions::territory.assume_not_null().eq_any(own)))
    } else if let Some(partner) = scope.partner() {
        query.filter(signed().or(conventions::partner_ids.contains(vec![partner])))
    } else {
        query.filter(signed())
    }
}

/// What a list of conventions is filtered by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// National or local.
    pub scope: Vec<super::content::Reach>,
    /// Of one of these kinds.
    pub kind: Vec<super::content::ConventionKind>,
    /// Of one of these statuses.
    pub status: Vec<Status>,
    /// Being one of these today.
    pub effective_status: Vec<EffectiveStatus>,
    /// In force on this day, renewals, amendments, terminations and successors counted.
    pub in_force_on: Option<NaiveDate>,
    /// To which one of these partners is a party, or was.
    pub partner_id: Vec<PartnerId>,
    /// To which a partner of one of these sectors is a party, or was.
    pub sector: Vec<Sector>,
    /// Covering one of these axes today.
    pub axis: Vec<Axis>,
    /// Covering one of these types of action today.
    pub action_type: Vec<ActionType>,
    /// Covering one of these levels today.
    pub level: Vec<Level>,
    /// Present in one of these territories.
    pub territory: Vec<TerritoryCode>,
    /// Without a declination in force there today.
    pub not_declined_in: Vec<TerritoryCode>,
    /// Whose title or numbers contain this, accents and case ignored.
    pub q: Option<String>,
    /// Changed then or later.
    pub updated_since: Option<DateTime<Utc>>,
    /// The territories asked for and all above them.
    pub above: Vec<String>,
    /// Those they must not be declined in, and all above them.
    pub above_undeclined: Vec<String>,
    /// The day it is.
    pub today: NaiveDate,
}

/// By what a list of conventions is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The order of creation.
    Id,
    /// The reference.
    Reference,
    /// The last change.
    UpdatedAt,
}

/// What a convention is on a day, in a query.
pub fn effective_on(
    day: NaiveDate,
) -> convention_effective_status<
    conventions::status,
    conventions::starts_on,
    conventions::in_force_until,
    conventions::termination,
    conventions::replaced_on,
    diesel::dsl::AsExprOf<NaiveDate, Date>,
> {
    convention_effective_status(
        conventions::status,
        conventions::starts_on,
        conventions::in_force_until,
        conventions::termination,
        conventions::replaced_on,
        day.into_sql::<Date>(),
    )
}

/// What a list of codes covers: an empty one restricts nothing.
macro_rules! covers {
    ($column:expr, $codes:expr) => {
        $column
            .overlaps_with($codes)
            .or($column.eq(Vec::<String>::new()))
    };
}

fn filtered<'a>(scope: &'a Scope, filter: &'a Filter) -> Visible<'a> {
    let mut query = visible(scope);
    if !filter.scope.is_empty() {
        query = query.filter(conventions::scope.eq_any(&filter.scope));
    }
    if !filter.kind.is_empty() {
        query = query.filter(conventions::kind.eq_any(&filter.kind));
    }
    if !filter.status.is_empty() {
        query = query.filter(conventions::status.eq_any(&filter.status));
    }
    if !filter.effective_status.is_empty() {
        let among = effective_on(filter.today).eq_any(&filter.effective_status);
        query = query.filter(among.assume_not_null());
    }
    if let Some(day) = filter.in_force_on {
        let days = convention_days(
            conventions::status,
            conventions::starts_on,
            conventions::in_force_until,
        );
        query = query.filter(days.contains(day.into_sql::<Date>()));
    }
    if !filter.partner_id.is_empty() {
        let parties = convention_partners::table
            .filter(convention_partners::partner_id.eq_any(&filter.partner_id))
            .select(convention_partners::convention_id);
        query = query.filter(conventions::id.eq_any(parties));
    }
    if !filter.sector.is_empty() {
        let parties = convention_partners::table
            .inner_join(partners::table)
            .filter(partners::sectors.overlaps_with(&filter.sector))
            .select(convention_partners::convention_id);
        query = query.filter(conventions::id.eq_any(parties));
    }
    if filter.restricts() {
        let covering = covering(filter).select(texts::convention_id);
        query = query.filter(conventions::id.eq_any(covering));
    }
    if !filter.territory.is_empty() {
        query = query.filter(present_in(&filter.territory, &filter.above));
    }
    if !filter.not_declined_in.is_empty() {
        let ends_on = declinations::ends_on;
        let declined = declinations::table
            .filter(declinations::convention_id.eq(conventions::id))
            .filter(declinations::status.eq("active"))
            .filter(declinations::starts_on.le(filter.today))
            .filter(
                ends_on
                    .is_null()
                    .or(ends_on.assume_not_null().ge(filter.today)),
            )
            .filter(declinations::territories.overlaps_with(&filter.above_undeclined));
        query = query.filter(diesel::dsl::not(diesel::dsl::exists(declined)));
    }
    if let Some(q) = &filter.q {
        query = query.filter(conventions::search.like(fold(contains(q))));
    }
    if let Some(since) = filter.updated_since {
        query = query.filter(conventions::updated_at.ge(since));
    }
    query
}

impl Filter {
    /// Whether it asks for what the text of a convention covers.
    const fn restricts(&self) -> bool {
        !(self.axis.is_empty() && self.action_type.is_empty() && self.level.is_empty())
    }
}

/// The texts of today that cover what is asked for.
fn covering(filter: &Filter) -> IntoBoxed<'_, texts::table, Pg> {
    let mut query = texts::table
        .filter(texts::from_day.le(filter.today))
        .filter(texts::until_day.gt(filter.today))
        .into_boxed();
    if !filter.axis.is_empty() {
        query = query.filter(covers!(texts::axes, &filter.axis));
    }
    if !filter.action_type.is_empty() {
        query = query.filter(covers!(texts::action_types, &filter.action_type));
    }
    if !filter.level.is_empty() {
        query = query.filter(covers!(texts::levels, &filter.level));
    }
    query
}

type Condition<'a> = Box<dyn BoxableExpression<conventions::table, Pg, SqlType = Bool> + 'a>;

/// The local conventions of these territories, of what they hold or of what holds them, and those
/// that an active declination carries there.
fn present_in<'a>(territories: &'a [TerritoryCode], above: &'a [String]) -> Condition<'a> {
    let declined = declinations::table
        .filter(declinations::convention_id.eq(conventions::id))
        .filter(declinations::status.eq("active"))
        .filter(
            declinations::territories
                .overlaps_with(above)
                .or(declinations::reach.overlaps_with(territories)),
        );
    Box::new(
        conventions::reach
            .overlaps_with(territories)
            .or(conventions::territory.assume_not_null().eq_any(above))
            .or(diesel::dsl::exists(declined)),
    )
}

/// One page, in the order asked for.
///
/// # Errors
/// As any query.
pub async fn page(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    filter: &Filter,
    page: &Page<Sort>,
) -> Result<Vec<Convention>> {
    let mut query = filtered(scope, filter)
        .select(Convention::as_select())
        .limit(page.limit);
    let ascending = page.direction == Direction::Ascending;
    if let Some(mark) = &page.after {
        let id = mark
            .id
            .parse::<uuid::Uuid>()
            .unwrap_or_default()
            .into_sql::<Uuid>();
        let direction = page.direction;
        query = match &mark.value {
            MarkValue::Text(reference) => query.filter(after(
                (conventions::reference, conventions::id),
                (reference.clone().into_sql::<Text>(), id),
                direction,
            )),
            MarkValue::Time(time) => query.filter(after(
                (conventions::updated_at, conventions::id),
                (time.into_sql::<Timestamptz>(), id),
                direction,
            )),
            _ if ascending => query.filter(conventions::id.gt(id)),
            _ => query.filter(conventions::id.lt(id)),
        };
    }
    query = match (page.sort, ascending) {
        (Sort::Id, true) => query.order(conventions::id.asc()),
        (Sort::Id, false) => query.order(conventions::id.desc()),
        (Sort::Reference, true) => {
            query.order((conventions::reference.asc(), conventions::id.asc()))
        }
        (Sort::Reference, false) => {
            query.order((conventions::reference.desc(), conventions::id.desc()))
        }
        (Sort::UpdatedAt, true) => {
            query.order((conventions::updated_at.asc(), conventions::id.asc()))
        }
        (Sort::UpdatedAt, false) => {
            query.order((conventions::updated_at.desc(), conventions::id.desc()))
        }
    };
    Ok(query.load(&mut connection).await?)
}

/// How many there are.
///
/// # Errors
/// As any query.
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

/// One convention.
///
/// # Errors
/// `not_found`.
pub async fn find(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    id: ConventionId,
) -> Result<Convention> {
    let found = visible(scope)
        .filter(conventions::id.eq(id))
        .select(Convention::as_select())
        .first(&mut connection)
        .await;
    found.optional()?.ok_or_else(Error::not_found)
}

/// Those of these ids that the caller may see.
///
/// # Errors
/// As any query.
pub async fn find_all(
    mut connection: &AsyncPgConnection,
    scope: &Scope,
    ids: &[ConventionId],
) -> Result<Vec<Convention>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(visible(scope)
        .filter(conventions::id.eq_any(ids))
        .select(Convention::as_select())
        .load(&mut connection)
        .await?)
}

/// One convention, held until the transaction ends: what depends on it waits.
///
/// # Errors
/// `not_found`.
pub async fn hold(
    connection: &mut AsyncPgConnection,
    scope: &Scope,
    id: ConventionId,
) -> Result<Convention> {
    // Locked first, read next: a boxed query takes no lock, and what was waited for is then read.
    let locked = conventions::table
        .filter(conventions::id.eq(id))
        .select(conventions::id)
        .for_no_key_update()
        .first::<ConventionId>(connection)
        .await;
    locked.optional()?.ok_or_else(Error::not_found)?;
    find(connection, scope, id).await
}

/// The next number under a prefix; the counter is held until the transaction ends, so that no
/// number is lost or given twice.
///
/// # Errors
/// As any write.
pub async fn next_number(connection: &mut AsyncPgConnection, prefix: &str) -> Result<i32> {
    use crate::db::schema::reference_counters as counters;
    let next = diesel::insert_into(counters::table)
        .values((counters::prefix.eq(prefix), counters::last.eq(1)))
        .on_conflict(counters::prefix)
        .do_update()
        .set(counters::last.eq(counters::last + 1))
        .returning(counters::last);
    Ok(next.get_result(connection).await?)
}

/// What a new convention is besides its content.
#[derive(Insertable)]
#[diesel(table_name = conventions, treat_none_as_default_value = false)]
pub struct Beginning<'a> {
    /// Its id.
    pub id: ConventionId,
    /// Its reference.
    pub reference: &'a str,
    /// Its first status.
    pub status: Status,
    /// Its territory and all above it.
    pub reach: &'a [String],
    /// Those who will sign it.
    pub signatories: Json<Vec<Signatory>>,
    /// None yet.
    pub voided_signatures: Json<Vec<VoidedSignature>>,
    /// The day it was signed, for an imported one.
    pub signed_on: Option<NaiveDate>,
    /// The digest of its content.
    pub content_hash: Sha256Hex,
    /// Where it comes from, for an imported one.
    pub imported: Option<Json<Imported>>,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// Now.
    pub updated_at: DateTime<Utc>,
}

/// Inserts one.
///
/// # Errors
/// `validation_failed` for a partner or a predecessor that does not exist.
pub async fn insert(
    connection: &mut AsyncPgConnection,
    beginning: &Beginning<'_>,
    content: &Content,
) -> Result<Convention> {
    let inserted = diesel::insert_into(conventions::table)
        .values((beginning, content))
        .returning(Convention::as_returning());
    Ok(inserted.get_result(connection).await?)
}

/// What a step makes of a convention besides its content.
#[derive(AsChangeset)]
#[diesel(table_name = conventions, treat_none_as_null = true)]
pub struct Standing {
    /// Its status.
    pub status: Status,
    /// The signatories, with their signatures.
    pub signatories: Json<Vec<Signatory>>,
    /// The signatures that no longer hold.
    pub voided_signatures: Json<Vec<VoidedSignature>>,
    /// The day of the last signature.
    pub signed_on: Option<NaiveDate>,
    /// The digest of its content.
    pub content_hash: Sha256Hex,
    /// Its territory and all above it.
    pub reach: Vec<String>,
    /// Where it comes from.
    pub imported: Option<Json<Imported>>,
}

impl Standing {
    /// As it is.
    pub fn of(convention: &Convention) -> Self {
        Self {
            status: convention.status,
            signatories: convention.signatories.clone(),
            voided_signatures: convention.voided_signatures.clone(),
            signed_on: convention.signed_on,
            content_hash: convention.content_hash.clone(),
            reach: convention.reach.clone(),
            imported: convention.imported.clone(),
        }
    }
}

/// Changes one.
///
/// # Errors
/// As [`insert`].
pub async fn update(
    connection: &mut AsyncPgConnection,
    id: ConventionId,
    content: &Content,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<Convention> {
    let stamp = (
        conventions::version.eq(conventions::version + 1),
        conventions::updated_at.eq(now),
    );
    let updated = diesel::update(conventions::table.find(id))
        .set((content, standing, stamp))
        .returning(Convention::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Puts a successor in a convention's place, from its first day; the status says whether it ended
/// so, or otherwise before.
///
/// # Errors
/// As any write.
pub async fn replace(
    connection: &mut AsyncPgConnection,
    id: ConventionId,
    status: Status,
    (successor, first_day): (ConventionId, NaiveDate),
    now: DateTime<Utc>,
) -> Result<Convention> {
    let updated = diesel::update(conventions::table.find(id))
        .set((
            conventions::status.eq(status),
            conventions::successor_id.eq(successor),
            conventions::replaced_on.eq(first_day),
            conventions::version.eq(conventions::version + 1),
            conventions::updated_at.eq(now),
        ))
        .returning(Convention::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Ends one.
///
/// # Errors
/// As any write.
pub async fn terminate(
    connection: &mut AsyncPgConnection,
    id: ConventionId,
    status: Status,
    termination: &Json<Termination>,
    now: DateTime<Utc>,
) -> Result<Convention> {
    let updated = diesel::update(conventions::table.find(id))
        .set((
            conventions::status.eq(status),
            conventions::termination.eq(termination),
            conventions::version.eq(conventions::version + 1),
            conventions::updated_at.eq(now),
        ))
        .returning(Convention::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Carries its signed amendments, in the order of their effect; [`set_texts`] follows.
///
/// # Errors
/// As any write.
pub async fn amend(
    connection: &mut AsyncPgConnection,
    id: ConventionId,
    amendments: &Json<Vec<Amended>>,
    now: DateTime<Utc>,
) -> Result<Convention> {
    let updated = diesel::update(conventions::table.find(id))
        .set((
            conventions::amendments.eq(amendments),
            conventions::version.eq(conventions::version + 1),
            conventions::updated_at.eq(now),
        ))
        .returning(Convention::as_returning());
    Ok(updated.get_result(connection).await?)
}

/// Says what its amended texts restrict, for the lists that ask.
///
/// # Errors
/// As any write.
pub async fn set_texts(
    connection: &mut AsyncPgConnection,
    id: ConventionId,
    amended: Json<Vec<Restricted>>,
) -> Result<()> {
    diesel::select(set_convention_texts(id, amended))
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes a draft.
///
/// # Errors
/// `in_use`.
pub async fn delete(connection: &mut AsyncPgConnection, id: ConventionId) -> Result<()> {
    diesel::delete(conventions::table.find(id))
        .execute(connection)
        .await
        .map_err(Error::on_delete)?;
    Ok(())
}
