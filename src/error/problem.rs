//! Problem documents (RFC 9457): the wire format of an [`Error`], and their documentation.

use serde::Serialize;
use utoipa::ToSchema;

use super::notice::{NOTICES, Notice};
use super::{Advice, Code, Error, Fault, Place, Rule};
use crate::language::Language;

/// Le document d'erreur commun à toutes les réponses en échec (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Adresse de la documentation de ce code.
    #[serde(rename = "type")]
    #[schema(example = "/problems/validation_failed")]
    pub kind: String,
    /// Titre, le même pour toutes les occurrences du code.
    #[schema(example = "La requête contient des erreurs")]
    pub title: &'static str,
    /// Code de statut HTTP.
    #[schema(example = 422)]
    pub status: u16,
    /// Code stable, à tester par les programmes.
    #[schema(example = "validation_failed")]
    pub code: &'static str,
    /// Ce qui s'est passé cette fois.
    #[schema(example = "1 endroit est à corriger.")]
    pub detail: String,
    /// Chemin de la requête.
    #[schema(example = "/v1/partners")]
    pub instance: String,
    /// Identifiant de la requête, aussi dans `X-Request-Id` et dans le journal.
    pub request_id: String,
    /// Tous les endroits fautifs de la requête.
    pub errors: Vec<ProblemFault>,
    /// `true` : il peut y en avoir d'autres, que la réponse laisse de côté.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub errors_truncated: bool,
    /// D'un lot refusé, ce que chacun de ses éléments serait devenu.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub verdicts: Option<serde_json::Value>,
    /// De `resync_required`, pourquoi : `perimeter_changed`, `lineage_lost` ou `history_purged`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// De `resync_required`, les types d'objets à relire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<String>>,
    /// De `resync_required`, les territoires dont les objets sont à relire ; `FR` : tous.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub territories: Option<Vec<String>>,
    /// De `resync_required`, le curseur auquel reprendre le flux une fois qu'ils sont relus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Un endroit fautif de la requête.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemFault {
    /// Pointeur JSON dans le corps (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/siren")]
    pub pointer: Option<String>,
    /// Nom du paramètre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Nom de l'en-tête.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<&'static str>,
    /// Code stable de la règle.
    #[schema(example = "invalid_checksum")]
    pub code: &'static str,
    /// La règle et ce qu'il faut faire.
    #[schema(example = "La clé de contrôle est fausse : vérifiez le numéro.")]
    pub detail: String,
    /// Les valeurs acceptées, où elles se comptent ; pour un nombre, ses bornes.
    #[schema(example = json!([]))]
    pub accepted: Vec<serde_json::Value>,
    /// La valeur probablement voulue, si elle se devine.
    #[schema(example = json!(null))]
    pub nearest: Option<serde_json::Value>,
}

impl Problem {
    /// The document for an error, in a language, with what can be advised on each of its faults.
    pub fn of(
        error: &Error,
        language: Language,
        instance: &str,
        request_id: &str,
        advise: impl Fn(&Fault) -> Advice,
    ) -> Self {
        Self {
            kind: format!("/problems/{}", error.code.as_str()),
            title: error.code.title(language),
            status: error.code.entry().status,
            code: error.code.as_str(),
            detail: error.told(language),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors: error
                .faults
                .iter()
                .map(|fault| ProblemFault::of(fault, advise(fault), language))
                .collect(),
            errors_truncated: error.is_cut,
            verdicts: error.verdicts.as_deref().cloned(),
            reason: error.resync.as_ref().map(|resync| resync.reason),
            types: error.resync.as_ref().map(|resync| resync.types.clone()),
            territories: error
                .resync
                .as_ref()
                .map(|resync| resync.territories.clone()),
            cursor: error.resync.as_ref().map(|resync| resync.cursor.clone()),
        }
    }
}

impl ProblemFault {
    /// A fault in a language, with what can be advised on it.
    pub fn of(fault: &Fault, advice: Advice, language: Language) -> Self {
        let (pointer, parameter, header) = match &fault.place {
            Place::Pointer(pointer) => (Some(pointer.clone()), None, None),
            Place::Parameter(name) => (None, Some(name.clone()), None),
            Place::Header(name) => (None, None, Some(*name)),
        };
        Self {
            pointer,
            parameter,
            header,
            code: fault.rule.code(),
            detail: match (&fault.rule, fault.place.list()) {
                (Rule::UnknownReference, Some(list)) => see(&fault.rule, list, language),
                (rule, _) => rule.detail(language),
            },
            accepted: advice.accepted,
            nearest: advice.nearest,
        }
    }
}

/// The rule, and the list of what may be named.
fn see(rule: &Rule, list: &str, language: Language) -> String {
    let said = rule.detail(language);
    match language {
        Language::French => format!("{said} Voyez {list}."),
        Language::English => format!("{said} See {list}."),
    }
}

