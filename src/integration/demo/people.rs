//! What else the story tells: whom to ask, what is asked, the partner's portal and what it sends, the
//! figures that are published.

use chrono::{Datelike, Days};
use serde_json::json;

use super::story::{ACADEMY, DGESCO, PORTAL, SCHOOL, Story, body, portal, school};
use crate::agreements::conventions;
use crate::auth::policy::Scope;
use crate::auth::sealing::Sealer;
use crate::auth::{Identity, Role};
use crate::config::{SMALL_GROUP, STALE_AFTER_DAYS};
use crate::db::tx::Tx;
use crate::db::version::{Conditions, Precondition};
use crate::error::{Error, Result};
use crate::http::formats::Form;
use crate::integration::webhooks;
use crate::integration::webhooks::owner::Owner;
use crate::integration::webhooks::reserved::Reach;
use crate::language::Language;
use crate::offers::interventions::status::AsOf;
use crate::offers::interventions::syncs;
use crate::offers::interventions::{
    self,
    batch::{self, input},
};
use crate::offers::solicitations;
use crate::register::partners::representatives;
use crate::register::{clients, contacts};
use crate::results::{campaigns, publications};
use crate::values::ids::{
    BatchId, CampaignId, ClientId, ContactId, InterventionId, PublicationId, RepresentativeId,
    SolicitationId, SyncId, WebhookId,
};
use crate::values::{SchoolYear, Territory, TerritoryKind};

/// What the partner calls the intervention that the document's examples speak of.
const EXAMPLE_OFFER: &str = "exemple-metiers";

