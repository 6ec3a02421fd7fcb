//! The proof of a convention, as its page shows it: the digests of what was signed, who signed it when, and
//! how anybody verifies both.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::parts::scrolled;
use super::words;
use crate::agreements::conventions::signing::Side;
use crate::layout::Spoken;
use crate::results::permalinks::model::ConventionPermalink;
use crate::results::permalinks::proof::{PublicSignature, SignedAct};
use crate::values::TextValue as _;

/// Who signed the convention or one of its amendments, which is called so, and when.
pub fn signatures(
    s: Spoken,
    found: &ConventionPermalink,
    amendment: Option<i32>,
) -> Vec<(NaiveDate, String)> {
    let name = act_name(s, amendment);
    let mut acts = found.proof.acts.iter();
    let act = acts.find(|act| act.amendment == amendment);
    let signatures = act.into_iter().flat_map(|act| &act.signatures);
    let told = |one: &PublicSignature| {
        let words = format!("{name} : signature ({})", signer(s, found, one));
        (one.signed_on, words)
    };
    signatures.map(told).collect()
}

/// What an act is called: an amendment by its number.
pub fn act_name(s: Spoken, amendment: Option<i32>) -> String {
    match amendment {
        None => s.say("Convention", "Convention").to_owned(),
        Some(number) => format!("{} {number}", s.say("Avenant n°", "Amendment no.")),
    }
}

/// For whom a signature was given.
fn signer(s: Spoken, found: &ConventionPermalink, signature: &PublicSignature) -> String {
    if signature.side == Side::Ministry {
        return s.say("le ministère", "the ministry").to_owned();
    }
    let parties = &found.convention.partners;
    let party = parties
        .iter()
        .find(|party| Some(party.id) == signature.partner_id);
    // A party that an amendment has removed since is not told by its name any more.
    party.map_or_else(
        || s.say("un partenaire", "a partner").to_owned(),
        |party| party.name.as_str().to_owned(),
    )
}

/// The section of the page.
pub fn section(s: Spoken, found: &ConventionPermalink) -> Markup {
    let proof = &found.proof;
    let title = s.say("Preuve", "Proof");
    let is_signed_here = proof.acts.iter().any(|act| !act.signatures.is_empty());
    html! {
        section aria-labelledby="preuve" {
            h2 id="preuve" { (title) }
            p { (s.say("Empreinte (SHA-256) du texte d’aujourd’hui, avenants compris :", "Digest (SHA-256) of today’s text, amendments included:")) }
            p { code class="digest" { (proof.content_hash.as_str()) } }
            (scrolled(title, &table(s, found)))
            @if !is_signed_here {
                p class="quiet" { (s.say("Cette convention vient d’une liste : ses signatures n’ont pas été enregistrées ici. L’empreinte est celle de ce que le registre en tient.", "This convention comes from a list: its signatures were not recorded here. The digest is of what the register holds of it.")) }
            }
            (how(s, found))
        }
    }
}

fn table(s: Spoken, found: &ConventionPermalink) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { (s.say("Acte", "Act")) }
                th scope="col" { (s.say("Empreinte de ce qu’il dit", "Digest of what it says")) }
                th scope="col" { (s.say("Signé par", "Signed by")) }
                th scope="col" { (s.say("Empreinte du document signé", "Digest of the signed document")) }
            } }
            tbody { @for act in &found.proof.acts { (row(s, found, act)) } }
        }
    }
}

fn row(s: Spoken, found: &ConventionPermalink, act: &SignedAct) -> Markup {
    let mut documents: Vec<&str> = act
        .signatures
        .iter()
        .filter_map(|one| one.document_sha256.as_ref().map(|digest| digest.as_str()))
        .collect();
    documents.sort_unstable();
    documents.dedup();
    html! {
        tr {
            th scope="row" { (act_name(s, act.amendment)) }
            td { code class="digest" { (act.content_hash.as_str()) } }
            td {
                @for one in &act.signatures {
                    div { (signer(s, found, one)) ", " small { (words::day(s, one.signed_on)) } }
                }
                @if act.signatures.is_empty() { span class="untold" { (s.say("non enregistré", "not recorded")) } }
            }
            td {
                @for digest in &documents { div { code class="digest" { (digest) } } }
                @if documents.is_empty() { span class="untold" { (s.say("non connue", "not known")) } }
            }
        }
    }
}

/// How anybody verifies it.
fn how(s: Spoken, found: &ConventionPermalink) -> Markup {
    html! {
        details {
            summary { (s.say("Comment vérifier", "How to verify")) }
            ul {
                li {
                    (s.say("Le document : ", "The document: ")) code { "sha256sum document.pdf" }
                    (s.say(" doit donner l’empreinte du document signé.", " must give the digest of the signed document."))
                }
                li {
                    (s.say("Le texte : chacun refait son empreinte de ce que ", "The text: anybody makes its digest again of what "))
                    code { "/v1/conventions/" (found.convention.reference) }
                    (s.say(" en dit, comme le montre ", " says of it, as shown under "))
                    a href=(s.link("/docs/concepts#verifier-une-empreinte")) { (s.say("Vérifier une empreinte", "Vérifier une empreinte (in French)")) }
                    "."
                }
                li {
                    (s.say("Dans le temps : gardez ces empreintes, ou ", "Over time: keep these digests, or "))
                    a href=(format!("/public/conventions/{}", found.convention.reference)) { (s.say("leur forme JSON", "their JSON form")) }
                    (s.say(" (proof). Le texte d’un acte signé ne change plus : son empreinte non plus.", " (proof). The text of a signed act does not change any more, nor does its digest."))
                }
            }
        }
    }
}
