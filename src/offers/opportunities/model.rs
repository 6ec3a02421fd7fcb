//! What a school can ask for, put together: partners with their conventions, who speaks for them
//! there and what they offer, the best first.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::reasons::{COVERS, DISTANCE, LEVELS, OF_NETWORK, Reason, VIA, nearest};
use super::store::{Asked, Found, PartnerOffer};
use crate::auth::person_viewer::Viewer;
use crate::language::Language;
use crate::offers::interventions::model::to_a_tenth;
use crate::register::contacts::model::{Contact, ContactAnswer};
use crate::register::partners::representatives::model::{Representative, RepresentativeAnswer};
use crate::values::TextValue;
use crate::values::ids::{ConventionId, DeclinationId, InterventionId, PartnerId};

/// Ce qu'un établissement peut demander, et à qui.
#[derive(Debug, Serialize, ToSchema)]
pub struct Opportunities {
    /// L'établissement.
    #[schema(example = "0690001A")]
    pub uai: String,
    /// Le jour.
    #[schema(example = "2026-11-23")]
    pub on: NaiveDate,
    /// Nombre de partenaires, au-delà de ceux qui sont donnés s'il y en a trop.
    #[schema(example = 12)]
    pub partners: usize,
    /// Du côté de l'École, à qui un partenaire ou l'établissement écrit : le plus local d'abord.
    pub contacts: Vec<ContactAnswer>,
    /// Les partenaires, le plus proche d'abord.
    pub data: Vec<Opportunity>,
}

/// Un partenaire auquel l'établissement peut s'adresser.
#[derive(Debug, Serialize, ToSchema)]
pub struct Opportunity {
    /// Le partenaire.
    pub partner: OpportunityPartner,
    /// Les conventions en vigueur qui lient le partenaire, ou son réseau, et atteignent l'établissement.
    pub conventions: Vec<OpportunityConvention>,
    /// Le représentant le plus local ; la personne n'est montrée qu'à qui en a l'usage.
    pub representative: Option<OpportunityRepresentative>,
    /// Nombre d'interventions publiées pour l'établissement.
    #[schema(example = 24)]
    pub interventions_count: i64,
    /// Les premières d'entre elles : celles dont il reste des séances, les plus proches, puis celles qui
    /// finissent le plus tôt.
    pub interventions: Vec<OpportunityIntervention>,
}

/// Qui est le partenaire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OpportunityPartner {
    /// Identifiant.
    #[schema(value_type = PartnerId)]
    pub id: Uuid,
    /// Nom d'usage, ou raison sociale.
    #[schema(example = "UIMM")]
    pub name: String,
    /// Sigle.
    #[schema(example = "UIMM")]
    pub acronym: Option<String>,
    /// Secteurs.
    #[schema(example = json!(["metal_industry"]))]
    pub sectors: Vec<String>,
    /// Site.
    #[schema(example = "https://uimm.fr")]
    pub website: Option<String>,
}

/// Une convention qui atteint l'établissement.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpportunityConvention {
    /// Identifiant.
    #[schema(value_type = ConventionId)]
    pub id: Uuid,
    /// Référence.
    #[schema(example = "CN-2026-0001")]
    pub reference: String,
    /// Intitulé.
    #[schema(example = "Convention-cadre de coopération")]
    pub title: String,
    /// La déclinaison la plus proche qui la porte là, s'il y en a une.
    #[schema(example = json!(null))]
    #[schema(value_type = Option<DeclinationId>)]
    pub declination_id: Option<Uuid>,
    /// Pourquoi elle convient.
    pub reasons: Vec<Reason>,
}

/// À qui écrire.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpportunityRepresentative {
    /// Le représentant.
    #[serde(flatten)]
    #[schema(inline)]
    pub representative: RepresentativeAnswer,
    /// Pourquoi celui-ci.
    pub reasons: Vec<Reason>,
}

