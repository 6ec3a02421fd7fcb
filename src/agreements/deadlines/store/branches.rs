//! The branches of the statement, one for each kind of deadline; two for reports, for each year.

use super::statement::{Bind, Due, SIGNED, Statement};
use crate::agreements::deadlines::model::{Kind, ReportYear, SIGNATURE_DAYS};
use crate::values::TextValue;

/// Whether a convention goes on after the period under way: it is then renewed.
const GOES_ON: &str = "(c.in_force_until IS NULL OR c.in_force_until > c.last_day)";

const OF_CONVENTION: &str = "'convention' AS object_type, c.id AS object_id, c.id AS convention_id, \
     c.reference, c.title, NULL::text AS school_year, array_remove(ARRAY[c.territory], NULL) AS territories, \
     c.updated_at AS revised_at";

const NO_MONTHS: &str = "NULL::integer AS months, NULL::integer AS renewals_left";

impl Statement<'_> {
    /// Condition: the day is neither past nor beyond the days asked for.
    fn in_window(&mut self, column: &str) -> String {
        let (today, until) = (self.today(), self.bind(Bind::Day(self.until)));
        format!("{column} BETWEEN {today} AND {until}")
    }

    pub(super) fn convention_ends(&mut self) -> String {
        let conditions = vec![format!("NOT {GOES_ON}"), self.in_window("c.last_day")];
        let selected = format!("{OF_CONVENTION}, {NO_MONTHS} FROM p AS c");
        let due = Due::Column("c.last_day");
        self.branch(Kind::ConventionEnd, &due, "c.id", &selected, conditions)
    }

    pub(super) fn renewals(&mut self) -> String {
        let column = "c.last_day + 1";
        let conditions = vec![GOES_ON.to_owned(), self.in_window(column)];
        let today = self.today();
        let selected = format!(
            "{OF_CONVENTION}, (c.renewal ->> 'months')::integer AS months, \
             (c.renewal ->> 'max_times')::integer - 1 - convention_renewals(c.agreed_end, c.renewal, {today}) AS renewals_left \
             FROM p AS c"
        );
        let due = Due::Column(column);
        self.branch(Kind::TacitRenewal, &due, "c.id", &selected, conditions)
    }

    /// Before the renewal of what nobody has ended yet; once the day is past the convention is
    /// renewed, and there is nothing left to do.
    pub(super) fn notices(&mut self) -> String {
        let column = "(c.last_day - make_interval(months => c.notice_months))::date";
        let conditions = vec![
            "c.status = 'signed'".to_owned(),
            GOES_ON.to_owned(),
            self.in_window(column),
        ];
        let selected = format!(
            "{OF_CONVENTION}, c.notice_months AS months, NULL::integer AS renewals_left FROM p AS c"
        );
        let due = Due::Column(column);
        self.branch(Kind::Notice, &due, "c.id", &selected, conditions)
    }

    /// The journal knows when a text was last sent: signatures change the convention since.
    pub(super) fn signatures(&mut self) -> String {
        let days = self.bind(Bind::Days(SIGNATURE_DAYS));
        let mut conditions = vec![
            "c.status = 'to_sign'".to_owned(),
            format!("s.due_on <= {}", self.bind(Bind::Day(self.until))),
            self.follows_convention(),
        ];
        conditions.extend(self.of_conventions());
        conditions.extend(self.convention_there());
        let selected = format!(
            "{OF_CONVENTION}, {NO_MONTHS} FROM conventions AS c CROSS JOIN LATERAL \
             (SELECT (a.occurred_at AT TIME ZONE 'Europe/Paris')::date + {days} AS due_on FROM audit_events AS a \
               WHERE a.object_id = c.id AND a.action = 'convention.sent_for_signature' ORDER BY a.id DESC LIMIT 1) AS s"
        );
        let due = Due::Column("s.due_on");
        self.branch(Kind::SignatureOverdue, &due, "c.id", &selected, conditions)
    }

    /// The ends of declinations that their convention outlives: the others end with it, which has its
    /// own deadline.
    pub(super) fn declination_ends(&mut self) -> String {
        let mut conditions = vec![
            "d.status = 'active'".to_owned(),
            self.in_window("d.ends_on"),
            "c.starts_on IS NOT NULL AND (c.in_force_until IS NULL OR c.in_force_until > d.ends_on)".to_owned(),
            self.concerned_by_declination(),
        ];
        conditions.extend(self.of_declinations());
        let selected = format!(
            "'declination' AS object_type, d.id AS object_id, c.id AS convention_id, c.reference, c.title, \
             NULL::text AS school_year, d.territories, d.updated_at AS revised_at, {NO_MONTHS} \
             FROM declinations AS d JOIN conventions AS c ON c.id = d.convention_id"
        );
        let due = Due::Column("d.ends_on");
        self.branch(Kind::DeclinationEnd, &due, "d.id", &selected, conditions)
    }

    /// Condition: the row of a table was in force on a day of a school year, up to the last day in a
    /// column.
    fn in_force_in(&mut self, year: &ReportYear, table: &str, last_day: &str) -> String {
        let last = self.bind(Bind::Day(year.year.last_day()));
        let first = self.bind(Bind::Day(year.year.first_day()));
        format!(
            "{table}.starts_on <= {last} AND ({table}.{last_day} IS NULL OR {table}.{last_day} >= {first})"
        )
    }

    /// Condition: nobody has submitted the report of a territory.
    fn not_reported(&mut self, year: &str, declination: &str, territory: &str) -> String {
        format!(
            "NOT EXISTS (SELECT FROM reports AS r WHERE r.convention_id = c.id AND r.declination_id {declination} \
             AND r.territory = {territory} AND r.school_year = {year} AND r.status IN ('submitted', 'validated'))"
        )
    }

    /// The reports on conventions themselves: where the convention asks for one, or a campaign expects it.
    pub(super) fn reports_on_conventions(&mut self, year: &ReportYear) -> String {
        let bound = self.bind(Bind::Text(year.year.as_str().to_owned()));
        let mut conditions = vec![
            SIGNED.to_owned(),
            self.in_force_in(year, "c", "in_force_until"),
            self.keeps_convention(),
            self.not_reported(&bound, "IS NULL", "coalesce(c.territory, 'FR')"),
        ];
        if !year.has_campaign {
            // What the index has, then what the text of today says.
            conditions.push("(c.terms #>> '{follow_up,periodicity}' IN ('yearly', 'half_yearly') OR c.amendments <> '[]')".to_owned());
            conditions.push(format!(
                "convention_periodicity(c.terms, c.amendments, {}) IN ('yearly', 'half_yearly')",
                self.today()
            ));
        }
        conditions.extend(self.of_conventions());
        conditions.extend(self.convention_there());
        let selected = format!(
            "'convention' AS object_type, c.id AS object_id, c.id AS convention_id, c.reference, c.title, \
             {bound} AS school_year, ARRAY[coalesce(c.territory, 'FR')] AS territories, c.updated_at AS revised_at, \
             {NO_MONTHS} FROM conventions AS c"
        );
        let due = Due::On(year.due_on);
        self.branch(Kind::ReportDue, &due, "c.id", &selected, conditions)
    }

    /// A deadline for each declination, with those of its territories that have not reported.
    pub(super) fn reports_on_declinations(&mut self, year: &ReportYear) -> String {
        let bound = self.bind(Bind::Text(year.year.as_str().to_owned()));
        let mut conditions = vec![
            "d.status = 'active'".to_owned(),
            SIGNED.to_owned(),
            self.in_force_in(year, "d", "ends_on"),
            self.in_force_in(year, "c", "in_force_until"),
            self.reports_on_declination(),
            "m.missing IS NOT NULL".to_owned(),
        ];
        conditions.extend(self.of_declinations());
        let last = self.bind(Bind::Day(year.year.last_day()));
        let (own, missing) = (
            self.reports_on_territory(),
            self.not_reported(&bound, "= d.id", "t"),
        );
        let selected = format!(
            "'declination' AS object_type, d.id AS object_id, c.id AS convention_id, c.reference, c.title, \
             {bound} AS school_year, m.missing AS territories, d.updated_at AS revised_at, {NO_MONTHS} \
             FROM declinations AS d JOIN conventions AS c ON c.id = d.convention_id CROSS JOIN LATERAL \
             (SELECT array_agg(t ORDER BY t COLLATE \"C\") AS missing FROM unnest(CASE WHEN d.reports_by = 'establishment' \
               THEN declination_schools(d.id, {last}) ELSE d.territories END) AS t \
               WHERE {own} AND {missing}) AS m"
        );
        let due = Due::On(year.due_on);
        self.branch(Kind::ReportDue, &due, "d.id", &selected, conditions)
    }
}
