//! Who may do what: one table, one line an operation. An operation that is not in it is refused to
//! everyone.
//!
//! The table lists the operations of each role ([`Grant`]); a [`Scope`] carries, into every store
//! function, which rows the caller may see and change. Only [`allow`] makes one for a request.

use uuid::Uuid;

use super::{Claims, Identity, Role, Scopes};
use crate::error::{Code, Error, Result};
use crate::reference::Reference;
use crate::values::{Territory, TextValue, Uai};

/// What a role may do with an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// On every object.
    All,
    /// On what is its own or in its perimeter.
    Own,
    /// Not at all.
    No,
}

use Grant::{All, No, Own};

/// The scope word of the token that an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// `read`.
    Read,
    /// `write`.
    Write,
}

/// What an operation costs the others: which connections serve it, how many of it run at once, what it
/// takes of a client's rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Reads one object.
    Point,
    /// Reads a page in the order of an index.
    List,
    /// Looks for what is near in meaning or place.
    Search,
    /// Counts and adds up.
    Aggregate,
    /// Writes a complete list, in the form of a file.
    Export,
    /// Changes one object.
    Write,
    /// Changes many.
    Bulk,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Point,
        Self::List,
        Self::Search,
        Self::Aggregate,
        Self::Export,
        Self::Write,
        Self::Bulk,
    ];

    /// Its name, in the metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::List => "list",
            Self::Search => "search",
            Self::Aggregate => "aggregate",
            Self::Export => "export",
            Self::Write => "write",
            Self::Bulk => "bulk",
        }
    }

    /// The scope word of the token that it needs.
    const fn needs(self) -> Needs {
        match self {
            Self::Write | Self::Bulk => Needs::Write,
            _ => Needs::Read,
        }
    }
}

/// One line of the table.
pub struct Line {
    /// The operation's id in the OpenAPI document.
    pub operation: &'static str,
    /// What it costs the others.
    pub class: Class,
    /// Ministry, academy, establishment, partner, reader.
    pub grants: [Grant; 5],
}

const fn line(operation: &'static str, class: Class, grants: [Grant; 5]) -> Line {
    Line {
        operation,
        class,
        grants,
    }
}

const fn point(operation: &'static str, grants: [Grant; 5]) -> Line {
    line(operation, Class::Point, grants)
}

const fn list(operation: &'static str, grants: [Grant; 5]) -> Line {
    line(operation, Class::List, grants)
}

const fn search(operation: &'static str, grants: [Grant; 5]) -> Line {
    line(operation, Class::Search, grants)
}

const fn aggregate(operation: &'static str, grants: [Grant; 5]) -> Line {
    line(operation, Class::Aggregate, grants)
}

const fn export(operation: &'static str, grants: [Grant; 5]) -> Line {
    line(operation, Class::Export, grants)
}

const fn write(operation: &'static str, grants: [Grant; 5]) -> Line {
    line(operation, Class::Write, grants)
}

const fn bulk(operation: &'static str, grants: [Grant; 5]) -> Line {
    line(operation, Class::Bulk, grants)
}

