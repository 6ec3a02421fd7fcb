//! The story of the README with example people: a convention signed with a partner, declined by an
//! academy, what the partner offers under it, and the reports of a school and its academy, validated.

use chrono::{Days, NaiveDate};
use diesel_async::{AnsiTransactionManager, TransactionManager};
use serde_json::{Value, json};

use super::store;
use crate::agreements::conventions::amendments;
use crate::agreements::{conventions, declinations};
use crate::auth::policy::Scope;
use crate::auth::{Identity, Perimeter, Role};
use crate::clock::Clock;
use crate::db::Session;
use crate::db::tx::{Author, Tx};
use crate::db::version::Precondition;
use crate::error::{Error, Faults, Result};
use crate::http::fields::{Body, Fields};
use crate::register::partners;
use crate::results::reports;
use crate::values::ids::{AmendmentId, ConventionId, DeclinationId, Id, Kind, PartnerId, ReportId};
use crate::values::{FromText as _, SchoolYear, Sha256Hex, Territory, TerritoryKind, today};

/// The client of the example's writes.
const CLIENT: &str = "ree-demo";

/// The partner of the example: the UIMM, by its place in the example's list of partners.
const PARTNER: &str = "2";

/// Who writes for the ministry.
pub(super) const DGESCO: (Role, &str) = (Role::Ministry, "demo-dgesco");

/// Who writes for the partner.
pub(super) const PORTAL: (Role, &str) = (Role::Partner, "demo-portail");

/// The convention is in force from the first day of this year at the latest: the document's examples
/// ask for days of it, whatever day the story is told on.
fn first_year() -> Result<SchoolYear> {
    SchoolYear::from_text("2025-2026").map_err(|_| Error::internal("no such year"))
}

pub(super) const ACADEMY: &str = "academy:11";
pub(super) const SCHOOL: &str = "0660522J";

