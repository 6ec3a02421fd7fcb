//! The SQL of opportunities.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Date, Double, Integer, Nullable, Text, Timestamptz, Uuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::auth::policy::Scope;
use crate::db::schema::representatives;
use crate::error::Result;
use crate::offers::interventions::status::AsOf;
use crate::offers::opportunities::filter::Filter;
use crate::register::partners::representatives::model::Representative;
use crate::values::TextValue;

/// The school and the day that opportunities are computed for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The school and all above it.
    pub above: Vec<String>,
    /// Its levels.
    pub levels: Vec<String>,
    /// Where it is.
    pub point: Option<(f64, f64)>,
    /// The day, and what was last confirmed too long before it.
    pub as_of: AsOf,
    /// What it chooses among.
    pub chosen: Filter,
}

impl Asked {
    /// The levels that interventions are asked for: the school's, or those of them that it chose.
    fn chosen_levels(&self) -> Vec<&str> {
        let levels = self.levels.iter().map(String::as_str);
        let is_chosen = |level: &&str| {
            self.chosen
                .level
                .iter()
                .any(|chosen| chosen.as_str() == *level)
        };
        levels
            .filter(|level| self.chosen.level.is_empty() || is_chosen(level))
            .collect()
    }
}

/// A partner, and a convention in force by which it may be asked.
#[derive(Debug, Clone, QueryableByName)]
pub struct PartnerOffer {
    /// The partner.
    #[diesel(sql_type = Uuid)]
    pub partner_id: uuid::Uuid,
    /// Its usual name, or its legal one.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Its acronym.
    #[diesel(sql_type = Nullable<Text>)]
    pub acronym: Option<String>,
    /// Its sectors.
    #[diesel(sql_type = Array<Text>)]
    pub sectors: Vec<String>,
    /// Its website.
    #[diesel(sql_type = Nullable<Text>)]
    pub website: Option<String>,
    /// Whether it signed itself, or is a member of the network of one that did.
    #[diesel(sql_type = Bool)]
    pub is_party: bool,
    /// The convention.
    #[diesel(sql_type = Uuid)]
    pub convention_id: uuid::Uuid,
    /// Its reference.
    #[diesel(sql_type = Text)]
    pub reference: String,
    /// Its title.
    #[diesel(sql_type = Text)]
    pub title: String,
    /// By what it reaches the school: a place among the reasons.
    #[diesel(sql_type = Integer)]
    pub via: i32,
    /// The declination that carries it there.
    #[diesel(sql_type = Nullable<Uuid>)]
    pub declination_id: Option<uuid::Uuid>,
}

/// The conventions in force that reach the school, nationally, locally or by a declination, each
/// with its parties and the members of their networks.
pub async fn partner_offers(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    asked: &Asked,
) -> Result<Vec<PartnerOffer>> {
    const BONDS: &str = "
        WITH reaching AS (
            SELECT c.id, c.reference, c.title, t.partner_ids, d.id AS declination_id,
                   CASE d.level WHEN 'establishment' THEN 0 WHEN 'academy' THEN 1 WHEN 'academic_region' THEN 2
                                ELSE CASE WHEN c.territory IS NULL THEN 4 ELSE 3 END END AS via
              FROM conventions c
              JOIN convention_texts t ON t.convention_id = c.id AND t.from_day <= $3 AND t.until_day > $3
              LEFT JOIN LATERAL (
                   SELECT d.id, d.level FROM declinations d
                    WHERE d.convention_id = c.id AND d.status = 'active' AND d.territories && $1
                      AND d.starts_on <= $3 AND coalesce(d.ends_on >= $3, true)
                      AND (d.levels = '{}' OR d.levels && $2)
                    ORDER BY array_position(ARRAY['establishment', 'academy', 'academic_region'], d.level), d.id
                    LIMIT 1) AS d ON true
             WHERE convention_days(c.status, c.starts_on, c.in_force_until) @> $3
               AND (c.territory IS NULL OR c.territory = ANY ($1))
               AND (t.levels = '{}' OR t.levels && $2)),
        bound AS (
            SELECT r.id, party AS partner_id, true AS is_party FROM reaching r, unnest(r.partner_ids) AS party
            UNION ALL
            SELECT r.id, n.partner_id, false
              FROM reaching r JOIN partner_networks n ON n.network_id = ANY (r.partner_ids)
             WHERE NOT n.partner_id = ANY (r.partner_ids))
        SELECT DISTINCT p.id AS partner_id, coalesce(p.usual_name, p.legal_name) AS name, p.acronym, p.sectors, p.website,
               b.is_party, r.id AS convention_id, r.reference, r.title, r.via, r.declination_id
          FROM bound b
          JOIN reaching r ON r.id = b.id
          JOIN partners p ON p.id = b.partner_id AND p.status = 'active'
         ORDER BY p.id, r.via, r.reference";
    Ok(diesel::sql_query(BONDS)
        .bind::<Array<Text>, _>(&asked.above)
        .bind::<Array<Text>, _>(&asked.levels)
        .bind::<Date, _>(asked.as_of.day)
        .load(&mut connection)
        .await?)
}

