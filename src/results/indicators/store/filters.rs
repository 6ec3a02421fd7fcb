//! The filters of a query, as conditions that lines and denominators share, and the values that its
//! statement binds.

use std::fmt::Write;

use crate::db::sql_text::{Bind, Binds};
use crate::results::indicators::model::{Asked, academies_of};
use crate::results::indicators::perimeter::Limit;
use crate::values::TextValue;

/// The filters of a question.
pub struct Filters<'a> {
    /// The question.
    pub asked: &'a Asked,
    /// The lines that the caller's figures are limited to.
    pub limit: &'a Limit,
    /// The values bound so far.
    pub binds: Binds,
    /// Which parties are meant, bound once.
    parties: Vec<String>,
}

impl<'a> Filters<'a> {
    /// Of this question, within these limits.
    pub fn new(asked: &'a Asked, limit: &'a Limit) -> Self {
        let mut filters = Self {
            asked,
            limit,
            binds: Binds::default(),
            parties: Vec::new(),
        };
        filters.parties = filters.party_conditions();
        filters
    }

    /// Which parties are meant, where partners or sectors are named.
    fn party_conditions(&mut self) -> Vec<String> {
        let asked = self.asked;
        let conditions = [
            self.binds.among_ids("cp.partner_id", &asked.partner),
            self.binds.among("s.sector", &asked.sector),
        ];
        conditions.into_iter().flatten().collect()
    }

    /// Which lines count.
    pub fn lines(&mut self) -> String {
        let asked = self.asked;
        let mut conditions = vec!["r.status = 'validated' AND NOT r.superseded".to_owned()];
        conditions.extend(self.under("r.convention_id"));
        conditions.extend(
            [
                self.binds.among("r.school_year", &asked.school_year),
                self.binds.among("l.academy", &asked.academy),
                self.binds.among("l.axis", &asked.axis),
                self.binds.among("l.action_type", &asked.action_type),
                self.binds.among("l.level", &asked.level),
                self.binds.among("l.moment", &asked.moment),
                self.binds.among("l.event", &asked.event),
            ]
            .into_iter()
            .flatten(),
        );
        conditions.extend(self.territory_conditions());
        conditions.join(" AND ")
    }

    /// Under which conventions: those named, and those of the parties meant.
    pub fn under(&mut self, column: &str) -> Vec<String> {
        let named = self.binds.among_ids(column, &self.asked.convention);
        let of_parties = (!self.parties.is_empty())
            .then(|| format!("{column} IN ({})", self.party_rows("cp.convention_id")));
        named.into_iter().chain(of_parties).collect()
    }

    /// Conditions on regions and on the limits of the caller. An empty limit matches nothing: its
    /// condition is kept.
    fn territory_conditions(&mut self) -> Vec<String> {
        let mut sets = Vec::new();
        let regions = &self.asked.academic_region;
        if !regions.is_empty() {
            let academies = regions.iter().flat_map(|one| academies_of(one.as_str()));
            sets.push(("l.academy", academies.collect()));
        }
        match self.limit {
            Limit::Everything => {}
            Limit::Academies(codes) => sets.push(("l.academy", codes.clone())),
            Limit::Reports(codes) => sets.push(("r.territory", codes.clone())),
        }
        sets.into_iter()
            .map(|(column, codes)| {
                format!("{column} = ANY ({})", self.binds.bind(Bind::Texts(codes)))
            })
            .collect()
    }

    /// The parties meant, one row for each of what is selected of them.
    pub fn party_rows(&self, columns: &str) -> String {
        let mut rows = format!(
            "SELECT DISTINCT {columns} FROM convention_partners AS cp \
             JOIN partners AS q ON q.id = cp.partner_id \
             LEFT JOIN LATERAL unnest(q.sectors) AS s (sector) ON true"
        );
        if !self.parties.is_empty() {
            let _ = write!(rows, " WHERE {}", self.parties.join(" AND "));
        }
        rows
    }
}
