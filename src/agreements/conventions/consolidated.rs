//! The consolidated text of a convention on a day: the original text as amended since.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::amendments::content::{Change, Field};
use super::content::Content;
use super::content_hash::content_hash;
use super::model::Convention;
use crate::agreements::conventions::acts::{Amended, Article};
use crate::error::Result;
use crate::values::ids::{AmendmentId, PartnerId};
use crate::values::{ActionType, Axis, Level, Moment, Sha256Hex, Text};

/// Ce qui, dans le texte de ce jour, vient d'un avenant.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Origin {
    /// Le champ de la réponse ; pour un article, `articles` suivi de son nom.
    #[schema(example = "ends_on")]
    pub field: String,
    /// L'avenant qui l'a changé en dernier.
    pub amendment_id: AmendmentId,
    /// Son numéro.
    #[schema(example = 1)]
    pub number: i32,
}

/// The consolidated text of a convention on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Consolidated {
    /// Its fields.
    pub content: Content,
    /// The articles that amendments added or rewrote, by name.
    pub articles: Vec<Article>,
}

impl Consolidated {
    /// A text that nothing has amended.
    pub const fn original(content: Content) -> Self {
        Self {
            content,
            articles: Vec::new(),
        }
    }

    /// The text after a change; a change that no longer applies changes nothing.
    pub fn apply(&mut self, change: &Change) {
        let content = &mut self.content;
        match change {
            Change::Extend { ends_on } => content.ends_on = Some(*ends_on),
            Change::AddPartner { .. } | Change::RemovePartner { .. } => {
                change.apply_to_parties(&mut content.partner_ids);
            }
            Change::SetAxes { axes } => content.axes.clone_from(axes),
            Change::SetActionTypes { action_types } => {
                content.action_types.clone_from(action_types);
            }
            Change::SetLevels { levels } => content.levels.clone_from(levels),
            Change::SetMoments { moments } => content.moments.clone_from(moments),
            Change::SetFollowUp { follow_up } => {
                content.terms.0.follow_up = Some(follow_up.clone());
            }
            Change::Text { article, text } => self.write(article, text),
        }
    }

    fn write(&mut self, article: &Text<100>, text: &Text<10000>) {
        let written = self.articles.iter_mut().find(|one| one.article == *article);
        match written {
            Some(present) => present.text = text.clone(),
            None => self.articles.push(Article {
                article: article.clone(),
                text: text.clone(),
            }),
        }
        self.articles
            .sort_by_cached_key(|one| one.article.to_string());
    }

    /// The text after those of these amendments that are in effect on a day.
    pub fn amended(mut self, amendments: &[Amended], day: NaiveDate) -> Self {
        for change in in_effect(amendments, day).flat_map(|one| &one.changes) {
            self.apply(change);
        }
        self
    }
}

/// Those in effect on a day, in their order.
pub fn in_effect(amendments: &[Amended], day: NaiveDate) -> impl Iterator<Item = &Amended> {
    amendments.iter().filter(move |one| one.effective_on <= day)
}

/// The parties on a day, of those that signed first and what amendments made of them.
pub fn parties_on(first: &[PartnerId], amendments: &[Amended], day: NaiveDate) -> Vec<PartnerId> {
    let mut parties = first.to_vec();
    for change in in_effect(amendments, day).flat_map(|one| &one.changes) {
        change.apply_to_parties(&mut parties);
    }
    parties
}

/// What a text restricts from a day on, as lists are filtered by: see the table `convention_texts`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Restricted {
    /// From when.
    pub from: NaiveDate,
    /// The parties.
    pub partner_ids: Vec<PartnerId>,
    /// The axes; none restrict nothing, here and below.
    pub axes: Vec<Axis>,
    /// The types of action.
    pub action_types: Vec<ActionType>,
    /// The levels.
    pub levels: Vec<Level>,
    /// The moments.
    pub moments: Vec<Moment>,
}

impl Convention {
    /// The consolidated text on a day.
    pub fn on(&self, day: NaiveDate) -> Consolidated {
        Consolidated::original(self.original.clone()).amended(&self.amendments, day)
    }

    /// The digest of its text of a day: that of the text that was signed, unless an amendment had changed it.
    ///
    /// # Errors
    /// `internal_error` when it cannot be made.
    pub fn hash_of(&self, text: &Consolidated) -> Result<Sha256Hex> {
        let is_amended = !text.articles.is_empty() || text.content != self.original;
        if is_amended {
            content_hash(&text.content, &text.articles)
        } else {
            Ok(self.content_hash.clone())
        }
    }

    /// Its parties on a day.
    pub fn parties(&self, day: NaiveDate) -> Vec<PartnerId> {
        parties_on(&self.original.partner_ids, &self.amendments, day)
    }

    /// The end that is agreed on a day. The very rule of the database's `convention_agreed_end_on`.
    pub fn agreed_end(&self, day: NaiveDate) -> Option<NaiveDate> {
        let last = in_effect(&self.amendments, day).last();
        last.and_then(|one| one.ends_on).or(self.original.ends_on)
    }

    /// What it says on a day and, one after the other, from each later day an amendment takes
    /// effect until the last day given.
    pub fn between(&self, first: NaiveDate, last: Option<NaiveDate>) -> Vec<Consolidated> {
        let later = self.amendments.iter().map(|one| one.effective_on);
        let mut days: Vec<NaiveDate> = later
            .filter(|day| *day > first && last.is_none_or(|last| *day <= last))
            .collect();
        days.dedup();
        let days = std::iter::once(first).chain(days);
        days.map(|day| self.on(day)).collect()
    }

    /// Its amendments with one more, in the order of their effect.
    pub fn amended_by(&self, amendment: Amended) -> Vec<Amended> {
        let mut amendments = self.amendments.0.clone();
        amendments.push(amendment);
        amendments.sort_by_key(Amended::rank);
        let mut text = Consolidated::original(self.original.clone());
        for one in &mut amendments {
            for change in &one.changes {
                text.apply(change);
            }
            one.ends_on = text.content.ends_on;
        }
        amendments
    }

    /// What each of its amended texts restricts.
    pub fn restricted(&self) -> Vec<Restricted> {
        let mut days: Vec<NaiveDate> = self.amendments.iter().map(|one| one.effective_on).collect();
        days.dedup();
        let on = |from: NaiveDate| {
            let text = self.on(from).content;
            Restricted {
                from,
                partner_ids: text.partner_ids,
                axes: text.axes,
                action_types: text.action_types,
                levels: text.levels,
                moments: text.moments,
            }
        };
        days.into_iter().map(on).collect()
    }

    /// What of its text on a day comes from which amendment.
    pub fn origins(&self, day: NaiveDate) -> Vec<Origin> {
        let mut origins: Vec<Origin> = Vec::new();
        for amendment in in_effect(&self.amendments, day) {
            for change in &amendment.changes {
                let field = match change.field() {
                    Field::Article(name) => format!("articles/{name}"),
                    Field::Party(_) => "partner_ids".to_owned(),
                    Field::Member(name) => name.to_owned(),
                };
                origins.retain(|origin| origin.field != field);
                origins.push(Origin {
                    field,
                    amendment_id: amendment.id,
                    number: amendment.number,
                });
            }
        }
        origins
    }
}
