//! The lifecycles of objects, written from their transition tables: in French below the tags of the
//! OpenAPI document, in English with diagrams in `docs/LIFECYCLES.md`.

use std::fmt::Write as _;

use utoipa::openapi::OpenApi;

use crate::agreements::{conventions, declinations};
use crate::integration::webhooks;
use crate::language::Language;
use crate::offers::solicitations;
use crate::register::{clients, partners};
use crate::results::{campaigns, reports};
use crate::steps::Step;

/// The life of a kind of object.
struct Life {
    tag: &'static str,
    /// What it is the life of, in French and English.
    of: [&'static str; 2],
    /// Each status with its steps: `draft`: `update`, `open-negotiation` → `negotiation`.
    french: String,
    /// For the page alone, which a test writes.
    #[cfg(test)]
    english: String,
    #[cfg(test)]
    diagram: String,
}

fn lives() -> [Life; 9] {
    use conventions::amendments::model::Step as AmendmentStep;
    [
        life::<partners::model::Step>("Partenaires", ["un partenaire", "partner"]),
        life::<conventions::model::Step>("Conventions", ["une convention", "convention"]),
        life::<AmendmentStep>("Conventions", ["un avenant", "amendment"]),
        life::<declinations::model::Step>("Déclinaisons", ["une déclinaison", "declination"]),
        life::<solicitations::model::Step>("Sollicitations", ["une sollicitation", "solicitation"]),
        life::<reports::model::Step>("Bilans", ["un bilan", "report"]),
        life::<campaigns::model::Step>("Campagnes", ["une campagne", "campaign"]),
        life::<clients::model::Step>("Clients", ["un client", "client"]),
        life::<webhooks::model::Step>("Webhooks", ["un webhook", "webhook"]),
    ]
}

fn life<S: Step>(tag: &'static str, of: [&'static str; 2]) -> Life {
    Life {
        tag,
        of,
        french: table::<S>(Language::French),
        #[cfg(test)]
        english: table::<S>(Language::English),
        #[cfg(test)]
        diagram: diagram::<S>(),
    }
}

/// A line for each status.
fn table<S: Step>(language: Language) -> String {
    let mut lines = String::new();
    for status in S::STATUSES {
        let outcomes: Vec<String> = S::ALL
            .iter()
            .filter_map(|step| outcome(*step, *status, language))
            .collect();
        let steps = if outcomes.is_empty() {
            "—".to_owned()
        } else {
            outcomes.join(", ")
        };
        let colon = match language {
            Language::French => " :",
            Language::English => ":",
        };
        let _ = writeln!(lines, "- `{status}`{colon} {steps}");
    }
    lines
}

/// A step from a status, with what the object becomes where that is something else.
fn outcome<S: Step>(step: S, status: S::Status, language: Language) -> Option<String> {
    let after = step.from(status)?;
    let mut words = format!("`{}`", step.as_str());
    if after != status {
        let _ = write!(words, " → `{after}`");
    }
    if let Some(other) = step.alternative(status) {
        let _ = write!(
            words,
            " → `{}` ({})",
            other.status,
            other.when.get(language)
        );
    }
    Some(words)
}

/// The same as a state diagram (Mermaid), without the steps that lead nowhere else.
#[cfg(test)]
fn diagram<S: Step>() -> String {
    let mut lines = String::from("stateDiagram-v2\n");
    if let Some(first) = S::STATUSES.first() {
        let _ = writeln!(lines, "    [*] --> {first}");
    }
    for status in S::STATUSES {
        for step in S::ALL {
            let Some(after) = step.from(*status) else {
                continue;
            };
            let name = step.as_str();
            if name == "delete" {
                let _ = writeln!(lines, "    {status} --> [*]: {name}");
            } else if after != *status {
                let _ = writeln!(lines, "    {status} --> {after}: {name}");
            }
            if let Some(other) = step.alternative(*status) {
                let when = other.when.get(Language::English);
                let _ = writeln!(lines, "    {status} --> {}: {name} ({when})", other.status);
            }
        }
    }
    lines
}

/// Adds the lives to the tags.
pub fn describe(document: &mut OpenApi) {
    for life in lives() {
        let tags = document.tags.iter_mut().flatten();
        for tag in tags.filter(|tag| tag.name == life.tag) {
            let text = format!("\n\nLa vie d'{} :\n\n{}", life.of[0], life.french);
            let description = tag.description.get_or_insert_default();
            description.push_str(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/LIFECYCLES.md");

    fn page() -> String {
        let mut page = String::from(
            "# The lives of objects\n\nWritten from the transition tables of the program (`just lifecycles`), which its workflow, its 409 answers, `allowed_actions` and the OpenAPI document read too. A step is a path, `POST …/<step>`, but for `update` (`PATCH`) and `delete` (`DELETE`). Steps that lead back to the same status are not drawn. What an object *is* on a day (`effective_status`) follows from dates, not from steps: see [API.md](API.md).\n",
        );
        for life in lives() {
            let name = life.of[1];
            let _ = write!(
                page,
                "\n## {}{}\n\n```mermaid\n{}```\n\n{}",
                name[..1].to_uppercase(),
                &name[1..],
                life.diagram,
                life.english
            );
        }
        page
    }

    #[test]
    fn the_page_of_lifecycles_is_drawn_from_the_transition_tables() {
        let drawn = page();
        if std::env::var_os("REE_WRITE_LIFECYCLES").is_some() {
            std::fs::write(PAGE, &drawn).unwrap();
        }
        let committed = std::fs::read_to_string(PAGE).unwrap_or_default();
        assert_eq!(committed, drawn, "run `just lifecycles`");
    }
}