/// The table of the contract ("Roles").
#[rustfmt::skip]
pub const TABLE: &[Line] = &[
                                                // ministry academy establishment partner reader
    list("list_partners",                       [All, All, All, All, All]),
    aggregate("count_partners",                 [All, All, All, All, All]),
    point("get_partner",                        [All, All, All, All, All]),
    write("create_partner",                     [All, Own, Own, No,  No ]),
    write("update_partner",                     [All, Own, Own, Own, No ]),
    write("delete_partner",                     [All, Own, Own, No,  No ]),
    write("archive_partner",                    [All, Own, Own, No,  No ]),
    write("restore_partner",                    [All, Own, Own, No,  No ]),
    list("list_representatives",                [All, All, All, All, All]),
    aggregate("count_representatives",          [All, All, All, All, All]),
    point("get_representative",                 [All, All, All, All, All]),
    write("create_representative",              [All, No,  No,  Own, No ]),
    write("update_representative",              [All, No,  No,  Own, No ]),
    write("delete_representative",              [All, No,  No,  Own, No ]),
    list("list_conventions",                    [All, Own, Own, Own, Own]),
    aggregate("count_conventions",              [All, Own, Own, Own, Own]),
    point("get_convention",                     [All, Own, Own, Own, Own]),
    write("create_convention",                  [All, Own, Own, No,  No ]),
    write("update_convention",                  [All, Own, Own, No,  No ]),
    write("delete_convention",                  [All, Own, Own, No,  No ]),
    write("open_convention_negotiation",        [All, Own, Own, No,  No ]),
    write("send_convention_for_signature",      [All, Own, Own, No,  No ]),
    write("sign_convention",                    [All, Own, Own, Own, No ]),
    write("abandon_convention",                 [All, Own, Own, No,  No ]),
    write("terminate_convention",               [All, Own, Own, No,  No ]),
    write("renew_convention",                   [All, Own, Own, No,  No ]),
    list("list_amendments",                     [All, Own, Own, Own, Own]),
    aggregate("count_amendments",               [All, Own, Own, Own, Own]),
    point("get_amendment",                      [All, Own, Own, Own, Own]),
    write("create_amendment",                   [All, Own, Own, No,  No ]),
    write("update_amendment",                   [All, Own, Own, No,  No ]),
    write("delete_amendment",                   [All, Own, Own, No,  No ]),
    write("send_amendment_for_signature",       [All, Own, Own, No,  No ]),
    write("sign_amendment",                     [All, Own, Own, Own, No ]),
    write("abandon_amendment",                  [All, Own, Own, No,  No ]),
    list("list_declinations",                   [All, Own, Own, Own, Own]),
    aggregate("count_declinations",             [All, Own, Own, Own, Own]),
    point("get_declination",                    [All, Own, Own, Own, Own]),
    write("create_declination",                 [All, Own, Own, No,  No ]),
    write("update_declination",                 [All, Own, Own, No,  No ]),
    write("delete_declination",                 [All, Own, Own, No,  No ]),
    write("activate_declination",               [All, Own, Own, No,  No ]),
    write("close_declination",                  [All, Own, Own, No,  No ]),
    write("abandon_declination",                [All, Own, Own, No,  No ]),
    bulk("step_declinations",                   [All, Own, Own, No,  No ]),
    export("get_declination_template",          [All, Own, Own, No,  No ]),
    bulk("push_declinations",                   [All, Own, Own, No,  No ]),
    list("list_convention_history",             [All, Own, Own, Own, Own]),
    aggregate("get_convention_coverage",        [All, Own, Own, Own, Own]),
    aggregate("list_coverage",                  [All, Own, Own, Own, Own]),
    aggregate("count_coverage",                 [All, Own, Own, Own, Own]),
    aggregate("get_convention_summary",         [All, Own, Own, Own, Own]),
    list("list_declination_history",            [All, Own, Own, Own, Own]),
    point("get_declination_comparison",         [All, Own, Own, Own, Own]),
    search("list_interventions",                [All, All, All, All, All]),
    aggregate("count_interventions",            [All, All, All, All, All]),
    search("list_partner_interventions",        [All, All, All, All, All]),
    aggregate("count_partner_interventions",    [All, All, All, All, All]),
    point("get_intervention_by_id",             [All, All, All, All, All]),
    point("get_intervention",                   [All, All, All, All, All]),
    write("put_intervention",                   [No,  No,  No,  Own, No ]),
    write("update_intervention",                [No,  No,  No,  Own, No ]),
    write("withdraw_intervention",              [All, No,  No,  Own, No ]),
    list("list_solicitations",                  [All, Own, Own, Own, No ]),
    aggregate("count_solicitations",            [All, Own, Own, Own, No ]),
    point("get_solicitation",                   [All, Own, Own, Own, No ]),
    write("create_solicitation",                [All, Own, Own, No,  No ]),
    write("update_solicitation",                [All, Own, Own, No,  No ]),
    write("propose_solicitation_day",           [All, Own, Own, Own, No ]),
    write("agree_solicitation_day",             [All, Own, Own, Own, No ]),
    write("accept_solicitation",                [All, No,  No,  Own, No ]),
    write("decline_solicitation",               [All, No,  No,  Own, No ]),
    write("hold_solicitation",                  [All, Own, Own, Own, No ]),
    write("mark_solicitation_not_held",         [All, Own, Own, Own, No ]),
    write("cancel_solicitation",                [All, Own, Own, Own, No ]),
    bulk("step_solicitations",                  [All, Own, Own, Own, No ]),
    list("list_contacts",                       [All, All, All, All, All]),
    aggregate("count_contacts",                 [All, All, All, All, All]),
    point("get_contact",                        [All, All, All, All, All]),
    write("create_contact",                     [All, Own, Own, No,  No ]),
    write("update_contact",                     [All, Own, Own, No,  No ]),
    write("delete_contact",                     [All, Own, Own, No,  No ]),
    export("get_contact_template",              [All, Own, Own, No,  No ]),
    bulk("push_contacts",                       [All, Own, Own, No,  No ]),
    bulk("push_interventions",                  [No,  No,  No,  Own, No ]),
    bulk("touch_interventions",                 [No,  No,  No,  Own, No ]),
    list("list_syncs",                          [All, No,  No,  Own, No ]),
    aggregate("count_syncs",                    [All, No,  No,  Own, No ]),
    list("list_pushes",                         [All, No,  No,  Own, No ]),
    aggregate("count_pushes",                   [All, No,  No,  Own, No ]),
    list("list_sync_batches",                   [All, No,  No,  Own, No ]),
    aggregate("count_sync_batches",             [All, No,  No,  Own, No ]),
    point("get_sync_batch",                     [All, No,  No,  Own, No ]),
    point("get_sync",                           [All, No,  No,  Own, No ]),
    write("open_sync",                          [No,  No,  No,  Own, No ]),
    bulk("commit_sync",                         [No,  No,  No,  Own, No ]),
    write("abandon_sync",                       [No,  No,  No,  Own, No ]),
    list("list_establishments",                 [All, All, All, All, All]),
    aggregate("count_establishments",           [All, All, All, All, All]),
    point("get_establishment",                  [All, All, All, All, All]),
    search("list_opportunities",                [All, All, All, All, All]),
    list("list_territories",                    [All, All, All, All, All]),
    list("count_territories",                   [All, All, All, All, All]),
    point("get_territory",                      [All, All, All, All, All]),
    list("list_nomenclatures",                  [All, All, All, All, All]),
    list("count_nomenclatures",                 [All, All, All, All, All]),
    point("get_nomenclature",                   [All, All, All, All, All]),
    list("list_campaigns",                      [All, All, All, No,  No ]),
    aggregate("count_campaigns",                [All, All, All, No,  No ]),
    point("get_campaign",                       [All, All, All, No,  No ]),
    write("create_campaign",                    [All, No,  No,  No,  No ]),
    write("update_campaign",                    [All, No,  No,  No,  No ]),
    write("close_campaign",                     [All, No,  No,  No,  No ]),
    write("reopen_campaign",                    [All, No,  No,  No,  No ]),
    aggregate("get_campaign_progress",          [All, Own, Own, No,  No ]),
    aggregate("list_expected_reports",          [All, Own, Own, No,  No ]),
    aggregate("count_expected_reports",         [All, Own, Own, No,  No ]),
    list("list_indicators",                     [All, All, All, All, All]),
    list("count_indicators",                    [All, All, All, All, All]),
    aggregate("get_indicator_values",           [All, Own, Own, Own, Own]),
    list("list_publications",                   [All, All, All, All, All]),
    aggregate("count_publications",             [All, All, All, All, All]),
    point("get_publication",                    [All, All, All, All, All]),
    bulk("create_publication",                  [All, No,  No,  No,  No ]),
    aggregate("list_deadlines",                 [All, Own, Own, Own, Own]),
    aggregate("count_deadlines",                [All, Own, Own, Own, Own]),
    aggregate("list_todo",                      [All, Own, Own, Own, Own]),
    aggregate("count_todo",                     [All, Own, Own, Own, Own]),
    list("list_changes",                        [All, All, All, All, All]),
    point("get_me",                             [All, All, All, All, All]),
    list("list_requests",                       [Own, Own, Own, Own, Own]),
    aggregate("count_requests",                 [Own, Own, Own, Own, Own]),
    point("get_calendar",                       [Own, Own, Own, Own, Own]),
    write("create_calendar",                    [Own, Own, Own, Own, Own]),
    write("delete_calendar",                    [Own, Own, Own, Own, Own]),
    export("get_snapshot",                      [All, All, All, All, All]),
    list("list_webhooks",                       [All, Own, Own, Own, Own]),
    aggregate("count_webhooks",                 [All, Own, Own, Own, Own]),
    point("get_webhook",                        [All, Own, Own, Own, Own]),
    write("create_webhook",                     [All, Own, Own, Own, Own]),
    write("update_webhook",                     [All, Own, Own, Own, Own]),
    write("delete_webhook",                     [All, Own, Own, Own, Own]),
    write("rotate_webhook_secret",              [All, Own, Own, Own, Own]),
    write("test_webhook",                       [All, Own, Own, Own, Own]),
    write("pause_webhook",                      [All, Own, Own, Own, Own]),
    write("resume_webhook",                     [All, Own, Own, Own, Own]),
    write("replay_webhook",                     [All, Own, Own, Own, Own]),
    list("list_webhook_deliveries",             [All, Own, Own, Own, Own]),
    write("replay_webhook_delivery",            [All, Own, Own, Own, Own]),
    list("list_clients",                        [All, Own, No,  No,  No ]),
    aggregate("count_clients",                  [All, Own, No,  No,  No ]),
    point("get_client",                         [All, Own, No,  Own, No ]),
    write("create_client",                      [All, Own, No,  No,  No ]),
    write("update_client",                      [All, Own, No,  No,  No ]),
    write("rotate_client_secret",               [All, Own, No,  Own, No ]),
    write("revoke_client",                      [All, Own, No,  No,  No ]),
    aggregate("get_declination_progress",       [All, Own, Own, No,  No ]),
    write("withdraw_publication",               [All, No,  No,  No,  No ]),
    list("list_publication_changes",            [All, All, All, All, All]),
    list("list_reports",                        [All, Own, Own, Own, Own]),
    aggregate("count_reports",                  [All, Own, Own, Own, Own]),
    point("get_report",                         [All, Own, Own, Own, Own]),
    list("list_report_versions",                [All, Own, Own, Own, Own]),
    list("list_report_lines",                   [All, Own, Own, No,  No ]),
    aggregate("count_report_lines",             [All, Own, Own, No,  No ]),
    export("get_report_template",               [Own, Own, Own, No,  No ]),
    bulk("push_reports",                        [Own, Own, Own, No,  No ]),
    write("create_report",                      [Own, Own, Own, No,  No ]),
    write("prefill_report",                     [Own, Own, Own, No,  No ]),
    write("update_report",                      [Own, Own, Own, No,  No ]),
    write("delete_report",                      [Own, Own, Own, No,  No ]),
    write("submit_report",                      [Own, Own, Own, No,  No ]),
    write("validate_report",                    [Own, Own, No,  No,  No ]),
    write("return_report",                      [Own, Own, No,  No,  No ]),
    bulk("step_reports",                        [Own, Own, Own, No,  No ]),
];

