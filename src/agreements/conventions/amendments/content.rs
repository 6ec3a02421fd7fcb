//! The content of an amendment: its first day, and the changes it makes.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::agreements::conventions::content::{Document, FollowUp, MAX_PARTS};
use crate::agreements::conventions::signing::NewSignatory;
use crate::error::Rule;
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::values::ids::PartnerId;
use crate::values::{ActionType, Axis, Level, Moment, Text, code_enum};

/// The most changes of one amendment.
const MAX_CHANGES: usize = 50;

code_enum! {
    /// What a change does.
    Op of "amendment_operations" {
        /// Moves the end of the convention back.
        Extend = "extend",
        /// Makes a partner a party.
        AddPartner = "add_partner",
        /// Ends a partner's being a party.
        RemovePartner = "remove_partner",
        /// Replaces the axes.
        SetAxes = "set_axes",
        /// Replaces the types of action.
        SetActionTypes = "set_action_types",
        /// Replaces the levels.
        SetLevels = "set_levels",
        /// Replaces the moments.
        SetMoments = "set_moments",
        /// Replaces how the partnership is followed up.
        SetFollowUp = "set_follow_up",
        /// Adds or rewrites an article.
        Text = "text",
    }
}

/// Un changement du texte d'une convention.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
#[schema(as = AmendmentChange)]
pub enum Change {
    /// Repousse l'échéance.
    Extend {
        /// La nouvelle échéance, plus tardive.
        #[schema(example = "2029-12-31")]
        ends_on: NaiveDate,
    },
    /// Ajoute un partenaire aux parties.
    AddPartner {
        /// Le partenaire.
        partner_id: PartnerId,
    },
    /// Retire un partenaire des parties.
    RemovePartner {
        /// Le partenaire.
        partner_id: PartnerId,
    },
    /// Remplace les axes de travail.
    SetAxes {
        /// Les axes ; une liste vide ne restreint rien.
        #[schema(example = json!(["career_discovery"]))]
        axes: Vec<Axis>,
    },
    /// Remplace les types d'action.
    SetActionTypes {
        /// Les types d'action ; une liste vide ne restreint rien.
        #[schema(example = json!(["company_visit"]))]
        action_types: Vec<ActionType>,
    },
    /// Remplace les niveaux.
    SetLevels {
        /// Les niveaux ; une liste vide ne restreint rien.
        #[schema(example = json!(["3e"]))]
        levels: Vec<Level>,
    },
    /// Remplace les temps du parcours.
    SetMoments {
        /// Les temps du parcours ; une liste vide ne restreint rien.
        #[schema(example = json!(["career_discovery"]))]
        moments: Vec<Moment>,
    },
    /// Remplace les modalités de suivi.
    SetFollowUp {
        /// Les modalités de suivi.
        follow_up: FollowUp,
    },
    /// Ajoute un article, ou récrit celui qu'un avenant a ajouté.
    Text {
        /// Le nom de l'article.
        #[schema(example = "Article 3")]
        article: Text<100>,
        /// Ce qu'il dit désormais.
        #[schema(example = "Le comité de pilotage se réunit deux fois par an.")]
        text: Text<10000>,
    },
}

/// What a change is about: two changes of one thing on one day contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// A member of the convention.
    Member(&'static str),
    /// Whether this partner is a party.
    Party(PartnerId),
    /// An article.
    Article(String),
}

impl Field {
    /// Whether it is this member of the convention.
    pub fn is_member(&self, name: &str) -> bool {
        matches!(self, Self::Member(own) if *own == name)
    }
}

impl Change {
    /// What it is about.
    pub fn field(&self) -> Field {
        match self {
            Self::Extend { .. } => Field::Member("ends_on"),
            Self::AddPartner { partner_id } | Self::RemovePartner { partner_id } => {
                Field::Party(*partner_id)
            }
            Self::SetAxes { .. } => Field::Member("axes"),
            Self::SetActionTypes { .. } => Field::Member("action_types"),
            Self::SetLevels { .. } => Field::Member("levels"),
            Self::SetMoments { .. } => Field::Member("moments"),
            Self::SetFollowUp { .. } => Field::Member("follow_up"),
            Self::Text { article, .. } => Field::Article(article.to_string()),
        }
    }
}

