//! Signatories and their signatures: who signs a convention, how, and in which order.
//!
//! The service records signatures made under the law; a token is not one.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::policy::Scope;
use crate::error::notice::IN_THE_FUTURE;
use crate::error::{Code as ErrorCode, Error, Fault, Notice, Place, Result, Rule, notice};
use crate::http::fields::{Body, Fields};
use crate::values::ids::PartnerId;
use crate::values::{Sha256Hex, Text, code_enum};

code_enum! {
    /// The side of a signatory.
    Side of "signatory_sides" {
        /// The ministry's; of a local convention, that of the school, the academy or the region.
        Ministry = "ministry",
        /// A partner's.
        Partner = "partner",
    }
}

code_enum! {
    /// How a signature was made.
    Medium of "signature_mediums" {
        /// By hand, elsewhere.
        Paper = "paper",
        /// Electronically, at the first level of the eIDAS regulation.
        Simple = "simple",
        /// Electronically, at the second.
        Advanced = "advanced",
        /// Electronically, at the third.
        Qualified = "qualified",
    }
}

/// The highest place in the order of signature.
const MAX_ORDER: i32 = 1000;

/// The most places a list of signatories has.
const MAX_PLACE: i32 = 99;

/// Un signataire, tel qu'il est nommé avant de signer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewSignatory {
    /// `ministry` ou `partner`.
    #[schema(example = "ministry")]
    pub side: Side,
    /// Le partenaire pour qui il signe.
    #[schema(example = json!(null))]
    pub partner_id: Option<PartnerId>,
    /// Nom de la personne.
    #[schema(example = "Édouard Geffray")]
    pub name: Text<120>,
    /// Fonction.
    #[schema(example = "Directeur général de l'enseignement scolaire")]
    pub function: Text<200>,
    /// Organisme.
    #[schema(example = "Ministère de l'Éducation nationale")]
    pub organisation: Text<200>,
    /// Rang de signature : qui en a un plus petit signe avant ; null : à tout moment.
    #[schema(example = 1, minimum = 0, maximum = 1000)]
    pub order: Option<i32>,
}

/// The side of a signatory, with the partner if it is one's.
pub fn side_and_partner(fields: &mut Fields<'_>) -> (Option<Side>, Option<PartnerId>) {
    let side = fields.required("side");
    let partner_id = fields.optional("partner_id");
    match (side, &partner_id) {
        (Some(Side::Partner), _) => fields.needs("partner_id"),
        (Some(Side::Ministry), Some(_)) => {
            fields.fault("partner_id", Rule::OnlyWith("side = partner"));
        }
        _ => {}
    }
    (side, partner_id)
}

impl Body for NewSignatory {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (side, partner_id) = side_and_partner(fields);
        let name = fields.required("name");
        let function = fields.required("function");
        let organisation = fields.required("organisation");
        let order = fields.integer("order", 0, MAX_ORDER);
        // What was read may be sent back: that nobody has signed yet is no fault.
        fields.read_only_unless_null("signature");
        Some(Self {
            side: side?,
            partner_id,
            name: name?,
            function: function?,
            organisation: organisation?,
            order,
        })
    }
}

/// Un signataire, avec sa signature une fois donnée.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Signatory {
    /// Who.
    #[serde(flatten)]
    #[schema(inline)]
    pub who: NewSignatory,
    /// La signature, telle qu'elle a été enregistrée.
    pub signature: Option<Signature>,
}

/// Une signature enregistrée.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Signature {
    /// Comment, quand et où.
    #[serde(flatten)]
    #[schema(inline)]
    pub act: Act,
    /// Qui l'a enregistrée (le sujet de son jeton).
    #[schema(example = "dgesco")]
    pub registered_by: String,
    /// L'empreinte du contenu signé.
    pub content_hash: String,
}

/// Comment, quand et où un signataire a signé.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Act {
    /// Le jour de la signature.
    #[schema(example = "2026-01-15")]
    pub signed_on: NaiveDate,
    /// Le procédé.
    #[schema(example = "paper")]
    pub medium: Medium,
    /// Le lieu.
    #[schema(example = "Paris")]
    pub place: Option<Text<200>>,
    /// SHA-256 du document signé, en hexadécimal ; nécessaire pour une signature sur papier.
    pub document_sha256: Option<Sha256Hex>,
    /// Par délégation de qui.
    #[schema(example = json!(null))]
    pub by_delegation_of: Option<Text<200>>,
}