/// What the caller of an operation may see and change. Store functions take one, so that a query
/// without a perimeter does not compile.
#[derive(Debug, Clone)]
pub struct Scope {
    perimeter: Perimeter,
    /// The subject of the token; none for operators and on public operations.
    subject: Option<String>,
}

/// The perimeter a scope is limited to. Which rows of a kind lie in it is decided once, in the
/// store of that kind.
#[derive(Debug, Clone)]
pub enum Perimeter {
    /// All rows.
    Everything,
    /// The rows that lie in these territories.
    Territories {
        /// Their codes.
        named: Vec<String>,
        /// The codes of those above them.
        above: Vec<String>,
    },
    /// The rows of these schools.
    Schools(Vec<Uai>),
    /// The rows of this partner.
    Partner(Uuid),
    /// The rows that anybody may read.
    Public,
}

fn of_operation(operation: &str) -> Option<&'static Line> {
    TABLE.iter().find(|line| line.operation == operation)
}

/// What is open to everyone and costs more than to read from memory or one row. It has no grants, and
/// is not in the table.
const OPEN: &[(&str, Class)] = &[
    ("list_public_conventions", Class::List),
    ("get_public_convention", Class::Aggregate),
    ("list_public_indicators", Class::List),
    ("get_public_indicator_values", Class::Aggregate),
    ("list_public_publications", Class::List),
    ("get_public_catalog", Class::List),
    ("get_calendar_feed", Class::Aggregate),
    ("get_home_page", Class::Aggregate),
    ("get_catalogue_page", Class::Aggregate),
    ("get_convention_page", Class::Aggregate),
    ("get_territory_page", Class::Aggregate),
    ("get_establishments_page", Class::Search),
    ("get_establishment_page", Class::Search),
    ("get_figures_page", Class::Aggregate),
    ("get_year_page", Class::Aggregate),
    ("get_sitemap", Class::Aggregate),
];

