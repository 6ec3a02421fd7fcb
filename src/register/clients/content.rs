//! What requests say of a client: to create it, to change it, to give it a new secret.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use utoipa::ToSchema;

use super::model::{ClientRecord, ClientRole, ClientScope};
use super::perimeter::AcademyCode;
use crate::db::schema::clients;
use crate::error::{Faults, Place, Rule};
use crate::http::fields::{Body, Field, Fields};
use crate::http::pointer::At;
use crate::register::partners::model::same;
use crate::values::ids::PartnerId;
use crate::values::{Email, Text, TextValue, Uai};

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

/// Ce qu'il faut pour créer un client.
#[derive(Debug, Insertable, ToSchema)]
#[diesel(table_name = clients, check_for_backend(diesel::pg::Pg))]
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

impl Body for NewClient {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let name = fields.required("name");
        let contact_email = fields.required("contact_email");
        let role = fields.required("role");
        let territories: Option<Option<Counted<AcademyCode>>> = part(fields, "territories");
        let uais: Option<Option<Counted<Uai>>> = part(fields, "uais");
        let partner_id: Option<Option<PartnerId>> = part(fields, "partner_id");
        let scopes = fields.required("scopes");
        let scopes = in_order(fields, scopes);
        let expires_at = fields.optional("expires_at");
        if let Some(role) = &role {
            let given = [
                territories
                    .as_ref()
                    .map(|list| list.as_ref().map_or(0, |list| list.count)),
                uais.as_ref()
                    .map(|list| list.as_ref().map_or(0, |list| list.count)),
                partner_id.map(|partner| usize::from(partner.is_some())),
            ];
            misfits(role, given).for_each(|(name, rule)| fields.fault(name, rule));
        }
        Some(Self {
            name: name?,
            contact_email: contact_email?,
            role: role?,
            territories: territories?.map_or_else(Vec::new, |list| list.items),
            uais: uais?.map_or_else(Vec::new, |list| list.items),
            partner_id: partner_id?,
            scopes: scopes?,
            expires_at,
        })
    }
}

/// A list and how many items it was given with: one whose items were all refused is at fault
/// already, and not to be called empty.
struct Counted<T> {
    items: Vec<T>,
    count: usize,
}

impl<T> Field for Counted<T>
where
    Vec<T>: Field,
{
    fn read(value: &Value, at: At<'_>, faults: &mut Faults) -> Option<Self> {
        let items = Vec::read(value, at, faults)?;
        Some(Self {
            items,
            count: value.as_array().map_or(0, Vec::len),
        })
    }
}

/// A part of the perimeter, absent and null being alike; none when it could not be read.
fn part<T: Field>(fields: &mut Fields<'_>, name: &'static str) -> Option<Option<T>> {
    match fields.clearable(name) {
        None if fields.names(name) => None,
        given => Some(given.flatten()),
    }
}

/// Scopes in one order, so that the same ones are always equal.
fn in_order(
    fields: &mut Fields<'_>,
    scopes: Option<Counted<ClientScope>>,
) -> Option<Vec<ClientScope>> {
    let mut scopes = scopes?;
    if scopes.count == 0 {
        fields.fault("scopes", Rule::EmptyList);
    }
    scopes
        .items
        .sort_by(|left, right| left.as_str().cmp(right.as_str()));
    Some(scopes.items)
}

/// Each part of a perimeter, and the role it goes with.
const PARTS: [(&str, &str, &str); 3] = [
    ("territories", "academy", "role=academy"),
    ("uais", "establishment", "role=establishment"),
    ("partner_id", "partner", "role=partner"),
];

/// Where a perimeter does not fit its role. `given` counts the items of territories, UAIs and
/// partner; a part that could not be read is not judged.
fn misfits(
    role: &ClientRole,
    given: [Option<usize>; 3],
) -> impl Iterator<Item = (&'static str, Rule)> {
    PARTS
        .into_iter()
        .zip(given)
        .filter_map(move |((name, goes_with, with), count)| {
            match (role.as_str() == goes_with, count?) {
                (true, 0) => Some((name, Rule::Required)),
                (false, 1..) => Some((name, Rule::OnlyWith(with))),
                _ => None,
            }
        })
}