/// Une signature dont le texte a changé ensuite : elle ne vaut plus, et reste connue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VoidedSignature {
    /// Le signataire et sa signature.
    pub signatory: Signatory,
    /// Quand elle a cessé de valoir.
    #[serde(serialize_with = "crate::values::moment")]
    pub voided_at: DateTime<Utc>,
    /// Pourquoi.
    #[schema(example = "Contenu modifié : ends_on")]
    pub reason: String,
}

/// L'enregistrement d'une signature : le signataire, comment, quand et où il a signé.
///
/// Le signataire se désigne par ce qui le distingue (`side`, `partner_id`, `name`, `function`,
/// `organisation`) ou par `signatory`, son rang dans la liste à partir de 0. Un partenaire ne signe
/// que pour lui-même : ce qu'il tait de cela va de soi. `signature` peut regrouper le reste.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NewSignature {
    /// Le rang du signataire dans la liste, à partir de 0.
    #[schema(example = 0, minimum = 0, maximum = 99)]
    pub signatory: Option<i32>,
    /// Who.
    #[serde(flatten)]
    #[schema(inline)]
    pub who: Designation,
    /// How.
    #[serde(flatten)]
    #[schema(inline)]
    pub act: Act,
}

/// Ce qui distingue un signataire des autres.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Designation {
    /// Son côté.
    #[schema(example = "ministry")]
    pub side: Option<Side>,
    /// Le partenaire pour qui il signe.
    #[schema(example = json!(null))]
    pub partner_id: Option<PartnerId>,
    /// Son nom.
    #[schema(example = "Édouard Geffray")]
    pub name: Option<Text<120>>,
    /// Sa fonction.
    #[schema(example = "Directeur général de l'enseignement scolaire")]
    pub function: Option<Text<200>>,
    /// Son organisme.
    #[schema(example = "Ministère de l'Éducation nationale")]
    pub organisation: Option<Text<200>>,
}

impl Designation {
    fn answers(&self, who: &NewSignatory) -> bool {
        fn same<T: PartialEq>(asked: &Option<T>, found: Option<&T>) -> bool {
            asked.is_none() || asked.as_ref() == found
        }
        same(&self.side, Some(&who.side))
            && same(&self.partner_id, who.partner_id.as_ref())
            && same(&self.name, Some(&who.name))
            && same(&self.function, Some(&who.function))
            && same(&self.organisation, Some(&who.organisation))
    }
}

static NO_SUCH_SIGNATORY: Notice = notice(
    "no_such_signatory",
    "Aucun signataire ne répond à cette désignation : voyez `signatories`.",
    "No signatory answers to this designation: see `signatories`.",
);

static SEVERAL_SIGNATORIES: Notice = notice(
    "several_signatories",
    "Plusieurs signataires répondent à cette désignation : ajoutez `name` ou `signatory`.",
    "Several signatories answer to this designation: add `name` or `signatory`.",
);

impl Body for NewSignature {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let signatory = fields.integer("signatory", 0, MAX_PLACE);
        let who = Designation {
            side: fields.optional("side"),
            partner_id: fields.optional("partner_id"),
            name: fields.optional("name"),
            function: fields.optional("function"),
            organisation: fields.optional("organisation"),
        };
        let act = if fields.names("signature") {
            fields.object("signature")
        } else {
            Act::read(fields)
        };
        Some(Self {
            signatory,
            who,
            act: act?,
        })
    }
}

impl Body for Act {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(&["registered_by", "content_hash"]);
        let signed_on = fields.required("signed_on");
        let medium = fields.required("medium");
        let place = fields.optional("place");
        let document_sha256 = fields.optional("document_sha256");
        if medium == Some(Medium::Paper) {
            fields.needs("document_sha256");
        }
        let by_delegation_of = fields.optional("by_delegation_of");
        Some(Self {
            signed_on: signed_on?,
            medium: medium?,
            place,
            document_sha256,
            by_delegation_of,
        })
    }
}