impl Story<'_> {
    /// Tells of all of them.
    pub(super) async fn people(&mut self) -> Result<()> {
        self.representative().await?;
        self.contact().await?;
        self.client().await?;
        self.webhook().await?;
        self.solicitation().await?;
        self.synchronisation().await?;
        self.campaign().await?;
        self.publication().await
    }

    /// Pushed by the partner's portal: two that are published, one that the convention leaves out.
    pub(super) async fn interventions(
        &mut self,
        convention: &conventions::model::Convention,
    ) -> Result<()> {
        let portal = portal(self.partner)?;
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
            let put = async |tx: &mut Tx<'_>| {
                let conditions = Conditions {
                    if_match: &Precondition::None,
                    if_none_match: &Precondition::None,
                };
                let looked = AsOf::at(tx.now, STALE_AFTER_DAYS);
                interventions::workflow::put(tx, &portal, &key, &new, conditions, looked).await
            };
            if external_id == EXAMPLE_OFFER {
                self.example(InterventionId::EXAMPLE, PORTAL, put).await?;
            } else {
                self.step(PORTAL.0, PORTAL.1, put).await?;
            }
        }
        Ok(())
    }

    /// Who speaks for the partner in the academy.
    async fn representative(&mut self) -> Result<()> {
        let (portal, partner) = (portal(self.partner)?, self.partner);
        let new = body(&json!({
            "name": "Sacha Exemple", "function": "Déléguée territoriale", "email": "sacha@uimm.example",
            "territories": [ACADEMY],
        }))?;
        self.example(RepresentativeId::EXAMPLE, PORTAL, async |tx| {
            representatives::workflow::create(tx, &portal, partner, &new).await
        })
        .await?;
        Ok(())
    }

    /// Whom to write to at the school.
    async fn contact(&mut self) -> Result<()> {
        let school = school()?;
        let new = body(&json!({
            "territory": Territory::new(TerritoryKind::School, SCHOOL).to_string(), "role": "bde",
            "label": "Exemple : bureau des entreprises", "name": "Alex Exemple", "email": "bde@college.example",
        }))?;
        let writer = (Role::Establishment, "demo-establishment");
        self.example(ContactId::EXAMPLE, writer, async |tx| {
            contacts::workflow::create(tx, &school, &new).await
        })
        .await?;
        Ok(())
    }

    /// The partner's portal; nobody knows its secret until it is rotated.
    async fn client(&mut self) -> Result<()> {
        let ministry = Scope::of_operator();
        let new = body(&json!({
            "name": "Exemple : portail de la métallurgie", "contact_email": "portail@uimm.example",
            "role": "partner", "partner_id": self.partner, "scopes": ["read", "write"],
        }))?;
        self.example(ClientId::EXAMPLE, DGESCO, async |tx| {
            clients::workflow::create(tx, &ministry, &new).await
        })
        .await?;
        Ok(())
    }

    /// What the portal is told of. It waits, for nobody listens there; nobody knows its secret until it
    /// is rotated.
    async fn webhook(&mut self) -> Result<()> {
        let portal = Identity::Partner {
            partner_id: self.partner.uuid(),
        };
        let owner = Owner::new(&ClientId::EXAMPLE.to_string(), &portal)?;
        let sealer = Sealer::throwaway().map_err(Error::internal)?;
        let reach = Reach { private: false };
        let new = body(&json!({
            "url": "https://portail.uimm.example/webhooks", "types": ["solicitation.created", "solicitation.cancelled"],
            "description": "Exemple : les demandes des établissements",
        }))?;
        self.example(WebhookId::EXAMPLE, PORTAL, async |tx| {
            webhooks::workflow::create(tx, &owner, &sealer, reach, &new).await
        })
        .await?;
        self.step(PORTAL.0, PORTAL.1, async |tx| {
            let (all, id, any) = (Scope::of_operator(), WebhookId::EXAMPLE, Precondition::None);
            let step = webhooks::model::Step::Pause;
            webhooks::workflow::pause_or_resume(tx, &all, id, step, &any).await
        })
        .await?;
        Ok(())
    }

    /// What the school asks for, and the partner accepts.
    async fn solicitation(&mut self) -> Result<()> {
        let (school, portal) = (school()?, portal(self.partner)?);
        let day = self.today.checked_add_days(Days::new(14));
        let new = body(&json!({
            "uai": SCHOOL, "intervention_id": InterventionId::EXAMPLE, "levels": ["3e"], "pupils_expected": 28,
            "message": "Pour une classe de troisième.",
        }))?;
        let acceptance = body(&json!({ "scheduled_on": day }))?;
        let asker = (Role::Establishment, "demo-establishment");
        self.example(SolicitationId::EXAMPLE, asker, async |tx| {
            let as_of = AsOf::at(tx.now, STALE_AFTER_DAYS);
            solicitations::workflow::create(tx, &school, &new, as_of).await
        })
        .await?;
        self.step(PORTAL.0, PORTAL.1, async |tx| {
            let (id, any) = (SolicitationId::EXAMPLE, Precondition::None);
            solicitations::workflow::accept(tx, &portal, id, &acceptance, &any).await
        })
        .await?;
        Ok(())
    }

    /// The portal sends its offer anew, all of it: nothing changes.
    async fn synchronisation(&mut self) -> Result<()> {
        let (portal, partner) = (portal(self.partner)?, self.partner);
        let new = body(&json!({}))?;
        self.example(SyncId::EXAMPLE, PORTAL, async |tx| {
            syncs::workflow::open(tx, &portal, partner, new).await
        })
        .await?;
        let items = json!({ "items": [
            { "external_id": "exemple-visite" }, { "external_id": "exemple-metiers" }, { "external_id": "exemple-bts" },
        ] });
        let received = input::Received {
            body: Some(&items),
            form: Form::Json,
            how: input::How {
                is_atomic: false,
                is_dry_run: false,
                sync_id: Some(SyncId::EXAMPLE),
            },
            language: Language::French,
        };
        let push = async |tx: &mut Tx<'_>| {
            let as_of = AsOf::at(tx.now, STALE_AFTER_DAYS);
            batch::workflow::push(tx, &portal, partner, received, as_of).await
        };
        self.example(BatchId::EXAMPLE, PORTAL, push).await?;
        self.step(PORTAL.0, PORTAL.1, async |tx| {
            let which = syncs::workflow::Which {
                partner,
                id: SyncId::EXAMPLE,
                if_match: &Precondition::None,
            };
            let as_of = AsOf::at(tx.now, STALE_AFTER_DAYS);
            syncs::workflow::commit(tx, &portal, which, false, as_of).await
        })
        .await?;
        Ok(())
    }

    /// That of the next school year, ahead of time.
    async fn campaign(&mut self) -> Result<()> {
        let ministry = Scope::of_operator();
        let first = SchoolYear::of(self.today).last_day();
        let next = SchoolYear::of(first.checked_add_days(Days::new(1)).unwrap_or(first));
        let last_day = next.last_day();
        let new = body(&json!({
            "school_year": next, "opens_on": last_day.with_month(5), "due_on": last_day.checked_add_days(Days::new(30)),
        }))?;
        self.example(CampaignId::EXAMPLE, DGESCO, async |tx| {
            campaigns::workflow::create(tx, &ministry, &new).await
        })
        .await?;
        Ok(())
    }

    /// The figures of the reports.
    async fn publication(&mut self) -> Result<()> {
        let new =
            body(&json!({ "school_year": self.year, "note": "Exemple : des chiffres imaginés." }))?;
        self.example(PublicationId::EXAMPLE, DGESCO, async |tx| {
            publications::workflow::create(tx, &new, SMALL_GROUP).await
        })
        .await?;
        Ok(())
    }
}