/// Une intervention que l'établissement peut demander.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpportunityIntervention {
    /// Identifiant.
    #[schema(value_type = InterventionId)]
    pub id: Uuid,
    /// Identifiant donné par le partenaire.
    #[schema(example = "visite-42")]
    pub external_id: String,
    /// La convention qui la porte.
    #[schema(value_type = ConventionId)]
    pub convention_id: Uuid,
    /// Intitulé.
    #[schema(example = "Visite d'un atelier")]
    pub title: String,
    /// Présentation.
    #[schema(example = "Les élèves découvrent les métiers de l'atelier.")]
    pub description: Option<String>,
    /// Page qui la présente.
    #[schema(example = "https://www.exemple.fr/visite")]
    pub url: Option<String>,
    /// Type d'action.
    #[schema(example = "company_visit")]
    pub action_type: String,
    /// Niveaux.
    #[schema(example = json!(["3e"]))]
    pub levels: Vec<String>,
    /// Modalité.
    #[schema(example = "in_person")]
    pub modality: String,
    /// Premier jour.
    #[schema(example = "2026-09-01")]
    pub available_from: Option<NaiveDate>,
    /// Dernier jour.
    #[schema(example = "2027-06-30")]
    pub available_to: Option<NaiveDate>,
    /// Durée, en minutes.
    #[schema(example = 120)]
    pub duration_minutes: Option<i32>,
    /// Nombre d'élèves par séance.
    #[schema(example = 30)]
    pub pupils_per_session: Option<i32>,
    /// Nombre de séances encore libres ; null : sans limite.
    #[schema(example = 10)]
    pub sessions_left: Option<i64>,
    /// Vrai : il ne reste aucune séance. Celles-là viennent en dernier.
    #[schema(example = false)]
    pub full: bool,
    /// Distance de son lieu à l'établissement, en kilomètres.
    #[schema(example = 12.5)]
    pub distance_km: Option<f64>,
    /// Pourquoi elle convient.
    pub reasons: Vec<Reason>,
}

/// What was read.
pub struct Read {
    /// Partners and their conventions, partner by partner.
    pub partner_offers: Vec<PartnerOffer>,
    /// Their interventions, partner by partner.
    pub found: Vec<Found>,
    /// Those who speak for them there.
    pub representatives: Vec<Representative>,
}

/// The contacts of a school as a caller is answered, the most local first.
pub fn contacts(mut found: Vec<Contact>, asked: &Asked, viewer: &Viewer<'_>) -> Vec<ContactAnswer> {
    found.sort_by_key(|one| nearest([one.content.territory.as_str()], &asked.above));
    found
        .into_iter()
        .map(|one| one.answer_for(viewer))
        .collect()
}

/// Puts together what was read. A member of a network that has neither an offer nor anyone there is
/// left out: its network speaks for it. So is who has nothing of what the school chooses among.
pub fn opportunities(
    read: Read,
    asked: &Asked,
    viewer: &Viewer<'_>,
    language: Language,
) -> Vec<Opportunity> {
    let mut found: HashMap<Uuid, Vec<Found>> = HashMap::new();
    for one in read.found {
        found.entry(one.partner_id).or_default().push(one);
    }
    let mut people = most_local(read.representatives, asked);
    let mut ranked: Vec<(Rank, Opportunity)> = Vec::new();
    for partner_offers in read
        .partner_offers
        .chunk_by(|one, next| one.partner_id == next.partner_id)
    {
        let Some(first) = partner_offers.first() else {
            continue;
        };
        let offers = found.remove(&first.partner_id).unwrap_or_default();
        let person = people.remove(&first.partner_id);
        let is_party = partner_offers
            .iter()
            .any(|partner_offer| partner_offer.is_party);
        let speaks = is_party || person.is_some();
        if offers.is_empty() && (asked.chosen.chooses() || !speaks) {
            continue;
        }
        let rank = Rank::of(first, &offers);
        let representative = person.map(|(place, person)| OpportunityRepresentative {
            representative: person.answer_for(viewer),
            reasons: covering(place, language),
        });
        ranked.push((
            rank,
            Opportunity {
                partner: partner(first),
                conventions: partner_offers
                    .iter()
                    .map(|partner_offer| convention(partner_offer, language))
                    .collect(),
                representative,
                interventions_count: offers.first().map_or(0, |one| one.of_partner),
                interventions: offers
                    .into_iter()
                    .map(|one| intervention(one, asked, language))
                    .collect(),
            },
        ));
    }
    ranked.sort_by(|(one, _), (other, _)| one.compare(other));
    ranked
        .into_iter()
        .map(|(_, opportunity)| opportunity)
        .collect()
}

