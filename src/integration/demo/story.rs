//! The story of the README with example people: a convention signed with a partner, declined by an
//! academy, what the partner offers under it, and the reports of a school and its academy, validated.

use chrono::{Days, NaiveDate};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use serde_json::{Value, json};

use super::store;
use crate::agreements::{conventions, declinations};
use crate::auth::policy::Scope;
use crate::auth::{Identity, Perimeter, Role};
use crate::clock::Clock;
use crate::config::STALE_AFTER_DAYS;
use crate::db::tx::{Author, Tx};
use crate::db::version::{Conditions, Precondition};
use crate::error::{Error, Faults, Result};
use crate::http::fields::{Body, Fields};
use crate::offers::interventions;
use crate::offers::interventions::status::AsOf;
use crate::results::reports;
use crate::values::ids::PartnerId;
use crate::values::{SchoolYear, Sha256Hex, Territory, TerritoryKind, today};

/// The client of the example's writes.
const CLIENT: &str = "ree-demo";

/// The partner of the example: the UIMM, by its place in the example's list of partners.
const PARTNER: &str = "2";

const ACADEMY: &str = "academy:11";
const SCHOOL: &str = "0660522J";

/// Tells it, all of it or nothing, unless it was told already or its partner or school is not there.
///
/// # Errors
/// When the database cannot be reached; when a step is refused, which a test would have told.
pub async fn load(connection: &mut AsyncPgConnection) -> Result<bool> {
    AnsiTransactionManager::begin_transaction(connection).await?;
    let outcome = play(connection).await;
    match outcome {
        Ok(_) => AnsiTransactionManager::commit_transaction(connection).await?,
        Err(_) => AnsiTransactionManager::rollback_transaction(connection).await?,
    }
    outcome
}

async fn play(connection: &mut AsyncPgConnection) -> Result<bool> {
    store::lock(connection).await?;
    let was_told = store::was_told(connection, CLIENT).await?;
    let partner = store::partner(connection, PARTNER).await?;
    let Some(partner) = partner.filter(|_| !was_told) else {
        return Ok(false);
    };
    let clock = Clock::default();
    let day = today(clock.now());
    let last_year = day.checked_sub_days(Days::new(365)).unwrap_or(day);
    let mut story = Story {
        connection,
        clock: &clock,
        partner,
        year: SchoolYear::of(last_year),
        today: day,
    };
    let convention = story.convention().await?;
    let declination = story.declination(&convention).await?;
    story.interventions(&convention).await?;
    story.reports(&convention, &declination).await?;
    Ok(true)
}

struct Story<'a> {
    connection: &'a mut AsyncPgConnection,
    clock: &'a Clock,
    partner: PartnerId,
    /// The last school year that has ended, or is about to.
    year: SchoolYear,
    today: NaiveDate,
}

