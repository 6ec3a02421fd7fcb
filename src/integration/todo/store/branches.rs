//! The branches of the statement: for each kind who it waits for, and since when.

use uuid::Uuid;

use super::Statement;
use crate::agreements::conventions;
use crate::auth::policy::Perimeter;
use crate::db::sql_text::Bind;
use crate::integration::todo::model::Kind;
use crate::offers::solicitations::model::Side;
use crate::reference::Reference;

/// The columns of a convention that a row names.
const NAMED: &str = "c.id AS convention_id, c.reference, c.title";

/// A side of a request that steps may wait for.
struct Waited {
    /// Condition: the request is this side's.
    own: String,
    side: Side,
}

impl Statement<'_> {
    /// Those of what is asked for that can wait for this caller.
    pub(super) fn branches(&mut self) -> Vec<String> {
        let asked = Kind::ALL.iter().copied();
        let asked: Vec<Kind> = asked
            .filter(|kind| self.asked.filter.asks_for(*kind))
            .collect();
        let mut branches = Vec::new();
        for kind in asked {
            match kind {
                Kind::ReportToValidate => branches.extend(self.reports()),
                Kind::RequestToAnswer => branches.extend(self.requests()),
                Kind::DayToAgree => branches.extend(self.days()),
                Kind::OutcomeToRecord => branches.extend(self.outcomes()),
                Kind::SignatureAwaited => branches.extend(self.signatures()),
                Kind::AcademyUncovered => branches.extend(self.uncovered()),
                // Deadlines have their own statement.
                Kind::ReportLate
                | Kind::ReportDue
                | Kind::ConventionEnd
                | Kind::DeclinationEnd
                | Kind::Notice
                | Kind::TacitRenewal
                | Kind::SignatureOverdue => {}
            }
        }
        branches
    }

    /// Of a row, that it comes under a convention that is asked for.
    fn of_conventions(&mut self) -> String {
        let asked = &self.asked.filter.convention_id;
        let among = self.binds.among_ids("c.id", asked);
        among.map_or_else(String::new, |condition| format!(" AND {condition}"))
    }

    /// Those of schools and departments wait for their academy, the others for the ministry; nobody validates
    /// what they wrote.
    fn reports(&mut self) -> Option<String> {
        const LOCAL: &str = "(r.territory LIKE 'uai:%' OR r.territory LIKE 'department:%')";
        let whose = match self.scope.perimeter() {
            Perimeter::Everything => format!("NOT {LOCAL}"),
            Perimeter::Territories { named, .. } => {
                let named = self.bind(Bind::Texts(named.clone()));
                format!("{LOCAL} AND r.reach && {named}")
            }
            Perimeter::Schools(_) | Perimeter::Partner(_) | Perimeter::Public => return None,
        };
        let subject = self.bind(Bind::Text(self.asked.subject.to_owned()));
        let under = self.of_conventions();
        Some(format!(
            "SELECT '{kind}' AS kind, (coalesce(r.submitted_at, r.updated_at) AT TIME ZONE 'Europe/Paris')::date AS day, \
                    'report' AS object_type, r.id AS object_id, {NAMED}, ARRAY[r.territory] AS territories, \
                    r.school_year, r.updated_at AS revised_at
               FROM reports AS r JOIN conventions AS c ON c.id = r.convention_id
              WHERE r.status = 'submitted' AND {whose} AND NOT {subject} = ANY (r.authors){under}",
            kind = Kind::ReportToValidate,
        ))
    }

    /// The side that the caller is of requests: a school its own, a partner those addressed to it. The academy
    /// and the ministry may take the steps too, and need not.
    fn waited(&mut self) -> Option<Waited> {
        match self.scope.perimeter() {
            Perimeter::Partner(id) => Some(Waited {
                own: format!("s.partner_id = {}", self.bind(Bind::Id(*id))),
                side: Side::Partner,
            }),
            Perimeter::Schools(uais) => {
                let uais = uais.iter().map(ToString::to_string).collect();
                Some(Waited {
                    own: format!("s.uai = ANY ({})", self.bind(Bind::Texts(uais))),
                    side: Side::School,
                })
            }
            Perimeter::Everything | Perimeter::Territories { .. } | Perimeter::Public => None,
        }
    }

    fn requests(&mut self) -> Option<String> {
        let waited = self
            .waited()
            .filter(|waited| waited.side == Side::Partner)?;
        let conditions = format!("s.status = 'requested' AND {}", waited.own);
        let since = "(s.created_at AT TIME ZONE 'Europe/Paris')::date";
        Some(self.solicitations(Kind::RequestToAnswer, since, &conditions))
    }

    fn days(&mut self) -> Option<String> {
        let Waited { own, side } = self.waited()?;
        let conditions = format!("s.status = 'accepted' AND {own} AND s.proposed_by <> '{side}'");
        let since = "(s.updated_at AT TIME ZONE 'Europe/Paris')::date";
        Some(self.solicitations(Kind::DayToAgree, since, &conditions))
    }

    fn outcomes(&mut self) -> Option<String> {
        let own = self.waited()?.own;
        let today = self.today();
        let conditions = format!("s.status = 'accepted' AND {own} AND s.scheduled_on <= {today}");
        Some(self.solicitations(Kind::OutcomeToRecord, "s.scheduled_on", &conditions))
    }

    fn solicitations(&mut self, kind: Kind, since: &str, conditions: &str) -> String {
        let under = self.of_conventions();
        format!(
            "SELECT '{kind}' AS kind, {since} AS day, 'solicitation' AS object_type, s.id AS object_id, {NAMED}, \
                    ARRAY['uai:' || s.uai] AS territories, NULL::text AS school_year, s.updated_at AS revised_at
               FROM solicitations AS s LEFT JOIN conventions AS c ON c.id = s.convention_id
              WHERE {conditions}{under}"
        )
    }

    /// Texts of which a signatory of the caller's has not signed, and is next.
    fn signatures(&mut self) -> Option<String> {
        let (seen, side) = match self.scope.perimeter() {
            Perimeter::Public => return None,
            Perimeter::Partner(id) => (
                conventions::store::followed(self.scope, "c"),
                Signs::Partner(*id),
            ),
            _ => (conventions::store::kept(self.scope, "c"), Signs::Ministry),
        };
        let (seen, under) = (self.written(seen), self.of_conventions());
        let (of_convention, of_amendment) = (self.unsigned("c", &side), self.unsigned("a", &side));
        let kind = Kind::SignatureAwaited;
        let places =
            "array_remove(ARRAY[c.territory], NULL) AS territories, NULL::text AS school_year";
        let (sent, amended) = (sent("convention", "c"), sent("amendment", "a"));
        Some(format!(
            "SELECT '{kind}' AS kind, sent.day, 'convention' AS object_type, c.id AS object_id, {NAMED}, {places}, \
                    c.updated_at AS revised_at
               FROM conventions AS c CROSS JOIN LATERAL {sent} AS sent
              WHERE c.status = 'to_sign' AND {seen} AND {of_convention}{under}
             UNION ALL
             SELECT '{kind}' AS kind, sent.day, 'amendment' AS object_type, a.id AS object_id, {NAMED}, {places}, \
                    a.updated_at AS revised_at
               FROM amendments AS a JOIN conventions AS c ON c.id = a.convention_id CROSS JOIN LATERAL {amended} AS sent
              WHERE a.status = 'to_sign' AND {seen} AND {of_amendment}{under}"
        ))
    }

    /// Condition: of the signatories of a text one of this side has not signed, and nobody signs before.
    fn unsigned(&mut self, text: &str, signs: &Signs) -> String {
        const NOT_YET: &str = "coalesce(who -> 'signature', 'null') = 'null'";
        let own = match signs {
            Signs::Partner(id) => {
                format!(
                    "who ->> 'partner_id' = {}",
                    self.bind(Bind::Text(id.to_string()))
                )
            }
            Signs::Ministry => "who ->> 'side' = 'ministry'".to_owned(),
        };
        let all = format!("jsonb_array_elements({text}.signatories) AS who");
        format!(
            "EXISTS (SELECT FROM {all} WHERE {NOT_YET} AND {own} AND (who ->> 'order' IS NULL OR (who ->> 'order')::integer \
                     = (SELECT min((who ->> 'order')::integer) FROM {all} WHERE {NOT_YET})))"
        )
    }

    /// The national conventions in force that academies of the caller's have not declined; of a partner those
    /// it is a party to.
    fn uncovered(&mut self) -> Option<String> {
        let party = match self.scope.perimeter() {
            Perimeter::Schools(_) | Perimeter::Public => return None,
            Perimeter::Partner(id) => {
                let ids = self.bind(Bind::Ids(vec![*id]));
                format!(" AND c.partner_ids @> {ids}")
            }
            Perimeter::Everything | Perimeter::Territories { .. } => String::new(),
        };
        let academies = self.academies();
        if academies.is_empty() {
            return None;
        }
        let (codes, regions) = academies.into_iter().unzip();
        let (codes, regions) = (
            self.bind(Bind::Texts(codes)),
            self.bind(Bind::Texts(regions)),
        );
        let (today, under) = (self.today(), self.of_conventions());
        Some(format!(
            "SELECT '{kind}' AS kind, c.starts_on AS day, 'convention' AS object_type, c.id AS object_id, {NAMED}, \
                    m.missing AS territories, NULL::text AS school_year, c.updated_at AS revised_at
               FROM conventions AS c
              CROSS JOIN LATERAL (
                    SELECT array_agg(d.territory) AS codes
                      FROM (SELECT unnest(territories) AS territory FROM declinations
                             WHERE convention_id = c.id AND level <> 'establishment'
                               AND declination_in_force(status, starts_on, ends_on, updated_at, {today})) AS d) AS declined
              CROSS JOIN LATERAL (
                    SELECT array_agg(a.code ORDER BY a.code COLLATE \"C\") AS missing
                      FROM unnest({codes}::text[], {regions}::text[]) AS a (code, region)
                     WHERE NOT coalesce(a.code = ANY (declined.codes) OR a.region = ANY (declined.codes), false)) AS m
              WHERE c.scope = 'national' AND m.missing IS NOT NULL
                AND convention_days(c.status, c.starts_on, c.in_force_until) @> {today}{party}{under}",
            kind = Kind::AcademyUncovered,
        ))
    }

    /// The academies that the caller sees to, each with its region: for a territory those in it.
    fn academies(&self) -> Vec<(String, String)> {
        let reference = Reference::get();
        let named = self.scope.territories().map(|(named, _)| named);
        let is_own = |code: &str| {
            named.is_none_or(|named| {
                let above = reference.ancestry(code);
                above.iter().any(|code| named.iter().any(|own| own == code))
            })
        };
        let all = reference.territories().iter();
        let academies = all.filter(|one| one.kind == "academy" && is_own(&one.code));
        academies
            .map(|one| (one.code.clone(), one.parent.clone().unwrap_or_default()))
            .collect()
    }
}

/// For which side a caller signs.
enum Signs {
    Ministry,
    Partner(Uuid),
}

/// The day on which a text was last sent for signature: the journal knows it, signatures change the text since.
fn sent(object: &str, table: &str) -> String {
    format!(
        "(SELECT coalesce((SELECT (e.occurred_at AT TIME ZONE 'Europe/Paris')::date FROM audit_events AS e \
           WHERE e.object_id = {table}.id AND e.action = '{object}.sent_for_signature' ORDER BY e.id DESC LIMIT 1), \
           ({table}.updated_at AT TIME ZONE 'Europe/Paris')::date) AS day)"
    )
}
