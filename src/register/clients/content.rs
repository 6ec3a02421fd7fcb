//! The content of a client: its fields, how its perimeter fits its role, how it gets a new secret.

use chrono::{DateTime, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::schema::clients;
use crate::error::Rule;
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::values::ids::PartnerId;
use crate::values::{
    Code, Email, FromText, Nomenclature, Territory, Text, TextValue, Uai, text_type,
};

/// The nomenclature of the roles.
pub enum Roles {}

impl Nomenclature for Roles {
    const NAME: &'static str = "roles";
}

/// The role of a client.
pub type ClientRole = Code<Roles>;

/// The nomenclature of the scopes.
pub enum ClientScopes {}

impl Nomenclature for ClientScopes {
    const NAME: &'static str = "client_scopes";
}

/// `read` or `write`.
pub type ClientScope = Code<ClientScopes>;

/// An academy or an academic region: what the perimeter of the role `academy` is made of.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct AcademyCode(String);

text_type!([] AcademyCode);

impl FromText for AcademyCode {
    fn from_text(text: &str) -> Result<Self, Rule> {
        match Territory::from_text(text)? {
            academic @ (Territory::Academy(_) | Territory::Region(_)) => {
                Ok(Self(academic.to_string()))
            }
            _ => Err(Rule::Format("academy:10, region:84")),
        }
    }
}

impl TextValue for AcademyCode {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn stored(text: String) -> Self {
        Self(text)
    }

    fn describe() -> utoipa::openapi::ObjectBuilder {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^(region|academy):[0-9]{2}$"))
            .description(Some("Une académie ou une région académique."))
            .examples([serde_json::json!("academy:10")])
    }

    fn schema_name() -> String {
        "AcademyCode".into()
    }
}

/// Ce qu'il faut pour créer un client.
#[derive(Debug, Clone, PartialEq, Serialize, Insertable, AsChangeset, ToSchema)]
#[diesel(table_name = clients, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
#[schema(example = json!({
    "name": "Tableau de bord du rectorat",
    "contact_email": "informatique@exemple.fr",
    "role": "academy",
    "territories": ["academy:10"],
    "scopes": ["read"],
    "expires_at": "2099-12-31T23:59:59Z"
}))]
pub struct NewClient {
    /// Nom du programme.
    #[schema(example = "Tableau de bord du rectorat")]
    pub name: Text<100>,
    /// À qui écrire à son sujet.
    #[schema(example = "informatique@exemple.fr")]
    pub contact_email: Email,
    /// Rôle de ses jetons.
    #[schema(example = "academy")]
    pub role: ClientRole,
    /// Avec le rôle `academy`, et lui seul : ses académies ou régions académiques.
    #[schema(example = json!(["academy:10"]), required = false)]
    pub territories: Vec<AcademyCode>,
    /// Avec le rôle `establishment`, et lui seul : ses établissements.
    #[schema(example = json!([]), required = false)]
    pub uais: Vec<Uai>,
    /// Avec le rôle `partner`, et lui seul : son partenaire.
    pub partner_id: Option<PartnerId>,
    /// Ce que ses jetons permettent : `read`, `write` ou les deux.
    #[schema(example = json!(["read"]), min_items = 1)]
    pub scopes: Vec<ClientScope>,
    /// Fin de validité ; absente : aucune.
    #[schema(example = "2099-12-31T23:59:59Z")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A change of a client.
pub type ClientPatch = Patch<NewClient>;

/// Fields of the answer that input may not set.
const SET_BY_SERVICE: &[&str] = &[
    "id",
    "status",
    "last_used_at",
    "secrets",
    "client_secret",
    "created_at",
    "updated_at",
    "allowed_actions",
    "warnings",
];

impl Body for NewClient {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let name = fields.required("name");
        let contact_email = fields.required("contact_email");
        let role = fields.required("role");
        let territories: Option<Vec<AcademyCode>> = fields.optional("territories");
        let uais: Option<Vec<Uai>> = fields.optional("uais");
        let partner_id: Option<PartnerId> = fields.optional("partner_id");
        let scopes = fields.required_list("scopes").map(in_order);
        let expires_at = fields.optional("expires_at");
        if let Some(role) = &role {
            let read = [territories.is_some(), uais.is_some(), partner_id.is_some()];
            check_perimeter(fields, role, read);
        }
        Some(Self {
            name: name?,
            contact_email: contact_email?,
            role: role?,
            territories: territories.unwrap_or_default(),
            uais: uais.unwrap_or_default(),
            partner_id,
            scopes: scopes?,
            expires_at,
        })
    }
}

/// Scopes in one order, so that the same ones are always equal.
fn in_order(mut scopes: Vec<ClientScope>) -> Vec<ClientScope> {
    scopes.sort_by(|left, right| left.as_str().cmp(right.as_str()));
    scopes
}

/// Each part of a perimeter, and the role it goes with.
const PARTS: [(&str, &str, &str); 3] = [
    ("territories", "academy", "role=academy"),
    ("uais", "establishment", "role=establishment"),
    ("partner_id", "partner", "role=partner"),
];

/// Notes where the perimeter does not fit the role: of a change, on what it makes of the client. A
/// part that could not be `read` is not judged.
fn check_perimeter(fields: &mut Fields<'_>, role: &ClientRole, read: [bool; 3]) {
    if fields.is_change() {
        return;
    }
    for ((name, goes_with, with), is_read) in PARTS.into_iter().zip(read) {
        match (role.as_str() == goes_with, fields.gives_something(name)) {
            (true, false) => fields.fault(name, Rule::Required),
            (false, true) if is_read => fields.fault(name, Rule::OnlyWith(with)),
            _ => {}
        }
    }
}