impl Change {
    /// Adds or removes a party, if that is what it does.
    pub fn apply_to_parties(&self, parties: &mut Vec<PartnerId>) {
        match self {
            Self::AddPartner { partner_id } if !parties.contains(partner_id) => {
                parties.push(*partner_id);
            }
            Self::RemovePartner { partner_id } => parties.retain(|party| party != partner_id),
            _ => {}
        }
    }
}

impl Body for Change {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let Some(op) = fields.required("op") else {
            fields.leave_the_rest();
            return None;
        };
        Some(match op {
            Op::Extend => Self::Extend {
                ends_on: fields.required("ends_on")?,
            },
            Op::AddPartner => Self::AddPartner {
                partner_id: fields.required("partner_id")?,
            },
            Op::RemovePartner => Self::RemovePartner {
                partner_id: fields.required("partner_id")?,
            },
            Op::SetAxes => Self::SetAxes {
                axes: fields.required("axes")?,
            },
            Op::SetActionTypes => Self::SetActionTypes {
                action_types: fields.required("action_types")?,
            },
            Op::SetLevels => Self::SetLevels {
                levels: fields.required("levels")?,
            },
            Op::SetMoments => Self::SetMoments {
                moments: fields.required("moments")?,
            },
            Op::SetFollowUp => {
                let follow_up = fields.object("follow_up");
                fields.needs("follow_up");
                Self::SetFollowUp {
                    follow_up: follow_up?,
                }
            }
            Op::Text => {
                let (article, text) = (fields.required("article"), fields.required("text"));
                Self::Text {
                    article: article?,
                    text: text?,
                }
            }
        })
    }
}

/// Ce qu'il faut pour rédiger un avenant.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NewAmendment {
    /// Intitulé.
    #[schema(example = "Prolongation d'un an")]
    pub title: Text<300>,
    /// Le jour où il prend effet.
    #[schema(example = "2027-01-01")]
    pub effective_on: NaiveDate,
    /// Ce qu'il change, une chose au moins.
    #[schema(min_items = 1, max_items = 50)]
    pub changes: Vec<Change>,
    /// Les signataires, des deux côtés.
    #[schema(required = false, max_items = 100)]
    pub signatories: Vec<NewSignatory>,
    /// Le texte de l'avenant, ses annexes.
    #[schema(required = false, max_items = 100)]
    pub documents: Vec<Document>,
}

/// A change of an amendment.
pub type AmendmentPatch = Patch<NewAmendment>;

/// Fields of the answer that input may not set.
const SET_BY_SERVICE: &[&str] = &[
    "id",
    "convention_id",
    "number",
    "status",
    "signed_on",
    "content_hash",
    "voided_signatures",
    "created_at",
    "updated_at",
    "allowed_actions",
    "warnings",
];

impl Body for NewAmendment {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let title = fields.required("title");
        let effective_on = fields.required("effective_on");
        let changes = fields.objects_in_place("changes", MAX_CHANGES);
        fields.needs_item("changes");
        once_each(fields, &changes);
        let signatories = fields.objects("signatories", MAX_PARTS);
        let documents = fields.objects("documents", MAX_PARTS);
        Some(Self {
            title: title?,
            effective_on: effective_on?,
            changes: changes.into_iter().collect::<Option<_>>()?,
            signatories,
            documents,
        })
    }
}

/// One amendment says one thing of each.
fn once_each(fields: &mut Fields<'_>, changes: &[Option<Change>]) {
    let mut said = HashSet::new();
    for (index, change) in changes.iter().enumerate() {
        let field = change.as_ref().map(Change::field);
        if field.is_some_and(|field| !said.insert(field)) {
            fields.fault_below("changes", &format!("/{index}"), Rule::RepeatedItem);
        }
    }
}
