//! The statement that computes deadlines. All of its text is constants of this file, of
//! [`branches`](super::branches) and of [`perimeter`](super::perimeter); the values of the request
//! are bound.
//!
//! A branch for each kind, each in the order of the list, cut off where the page before ended and at
//! the length of a page: what a branch walks is then what the page needs of it, and never all the
//! declinations of the country. The branches are put together and cut again.

use std::cmp::Ordering;

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use crate::agreements::deadlines::filter::Filter;
use crate::agreements::deadlines::model::{Kind, ReportYear};
use crate::auth::policy::Scope;
use crate::db::page::Direction;
pub(super) use crate::db::sql_text::Bind;
use crate::db::sql_text::{Binds, BoundQuery};

/// A place in the order of deadlines.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The day.
    pub due_on: NaiveDate,
    /// The kind.
    pub kind: Kind,
    /// The object.
    pub object: Uuid,
}

/// Which part of the list is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    /// After this place.
    pub after: Option<Place>,
    /// In which direction.
    pub direction: Direction,
    /// At most this many.
    pub limit: i64,
}

/// A statement in the making.
pub struct Statement<'a> {
    pub(super) scope: &'a Scope,
    pub(super) filter: &'a Filter,
    /// The last day asked for.
    pub(super) until: NaiveDate,
    slice: Option<Slice>,
    binds: Binds,
}

/// When a branch's deadlines fall due.
pub(super) enum Due {
    /// On the day in this column.
    Column(&'static str),
    /// All on this day.
    On(NaiveDate),
}

/// Condition: the convention was signed.
pub(super) const SIGNED: &str = "c.status IN ('signed', 'terminated', 'replaced')";

impl<'a> Statement<'a> {
    /// The statement for this caller and these filters.
    pub fn new(scope: &'a Scope, filter: &'a Filter) -> Self {
        let until = filter.today.checked_add_days(Days::new(filter.within_days));
        Self {
            scope,
            filter,
            until: until.unwrap_or(NaiveDate::MAX),
            slice: None,
            binds: Binds::default(),
        }
    }

    /// One page.
    pub fn page(mut self, slice: Slice) -> BoundQuery {
        self.slice = Some(slice);
        let (periods, branches) = (self.periods(), self.branches());
        let way = slice.direction.order();
        let limit = self.bind(Bind::Number(slice.limit));
        self.binds.query(format!(
            "WITH p AS ({periods})\nSELECT * FROM ({branches}) AS due\n \
             ORDER BY due_on {way}, kind {way}, object_id {way} LIMIT {limit}"
        ))
    }

    /// How many there are.
    pub fn count(mut self) -> BoundQuery {
        let (periods, branches) = (self.periods(), self.branches());
        self.binds.query(format!(
            "WITH p AS ({periods})\nSELECT count(*) AS count FROM ({branches}) AS due"
        ))
    }

    pub(super) fn bind(&mut self, bind: Bind) -> String {
        self.binds.bind(bind)
    }

    pub(super) fn texts(&mut self, codes: &[String]) -> String {
        self.bind(Bind::Texts(codes.to_vec()))
    }

    /// The conventions in force or to come, with the last day of the period under way. The one place
    /// that defines a convention's agreed end: the end that a signed amendment gives it counts for the
    /// end, not for the renewals before. Terms are read once, which is most of the cost, and not at all
    /// for a convention that neither ends within the days asked for nor outlives its agreed end: it has
    /// no deadline.
    fn periods(&mut self) -> String {
        let today = self.today();
        let until = self.bind(Bind::Day(self.until));
        let mut conditions = vec![
            SIGNED.to_owned(),
            "c.starts_on IS NOT NULL".to_owned(),
            format!("(c.in_force_until IS NULL OR c.in_force_until >= {today})"),
            self.concerned_by_convention(),
        ];
        conditions.extend(self.of_conventions());
        conditions.extend(self.convention_there());
        let conditions = conditions.join(" AND ");
        format!(
            "SELECT c.*, least(convention_period_end(agreed_end, renewal, {today}), terminated_on, replaced_on - 1) AS last_day
               FROM (SELECT c.id, c.reference, c.title, c.status, c.territory, c.in_force_until, c.replaced_on, c.updated_at,
                            CASE WHEN t.renewal ->> 'mode' = 'tacit' THEN convention_agreed_end_on(c.ends_on, c.amendments, {today})
                                 ELSE convention_agreed_end(c.ends_on, c.amendments) END AS agreed_end, t.renewal, t.notice_months,
                            iso_date(c.termination ->> 'on') AS terminated_on
                       FROM conventions AS c
                      CROSS JOIN LATERAL jsonb_to_record(c.terms) AS t (renewal jsonb, notice_months integer)
                      WHERE {conditions}) AS c
              WHERE c.in_force_until <= {until} OR c.in_force_until IS DISTINCT FROM c.agreed_end"
        )
    }

    pub(super) fn today(&mut self) -> String {
        let today = self.filter.today;
        self.bind(Bind::Day(today))
    }