/// Ce qu'on change d'un client (RFC 7396) : un champ absent reste, `null` vide.
#[derive(Debug, AsChangeset, ToSchema)]
#[diesel(table_name = clients)]
#[schema(example = json!({"name": "Tableau de bord du rectorat", "scopes": ["read"]}))]
pub struct ClientPatch {
    /// Nom du programme.
    #[schema(nullable = false, example = "Tableau de bord du rectorat")]
    pub name: Option<Text<100>>,
    /// À qui écrire à son sujet.
    #[schema(nullable = false, example = "informatique@exemple.fr")]
    pub contact_email: Option<Email>,
    /// Rôle de ses jetons ; changez le périmètre avec lui.
    #[schema(nullable = false)]
    pub role: Option<ClientRole>,
    /// Avec le rôle `academy`, et lui seul : ses académies ou régions académiques.
    pub territories: Option<Vec<AcademyCode>>,
    /// Avec le rôle `establishment`, et lui seul : ses établissements.
    pub uais: Option<Vec<Uai>>,
    /// Avec le rôle `partner`, et lui seul : son partenaire.
    #[schema(value_type = Option<PartnerId>)]
    pub partner_id: Option<Option<PartnerId>>,
    /// Ce que ses jetons permettent : `read`, `write` ou les deux.
    #[schema(nullable = false, min_items = 1)]
    pub scopes: Option<Vec<ClientScope>>,
    /// Fin de validité ; null : aucune.
    #[schema(value_type = Option<DateTime<Utc>>, example = "2099-12-31T23:59:59Z")]
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

impl Body for ClientPatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let scopes = fields.change("scopes");
        Some(Self {
            name: fields.change("name"),
            contact_email: fields.change("contact_email"),
            role: fields.change("role"),
            territories: fields.change_list("territories"),
            uais: fields.change_list("uais"),
            partner_id: fields.clearable("partner_id"),
            scopes: in_order(fields, scopes),
            expires_at: fields.clearable("expires_at"),
        })
    }
}

impl ClientPatch {
    /// Whether it leaves the client as it is.
    pub fn changes_nothing(&self, client: &ClientRecord) -> bool {
        same(&self.name, &client.name)
            && same(&self.contact_email, &client.contact_email)
            && same(&self.expires_at, &client.expires_at)
            && self.keeps_rights(client)
    }

    fn keeps_rights(&self, client: &ClientRecord) -> bool {
        same(&self.role, &client.role)
            && same(&self.territories, &client.territories)
            && same(&self.uais, &client.uais)
            && same(&self.partner_id, &client.partner_id)
            && same(&self.scopes, &client.scopes)
    }

    /// Whether the tokens obtained so far say more than the client will be allowed.
    pub fn ends_tokens(&self, client: &ClientRecord) -> bool {
        let is_shortened = match (self.expires_at, client.expires_at) {
            (Some(Some(end)), Some(present)) => end < present,
            (Some(Some(_)), None) => true,
            _ => false,
        };
        is_shortened || !self.keeps_rights(client)
    }

    /// Notes where the perimeter it makes does not fit the role.
    pub fn check_perimeter(&self, client: &ClientRecord, faults: &mut Faults) {
        let role = self.role.as_ref().unwrap_or(&client.role);
        let given = [
            self.territories
                .as_ref()
                .unwrap_or(&client.territories)
                .len(),
            self.uais.as_ref().unwrap_or(&client.uais).len(),
            usize::from(self.partner_id.unwrap_or(client.partner_id).is_some()),
        ];
        misfits(role, given.map(Some))
            .for_each(|(name, rule)| faults.add(Place::field(name), rule));
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
    use crate::error::Fault;
    use serde_json::json;

    fn faults(value: Value) -> Vec<(String, &'static str)> {
        let mut faults = Faults::default();
        let read = Fields::body::<NewClient>(&value, &mut faults);
        let refused = faults
            .check()
            .err()
            .map(|error| error.faults)
            .unwrap_or_default();
        assert_eq!(read.is_some() && refused.is_empty(), refused.is_empty());
        let named = |fault: &Fault| match &fault.place {
            Place::Pointer(pointer) => (pointer.clone(), fault.rule.code()),
            other => panic!("{other:?}"),
        };
        refused.iter().map(named).collect()
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
            json!({"role": "partner", "partner_id": "0193c5a8-2f6e-7d3a-9a51-4a6f0c1d2e3f"}),
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
    fn scopes_have_one_order() {
        let mut faults = Faults::default();
        let new =
            Fields::body::<NewClient>(&client(json!({"role": "reader"})), &mut faults).unwrap();
        assert_eq!(
            new.scopes.iter().map(TextValue::as_str).collect::<Vec<_>>(),
            ["read", "write"]
        );
    }
}
