//! The comparison, field by field.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
    empty,
};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::effective::{EffectiveTerms, texts};
use crate::agreements::conventions::content::Target;
use crate::agreements::declinations::content::{Content, DeclinationLevel};
use crate::error::warning::Warning;
use crate::error::{Notice, notice};
use crate::reference::Reference;
use crate::register::territories::ancestry::ancestry;
use crate::results::declination_progress::model::DeclinationTarget;
use crate::values::ids::DeclinationId;
use crate::values::{Code, Nomenclature, Text, TextValue};

/// A parent that is out of the caller's sight.
pub static PARENT_NOT_VISIBLE: Notice = notice(
    "parent_not_visible",
    "Une déclinaison parente n'est pas encore lisible pour vous : la comparaison est faite sans elle, avec ce qui est au-dessus.",
    "A parent declination is not yours to read yet: the comparison is made without it, with what is above.",
);

/// Une déclinaison comparée à ce qu'elle porte.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeclinationComparison)]
pub struct Comparison {
    /// La déclinaison.
    pub declination_id: DeclinationId,
    /// À quoi elle est comparée : sa déclinaison parente, ou à défaut la convention.
    pub parent: Parent,
    /// Champ par champ : `axes`, `action_types`, `levels`, `moments`, `territories`, `starts_on`, `ends_on`, `targets`.
    pub fields: Vec<Compared>,
    /// Ses objectifs, chacun avec ce que son territoire a fait sous elle, d'après les bilans validés ; ce qui n'est pas de votre périmètre est null.
    pub targets: Vec<DeclinationTarget>,
    /// Ce qui mérite attention : `parent_not_visible` quand une déclinaison parente n'est pas encore lisible pour l'appelant.
    #[schema(example = json!([]))]
    pub warnings: Vec<Warning>,
}

/// À quoi une déclinaison est comparée.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ComparisonParent)]
pub struct Parent {
    /// `declination` ou `convention`.
    #[serde(rename = "type")]
    #[schema(example = "convention")]
    pub kind: &'static str,
    /// Identifiant.
    #[schema(example = "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03")]
    pub id: Uuid,
    /// Adresse.
    #[schema(example = "/v1/conventions/0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e03")]
    pub url: String,
    /// Intitulé.
    #[schema(example = "Convention-cadre de coopération avec l'UIMM")]
    pub title: Option<Text<300>>,
}

/// Un champ, des deux côtés.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = ComparedField)]
pub struct Compared {
    /// Le champ.
    #[schema(example = "levels")]
    pub field: &'static str,
    /// Ce que dit la déclinaison.
    pub own: ComparedValue,
    /// Ce qui vaut pour le parent : là où il ne dit rien, ce qui vaut au-dessus de lui.
    pub parent: ComparedValue,
    /// Ce qui vaut pour la déclinaison : une liste de codes vide vaut celle du parent, et ainsi jusqu'à la convention ; les dates sont bornées par celles de la convention ; territoires et objectifs sont les siens.
    pub effective: ComparedValue,
    /// `same`, `narrower`, `wider`, ou `different` lorsqu'elle est les deux.
    pub status: Status,
    /// Ce que le parent a et qu'elle laisse de côté : des codes (tous ceux de la nomenclature si le parent n'en nomme aucun), des territoires de son niveau (pour des établissements, ceux du parent où il n'y en a aucun), des objectifs (`pupils 2026-2027`).
    #[schema(example = json!(["2de_gt"]))]
    pub missing: Vec<String>,
    /// Ce qu'elle a et que le parent n'a pas, ou n'a plus.
    #[schema(example = json!([]))]
    pub extra: Vec<String>,
}

/// What is said in a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ComparedValue {
    /// Codes.
    Codes(Vec<String>),
    /// A day.
    Day(Option<NaiveDate>),
    /// Targets.
    Targets(Vec<Target>),
}

// Derived, it would be one of the three and no other: an empty list is two of them. What is in a list
// is left open: generators of clients stumble over lists of either.
impl PartialSchema for ComparedValue {
    fn schema() -> RefOr<Schema> {
        let day = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)));
        AnyOfBuilder::new()
            .description(Some(
                "Selon le champ, des codes (une liste vide ne restreint rien), un jour (null : sans échéance propre, ou inconnu) ou des objectifs.",
            ))
            .item(ArrayBuilder::new().items(RefOr::T(empty())))
            .item(day)
            .into()
    }
}

impl ToSchema for ComparedValue {
    fn name() -> Cow<'static, str> {
        "ComparedValue".into()
    }
}

/// Ce qu'est un champ à côté de celui du parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ComparisonStatus)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Pareil.
    Same,
    /// Plus étroit.
    Narrower,
    /// Plus large.
    Wider,
    /// Les deux à la fois, ou sans comparaison possible.
    Different,
}

impl Status {
    const fn of(is_narrower: bool, is_wider: bool) -> Self {
        match (is_narrower, is_wider) {
            (false, false) => Self::Same,
            (true, false) => Self::Narrower,
            (false, true) => Self::Wider,
            (true, true) => Self::Different,
        }
    }
}

/// Every field of a declination beside its parent's; each of its territories is given with all
/// above it.
pub fn compare(
    content: &Content,
    ancestries: &[Vec<String>],
    parent: &EffectiveTerms,
) -> Vec<Compared> {
    let terms = parent.below(content);
    vec![
        codes("axes", &content.axes, &parent.axes, terms.axes.clone()),
        codes(
            "action_types",
            &content.action_types,
            &parent.action_types,
            terms.action_types.clone(),
        ),
        codes(
            "levels",
            &content.levels,
            &parent.levels,
            terms.levels.clone(),
        ),
        codes(
            "moments",
            &content.moments,
            &parent.moments,
            terms.moments.clone(),
        ),
        territories(content, ancestries, parent),
        first_day(content, parent, &terms),
        last_day(content, parent, &terms),
        targets(content, parent),
    ]
}