    /// The conventions and the last changes asked for.
    pub(super) fn of_conventions(&mut self) -> Vec<String> {
        let conditions = [self.among("c.id"), self.changed_since("c")];
        conditions.into_iter().flatten().collect()
    }

    /// The declinations asked for.
    pub(super) fn of_declinations(&mut self) -> Vec<String> {
        let conditions = [
            self.among("d.convention_id"),
            self.changed_since("d"),
            self.declination_there(),
        ];
        conditions.into_iter().flatten().collect()
    }

    fn among(&mut self, column: &str) -> Option<String> {
        self.binds.among_ids(column, &self.filter.convention_id)
    }

    fn changed_since(&mut self, table: &str) -> Option<String> {
        let since = self.bind(Bind::Time(self.filter.updated_since?));
        Some(format!("{table}.updated_at >= {since}"))
    }

    fn branches(&mut self) -> String {
        let kinds: &[Kind] = if self.filter.kind.is_empty() {
            Kind::ALL
        } else {
            &self.filter.kind
        };
        let mut branches = Vec::new();
        for kind in Kind::ALL.iter().filter(|kind| kinds.contains(kind)) {
            match kind {
                Kind::ConventionEnd => branches.push(self.convention_ends()),
                Kind::DeclinationEnd => branches.push(self.declination_ends()),
                Kind::Notice => branches.push(self.notices()),
                Kind::TacitRenewal => branches.push(self.renewals()),
                Kind::SignatureOverdue => branches.push(self.signatures()),
                Kind::ReportDue => {
                    for year in self.report_years() {
                        branches.push(self.reports_on_conventions(&year));
                        branches.push(self.reports_on_declinations(&year));
                    }
                }
            }
        }
        if branches.is_empty() {
            // Reports alone were asked for, and those of no year fall due so soon.
            let nothing = self.convention_ends();
            branches.push(format!("SELECT * FROM {nothing} AS nothing WHERE false"));
        }
        branches.join("\nUNION ALL\n")
    }

    /// The years whose reports are asked for.
    fn report_years(&self) -> Vec<ReportYear> {
        let (today, late) = (self.filter.today, self.filter.late);
        let years = ReportYear::between(today, self.until, &self.filter.campaigns);
        let is_asked = |year: &ReportYear| late.is_none_or(|late| late == (year.due_on < today));
        years.into_iter().filter(is_asked).collect()
    }

    /// A branch: what it selects and from where, cut to what the page needs of it.
    pub(super) fn branch(
        &mut self,
        kind: Kind,
        due: &Due,
        object: &str,
        selected: &str,
        mut conditions: Vec<String>,
    ) -> String {
        let due_on = match due {
            Due::Column(column) => (*column).to_owned(),
            Due::On(day) => format!("{}::date", self.bind(Bind::Day(*day))),
        };
        conditions.extend(self.after(kind, due, object));
        let conditions = conditions.join(" AND ");
        let mut text = format!(
            "(SELECT '{kind}' COLLATE \"C\" AS kind, {due_on} AS due_on, {selected} WHERE {conditions}"
        );
        if let Some(slice) = self.slice {
            let way = slice.direction.order();
            let first = match due {
                Due::Column(column) => format!("{column} {way}, "),
                // A constant to order by would hide that ids are walked in their order.
                Due::On(_) => String::new(),
            };
            let limit = self.bind(Bind::Number(slice.limit));
            text.push_str(&format!(" ORDER BY {first}{object} {way} LIMIT {limit}"));
        }
        text.push(')');
        text
    }

    /// What of a branch comes after the page before.
    fn after(&mut self, kind: Kind, due: &Due, object: &str) -> Option<String> {
        let slice = self.slice?;
        let mark = slice.after?;
        let sign = slice.direction.comparison();
        let forward = |order: Ordering| match slice.direction {
            Direction::Ascending => order,
            Direction::Descending => order.reverse(),
        };
        let by_kind = forward(kind.code().cmp(mark.kind.code()));
        let by_day = match due {
            Due::On(day) => forward(day.cmp(&mark.due_on)),
            Due::Column(_) => Ordering::Equal,
        };
        Some(match (due, by_day.then(by_kind)) {
            (Due::On(_), Ordering::Less) => "false".to_owned(),
            (Due::On(_), Ordering::Greater) => "true".to_owned(),
            (Due::On(_), Ordering::Equal) => {
                format!("{object} {sign} {}", self.bind(Bind::Id(mark.object)))
            }
            (Due::Column(column), order) => {
                let day = self.bind(Bind::Day(mark.due_on));
                match order {
                    Ordering::Less => format!("{column} {sign} {day}"),
                    Ordering::Greater => format!("{column} {sign}= {day}"),
                    Ordering::Equal => {
                        let id = self.bind(Bind::Id(mark.object));
                        format!("({column}, {object}) {sign} ({day}, {id})")
                    }
                }
            }
        })
    }
}
