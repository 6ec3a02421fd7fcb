//! The handler of the comparison.

use actix_web::get;

use super::effective::EffectiveTerms;
use super::model::{Comparison, PARENT_NOT_VISIBLE, Parent, compare};
use crate::agreements::conventions::model::Convention;
use crate::agreements::conventions::store as conventions;
use crate::agreements::declinations::model::Declination;
use crate::agreements::declinations::store;
use crate::db::Reading as Connection;
use crate::error::Result;
use crate::http::answer::Answer;
use crate::http::call::Call;
use crate::register::territories::ancestry;
use crate::results::declination_progress::reading;
use crate::values::ids::DeclinationId;
use crate::values::{TextValue, today};

/// Comparaison d'une déclinaison avec son parent
///
/// Champ par champ, avec sa déclinaison parente, ou avec la convention si elle n'en a pas : ce que
/// chacune dit, ce qui vaut, et ce que la déclinaison laisse de côté. Une déclinaison parente que
/// l'appelant ne peut pas encore lire n'est pas montrée : la comparaison est faite avec la
/// convention, et `warnings` le dit. Une date est `wider` lorsqu'elle dépasse celle du parent.
#[utoipa::path(
    tag = "Déclinaisons",
    params(("id" = DeclinationId, Path, description = "Identifiant de la déclinaison")),
    responses((status = 200, description = "La comparaison", body = Comparison))
)]
#[get("/v1/declinations/{id}/comparison")]
pub async fn get_declination_comparison(call: Call) -> Result<Answer> {
    let (scope, reader) = (call.scope()?, call.reader().await?);
    let found = store::find(&reader, scope, call.id("id")).await?;
    let comparison = compared(&reader, &call, found.declination).await?;
    Answer::digested(&comparison)
}

async fn compared(
    connection: &Connection,
    call: &Call,
    declination: Declination,
) -> Result<Comparison> {
    let (scope, language) = (call.scope()?, call.admitted.language);
    let content = &declination.content;
    // Sent together: one round trip.
    let (parents, convention, ancestries, targets) = tokio::try_join!(
        store::find_all(connection, scope, content.parent_id.as_slice()),
        conventions::find(connection, scope, content.convention_id),
        ancestry::each(connection, &content.territories),
        reading::targets(connection, scope, std::slice::from_ref(&declination), None),
    )?;
    let parent = parents
        .into_iter()
        .next()
        .map(|in_context| in_context.declination);
    let above_id = parent.as_ref().and_then(|parent| parent.content.parent_id);
    let above = store::find_all(connection, scope, above_id.as_slice()).await?;
    // From the convention down, but for what the caller may not see.
    let mut terms = EffectiveTerms::of(&convention, today(call.app.now()));
    for declination in above
        .iter()
        .map(|in_context| &in_context.declination)
        .chain(&parent)
    {
        terms = terms.below(&declination.content);
    }
    let alone = |_| {
        content
            .territories
            .iter()
            .map(|code| vec![code.as_str().to_owned()])
            .collect()
    };
    let is_hidden = (content.parent_id.is_some() && parent.is_none())
        || (above_id.is_some() && above.is_empty());
    let hidden = is_hidden.then(|| PARENT_NOT_VISIBLE.at("/parent", language));
    Ok(Comparison {
        declination_id: declination.id,
        targets: targets.into_iter().map(|(_, target)| target).collect(),
        fields: compare(content, &ancestries.unwrap_or_else(alone), &terms),
        parent: parent.map_or_else(|| of_convention(&convention), of_declination),
        warnings: hidden.into_iter().collect(),
    })
}

fn of_declination(parent: Declination) -> Parent {
    Parent {
        kind: "declination",
        id: parent.id.uuid(),
        url: format!("/v1/declinations/{}", parent.id),
        title: parent.content.title,
    }
}

fn of_convention(convention: &Convention) -> Parent {
    Parent {
        kind: "convention",
        id: convention.id.uuid(),
        url: format!("/v1/conventions/{}", convention.id),
        title: Some(convention.original.title.clone()),
    }
}