/// The class of an operation.
pub fn class_of(operation: &str) -> Class {
    let line = of_operation(operation).map(|line| line.class);
    let open = || OPEN.iter().find(|(name, _)| *name == operation);
    line.or_else(|| open().map(|(_, class)| *class))
        .unwrap_or(Class::Point)
}

/// Admits a caller to an operation, or refuses with the reason.
///
/// # Errors
/// `insufficient_scope` without the scope word, `forbidden` when the role may not.
pub fn allow(claims: &Claims, operation: &str) -> Result<Scope> {
    let line = of_operation(operation).ok_or_else(|| Error::new(Code::Forbidden))?;
    if line
        .grants
        .get(place(claims.identity.role()))
        .is_none_or(|grant| *grant == No)
    {
        return Err(Error::new(Code::Forbidden));
    }
    if !has(claims.scope, line.class.needs()) {
        return Err(insufficient(line.class.needs()));
    }
    Ok(Scope::of(&claims.identity).acting_as(&claims.sub))
}

const fn place(role: Role) -> usize {
    match role {
        Role::Ministry => 0,
        Role::Academy => 1,
        Role::Establishment => 2,
        Role::Partner => 3,
        Role::Reader => 4,
    }
}

fn has(scopes: Scopes, needs: Needs) -> bool {
    match needs {
        Needs::Read => scopes.can_read(),
        Needs::Write => scopes.can_write(),
    }
}