impl NewClient {
    /// Whether the tokens obtained before allow more than it does.
    pub fn ends_tokens_of(&self, before: &Self) -> bool {
        let is_shortened = match (self.expires_at, before.expires_at) {
            (Some(end), Some(present)) => end < present,
            (Some(_), None) => true,
            (None, _) => false,
        };
        is_shortened || !self.allows_the_same(before)
    }

    fn allows_the_same(&self, other: &Self) -> bool {
        self.role == other.role
            && self.scopes == other.scopes
            && (&self.territories, &self.uais, self.partner_id)
                == (&other.territories, &other.uais, other.partner_id)
    }
}

/// Comment remplacer le secret.
#[derive(Debug, Clone, Copy, Default, ToSchema)]
pub struct Rotation {
    /// Vrai : les secrets précédents et leurs jetons cessent aussitôt. Faux : ils servent encore 7 jours.
    #[schema(required = false, default = false, example = false)]
    pub revoke_previous: bool,
}

impl Body for Rotation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            revoke_previous: fields.optional("revoke_previous").unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Fault, Faults, Place};
    use serde_json::{Value, json};

    fn faults(value: Value) -> Vec<(String, &'static str)> {
        let mut faults = Faults::default();
        let read = Fields::body::<NewClient>(&value, &mut faults);
        assert!(read.is_some() || !faults.is_empty());
        listed(faults)
    }

    fn listed(faults: Faults) -> Vec<(String, &'static str)> {
        let named = |fault: &Fault| match &fault.place {
            Place::Pointer(pointer) => (pointer.clone(), fault.rule.code()),
            other => panic!("{other:?}"),
        };
        faults.into_list().iter().map(named).collect()
    }

    fn client(more: Value) -> Value {
        let mut client =
            json!({"name": "a", "contact_email": "a@b.fr", "scopes": ["write", "read"]});
        for (name, value) in more.as_object().unwrap() {
            client[name] = value.clone();
        }
        client
    }

    #[test]
    fn a_perimeter_goes_with_its_role_and_no_other() {
        for good in [
            json!({"role": "ministry"}),
            json!({"role": "reader", "uais": null, "territories": []}),
            json!({"role": "academy", "territories": ["academy:10", "region:84"]}),
            json!({"role": "establishment", "uais": ["0311131L"]}),
            json!({"role": "partner", "partner_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e01"}),
        ] {
            assert_eq!(faults(client(good.clone())), [], "{good}");
        }
        assert_eq!(
            faults(client(json!({"role": "academy"}))),
            [("/territories".into(), "required")]
        );
        assert_eq!(
            faults(client(json!({"role": "partner", "uais": ["0311131L"]}))),
            [
                ("/uais".into(), "only_with"),
                ("/partner_id".into(), "required")
            ]
        );
    }

    #[test]
    fn a_part_that_cannot_be_read_is_told_once() {
        assert_eq!(
            faults(client(json!({"role": "academy", "territories": "x"}))),
            [("/territories".into(), "wrong_type")]
        );
        assert_eq!(
            faults(client(json!({"role": "academy", "territories": ["FR"]}))),
            [("/territories/0".into(), "invalid_format")]
        );
        assert_eq!(
            faults(client(json!({"role": "reader", "scopes": ["x"]}))),
            [("/scopes/0".into(), "unknown_code")]
        );
        assert_eq!(
            faults(client(json!({"role": "reader", "scopes": []}))),
            [("/scopes".into(), "empty_list")]
        );
    }

    #[test]
    fn a_change_is_judged_on_what_it_makes_of_the_client() {
        let academic = client(json!({"role": "academy", "territories": ["academy:10"]}));
        let present: NewClient = Fields::body(&academic, &mut Faults::default()).unwrap();
        let no_territory = [("/territories", "required")];
        for (change, expected) in [
            (json!({"name": "b", "scopes": ["write", "read"]}), &[][..]),
            (json!({"territories": null}), &no_territory),
            (json!({"territories": []}), &no_territory),
            (json!({"uais": ["0311131L"]}), &[("/uais", "only_with")]),
            (
                json!({"role": "partner", "uais": null}),
                &[("/territories", "only_with"), ("/partner_id", "required")],
            ),
            (json!({"role": "ministry", "territories": null}), &[]),
        ] {
            let mut faults = Faults::default();
            let patch: ClientPatch = Fields::body(&change, &mut faults).unwrap();
            assert!(faults.is_empty(), "{change} is refused as it arrives");
            patch.apply_noting(&present, &mut faults).unwrap();
            let found = listed(faults);
            let listed: Vec<_> = found
                .iter()
                .map(|(place, rule)| (place.as_str(), *rule))
                .collect();
            assert_eq!(listed, expected, "{change}");
        }
    }

    #[test]
    fn scopes_have_one_order() {
        let mut faults = Faults::default();
        let new =
            Fields::body::<NewClient>(&client(json!({"role": "reader"})), &mut faults).unwrap();
        assert_eq!(
            new.scopes.iter().map(TextValue::as_str).collect::<Vec<_>>(),
            ["read", "write"]
        );
    }

    #[test]
    fn a_perimeter_is_made_of_academies_and_academic_regions() {
        for good in ["academy:10", "region:84", "academy:43"] {
            assert!(AcademyCode::from_text(good).is_ok(), "{good}");
        }
        for bad in ["FR", "department:069", "uai:0311131L"] {
            assert!(
                matches!(AcademyCode::from_text(bad), Err(Rule::Format(_))),
                "{bad}"
            );
        }
        assert_eq!(
            AcademyCode::from_text("academy:99"),
            Err(Rule::UnknownTerritory)
        );
    }
}
