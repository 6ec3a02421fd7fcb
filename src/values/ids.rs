//! Typed ids: UUIDv7 (RFC 9562 §5.7), so that a partner's id is never taken for a client's.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use uuid::Uuid;

use crate::error::Rule;
use crate::values::{Described, FromText};

/// What an id can be of.
pub trait Kind: 'static {
    /// The name of its ids' schema.
    const SCHEMA: &'static str;
    /// What the document says of its ids, in French.
    const WORDS: &'static str;
    /// The id of the one that the document's examples speak of, which `ree serve --demo` has.
    const EXAMPLE: u128;
    /// The form of the references that name one wherever its id is asked for, if it has such.
    const REFERENCE: Option<&'static str> = None;
}

/// The id of a `T`.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Uuid)]
pub struct Id<T: 'static>(Uuid, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// The id with this value.
    pub const fn new(id: Uuid) -> Self {
        Self(id, PhantomData)
    }

    /// The bare value, for what is not typed (the journal, the change feed).
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// The id a path names. A malformed one names nothing, and is looked up as the nil UUID, which
    /// no object has: it is then refused in the same order and the same words as an absent one.
    pub fn of_path(text: &str) -> Self {
        Self::new(canonical(text).unwrap_or_default())
    }
}

/// The word of a schema that says which references stand for its ids where they are asked for: the document
/// tells it on that side alone.
pub const BY_REFERENCE: &str = "x-by-reference";

impl<T: Kind> Id<T> {
    /// The one that the document's examples speak of.
    pub const EXAMPLE: Self = Self::new(Uuid::from_u128(T::EXAMPLE));
}

/// A UUID in its one canonical form, hyphenated and in lower case.
fn canonical(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.hyphenated().to_string() == text).then_some(id)
}

impl<T: Kind> Described for Id<T> {
    fn described() -> RefOr<Schema> {
        <Self as utoipa::PartialSchema>::schema()
    }
}

impl<T: Kind> FromText for Id<T> {
    fn from_text(text: &str) -> Result<Self, Rule> {
        canonical(text)
            .map(Self::new)
            .ok_or(Rule::Format("0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f"))
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T> serde::Deserialize<'de> for Id<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::new)
    }
}

impl<T> ToSql<diesel::sql_types::Uuid, Pg> for Id<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <Uuid as ToSql<diesel::sql_types::Uuid, Pg>>::to_sql(&self.0, out)
    }
}

impl<T> FromSql<diesel::sql_types::Uuid, Pg> for Id<T> {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        <Uuid as FromSql<diesel::sql_types::Uuid, Pg>>::from_sql(bytes).map(Self::new)
    }
}

impl<T: Kind> utoipa::PartialSchema for Id<T> {
    fn schema() -> RefOr<Schema> {
        let references =
            T::REFERENCE.map(|form| Extensions::builder().add(BY_REFERENCE, form).build());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
            .description(Some(T::WORDS))
            .examples([serde_json::json!(Self::EXAMPLE)])
            .extensions(references)
            .into()
    }
}

impl<T: Kind> utoipa::ToSchema for Id<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        T::SCHEMA.into()
    }
}

/// Names the ids of the kinds of objects: what the document says of each, and the end of its example.
macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident of $kind:ident = $words:literal $end:literal $(or $reference:literal)?;)*) => {
        /// What an id can be of.
        pub mod kind {
            $(
                #[doc = concat!("What a [`", stringify!($id), "`](super::", stringify!($id), ") is of.")]
                #[derive(Debug)]
                pub enum $kind {}

                impl super::Kind for $kind {
                    const SCHEMA: &'static str = stringify!($id);
                    const WORDS: &'static str = concat!("Identifiant ", $words, " (UUIDv7).");
                    const EXAMPLE: u128 = super::EXAMPLES + $end;
                    $(const REFERENCE: Option<&'static str> = Some($reference);)?
                }
            )*
        }
        $($(#[$doc])* pub type $id = Id<kind::$kind>;)*
    };
}

/// What the ids of the examples begin with.
const EXAMPLES: u128 = 0x0193_c5a8_2f6e_7d3a_9a51_4a6f_0c1d_2e00;

ids! {
    /// The id of a partner.
    PartnerId of Partner = "d'un partenaire" 0x01;
    /// The id of a representative.
    RepresentativeId of Representative = "d'un représentant" 0x02;
    /// The id of a convention.
    ConventionId of Convention = "d'une convention" 0x03 or "C[NL]-[0-9A-Za-z-]{1,37}";
    /// The id of an amendment.
    AmendmentId of Amendment = "d'un avenant" 0x04;
    /// The id of a declination.
    DeclinationId of Declination = "d'une déclinaison" 0x05;
    /// The id of an intervention.
    InterventionId of Intervention = "d'une intervention" 0x06;
    /// The id of a synchronisation.
    SyncId of Sync = "d'une synchronisation" 0x07;
    /// The id of a batch of a synchronisation.
    BatchId of Batch = "d'un lot" 0x08;
    /// The id of a solicitation.
    SolicitationId of Solicitation = "d'une sollicitation" 0x09;
    /// The id of a contact.
    ContactId of Contact = "d'un contact" 0x0a;
    /// The id of a report.
    ReportId of Report = "d'un bilan" 0x0b;
    /// The id of a campaign.
    CampaignId of Campaign = "d'une campagne" 0x0c;
    /// The id of a publication.
    PublicationId of Publication = "d'une publication" 0x0d;
    /// The id of a client.
    ClientId of Client = "d'un client" 0x0e;
    /// The id of an event.
    EventId of Event = "d'un événement" 0x0f;
    /// The id of an establishment, for the journal; everything else names it by its UAI.
    EstablishmentId of Establishment = "d'un établissement" 0x10;
    /// The id of a secret.
    SecretId of Secret = "d'un secret" 0x11;
    /// The id of a webhook.
    WebhookId of Webhook = "d'un webhook" 0x12;
    /// The id of a delivery to a webhook.
    DeliveryId of Delivery = "d'un envoi" 0x13;
}