impl NewSignature {
    /// The place, in the list, of the signatory meant.
    ///
    /// # Errors
    /// `validation_failed` when none or several answer to the designation.
    fn signatory_of(&self, scope: &Scope, signatories: &[Signatory]) -> Result<usize> {
        let own = scope.partner();
        // A partner that names nobody else means its own.
        let names_another = self.signatory.is_some()
            || self.who.partner_id.is_some()
            || self.who.name.is_some()
            || self.who.side == Some(Side::Ministry);
        let only_own = own.is_some() && !names_another;
        let mut meant = Vec::new();
        for (place, one) in signatories.iter().enumerate() {
            let is_place = self
                .signatory
                .is_none_or(|index| usize::try_from(index) == Ok(place));
            let is_own = one.who.partner_id.map(PartnerId::uuid) == own;
            if is_place && self.who.answers(&one.who) && (is_own || !only_own) {
                meant.push((place, one.signature.is_some()));
            }
        }
        let mut unsigned = meant.iter().filter(|(_, signed)| !signed);
        match (unsigned.next(), unsigned.next()) {
            (Some((place, _)), None) => Ok(*place),
            (Some(_), Some(_)) => Err(self.unclear(&SEVERAL_SIGNATORIES)),
            // All those meant have signed: the caller says which refusal that is.
            (None, _) => meant
                .first()
                .map(|(place, _)| *place)
                .ok_or_else(|| self.unclear(&NO_SUCH_SIGNATORY)),
        }
    }

    fn unclear(&self, notice: &'static Notice) -> Error {
        let named = [
            ("signatory", self.signatory.is_some()),
            ("name", self.who.name.is_some()),
            ("partner_id", self.who.partner_id.is_some()),
        ];
        let field = named
            .iter()
            .find(|(_, given)| *given)
            .map_or("side", |(name, _)| name);
        Error::validation(vec![Fault {
            place: Place::field(field),
            rule: Rule::Own(notice),
        }])
    }

    /// Refuses a day that has not come: a signature is recorded once it is made.
    ///
    /// # Errors
    /// `validation_failed`.
    pub fn is_past(&self, today: NaiveDate) -> Result<()> {
        if self.act.signed_on <= today {
            return Ok(());
        }
        Err(Error::validation(vec![Fault {
            place: Place::field("signed_on"),
            rule: Rule::Own(&IN_THE_FUTURE),
        }]))
    }
}

static ON_PAPER_ONLY: Notice = notice(
    "not_yours",
    "La signature électronique d'un partenaire est enregistrée par le partenaire lui-même, avec son jeton ; qui tient la convention n'enregistre que celle sur papier : envoyez `medium` = `paper` et `document_sha256`.",
    "The electronic signature of a partner is recorded by the partner itself, with its token; those who keep the convention only record one on paper: send `medium` = `paper` and `document_sha256`.",
);

static FOR_ITS_PARTNER: Notice = notice(
    "not_yours",
    "C'est à ce partenaire de signer, avec son propre jeton : `POST …/sign` avec `signed_on` et `medium`. Pour la vôtre, désignez votre signataire.",
    "It is for this partner to sign, with its own token: `POST …/sign` with `signed_on` and `medium`. For yours, designate your signatory.",
);

static FOR_ITS_KEEPER: Notice = notice(
    "not_yours",
    "C'est à qui tient cette convention de signer pour ce côté : `POST …/sign` avec `side` = `ministry`, `signed_on` et `medium`. Un partenaire envoie `side` = `partner`, ou ne désigne personne.",
    "It is for those who keep this convention to sign for this side: `POST …/sign` with `side` = `ministry`, `signed_on` and `medium`. A partner sends `side` = `partner`, or designates nobody.",
);

impl Signatory {
    /// Whether this caller may record this signature: each side signs for itself, and those who keep the
    /// text record what a partner signed on paper.
    ///
    /// # Errors
    /// `forbidden`.
    fn may_be_recorded_by(&self, scope: &Scope, keeps: bool, medium: Medium) -> Result<()> {
        let own = self.who.partner_id.is_some()
            && self.who.partner_id.map(PartnerId::uuid) == scope.partner();
        let allowed = match self.who.side {
            Side::Ministry => keeps,
            Side::Partner => own || (keeps && medium == Medium::Paper),
        };
        if allowed {
            return Ok(());
        }
        let (field, rule) = match self.who.side {
            Side::Partner if keeps => ("medium", Rule::Own(&ON_PAPER_ONLY)),
            Side::Partner => ("side", Rule::About(&FOR_ITS_PARTNER, self.named())),
            Side::Ministry => ("side", Rule::About(&FOR_ITS_KEEPER, self.named())),
        };
        Err(Error::new(ErrorCode::Forbidden).with(vec![Fault {
            place: Place::field(field),
            rule,
        }]))
    }

    /// The signatory, as a refusal names it: its organisation, and the partner it signs for.
    fn named(&self) -> String {
        let organisation = &self.who.organisation;
        match self.who.partner_id {
            Some(partner) => format!("{organisation}, partner_id {partner}"),
            None => organisation.to_string(),
        }
    }
}