/// Those of the first that are not among the second.
fn without(all: &[String], others: &[String]) -> Vec<String> {
    let left = all.iter().filter(|code| !others.contains(code));
    left.cloned().collect()
}

fn codes<N: Nomenclature>(
    field: &'static str,
    own: &[Code<N>],
    parent: &[String],
    effective: Vec<String>,
) -> Compared {
    let said = texts(own);
    let whole = || {
        Reference::get()
            .nomenclature(N::NAME)
            .map(|list| list.codes())
    };
    // What names no code allows every one.
    let of_parent = if parent.is_empty() {
        whole().unwrap_or_default()
    } else {
        parent.to_vec()
    };
    let missing = if said.is_empty() {
        Vec::new()
    } else {
        without(&of_parent, &said)
    };
    let extra = without(&said, &of_parent);
    Compared {
        field,
        own: ComparedValue::Codes(said),
        parent: ComparedValue::Codes(parent.to_vec()),
        effective: ComparedValue::Codes(effective),
        status: Status::of(!missing.is_empty(), !extra.is_empty()),
        missing,
        extra,
    }
}

fn territories(content: &Content, ancestries: &[Vec<String>], parent: &EffectiveTerms) -> Compared {
    let own = texts(&content.territories);
    let lies_in = |ancestry: &[String]| {
        ancestry
            .iter()
            .any(|code| parent.territories.contains(code))
    };
    let extra: Vec<String> = own
        .iter()
        .zip(ancestries)
        .filter(|(_, ancestry)| !lies_in(ancestry))
        .map(|(code, _)| code.clone())
        .collect();
    let (missing, is_narrower) = if content.level == DeclinationLevel::Establishment {
        // The schools of a territory are too many to name.
        let within = ancestries.concat();
        let is_narrower = !without(&parent.territories, &own).is_empty();
        (without(&parent.territories, &within), is_narrower)
    } else {
        let within: Vec<String> = Reference::get()
            .territories()
            .iter()
            .filter(|place| content.level.kind().is_of(&place.code))
            .filter(|place| lies_in(&ancestry(&place.code)))
            .map(|place| place.code.clone())
            .collect();
        let missing = without(&within, &own);
        let is_narrower = !missing.is_empty();
        (missing, is_narrower)
    };
    Compared {
        field: "territories",
        own: ComparedValue::Codes(own.clone()),
        parent: ComparedValue::Codes(parent.territories.clone()),
        effective: ComparedValue::Codes(own),
        status: Status::of(is_narrower, !extra.is_empty()),
        missing,
        extra,
    }
}

/// Two days that a declination is wider for being on one side of.
fn days(field: &'static str, said: [Option<NaiveDate>; 3], status: Status) -> Compared {
    let [own, parent, effective] = said.map(ComparedValue::Day);
    Compared {
        field,
        own,
        parent,
        effective,
        status,
        missing: Vec::new(),
        extra: Vec::new(),
    }
}

fn first_day(content: &Content, parent: &EffectiveTerms, terms: &EffectiveTerms) -> Compared {
    let own = content.starts_on;
    let status = parent.starts_on.map_or(Status::Different, |first| {
        Status::of(own > first, own < first)
    });
    days(
        "starts_on",
        [Some(own), parent.starts_on, terms.starts_on],
        status,
    )
}

fn last_day(content: &Content, parent: &EffectiveTerms, terms: &EffectiveTerms) -> Compared {
    // What has no end ends after everything else.
    let last = |day: Option<NaiveDate>| day.unwrap_or(NaiveDate::MAX);
    let own = last(parent.end_of(content.ends_on));
    let of_parent = last(parent.ends_on);
    let status = Status::of(own < of_parent, own > of_parent);
    days(
        "ends_on",
        [content.ends_on, parent.ends_on, terms.ends_on],
        status,
    )
}

/// What a target is for: `pupils 2026-2027`, with its territory where it names one.
fn purpose(target: &Target) -> String {
    let place = target
        .territory
        .as_ref()
        .map_or_else(String::new, |code| format!(" {}", code.as_str()));
    format!("{} {}{place}", target.measure, target.school_year)
}

/// A lower target is narrower, a higher one wider.
fn targets(content: &Content, parent: &EffectiveTerms) -> Compared {
    let own = &content.targets.0;
    let named = |targets: &[Target]| -> Vec<String> { targets.iter().map(purpose).collect() };
    let (of_own, of_parent) = (named(own), named(&parent.targets));
    let (missing, extra) = (without(&of_parent, &of_own), without(&of_own, &of_parent));
    let others = || parent.targets.iter();
    let beside = |target: &Target| {
        let other = others().find(|other| purpose(other) == purpose(target))?;
        target.value.partial_cmp(&other.value)
    };
    let orders: Vec<Ordering> = own.iter().filter_map(beside).collect();
    let is_narrower = !missing.is_empty() || orders.contains(&Ordering::Less);
    let is_wider = !extra.is_empty() || orders.contains(&Ordering::Greater);
    Compared {
        field: "targets",
        own: ComparedValue::Targets(own.clone()),
        parent: ComparedValue::Targets(parent.targets.clone()),
        effective: ComparedValue::Targets(own.clone()),
        status: Status::of(is_narrower, is_wider),
        missing,
        extra,
    }
}