/// The most local representative of each partner: whose territory is the smallest around the school.
fn most_local(
    people: Vec<Representative>,
    asked: &Asked,
) -> HashMap<Uuid, (usize, Representative)> {
    let mut chosen: HashMap<Uuid, (usize, Representative)> = HashMap::new();
    for person in people {
        let territories = person.content.territories.iter().map(TextValue::as_str);
        let Some(place) = nearest(territories, &asked.above) else {
            continue;
        };
        let partner = person.partner_id.uuid();
        let is_nearer = chosen
            .get(&partner)
            .is_none_or(|(present, _)| place < *present);
        if is_nearer {
            chosen.insert(partner, (place, person));
        }
    }
    chosen
}

/// What partners are sorted by: how near the convention is carried, whether there is an offer with
/// sessions left, how near its place is, the name.
struct Rank {
    via: i32,
    has_none: bool,
    distance: f64,
    name: String,
}

impl Rank {
    fn of(nearest: &PartnerOffer, offers: &[Found]) -> Self {
        let distances = offers.iter().filter_map(|one| one.distance_km);
        Self {
            via: nearest.via,
            has_none: offers.iter().all(Found::is_full),
            distance: distances.fold(f64::INFINITY, f64::min),
            name: nearest.name.clone(),
        }
    }

    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        (self.via, self.has_none)
            .cmp(&(other.via, other.has_none))
            .then(self.distance.total_cmp(&other.distance))
            .then_with(|| self.name.cmp(&other.name))
    }
}

fn partner(partner_offer: &PartnerOffer) -> OpportunityPartner {
    OpportunityPartner {
        id: partner_offer.partner_id,
        name: partner_offer.name.clone(),
        acronym: partner_offer.acronym.clone(),
        sectors: partner_offer.sectors.clone(),
        website: partner_offer.website.clone(),
    }
}

fn convention(partner_offer: &PartnerOffer, language: Language) -> OpportunityConvention {
    let via = usize::try_from(partner_offer.via)
        .ok()
        .and_then(|via| VIA.get(via));
    let network = (!partner_offer.is_party).then_some(&OF_NETWORK);
    let reasons = via.into_iter().chain(network);
    OpportunityConvention {
        id: partner_offer.convention_id,
        reference: partner_offer.reference.clone(),
        title: partner_offer.title.clone(),
        declination_id: partner_offer.declination_id,
        reasons: reasons
            .map(|notice| Reason::of(notice, None, language))
            .collect(),
    }
}

fn covering(place: usize, language: Language) -> Vec<Reason> {
    let notice = COVERS.get(place).into_iter();
    notice
        .map(|notice| Reason::of(notice, None, language))
        .collect()
}

fn intervention(found: Found, asked: &Asked, language: Language) -> OpportunityIntervention {
    let covers = found.covers.iter().map(String::as_str);
    let mut reasons = nearest(covers, &asked.above)
        .map(|place| covering(place, language))
        .unwrap_or_default();
    let shared: Vec<&str> = found
        .levels
        .iter()
        .filter(|level| asked.levels.contains(level))
        .map(String::as_str)
        .collect();
    reasons.push(Reason::of(&LEVELS, Some(&shared.join(", ")), language));
    let distance_km = found.distance_km.map(to_a_tenth);
    if let Some(distance) = distance_km {
        reasons.push(Reason::of(&DISTANCE, Some(&distance.to_string()), language));
    }
    OpportunityIntervention {
        full: found.is_full(),
        id: found.id,
        external_id: found.external_id,
        convention_id: found.convention_id,
        title: found.title,
        description: found.description,
        url: found.url,
        action_type: found.action_type,
        levels: found.levels,
        modality: found.modality,
        available_from: found.available_from,
        available_to: found.available_to,
        duration_minutes: found.duration_minutes,
        pupils_per_session: found.pupils_per_session,
        sessions_left: found.sessions_left,
        distance_km,
        reasons,
    }
}
