//! The coverage of a convention: what counts, and what it adds up to.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Text, Uuid};
use serde::Serialize;
use utoipa::ToSchema;

use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::term::EffectiveStatus;
use crate::agreements::declinations::content::DeclinationLevel;
use crate::http::formats::{Column, told_as};
use crate::reference::{Reference, Territory};
use crate::register::territories::ancestry;
use crate::values::ids::{ConventionId, DeclinationId};
use crate::values::{Level, TerritoryCode, TerritoryKind, TextValue, share};

/// What the coverage of a convention on a day is counted by.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The convention.
    pub convention: ConventionId,
    /// The day.
    pub on: NaiveDate,
    /// Whether the convention is in force that day: otherwise no declination counts.
    pub in_force: bool,
    /// Its first day.
    pub starts_on: Option<NaiveDate>,
    /// The levels it covers; none for all.
    pub levels: Vec<Level>,
    /// The academies and services it is for.
    pub academies: Vec<String>,
    /// The department or the school it is limited to, if it is.
    pub within: Option<String>,
    places: Vec<&'static Territory>,
}

impl Asked {
    /// Of this convention, on this day. A local one is for its territory, what holds it and what it
    /// holds.
    pub fn of(convention: &Convention, on: NaiveDate) -> Self {
        let text = convention.on(on).content;
        let local = text.territory.as_ref().map(TextValue::as_str);
        let is_for = |place: &&Territory| {
            local.is_none_or(|territory| {
                convention.ancestors.contains(&place.code)
                    || ancestry::ancestry(&place.code)
                        .iter()
                        .any(|code| code == territory)
            })
        };
        let places: Vec<&Territory> = Reference::get()
            .territories()
            .iter()
            .filter(is_for)
            .collect();
        let academies = places.iter().filter(|place| is_academy(&place.kind));
        let is_small = |code: &&str| {
            let kind = TerritoryKind::of(code);
            matches!(
                kind,
                Some(TerritoryKind::Department | TerritoryKind::School)
            )
        };
        Self {
            convention: convention.id,
            on,
            in_force: convention.effective_status(on) == Some(EffectiveStatus::InForce),
            starts_on: text.starts_on,
            academies: academies.map(|place| place.code.clone()).collect(),
            within: local.filter(is_small).map(str::to_owned),
            levels: text.levels,
            places,
        }
    }

    fn places(&self, kind: &'static str) -> impl Iterator<Item = &'static Territory> {
        let places = self.places.iter().copied();
        places.filter(move |place| place.kind == kind)
    }
}

fn is_academy(kind: &str) -> bool {
    matches!(kind, "academy" | "overseas_service")
}

/// La couverture du territoire par une convention, un jour donné.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Coverage {
    /// La convention.
    pub convention_id: ConventionId,
    /// Le jour.
    #[schema(example = "2026-11-23")]
    pub on: NaiveDate,
    /// Les régions académiques ; pour une convention locale, celle de son territoire.
    pub regions: Vec<RegionCoverage>,
    /// Les services de l'éducation outre-mer, à part : ils ne sont d'aucune région et ne comptent pas dans `totals`.
    pub overseas: Vec<AcademyCoverage>,
    /// Les totaux des régions.
    pub totals: CoverageTotals,
}

/// Combien d'établissements sont atteints.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Reached {
    /// Les établissements comptés : ouverts, et d'un niveau au moins que la convention couvre.
    #[schema(example = 412)]
    pub establishments: i64,
    /// Parmi eux, ceux qu'une déclinaison qui compte couvre (la leur, celle de l'académie ou de la région) pour l'un de leurs niveaux.
    #[schema(example = 206)]
    pub establishments_reached: i64,
    /// Leur part, de 0 à 1, à quatre décimales ; null s'il n'y a aucun établissement.
    #[schema(example = 0.5)]
    pub reached_share: Option<f64>,
}

/// Une région académique : ses académies additionnées.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RegionCoverage {
    /// Son code.
    #[schema(example = "region:84")]
    pub code: String,
    /// Son nom.
    #[schema(example = "Auvergne-Rhône-Alpes")]
    pub name: String,
    /// Si elle a une déclinaison à elle.
    #[schema(example = true)]
    pub declined: bool,
    /// Cette déclinaison ; de plusieurs, la plus ancienne.
    pub declination_id: Option<DeclinationId>,
    /// Le premier jour de cette déclinaison, au plus tôt celui de la convention.
    #[schema(example = "2026-09-01")]
    pub since: Option<NaiveDate>,
    /// How many schools.
    #[serde(flatten)]
    #[schema(inline)]
    pub reached: Reached,
    /// Ses académies.
    pub academies: Vec<AcademyCoverage>,
}

