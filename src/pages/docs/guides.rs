//! The guides, in French: Markdown of the repository, rendered once.

use std::sync::LazyLock;

use super::markdown::{self, Rendered};

/// A guide.
pub struct Guide {
    /// The last part of its address.
    pub slug: &'static str,
    /// For whom it is, or what it answers.
    pub about: &'static str,
    /// Whether it is one to begin with.
    pub begins: bool,
    /// As it is shown.
    pub text: Rendered,
}

macro_rules! guides {
    ($($slug:literal, $begins:literal, $about:literal;)+) => {
        /// Each guide, in its place, with its source.
        const SOURCES: &[(&str, bool, &str, &str)] = &[
            $(($slug, $begins, $about, include_str!(concat!("../../../docs/fr/", $slug, ".md")))),+
        ];
    };
}

// A macro only so that the name of a file and that of its page are one.
guides! {
    "portail", true, "Vous tenez le portail d’un partenaire : déposez son offre, recevez les demandes des établissements.";
    "systeme-d-information", true, "Vous tenez un logiciel d’académie ou d’établissement : gardez une copie des conventions, à jour sans rien manquer.";
    "rectorat", true, "Vous êtes un rectorat : un partenaire, sa convention, ses signatures, et les déclinaisons de douze établissements en un fichier.";
    "chiffres", true, "Vous travaillez avec des chiffres : pandas, R, Power Query d’Excel, DuckDB.";
    "concepts", false, "Convention, déclinaison, intervention, bilan : ce que chaque mot veut dire, et ce que chacun peut voir.";
    "erreurs", false, "Ce que dit un refus, ce qu’il faut corriger, ce qu’il faut renvoyer.";
    "webhooks", false, "Être prévenu des changements, et vérifier les messages en Python, en TypeScript et en PHP.";
    "nouveautes", false, "Ce qui a changé pour ceux qui utilisent le registre.";
}

static GUIDES: LazyLock<Vec<Guide>> = LazyLock::new(|| {
    let sources = SOURCES.iter();
    let rendered = sources.map(|(slug, begins, about, text)| Guide {
        slug,
        about,
        begins: *begins,
        text: markdown::page(text),
    });
    rendered.collect()
});

/// All of them, in the order to read them in.
pub fn all() -> &'static [Guide] {
    &GUIDES
}

/// The one at this address.
pub fn named(slug: &str) -> Option<&'static Guide> {
    all().iter().find(|guide| guide.slug == slug)
}