fn insufficient(needs: Needs) -> Error {
    use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
    // RFC 6750 §3.1.
    let challenge = match needs {
        Needs::Read => "Bearer realm=\"ree\", error=\"insufficient_scope\", scope=\"read\"",
        Needs::Write => "Bearer realm=\"ree\", error=\"insufficient_scope\", scope=\"write\"",
    };
    Error::new(Code::InsufficientScope)
        .header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

impl Scope {
    /// The scope of commands run on the host, by whoever has access to the data directory.
    pub const fn of_operator() -> Self {
        Self {
            perimeter: Perimeter::Everything,
            subject: None,
        }
    }

    /// The scope of public operations, which have no caller: the public rows.
    pub const fn of_public() -> Self {
        Self {
            perimeter: Perimeter::Public,
            subject: None,
        }
    }

    /// The scope of an identity: a caller that [`allow`] admitted, or a person of the example story.
    pub(crate) fn of(identity: &Identity) -> Self {
        let perimeter = match identity {
            Identity::Ministry => Perimeter::Everything,
            Identity::Academy { territories } => {
                let reference = Reference::get();
                let above = territories.iter();
                let above = above.flat_map(|code| reference.ancestry(code.as_str()));
                Perimeter::Territories {
                    named: territories.iter().map(ToString::to_string).collect(),
                    above: above.map(str::to_owned).collect(),
                }
            }
            Identity::Establishment { uais } => Perimeter::Schools(uais.clone()),
            Identity::Partner { partner_id } => Perimeter::Partner(*partner_id),
            Identity::Reader => Perimeter::Public,
        };
        Self {
            perimeter,
            subject: None,
        }
    }

    /// The same, of the caller whom a token names.
    #[must_use]
    pub fn acting_as(self, subject: &str) -> Self {
        Self {
            subject: Some(subject.to_owned()),
            ..self
        }
    }

    /// The caller, told apart from all others, for what is a caller's own: a machine client by its id,
    /// whatever its perimeter is now; the holder of another token by its subject and its perimeter.
    pub fn caller(&self) -> Option<String> {
        let subject = self.subject.as_deref()?;
        if Uuid::try_parse(subject).is_ok() {
            return Some(subject.to_owned());
        }
        let perimeter = match &self.perimeter {
            Perimeter::Everything => "ministry".to_owned(),
            Perimeter::Territories { named, .. } => in_order(named.clone()),
            Perimeter::Schools(_) => in_order(self.own_schools()),
            Perimeter::Partner(id) => format!("partner:{id}"),
            Perimeter::Public => "reader".to_owned(),
        };
        Some(format!("{subject} {perimeter}"))
    }

    /// The same, of an operation that only somebody who is named may ask for.
    ///
    /// # Errors
    /// `internal_error` where nobody is.
    pub fn named_caller(&self) -> Result<String> {
        self.caller()
            .ok_or_else(|| Error::internal("a caller without a name"))
    }

    /// The perimeter it is limited to.
    pub const fn perimeter(&self) -> &Perimeter {
        &self.perimeter
    }

    /// Whether it covers all rows.
    pub const fn is_everything(&self) -> bool {
        matches!(self.perimeter, Perimeter::Everything)
    }

    /// The partner it is limited to, if it is.
    pub const fn partner(&self) -> Option<Uuid> {
        match &self.perimeter {
            Perimeter::Partner(id) => Some(*id),
            _ => None,
        }
    }

    /// The territories it is limited to, and those above them; none for other perimeters.
    pub fn territories(&self) -> Option<(&[String], &[String])> {
        match &self.perimeter {
            Perimeter::Territories { named, above } => Some((named, above)),
            _ => None,
        }
    }

    /// The schools it is limited to, if it is.
    pub fn schools(&self) -> Option<&[Uai]> {
        match &self.perimeter {
            Perimeter::Schools(uais) => Some(uais),
            _ => None,
        }
    }

    /// The schools it is limited to, as territories; none for other perimeters.
    pub fn own_schools(&self) -> Vec<String> {
        let uais = self.schools().unwrap_or_default().iter();
        uais.map(|uai| Territory::of_school(uai).to_string())
            .collect()
    }

    /// The territories it has in charge, by name; none for one that has all of them, or none.
    pub fn in_charge(&self) -> Vec<String> {
        match self.territories() {
            Some((named, _)) => named.to_vec(),
            None => self.own_schools(),
        }
    }

    /// Whether all of these territories, each given with all above it, are in charge of the caller:
    /// what writing an object that names them needs.
    pub fn covers_all(&self, ancestries: &[Vec<String>]) -> bool {
        let covers = |ancestry: &Vec<String>| {
            match &self.perimeter {
            Perimeter::Everything => true,
            Perimeter::Territories { named, .. } => {
                ancestry.iter().any(|code| named.contains(code))
            }
            Perimeter::Schools(uais) => ancestry.iter().any(|code| {
                matches!(Territory::parse(code), Some(Territory::School(uai)) if uais.contains(&uai))
            }),
            Perimeter::Partner(_) | Perimeter::Public => false,
        }
        };
        ancestries.iter().all(covers)
    }

    /// The words of an [`Audience`](crate::db::journal::Audience) that the caller answers to; none
    /// for those who read of everything. `above` is what lies above its schools, them included.
    pub fn audience_words(&self, above: &[String]) -> Option<Vec<String>> {
        let mut words = vec!["everyone".to_owned()];
        match &self.perimeter {
            Perimeter::Everything => return None,
            Perimeter::Territories { named, .. } => {
                words.extend(named.iter().map(|code| format!("within:{code}")));
            }
            Perimeter::Schools(_) => {
                words.extend(above.iter().map(|code| format!("over:{code}")));
            }
            Perimeter::Partner(id) => words.push(format!("partner:{id}")),
            Perimeter::Public => words.push("readers".to_owned()),
        }
        words.extend(self.caller().map(|caller| format!("caller:{caller}")));
        Some(words)
    }

    /// Refuses a write of what belongs to another partner.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn must_write_for(&self, partner: Uuid) -> Result<()> {
        if self.may_write_for(partner) {
            Ok(())
        } else {
            Err(Error::new(Code::Forbidden))
        }
    }

    /// Whether it may write what belongs to this partner.
    pub fn may_write_for(&self, partner: Uuid) -> bool {
        self.is_everything() || self.partner() == Some(partner)
    }
}

/// Codes as one text, the same in whatever order they were given.
fn in_order(mut codes: Vec<String>) -> String {
    codes.sort_unstable();
    codes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_operation_stands_twice() {
        let mut names: Vec<_> = TABLE.iter().map(|line| line.operation).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }
}
