//! The content of a partner: its fields, and who may change which.

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::policy::Scope;
use crate::db::schema::partners;
use crate::error::{Code as ErrorCode, Error, Fault, Place, Result, Rule};
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::values::ids::PartnerId;
use crate::values::{Code, HttpsUrl, Nomenclature, Rna, Siren, Text};

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
        })
    }
}

/// Fields that only the ministry changes; a partner writes its own description and website.
const RESERVED: [&str; 8] = [
    "legal_name",
    "usual_name",
    "acronym",
    "kind",
    "siren",
    "rna",
    "sectors",
    "member_of",
];

impl PartnerPatch {
    /// Refuses a change this caller may not make of this partner.
    ///
    /// # Errors
    /// `forbidden`, naming the fields.
    pub fn may_be_made_by(&self, scope: &Scope, partner: PartnerId) -> Result<()> {
        scope.must_write_for(partner.uuid())?;
        let reserved = RESERVED.into_iter().filter(|name| self.names(name));
        let faults: Vec<Fault> = reserved
            .map(|name| Fault {
                place: Place::field(name),
                rule: Rule::NotYours,
            })
            .collect();
        if scope.is_everything() || faults.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Forbidden).with(faults))
    }
}