/// Une académie, ou un service de l'éducation outre-mer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AcademyCoverage {
    /// Son code.
    #[schema(example = "academy:10")]
    pub code: String,
    /// Son nom.
    #[schema(example = "Lyon")]
    pub name: String,
    /// Si la convention y est déclinée, par une déclinaison à elle ou par sa région.
    #[schema(example = true)]
    pub declined: bool,
    /// Par laquelle : `academy`, la sienne d'abord, ou `academic_region` ; null si elle ne l'est pas.
    pub via: Option<DeclinationLevel>,
    /// Cette déclinaison ; de plusieurs, la plus ancienne.
    pub declination_id: Option<DeclinationId>,
    /// Le premier jour de cette déclinaison, au plus tôt celui de la convention.
    #[schema(example = "2026-09-01")]
    pub since: Option<NaiveDate>,
    /// How many schools.
    #[serde(flatten)]
    #[schema(inline)]
    pub reached: Reached,
    /// Parmi les établissements comptés, ceux qui ont une déclinaison à eux.
    #[schema(example = 12)]
    pub schools_declined: i64,
}

/// Les totaux, services de l'outre-mer mis à part.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CoverageTotals {
    /// Les régions académiques concernées : 18 pour une convention nationale.
    #[schema(example = 18)]
    pub regions: usize,
    /// Celles qui ont une déclinaison à elles.
    #[schema(example = 4)]
    pub regions_declined: usize,
    /// Les académies concernées : 30 pour une convention nationale.
    #[schema(example = 30)]
    pub academies: usize,
    /// Celles où la convention est déclinée.
    #[schema(example = 17)]
    pub academies_declined: usize,
    /// How many schools.
    #[serde(flatten)]
    #[schema(inline)]
    pub reached: Reached,
}

/// What was read: the declinations that count, and the schools.
#[derive(Debug, Default)]
pub struct Counted {
    /// The declinations of regions and academies, the oldest first.
    pub wide: Vec<Wide>,
    /// The schools that count.
    pub all: Vec<Schools>,
    /// Of them, those with a declination of their own.
    pub declined: Vec<Schools>,
}

impl Reached {
    fn of(establishments: i64, establishments_reached: i64) -> Self {
        Self {
            establishments,
            establishments_reached,
            reached_share: share(Some(establishments_reached), Some(establishments)),
        }
    }

    fn sum<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        let (all, reached) = parts.fold((0, 0), |(all, reached), part| {
            (
                all + part.establishments,
                reached + part.establishments_reached,
            )
        });
        Self::of(all, reached)
    }
}

impl Wide {
    fn has(&self, territory: &str) -> bool {
        let mut own = self.territories.iter();
        own.any(|code| code.as_str() == territory)
    }

    /// Whether it reaches schools that teach these levels, of a convention that covers those.
    fn reaches(&self, taught: &[Level], covered: &[Level]) -> bool {
        let is_held = |level: &Level| {
            taught.contains(level) && (covered.is_empty() || covered.contains(level))
        };
        self.levels.is_empty() || self.levels.iter().any(is_held)
    }
}

impl Coverage {
    /// Puts together what was read.
    pub fn of(asked: &Asked, counted: &Counted) -> Self {
        let services = asked.places("overseas_service");
        let overseas = services.map(|place| academy(place, asked, counted));
        let regions: Vec<RegionCoverage> = asked
            .places("academic_region")
            .map(|place| region(place, asked, counted))
            .collect();
        Self {
            convention_id: asked.convention,
            on: asked.on,
            overseas: overseas.collect(),
            totals: CoverageTotals::of(&regions),
            regions,
        }
    }
}

impl CoverageTotals {
    fn of(regions: &[RegionCoverage]) -> Self {
        let academies = regions.iter().flat_map(|region| &region.academies);
        let declined = academies.clone().filter(|academy| academy.declined);
        Self {
            regions: regions.len(),
            regions_declined: regions.iter().filter(|region| region.declined).count(),
            academies: academies.count(),
            academies_declined: declined.count(),
            reached: Reached::sum(regions.iter().map(|region| &region.reached)),
        }
    }
}

fn region(place: &Territory, asked: &Asked, counted: &Counted) -> RegionCoverage {
    let own = counted.wide.iter().find(|wide| wide.has(&place.code));
    let academies: Vec<AcademyCoverage> = asked
        .places("academy")
        .filter(|academy| academy.parent.as_ref() == Some(&place.code))
        .map(|place| academy(place, asked, counted))
        .collect();
    RegionCoverage {
        code: place.code.clone(),
        name: place.name.clone(),
        declined: own.is_some(),
        declination_id: own.map(|wide| wide.id),
        since: own.map(|wide| wide.since),
        reached: Reached::sum(academies.iter().map(|academy| &academy.reached)),
        academies,
    }
}