/// Whether this signatory may sign now: everyone with a smaller place in the order has.
///
/// # Errors
/// `not_your_turn`, naming who signs before.
fn in_turn(signatories: &[Signatory], place: usize) -> Result<()> {
    let Some(order) = signatories.get(place).and_then(|one| one.who.order) else {
        return Ok(());
    };
    let before = signatories.iter().find(|one| {
        one.signature.is_none() && one.who.order.is_some_and(|earlier| earlier < order)
    });
    match before {
        None => Ok(()),
        Some(first) => {
            Err(Error::new(ErrorCode::NotYourTurn).about(first.who.organisation.to_string()))
        }
    }
}

static NO_MINISTRY_SIGNATORY: Notice = notice(
    "no_ministry_signatory",
    "Aucun signataire du côté de l'École : ajoutez-en un (`side` = `ministry`).",
    "No signatory on the side of education: add one (`side` = `ministry`).",
);

static NO_PARTNER_SIGNATORY: Notice = notice(
    "no_partner_signatory",
    "Un partenaire n'a pas de signataire : ajoutez-en un pour chaque partie.",
    "A partner has no signatory: add one for each party.",
);

/// These people, none of whom has signed.
pub fn unsigned(signatories: &[NewSignatory]) -> Vec<Signatory> {
    let signatories = signatories.iter().cloned();
    signatories
        .map(|who| Signatory {
            who,
            signature: None,
        })
        .collect()
}

/// Whether each side has someone to sign for it: the ministry's and these partners; `place` says
/// where each of them stands in the body.
///
/// # Errors
/// `convention_incomplete`.
pub fn is_complete(
    signatories: &[Signatory],
    parties: &[PartnerId],
    place: impl Fn(usize) -> Place,
) -> Result<()> {
    let signs = |side: Side, partner| {
        let mut who = signatories.iter().map(|one| &one.who);
        who.any(|one| one.side == side && one.partner_id == partner)
    };
    let mut faults = Vec::new();
    if !signs(Side::Ministry, None) {
        faults.push(Fault {
            place: Place::field("signatories"),
            rule: Rule::Own(&NO_MINISTRY_SIGNATORY),
        });
    }
    let unheard = parties
        .iter()
        .enumerate()
        .filter(|(_, id)| !signs(Side::Partner, Some(**id)));
    faults.extend(unheard.map(|(index, id)| Fault {
        place: place(index),
        rule: Rule::About(&NO_PARTNER_SIGNATORY, id.to_string()),
    }));
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorCode::ConventionIncomplete).with(faults))
}

/// A text that is being signed, and who records a signature of it.
pub struct Signing<'a> {
    /// The caller.
    pub scope: &'a Scope,
    /// Whether the caller keeps the text, hence signs for the ministry's side.
    pub keeps: bool,
    /// The caller's name in its token.
    pub subject: &'a str,
    /// The digest of the text.
    pub content_hash: &'a Sha256Hex,
}

impl Signing<'_> {
    /// The signatories with one more signature.
    ///
    /// # Errors
    /// `validation_failed` when it is not clear whose it is, `forbidden`, `already_signed`,
    /// `not_your_turn`.
    pub fn record(
        &self,
        signature: &NewSignature,
        present: &[Signatory],
    ) -> Result<Vec<Signatory>> {
        let place = signature.signatory_of(self.scope, present)?;
        let mut signatories = present.to_vec();
        let signatory = signatories
            .get_mut(place)
            .ok_or_else(|| Error::internal("a signatory that is not in the list"))?;
        signatory.may_be_recorded_by(self.scope, self.keeps, signature.act.medium)?;
        if signatory.signature.is_some() {
            return Err(Error::new(ErrorCode::AlreadySigned));
        }
        in_turn(present, place)?;
        signatory.signature = Some(Signature {
            act: signature.act.clone(),
            registered_by: self.subject.to_owned(),
            content_hash: self.content_hash.to_string(),
        });
        Ok(signatories)
    }
}

/// The day of the last signature, once all have signed.
pub fn signed_by_all(signatories: &[Signatory]) -> Option<NaiveDate> {
    let days = signatories
        .iter()
        .map(|one| one.signature.as_ref().map(|given| given.act.signed_on));
    days.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// The signatures that are no longer valid, to be kept on record.
pub fn voided(
    signatories: &[Signatory],
    voided_at: DateTime<Utc>,
    reason: &str,
) -> impl Iterator<Item = VoidedSignature> {
    let signed = signatories.iter().filter(|one| one.signature.is_some());
    signed.map(move |signatory| VoidedSignature {
        signatory: signatory.clone(),
        voided_at,
        reason: reason.to_owned(),
    })
}
