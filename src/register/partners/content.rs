//! The content of a partner: its fields, and who may change which.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::partners;
use crate::error::{Code as ErrorCode, Error, Fault, Notice, Place, Result, Rule, notice};
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::values::ids::PartnerId;
use crate::values::{
    Code, HttpsUrl, Nomenclature, Rna, Siren, TerritoryCode, TerritoryKind, Text, TextValue,
    code_enum,
};

/// The nomenclature of the kinds of partner.
pub enum PartnerKinds {}

impl Nomenclature for PartnerKinds {
    const NAME: &'static str = "partner_kinds";
}

/// The kind of a partner.
pub type PartnerKind = Code<PartnerKinds>;

/// The nomenclature of the sectors.
pub enum Sectors {}

impl Nomenclature for Sectors {
    const NAME: &'static str = "sectors";
}

/// A sector.
pub type Sector = Code<Sectors>;

code_enum! {
    /// Who keeps a partner.
    Origin of "partner_origins" {
        /// The ministry.
        National = "national",
        /// Those who have its territory in charge.
        Local = "local",
    }
}

static NOT_A_LOCAL_TERRITORY: Notice = notice(
    "not_a_local_territory",
    "Un partenaire local est celui d'une région académique, d'une académie, d'un département ou d'un établissement.",
    "A local partner is that of an academic region, an academy, a department or a school.",
);

/// Ce qu'il faut pour créer un partenaire.
// An absent value is bound as NULL: a `DEFAULT` would make the statement one that is prepared anew each time.
#[derive(
    Debug, Clone, PartialEq, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema,
)]
#[diesel(table_name = partners, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct NewPartner {
    /// Dénomination légale.
    #[schema(example = "Union des industries et métiers de la métallurgie")]
    pub legal_name: Text<200>,
    /// Nom d'usage.
    #[schema(example = "UIMM La Fabrique de l'avenir")]
    pub usual_name: Option<Text<200>>,
    /// Sigle.
    #[schema(example = "UIMM")]
    pub acronym: Option<Text<30>>,
    /// Nature de l'organisme.
    #[schema(example = "professional_branch")]
    pub kind: PartnerKind,
    /// Numéro SIREN : 9 chiffres, dont une clé de Luhn.
    #[schema(example = "552049447")]
    pub siren: Option<Siren>,
    /// Numéro au répertoire national des associations.
    #[schema(example = "W751234567")]
    pub rna: Option<Rna>,
    /// Secteurs d'activité.
    #[schema(example = json!(["metal_industry"]), required = false)]
    pub sectors: Vec<Sector>,
    /// Les réseaux nationaux dont il est membre.
    #[schema(example = json!([]), required = false)]
    pub member_of: Vec<PartnerId>,
    /// Site internet, en https.
    #[schema(example = "https://uimm.fr")]
    pub website: Option<HttpsUrl>,
    /// Présentation, en français.
    #[schema(example = "Fédération des entreprises de la métallurgie.")]
    pub description: Option<Text<5000>>,
    /// `local` : partenaire de conventions locales, tenu par qui a son territoire en charge ; à défaut, `local` s'il y a un territoire, `national` sinon.
    #[schema(example = "national", required = false)]
    pub origin: Origin,
    /// Le territoire d'un partenaire local.
    #[schema(example = json!(null))]
    pub territory: Option<TerritoryCode>,
}

/// A change of a partner.
pub type PartnerPatch = Patch<NewPartner>;

/// Fields of the answer that input may not set.
const SET_BY_SERVICE: &[&str] = &[
    "id",
    "status",
    "created_at",
    "updated_at",
    "allowed_actions",
    "warnings",
];

impl Body for NewPartner {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let legal_name = fields.required("legal_name");
        let usual_name = fields.optional("usual_name");
        let acronym = fields.optional("acronym");
        let kind = fields.required("kind");
        let siren = fields.optional("siren");
        let rna = fields.optional("rna");
        let sectors = fields.list("sectors");
        let member_of = fields.list("member_of");
        let website = fields.optional("website");
        let description = fields.optional("description");
        let (origin, territory) = origin_and_territory(fields);
        Some(Self {
            legal_name: legal_name?,
            usual_name,
            acronym,
            kind: kind?,
            siren,
            rna,
            sectors,
            member_of,
            website,
            description,
            origin,
            territory,
        })
    }
}

/// Who keeps the partner, and where: a territory goes with a local one, and the other way round.
fn origin_and_territory(fields: &mut Fields<'_>) -> (Origin, Option<TerritoryCode>) {
    let territory: Option<TerritoryCode> = fields.optional("territory");
    let origin = fields.optional("origin");
    if territory
        .as_ref()
        .is_some_and(|code| code.is_of(TerritoryKind::Country))
    {
        fields.fault("territory", Rule::Own(&NOT_A_LOCAL_TERRITORY));
    }
    match origin {
        Some(Origin::Local) => fields.needs("territory"),
        Some(Origin::National) if fields.gives("territory") => {
            fields.fault("territory", Rule::OnlyWith("origin = local"));
        }
        _ => {}
    }
    let follows = if fields.gives("territory") {
        Origin::Local
    } else {
        Origin::National
    };
    (origin.unwrap_or(follows), territory)
}

/// Fields that only those who keep a partner change; it writes its own description and website itself.
const RESERVED: [&str; 10] = [
    "legal_name",
    "usual_name",
    "acronym",
    "kind",
    "siren",
    "rna",
    "sectors",
    "member_of",
    "origin",
    "territory",
];

impl PartnerPatch {
    /// Refuses what a partner does not write of itself.
    ///
    /// # Errors
    /// `forbidden`, naming the fields.
    pub fn may_be_made_by_itself(&self) -> Result<()> {
        let reserved = RESERVED.into_iter().filter(|name| self.names(name));
        let faults: Vec<Fault> = reserved.map(not_yours).collect();
        if faults.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Forbidden).with(faults))
    }

    /// The patched content. Of the origin and the territory, which go together, the one that is not
    /// named follows the other.
    ///
    /// # Errors
    /// `validation_failed`.
    pub fn made_of(&self, present: &NewPartner) -> Result<NewPartner> {
        let mut present = present.clone();
        match (self.member("origin"), self.member("territory")) {
            (Some(origin), None) if origin.as_str() == Some(Origin::National.as_str()) => {
                present.territory = None;
            }
            (None, Some(territory)) if territory.is_null() => present.origin = Origin::National,
            (None, Some(_)) => present.origin = Origin::Local,
            _ => {}
        }
        self.apply(&present)
    }
}

/// A field that the caller may not write.
pub fn not_yours(name: &str) -> Fault {
    Fault {
        place: Place::field(name),
        rule: Rule::NotYours,
    }
}