fn academy(place: &Territory, asked: &Asked, counted: &Counted) -> AcademyCoverage {
    let region = place.parent.as_deref().unwrap_or_default();
    let of = |code: &str| counted.wide.iter().find(|wide| wide.has(code));
    let own = of(&place.code).map(|wide| (wide, DeclinationLevel::Academy));
    let by = own.or_else(|| of(region).map(|wide| (wide, DeclinationLevel::AcademicRegion)));
    let is_reached = |schools: &Schools| {
        let mut wide = counted.wide.iter();
        wide.any(|one| {
            (one.has(&place.code) || one.has(region)) && one.reaches(&schools.levels, &asked.levels)
        })
    };
    let here = |schools: &&Schools| schools.academy.as_str() == place.code;
    let (all, declined) = (
        counted.all.iter().filter(here),
        counted.declined.iter().filter(here),
    );
    let number = |schools: &Schools| schools.number;
    let widely: i64 = all.clone().filter(|one| is_reached(one)).map(number).sum();
    let alone = declined
        .clone()
        .filter(|one| one.reached && !is_reached(one));
    AcademyCoverage {
        code: place.code.clone(),
        name: place.name.clone(),
        declined: by.is_some(),
        via: by.map(|(_, level)| level),
        declination_id: by.map(|(wide, _)| wide.id),
        since: by.map(|(wide, _)| wide.since),
        reached: Reached::of(
            all.map(number).sum(),
            widely + alone.map(number).sum::<i64>(),
        ),
        schools_declined: declined.map(number).sum(),
    }
}

/// A line of the CSV: an academy, with its region; a service has none.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    region_code: Option<String>,
    region_name: Option<String>,
    region_declined: Option<bool>,
    #[serde(flatten)]
    academy: AcademyCoverage,
}

impl Line {
    /// Its columns, from the place to what is counted there.
    pub fn columns() -> Vec<Column> {
        let names = [
            "region_code",
            "region_name",
            "region_declined",
            "code",
            "name",
            "declined",
            "via",
            "declination_id",
            "since",
            "establishments",
            "establishments_reached",
            "reached_share",
            "schools_declined",
        ];
        let region = [
            ("region_code", "Code de la région académique"),
            ("region_name", "Région académique"),
            ("region_declined", "Si la région a une déclinaison à elle"),
        ];
        let told = |name: &str| {
            let words = region.iter().find(|(one, _)| *one == name);
            Column::member(name).told(words.map_or("", |(_, words)| *words))
        };
        told_as::<AcademyCoverage>(names.map(told).into())
    }
}

impl Coverage {
    /// An academy a line, region after region, the services last.
    pub fn lines(self) -> Vec<Line> {
        let of_region = |region: RegionCoverage| {
            let line = move |academy| Line {
                region_code: Some(region.code.clone()),
                region_name: Some(region.name.clone()),
                region_declined: Some(region.declined),
                academy,
            };
            region.academies.into_iter().map(line)
        };
        let overseas = self.overseas.into_iter().map(|academy| Line {
            region_code: None,
            region_name: None,
            region_declined: None,
            academy,
        });
        let of_regions = self.regions.into_iter().flat_map(of_region);
        of_regions.chain(overseas).collect()
    }
}

/// A declination of regions or academies that counts.
#[derive(Debug, Clone, QueryableByName)]
pub struct Wide {
    /// Its id.
    #[diesel(sql_type = Uuid)]
    pub id: DeclinationId,
    /// Its territories.
    #[diesel(sql_type = Array<Text>)]
    pub territories: Vec<TerritoryCode>,
    /// The first day it counts.
    #[diesel(sql_type = Date)]
    pub since: NaiveDate,
    /// The levels it is restricted to, by itself or by its parent; none for all of the convention's.
    #[diesel(sql_type = Array<Text>)]
    pub levels: Vec<Level>,
}

/// Schools of an academy that teach the same levels.
#[derive(Debug, Clone, QueryableByName)]
pub struct Schools {
    /// The academy.
    #[diesel(sql_type = Text)]
    pub academy: TerritoryCode,
    /// What they teach.
    #[diesel(sql_type = Array<Text>)]
    pub levels: Vec<Level>,
    /// Whether a declination of their own reaches them.
    #[diesel(sql_type = Bool)]
    pub reached: bool,
    /// How many they are.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
}