impl Error {
    /// What happened this time: the number of faults, or what the code means and what it is about.
    pub fn told(&self, language: Language) -> String {
        if self.code == Code::ValidationFailed {
            return match (self.faults.len(), language) {
                (1, Language::French) => "1 endroit est à corriger.".into(),
                (n, Language::French) => format!("{n} endroits sont à corriger."),
                (1, Language::English) => "1 place is to be corrected.".into(),
                (n, Language::English) => format!("{n} places are to be corrected."),
            };
        }
        // The object has not changed: the tag cannot be compared, and the fault says why.
        if let (Code::PreconditionFailed, [fault]) = (self.code, self.faults.as_slice()) {
            return fault.rule.detail(language);
        }
        let entry = self.code.entry();
        let meaning = entry.meaning.get(language);
        match &self.subject {
            Some(subject) => format!("{meaning} ({})", subject.get(language)),
            None => meaning.to_owned(),
        }
    }
}

/// La documentation d'un code d'erreur.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemType {
    /// Code stable.
    #[schema(example = "validation_failed")]
    pub code: &'static str,
    /// Adresse de cette documentation, valeur de `type`.
    #[schema(example = "/problems/validation_failed")]
    #[serde(rename = "type")]
    pub kind: String,
    /// Code de statut HTTP.
    #[schema(example = 422)]
    pub status: u16,
    /// Titre.
    pub title: String,
    /// Ce que le code veut dire.
    pub meaning: String,
    /// Ce qu'il faut faire.
    pub fix: String,
    /// Un document d'erreur de ce code.
    #[schema(value_type = Object)]
    pub example: Problem,
}

impl ProblemType {
    /// The documentation of a code.
    pub fn of(code: Code, language: Language) -> Self {
        let entry = code.entry();
        let mut example = Error::new(code);
        if code == Code::ValidationFailed {
            example = Error::at(code, Place::field("siren"), Rule::Checksum(None));
        }
        Self {
            code: entry.code,
            kind: format!("/problems/{}", entry.code),
            status: entry.status,
            title: entry.title.get(language).to_owned(),
            meaning: entry.meaning.get(language).to_owned(),
            fix: entry.fix.get(language).to_owned(),
            example: shown(&example, language),
        }
    }

    /// The documentation of the code of a fault, of those that stand in `errors` and in `warnings`.
    pub fn of_fault(code: &str, language: Language) -> Option<Self> {
        let rules = rules().into_iter().filter(|rule| rule.code() == code);
        let mut words: Vec<String> = Vec::new();
        let mut first = None;
        for rule in rules {
            let said = rule.detail(language);
            if !words.contains(&said) {
                words.push(said);
            }
            first.get_or_insert(rule);
        }
        let rule = first?;
        let example = Error::at(Code::ValidationFailed, Place::field("field"), rule.clone());
        let title = words.first().map(|said| title_of(said)).unwrap_or_default();
        Some(Self {
            code: rule.code(),
            kind: format!("/problems/{code}"),
            status: example.code.entry().status,
            title: title.to_owned(),
            meaning: words.join(" "),
            fix: match language {
                Language::French => {
                    "Corrigez l'endroit que nomment `pointer`, `parameter` ou `header`, comme `detail` le dit ; `accepted` et `nearest` disent quoi y mettre.".to_owned()
                }
                Language::English => {
                    "Correct the place named by `pointer`, `parameter` or `header`, as `detail` says; `accepted` and `nearest` say what to put there.".to_owned()
                }
            },
            example: shown(&example, language),
        })
    }

    /// The codes of faults that are no codes of problems, in their order.
    pub fn of_faults(language: Language) -> Vec<Self> {
        let mut codes: Vec<&str> = rules().iter().map(Rule::code).collect();
        codes.sort_unstable();
        codes.dedup();
        let own = codes.into_iter().filter(|code| Code::named(code).is_none());
        own.filter_map(|code| Self::of_fault(code, language))
            .collect()
    }
}

/// Every rule that a place can break: the general ones, each with an example of what it names, and the
/// notices of the resources.
fn rules() -> Vec<Rule> {
    let mut rules = Rule::examples();
    let own: &'static [Notice] = NOTICES;
    rules.extend(own.iter().map(Rule::Own));
    rules
}

/// The words before the first stop or colon.
fn title_of(said: &str) -> &str {
    let end = said.find([':', '.', '(']).unwrap_or(said.len());
    said.get(..end).unwrap_or(said).trim_end()
}

fn shown(example: &Error, language: Language) -> Problem {
    Problem::of(
        example,
        language,
        "/v1/partners",
        "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f",
        |_| Advice::default(),
    )
}
