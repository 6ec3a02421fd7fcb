//! Whom a deadline concerns, and where, as conditions on its convention `c`, its declination `d`, or
//! a territory `t` of it. A deadline never shows an object that the object's own list would not show
//! the same caller: each condition starts from the one that the list starts from.

use super::statement::{Bind, Statement};
use crate::agreements::{conventions, declinations};
use crate::auth::policy::Perimeter;
use crate::db::condition::{Condition, Values};
use crate::reference::Reference;
use crate::values::TextValue;

impl Statement<'_> {
    /// Of a signed convention: a national one concerns everyone; a local one its parties, and those
    /// it lies in or who lie in it.
    pub(super) fn concerned_by_convention(&mut self) -> String {
        let seen = self.written(conventions::store::visible(self.scope, "c"));
        let concerned = match self.scope.perimeter() {
            Perimeter::Everything => return seen,
            // What concerns everyone is not everyone's to see to.
            Perimeter::Partner(id) if self.filter.own => self.is_party(*id),
            Perimeter::Schools(_) if self.filter.own => {
                let above = self.texts(&self.filter.above_schools);
                format!("c.territory = ANY ({above})")
            }
            Perimeter::Territories { named, above } => {
                let (named, above) = (self.texts(named), self.texts(above));
                format!("c.territory IS NULL OR c.reach && {named} OR c.territory = ANY ({above})")
            }
            Perimeter::Schools(_) => {
                let above = self.texts(&self.filter.above_schools);
                format!("c.territory IS NULL OR c.territory = ANY ({above})")
            }
            Perimeter::Partner(id) => {
                format!("c.territory IS NULL OR {}", self.is_party(*id))
            }
            Perimeter::Public => "c.territory IS NULL".to_owned(),
        };
        format!("{seen} AND ({concerned})")
    }

    /// Of a convention that is not signed: those who keep it, and its parties.
    pub(super) fn follows_convention(&mut self) -> String {
        self.written(conventions::store::followed(self.scope, "c"))
    }

    /// Of a convention whose own report is due: those who write it.
    pub(super) fn keeps_convention(&mut self) -> String {
        self.written(conventions::store::kept(self.scope, "c"))
    }

    /// Condition: this partner is a party to the convention's text of today.
    fn is_party(&mut self, partner: uuid::Uuid) -> String {
        let (partner, today) = (self.bind(Bind::Id(partner)), self.today());
        format!(
            "EXISTS (SELECT FROM convention_texts AS x WHERE x.convention_id = c.id \
             AND x.from_day <= {today} AND x.until_day > {today} AND {partner} = ANY (x.partner_ids))"
        )
    }

    /// Of an active declination: the perimeters that hold it, the schools it covers, the parties of
    /// its convention.
    pub(super) fn concerned_by_declination(&mut self) -> String {
        let seen = self.seen_declination();
        let concerned = match self.scope.perimeter() {
            Perimeter::Everything => return seen,
            Perimeter::Territories { named, .. } => format!("d.reach && {}", self.texts(named)),
            Perimeter::Schools(_) => {
                let above = self.texts(&self.filter.above_schools);
                format!("d.territories && {above}")
            }
            Perimeter::Partner(id) => self.is_party(*id),
            Perimeter::Public => "false".to_owned(),
        };
        format!("{seen} AND {concerned}")
    }

    /// Of a declination whose reports are due: the perimeters that hold it, and its schools.
    pub(super) fn reports_on_declination(&mut self) -> String {
        let seen = self.seen_declination();
        let concerned = match self.scope.perimeter() {
            Perimeter::Everything => return seen,
            Perimeter::Territories { named, .. } => format!("d.reach && {}", self.texts(named)),
            // What is above its territories is indexed, they among it.
            Perimeter::Schools(_) => {
                let above = self.texts(&self.filter.above_schools);
                format!(
                    "(d.reach && {} OR d.reports_by = 'establishment' AND d.territories && {above})",
                    self.own_schools()
                )
            }
            Perimeter::Partner(_) | Perimeter::Public => "false".to_owned(),
        };
        format!("{seen} AND {concerned}")
    }

    fn seen_declination(&mut self) -> String {
        self.written(declinations::store::visible(self.scope, "d"))
    }

    /// Of its territories, those whose missing report is the caller's affair: what others have not
    /// reported yet is theirs.
    pub(super) fn reports_on_territory(&mut self) -> String {
        match self.scope.perimeter() {
            Perimeter::Territories { named, .. } => self.reports_within(named),
            Perimeter::Schools(_) => format!("t = ANY ({})", self.own_schools()),
            Perimeter::Everything | Perimeter::Partner(_) | Perimeter::Public => "true".to_owned(),
        }
    }

    fn reports_within(&mut self, named: &[String]) -> String {
        let all = Reference::get().territories().iter();
        let is_below = |code: &str| {
            let above = Reference::get().ancestry(code);
            above.iter().any(|code| named.iter().any(|own| own == code))
        };
        let codes: Vec<String> = all
            .map(|one| &one.code)
            .filter(|code| is_below(code))
            .cloned()
            .collect();
        let (below, named) = (self.texts(&codes), self.texts(named));
        // A single territory lies in the perimeter where its declination does.
        format!(
            "(d.territories = ARRAY[t] OR t = ANY ({below}) \
             OR (t LIKE 'uai:%' AND above_schools(ARRAY[substr(t, 5)]) && {named}))"
        )
    }

    fn written(&mut self, condition: Condition) -> String {
        condition.text(|values| {
            self.bind(match values {
                Values::Texts(texts) => Bind::Texts(texts),
                Values::Ids(ids) => Bind::Ids(ids),
            })
        })
    }

    fn own_schools(&mut self) -> String {
        self.texts(&self.scope.own_schools())
    }

    /// Of a convention, that it is present in one of the territories asked for, as its own list
    /// understands it: local there, or carried there by an active declination.
    pub(super) fn convention_there(&mut self) -> Option<String> {
        if self.filter.territory.is_empty() {
            return None;
        }
        let above = self.texts(&self.filter.above);
        let asked = self.asked_territories();
        Some(format!(
            "(c.reach && {asked} OR c.territory = ANY ({above}) \
             OR EXISTS (SELECT FROM declinations AS d WHERE d.convention_id = c.id AND d.status = 'active' \
                           AND (d.territories && {above} OR d.reach && {asked})))"
        ))
    }

    /// Of a declination, that it covers one of the territories asked for, or lies in one.
    pub(super) fn declination_there(&mut self) -> Option<String> {
        if self.filter.territory.is_empty() {
            return None;
        }
        let above = self.texts(&self.filter.above);
        let asked = self.asked_territories();
        Some(format!("(d.territories && {above} OR d.reach && {asked})"))
    }

    fn asked_territories(&mut self) -> String {
        let territories = self.filter.territory.iter();
        let codes: Vec<String> = territories.map(|one| one.as_str().to_owned()).collect();
        self.texts(&codes)
    }
}