/// Begins it, in a database without partners: the list of partners completes what the ministry says
/// here of the one whom the document's examples speak of.
///
/// # Errors
/// When the database cannot be reached.
pub async fn begin(connection: &mut Session) -> Result<()> {
    let clock = Clock::foreseeing(PartnerId::EXAMPLE.uuid());
    let mut tx = Tx::begin(connection, author(DGESCO.0, DGESCO.1), &clock).await?;
    store::lock(tx.connection()).await?;
    if !store::has_partners(tx.connection()).await? {
        let new = body(&json!({
            "legal_name": "Union des industries et métiers de la métallurgie", "kind": "professional_branch",
        }))?;
        partners::workflow::create(&mut tx, &Scope::of_operator(), &new).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Tells it, all of it or nothing, unless it was told already or its partner or school is not there.
///
/// # Errors
/// When the database cannot be reached; when a step is refused, which a test would have told.
pub async fn load(connection: &mut Session) -> Result<bool> {
    AnsiTransactionManager::begin_transaction(&mut **connection).await?;
    let outcome = play(connection).await;
    match outcome {
        Ok(_) => AnsiTransactionManager::commit_transaction(&mut **connection).await?,
        Err(_) => AnsiTransactionManager::rollback_transaction(&mut **connection).await?,
    }
    outcome
}

async fn play(connection: &mut Session) -> Result<bool> {
    store::lock(connection).await?;
    let was_told = store::was_told(connection, CLIENT).await?;
    let partner = store::partner(connection, PARTNER).await?;
    let Some(partner) = partner.filter(|_| !was_told) else {
        return Ok(false);
    };
    let day = today(Clock::default().now());
    let last_year = day.checked_sub_days(Days::new(365)).unwrap_or(day);
    let mut story = Story {
        connection,
        partner,
        year: SchoolYear::of(last_year),
        today: day,
    };
    let convention = story.convention().await?;
    story.amendment(&convention).await?;
    let declination = story.declination(&convention).await?;
    story.interventions(&convention).await?;
    story.reports(&convention, &declination).await?;
    story.people().await?;
    Ok(true)
}

pub(super) struct Story<'a> {
    connection: &'a mut Session,
    pub(super) partner: PartnerId,
    /// The last school year that has ended, or is about to.
    pub(super) year: SchoolYear,
    pub(super) today: NaiveDate,
}

fn author(role: Role, subject: &str) -> Author {
    Author {
        subject: subject.to_owned(),
        role: role.to_string(),
        client_id: CLIENT.to_owned(),
        request_id: Clock::default().new_id().to_string(),
    }
}

/// A body, read as a request's is.
pub(super) fn body<T: Body>(value: &Value) -> Result<T> {
    let mut faults = Faults::default();
    let read = Fields::body(value, &mut faults);
    faults.check()?;
    read.ok_or_else(|| Error::internal("a body without a fault and without a value"))
}

fn scope(role: Role, perimeter: Perimeter) -> Result<Scope> {
    let identity = Identity::new(role, perimeter).map_err(|_| Error::internal("no such role"))?;
    Ok(Scope::of(&identity))
}

fn academy() -> Result<Scope> {
    let territories = Some(vec![ACADEMY.to_owned()]);
    scope(
        Role::Academy,
        Perimeter {
            territories,
            ..Perimeter::default()
        },
    )
}

/// The partner's portal.
pub(super) fn portal(partner: PartnerId) -> Result<Scope> {
    let partner_id = Some(partner.uuid());
    scope(
        Role::Partner,
        Perimeter {
            partner_id,
            ..Perimeter::default()
        },
    )
}

pub(super) fn school() -> Result<Scope> {
    let uais = Some(vec![SCHOOL.to_owned()]);
    scope(
        Role::Establishment,
        Perimeter {
            uais,
            ..Perimeter::default()
        },
    )
}

impl Story<'_> {
    /// A step taken by somebody, as one transaction within the story's.
    pub(super) async fn step<T>(
        &mut self,
        role: Role,
        subject: &str,
        act: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        self.step_at(&Clock::default(), role, subject, act).await
    }

    /// The same, of which what the document's examples speak of comes.
    pub(super) async fn example<K: Kind, T>(
        &mut self,
        id: Id<K>,
        (role, subject): (Role, &str),
        act: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let clock = Clock::foreseeing(id.uuid());
        self.step_at(&clock, role, subject, act).await
    }

    async fn step_at<T>(
        &mut self,
        clock: &Clock,
        role: Role,
        subject: &str,
        act: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut tx = Tx::begin(self.connection, author(role, subject), clock).await?;
        let made = act(&mut tx).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Written by the ministry, signed by both sides.
    async fn convention(&mut self) -> Result<conventions::model::Convention> {
        let ministry = Scope::of_operator();
        let first_day = self.year.first_day().min(first_year()?.first_day());
        let new = body(&json!({
            "title": "Exemple : convention-cadre de coopération", "kind": "framework_cooperation", "scope": "national",
            "partner_ids": [self.partner], "managing_office": "DGESCO",
            "axes": ["career_discovery", "internships", "gender_equality"],
            "action_types": ["company_visit", "class_talk", "internship_offer"], "levels": ["4e", "3e", "2de_gt"],
            "purpose": "Un exemple, avec des personnes imaginées : aucune convention réelle n'est décrite ici.",
            "follow_up": { "periodicity": "yearly",
                "targets": [{ "measure": "pupils", "school_year": self.year, "value": 1000 }] },
            "starts_on": first_day, "renewal": { "mode": "tacit", "months": 12, "max_times": 2 },
            "ends_on": self.year.first_day().checked_add_days(Days::new(3 * 365)),
            "signatories": [
                { "side": "ministry", "name": "Camille Exemple", "function": "Directrice", "organisation": "Ministère" },
                { "side": "partner", "partner_id": self.partner, "name": "Dominique Exemple", "function": "Présidente",
                  "organisation": "UIMM" },
            ],
        }))?;
        let created = self
            .example(ConventionId::EXAMPLE, DGESCO, async |tx| {
                conventions::workflow::create(tx, &ministry, &new).await
            })
            .await?;
        for step in [
            conventions::model::Step::OpenNegotiation,
            conventions::model::Step::SendForSignature,
        ] {
            self.step(DGESCO.0, DGESCO.1, async |tx| {
                let any = Precondition::None;
                conventions::workflow::step(tx, &ministry, created.id, step, &any).await
            })
            .await?;
        }
        let mut convention = created;
        for side in ["ministry", "partner"] {
            let signature = body(&json!({
                "side": side, "signed_on": first_day.min(self.today), "medium": "paper", "place": "Paris",
                "document_sha256": Sha256Hex::of(b"un exemple"),
            }))?;
            convention = self
                .step(Role::Ministry, "demo-dgesco", async |tx| {
                    let (id, any) = (convention.id, Precondition::None);
                    conventions::workflow::sign(tx, &ministry, id, &signature, &any).await
                })
                .await?;
        }
        Ok(convention)
    }

    /// What both sides add to it the next spring.
    async fn amendment(&mut self, convention: &conventions::model::Convention) -> Result<()> {
        let ministry = Scope::of_operator();
        let first_day = self.year.first_day();
        let new = body(&json!({
            "title": "Exemple : avenant sur le suivi",
            "effective_on": first_day.checked_add_days(Days::new(200)),
            "changes": [
                { "op": "set_axes", "axes": ["career_discovery", "internships", "gender_equality", "apprenticeship"] },
                { "op": "text", "article": "Article 4", "text": "Le comité de suivi se réunit deux fois par an." },
            ],
            "signatories": [
                { "side": "ministry", "name": "Camille Exemple", "function": "Directrice", "organisation": "Ministère" },
                { "side": "partner", "partner_id": self.partner, "name": "Dominique Exemple", "function": "Présidente",
                  "organisation": "UIMM" },
            ],
        }))?;
        let drafted = async |tx: &mut Tx<'_>| {
            amendments::workflow::create(tx, &ministry, convention.id, &new).await
        };
        let (_, amendment) = self.example(AmendmentId::EXAMPLE, DGESCO, drafted).await?;
        let place = (convention.id, amendment.id);
        self.step(DGESCO.0, DGESCO.1, async |tx| {
            let (step, any) = (
                amendments::model::Step::SendForSignature,
                Precondition::None,
            );
            amendments::workflow::step(tx, &ministry, place, step, &any).await
        })
        .await?;
        for side in ["ministry", "partner"] {
            let signature = body(&json!({
                "side": side, "signed_on": first_day.min(self.today), "medium": "paper", "place": "Paris",
                "document_sha256": Sha256Hex::of("un avenant d'exemple".as_bytes()),
            }))?;
            self.step(DGESCO.0, DGESCO.1, async |tx| {
                let any = Precondition::None;
                amendments::workflow::sign(tx, &ministry, place, &signature, &any).await
            })
            .await?;
        }
        Ok(())
    }

    /// Carried to its academy by a rectorat.
    async fn declination(
        &mut self,
        convention: &conventions::model::Convention,
    ) -> Result<declinations::model::Declination> {
        let rectorat = academy()?;
        let new = body(&json!({
            "convention_id": convention.id, "level": "academy", "territories": [ACADEMY],
            "title": "Exemple : la convention dans l'académie de Montpellier", "levels": ["3e"],
            "coordinator": { "name": "Claude Exemple", "function": "Chargée de mission école-entreprise" },
            "starts_on": convention.original.starts_on, "ends_on": convention.original.ends_on,
            "targets": [{ "measure": "pupils", "school_year": self.year, "value": 200 }],
        }))?;
        let signed = body(&json!({ "signatories": [] }))?;
        let writer = (Role::Academy, "demo-rectorat");
        self.example(DeclinationId::EXAMPLE, writer, async |tx| {
            let in_context = declinations::workflow::create(tx, &rectorat, &new).await?;
            let (id, any) = (in_context.declination.id, Precondition::None);
            let active = declinations::workflow::activate(tx, &rectorat, id, &signed, &any).await?;
            Ok(active.declination)
        })
        .await
    }

    /// What a school did, validated by its academy, and what its academy did besides, validated by
    /// the ministry.
    async fn reports(
        &mut self,
        convention: &conventions::model::Convention,
        declination: &declinations::model::Declination,
    ) -> Result<()> {
        let (ministry, rectorat, college) = (Scope::of_operator(), academy()?, school()?);
        let of_school = json!({
            "convention_id": convention.id, "declination_id": declination.id,
            "territory": Territory::new(TerritoryKind::School, SCHOOL).to_string(), "school_year": self.year, "establishments": [SCHOOL],
            "lines": [
                { "action_type": "company_visit", "level": "3e", "actions": 1, "pupils": 28, "girls": 13, "companies": 1 },
                { "action_type": "class_talk", "level": "3e", "actions": 2, "pupils": 54, "girls": 25, "professionals": 2 },
            ],
            "narrative": { "results": "Une visite et deux rencontres." },
        });
        let of_academy = json!({
            "convention_id": convention.id, "declination_id": declination.id, "territory": ACADEMY,
            "school_year": self.year, "establishments": ["0660051X"],
            "lines": [{ "action_type": "internship_offer", "level": "3e", "internships_offered": 40,
                        "internships_filled": 31, "pupils": 31, "girls": 12 }],
            "narrative": { "results": "Les stages des collèges qui ne font pas de bilan." },
        });
        let written = [
            (
                Role::Establishment,
                &college,
                of_school,
                Role::Academy,
                &rectorat,
            ),
            (
                Role::Academy,
                &rectorat,
                of_academy,
                Role::Ministry,
                &ministry,
            ),
        ];
        for (role, writer, report, validating, validator) in written {
            let new = body(&report)?;
            let subject = format!("demo-{role}");
            let write = async |tx: &mut Tx<'_>| {
                let created = reports::workflow::create(tx, writer, new).await?;
                let (id, act) = (created.report.id, reports::workflow::Act::Submit(&[]));
                reports::workflow::step(tx, writer, id, act, &Precondition::None).await?;
                Ok(id)
            };
            let id = if role == Role::Academy {
                self.example(ReportId::EXAMPLE, (role, &subject), write)
                    .await?
            } else {
                self.step(role, &subject, write).await?
            };
            self.step(validating, "demo-validation", async |tx| {
                let (act, any) = (reports::workflow::Act::Validate, Precondition::None);
                reports::workflow::step(tx, validator, id, act, &any).await
            })
            .await?;
        }
        Ok(())
    }
}