/// A body, read as a request's is.
fn body<T: Body>(value: &Value) -> Result<T> {
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

fn school() -> Result<Scope> {
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
    async fn step<T>(
        &mut self,
        role: Role,
        subject: &str,
        act: impl AsyncFnOnce(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let author = Author {
            subject: subject.to_owned(),
            role: role.to_string(),
            client_id: CLIENT.to_owned(),
            request_id: self.clock.new_id().to_string(),
        };
        let mut tx = Tx::begin(self.connection, author, self.clock).await?;
        let made = act(&mut tx).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Written by the ministry, signed by both sides.
    async fn convention(&mut self) -> Result<conventions::model::Convention> {
        let (ministry, first_day) = (Scope::of_operator(), self.year.first_day());
        let new = body(&json!({
            "title": "Exemple : convention-cadre de coopération", "kind": "framework_cooperation", "scope": "national",
            "partner_ids": [self.partner], "managing_office": "DGESCO",
            "axes": ["career_discovery", "internships", "gender_equality"],
            "action_types": ["company_visit", "class_talk", "internship_offer"], "levels": ["4e", "3e", "2de_gt"],
            "purpose": "Un exemple, avec des personnes imaginées : aucune convention réelle n'est décrite ici.",
            "follow_up": { "periodicity": "yearly",
                "targets": [{ "measure": "pupils", "school_year": self.year, "value": 1000 }] },
            "starts_on": first_day, "renewal": { "mode": "tacit", "months": 12, "max_times": 2 },
            "ends_on": first_day.checked_add_days(Days::new(3 * 365)),
            "signatories": [
                { "side": "ministry", "name": "Camille Exemple", "function": "Directrice", "organisation": "Ministère" },
                { "side": "partner", "partner_id": self.partner, "name": "Dominique Exemple", "function": "Présidente",
                  "organisation": "UIMM" },
            ],
        }))?;
        let created = self
            .step(Role::Ministry, "demo-dgesco", async |tx| {
                conventions::workflow::create(tx, &ministry, &new).await
            })
            .await?;
        for step in [
            conventions::model::Step::OpenNegotiation,
            conventions::model::Step::SendForSignature,
        ] {
            self.step(Role::Ministry, "demo-dgesco", async |tx| {
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
        self.step(Role::Academy, "demo-rectorat", async |tx| {
            let in_context = declinations::workflow::create(tx, &rectorat, &new).await?;
            let (id, any) = (in_context.declination.id, Precondition::None);
            let active = declinations::workflow::activate(tx, &rectorat, id, &signed, &any).await?;
            Ok(active.declination)
        })
        .await
    }

    /// Pushed by the partner's portal: two that are published, one that the convention leaves out.
    async fn interventions(&mut self, convention: &conventions::model::Convention) -> Result<()> {
        let partner_id = Some(self.partner.uuid());
        let portal = scope(
            Role::Partner,
            Perimeter {
                partner_id,
                ..Perimeter::default()
            },
        )?;
        let offers = [
            (
                "exemple-visite",
                json!({
                    "title": "Exemple : visite d'un atelier de mécanique", "action_type": "company_visit", "levels": ["3e"],
                    "description": "Une matinée dans un atelier de mécanique de précision.", "modality": "in_person",
                    "territories": ["department:066"], "pupils_per_session": 15, "duration_minutes": 180,
                }),
            ),
            (
                "exemple-metiers",
                json!({
                    "title": "Exemple : une ingénieure raconte son métier", "action_type": "class_talk",
                    "levels": ["4e", "3e", "2de_gt"], "modality": "remote", "nationwide": true, "axes": ["gender_equality"],
                }),
            ),
            (
                "exemple-bts",
                json!({
                    "title": "Exemple : découverte des BTS industriels", "action_type": "class_talk", "levels": ["tle_pro"],
                    "modality": "remote", "nationwide": true,
                }),
            ),
        ];
        for (external_id, mut offer) in offers {
            if let Some(fields) = offer.as_object_mut() {
                fields.insert("convention_id".to_owned(), json!(convention.id));
            }
            let new = body(&offer)?;
            let key = interventions::model::Key {
                partner: self.partner,
                external_id: interventions::model::ExternalId::of_path(external_id)?,
            };
            self.step(Role::Partner, "demo-portail", async |tx| {
                let conditions = Conditions {
                    if_match: &Precondition::None,
                    if_none_match: &Precondition::None,
                };
                let looked = AsOf::at(tx.now, STALE_AFTER_DAYS);
                interventions::workflow::put(tx, &portal, &key, &new, conditions, looked).await
            })
            .await?;
        }
        Ok(())
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
            let id = self
                .step(role, &format!("demo-{role}"), async |tx| {
                    let created = reports::workflow::create(tx, writer, new).await?;
                    let (id, act) = (created.report.id, reports::workflow::Act::Submit(&[]));
                    reports::workflow::step(tx, writer, id, act, &Precondition::None).await?;
                    Ok(id)
                })
                .await?;
            self.step(validating, "demo-validation", async |tx| {
                let (act, any) = (reports::workflow::Act::Validate, Precondition::None);
                reports::workflow::step(tx, validator, id, act, &any).await
            })
            .await?;
        }
        Ok(())
    }
}
