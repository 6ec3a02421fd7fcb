//! Problem documents (RFC 9457): the wire format of an [`Error`], and their documentation.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Code, Error, Place};
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
    /// D'un lot refusé, ce que chacun de ses éléments serait devenu.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub verdicts: Option<serde_json::Value>,
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
}

impl Problem {
    /// The document for an error, in a language.
    pub fn of(error: &Error, language: Language, instance: &str, request_id: &str) -> Self {
        Self {
            kind: format!("/problems/{}", error.code.as_str()),
            title: error.code.title(language),
            status: error.code.entry().status,
            code: error.code.as_str(),
            detail: detail(error, language),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors: error
                .faults
                .iter()
                .map(|fault| ProblemFault::of(fault, language))
                .collect(),
            verdicts: error.verdicts.as_deref().cloned(),
        }
    }
}

impl ProblemFault {
    fn of(fault: &super::Fault, language: Language) -> Self {
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
            detail: fault.rule.detail(language),
        }
    }
}

/// What happened this time: the number of faults, or what the code means and what it is about.
fn detail(error: &Error, language: Language) -> String {
    if error.code == Code::ValidationFailed {
        return match (error.faults.len(), language) {
            (1, Language::French) => "1 endroit est à corriger.".into(),
            (n, Language::French) => format!("{n} endroits sont à corriger."),
            (1, Language::English) => "1 place is to be corrected.".into(),
            (n, Language::English) => format!("{n} places are to be corrected."),
        };
    }
    let entry = error.code.entry();
    let meaning = entry.meaning.get(language);
    match &error.subject {
        Some(subject) => format!("{meaning} ({subject})"),
        None => meaning.to_owned(),
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
    pub title: &'static str,
    /// Ce que le code veut dire.
    pub meaning: &'static str,
    /// Ce qu'il faut faire.
    pub fix: &'static str,
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
            example = Error::at(code, Place::field("siren"), super::Rule::Checksum(None));
        }
        Self {
            code: entry.code,
            kind: format!("/problems/{}", entry.code),
            status: entry.status,
            title: entry.title.get(language),
            meaning: entry.meaning.get(language),
            fix: entry.fix.get(language),
            example: Problem::of(
                &example,
                language,
                "/v1/partners",
                "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f",
            ),
        }
    }
}