/// An intervention that a school may ask for.
#[derive(Debug, Clone, QueryableByName)]
pub struct Found {
    /// Its id.
    #[diesel(sql_type = Uuid)]
    pub id: uuid::Uuid,
    /// Its partner.
    #[diesel(sql_type = Uuid)]
    pub partner_id: uuid::Uuid,
    /// What its partner calls it.
    #[diesel(sql_type = Text)]
    pub external_id: String,
    /// The convention it is offered under.
    #[diesel(sql_type = Uuid)]
    pub convention_id: uuid::Uuid,
    /// Its title.
    #[diesel(sql_type = Text)]
    pub title: String,
    /// Its presentation.
    #[diesel(sql_type = Nullable<Text>)]
    pub description: Option<String>,
    /// The page that shows it.
    #[diesel(sql_type = Nullable<Text>)]
    pub url: Option<String>,
    /// Its type of action.
    #[diesel(sql_type = Text)]
    pub action_type: String,
    /// Its levels.
    #[diesel(sql_type = Array<Text>)]
    pub levels: Vec<String>,
    /// Its modality.
    #[diesel(sql_type = Text)]
    pub modality: String,
    /// Its first day.
    #[diesel(sql_type = Nullable<Date>)]
    pub available_from: Option<NaiveDate>,
    /// Its last day.
    #[diesel(sql_type = Nullable<Date>)]
    pub available_to: Option<NaiveDate>,
    /// How long it takes, in minutes.
    #[diesel(sql_type = Nullable<Integer>)]
    pub duration_minutes: Option<i32>,
    /// How many pupils a session takes.
    #[diesel(sql_type = Nullable<Integer>)]
    pub pupils_per_session: Option<i32>,
    /// How many sessions are left, where they are counted.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub sessions_left: Option<i64>,
    /// Where it is offered: its territories, or the country.
    #[diesel(sql_type = Array<Text>)]
    pub covers: Vec<String>,
    /// How far its place is from the school.
    #[diesel(sql_type = Nullable<Double>)]
    pub distance_km: Option<f64>,
    /// How many its partner has for the school.
    #[diesel(sql_type = BigInt)]
    pub of_partner: i64,
}

impl Found {
    /// Whether no session of it is left.
    pub fn is_full(&self) -> bool {
        self.sessions_left.is_some_and(|left| left < 1)
    }
}

/// The interventions published for the school's territories and levels that it chooses among, the first
/// few of each partner: those with sessions left, the nearest, then those that end first. One with a
/// radius is left out beyond it. Ids are ranked, and only what is answered is read whole.
pub async fn interventions(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    asked: &Asked,
    each: i64,
) -> Result<Vec<Found>> {
    const FOUND: &str = "
        WITH matching AS MATERIALIZED (
            SELECT i.id, i.partner_id, i.modality, i.available_to, (i.place ->> 'radius_km')::float8 AS radius_km,
                   distance_km($4, $5, (i.place ->> 'latitude')::float8, (i.place ->> 'longitude')::float8) AS distance_km,
                   CASE WHEN i.sessions IS NOT NULL THEN greatest(0, i.sessions - (
                       SELECT count(*) FROM solicitations t WHERE t.intervention_id = i.id AND t.takes_session))
                   END AS sessions_left
              FROM interventions i
              JOIN intervention_standing s ON s.convention_id = i.convention_id AND s.partner_id = i.partner_id
                                          AND s.from_day <= $3 AND s.until_day > $3
             WHERE i.covers && $1 AND i.levels && $2
               AND ($8::text[] = '{}' OR i.action_type = ANY ($8)) AND ($9::text IS NULL OR i.search @@ french_query($9))
               AND intervention_status(i.withdrawn_at, i.available_to, s.in_force_from, s.in_force_until,
                   intervention_reasons(s.obstacles, s.action_types, s.levels, s.territory, i.action_type, i.levels, i.held_by),
                   i.confirmed_at < $7, $3) = 'published'),
        ranked AS (
            SELECT m.id, m.distance_km, m.sessions_left, count(*) OVER of_partner AS of_partner,
                   row_number() OVER (PARTITION BY partner_id
                                          ORDER BY coalesce(sessions_left = 0, false), distance_km, available_to, id) AS place
              FROM matching m
             WHERE (modality = 'remote' OR coalesce(distance_km <= radius_km, true))
               AND ($10::float8 IS NULL OR distance_km <= $10)
            WINDOW of_partner AS (PARTITION BY partner_id))
        SELECT i.id, i.partner_id, i.external_id, i.convention_id, i.title, i.description, i.url, i.action_type, i.levels,
               i.modality, i.available_from, i.available_to, i.duration_minutes, i.pupils_per_session, i.covers,
               ranked.distance_km, ranked.sessions_left, ranked.of_partner
          FROM ranked JOIN interventions i ON i.id = ranked.id
         WHERE ranked.place <= $6 ORDER BY i.partner_id, ranked.place";
    Ok(diesel::sql_query(FOUND)
        .bind::<Array<Text>, _>(&asked.above)
        .bind::<Array<Text>, _>(asked.chosen_levels())
        .bind::<Date, _>(asked.as_of.day)
        .bind::<Nullable<Double>, _>(asked.point.map(|(latitude, _)| latitude))
        .bind::<Nullable<Double>, _>(asked.point.map(|(_, longitude)| longitude))
        .bind::<BigInt, _>(each)
        .bind::<Timestamptz, _>(asked.as_of.stale_before)
        .bind::<Array<Text>, _>(&asked.chosen.action_type)
        .bind::<Nullable<Text>, _>(asked.chosen.q.as_deref())
        .bind::<Nullable<Double>, _>(asked.chosen.within_km)
        .load(&mut connection)
        .await?)
}

/// Those who speak for partners where the school is.
pub async fn representatives(
    mut connection: &AsyncPgConnection,
    _scope: &Scope,
    asked: &Asked,
    partners: &[uuid::Uuid],
) -> Result<Vec<Representative>> {
    Ok(representatives::table
        .filter(representatives::partner_id.eq_any(partners))
        .filter(representatives::territories.overlaps_with(&asked.above))
        .order(representatives::id)
        .select(Representative::as_select())
        .load(&mut connection)
        .await?)
}
