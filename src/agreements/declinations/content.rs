//! The content of a declination: its fields, its coordinator, who signed for it.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::agreements::conventions::content::{BoardDecision, MAX_PARTS, Target};
use crate::agreements::conventions::signing::{Side, side_and_partner};
use crate::db::schema::declinations;
use crate::error::notice::BEFORE_START;
use crate::error::{Notice, Rule, notice};
use crate::http::fields::{Body, Fields};
use crate::http::merge::Patch;
use crate::values::ids::{ConventionId, DeclinationId, PartnerId, RepresentativeId};
use crate::values::{
    ActionType, Axis, Email, Json, Level, Moment, Phone, TerritoryCode, TerritoryKind, Text,
    code_enum,
};

/// The most planned actions of a declination, and the most targets of one: together they stay small
/// enough for a page of declinations.
const MAX_PLANNED: usize = 50;
const MAX_PLANNED_TARGETS: usize = 10;

code_enum! {
    /// How wide a declination is.
    DeclinationLevel of "declination_levels" {
        /// Of academic regions.
        AcademicRegion = "academic_region",
        /// Of academies.
        Academy = "academy",
        /// Of schools.
        Establishment = "establishment",
    }
}

code_enum! {
    /// Who reports on a declination.
    ReportsBy of "declination_reporters" {
        /// Its territories.
        Territory = "territory",
        /// The schools it covers.
        Establishment = "establishment",
    }
}

impl DeclinationLevel {
    /// What its territories are.
    pub const fn kind(self) -> TerritoryKind {
        match self {
            Self::AcademicRegion => TerritoryKind::Region,
            Self::Academy => TerritoryKind::Academy,
            Self::Establishment => TerritoryKind::School,
        }
    }

    /// Whether it is strictly wider than another.
    pub const fn is_wider_than(self, other: Self) -> bool {
        match self {
            Self::AcademicRegion => matches!(other, Self::Academy | Self::Establishment),
            Self::Academy => matches!(other, Self::Establishment),
            Self::Establishment => false,
        }
    }
}

static OF_ANOTHER_LEVEL: Notice = notice(
    "of_another_level",
    "Ce territoire n'est pas du niveau de la déclinaison : `region:` pour `academic_region`, `academy:` pour `academy`, `uai:` pour `establishment`.",
    "This territory is not of the declination's level: `region:` for `academic_region`, `academy:` for `academy`, `uai:` for `establishment`.",
);

/// Les champs d'une déclinaison.
#[derive(
    Debug, Clone, PartialEq, Serialize, Queryable, Selectable, Insertable, AsChangeset, ToSchema,
)]
#[diesel(table_name = declinations, treat_none_as_default_value = false, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct Content {
    /// La convention déclinée ; elle ne change pas.
    pub convention_id: ConventionId,
    /// La déclinaison plus large, de la même convention, dans laquelle celle-ci s'inscrit.
    #[schema(example = json!(null))]
    pub parent_id: Option<DeclinationId>,
    /// `academic_region`, `academy` ou `establishment`.
    #[schema(example = "academy")]
    pub level: DeclinationLevel,
    /// Territoires de ce niveau, un au moins.
    #[schema(example = json!(["academy:10"]), min_items = 1)]
    pub territories: Vec<TerritoryCode>,
    /// Intitulé.
    #[schema(example = "L'industrie dans l'académie de Lyon")]
    pub title: Option<Text<300>>,
    /// Axes de travail, parmi ceux de la convention ; une liste vide : tous les siens.
    #[schema(example = json!(["career_discovery"]), required = false)]
    pub axes: Vec<Axis>,
    /// Types d'action, parmi ceux de la convention ; une liste vide : tous les siens.
    #[schema(example = json!(["company_visit"]), required = false)]
    pub action_types: Vec<ActionType>,
    /// Niveaux concernés, parmi ceux de la convention ; une liste vide : tous les siens.
    #[schema(example = json!(["3e"]), required = false)]
    pub levels: Vec<Level>,
    /// Temps du parcours, parmi ceux de la convention ; une liste vide : tous les siens.
    #[schema(example = json!(["career_discovery"]), required = false)]
    pub moments: Vec<Moment>,
    /// Le représentant du partenaire, ou d'un membre de son réseau.
    #[schema(example = json!(null))]
    pub representative_id: Option<RepresentativeId>,
    /// Premier jour.
    #[schema(example = "2026-09-01")]
    pub starts_on: NaiveDate,
    /// Dernier jour, compris ; null : sans échéance propre.
    #[schema(example = "2028-08-31")]
    pub ends_on: Option<NaiveDate>,
    /// Objectifs annuels.
    #[schema(value_type = Vec<Target>, required = false, max_items = 100)]
    pub targets: Json<Vec<Target>>,
    /// Actions prévues.
    #[schema(value_type = Vec<PlannedAction>, required = false, max_items = 50)]
    pub planned_actions: Json<Vec<PlannedAction>>,
    /// La délibération du conseil d'administration, pour un établissement.
    #[schema(value_type = Option<BoardDecision>, example = json!(null))]
    pub board_decision: Option<Json<BoardDecision>>,
    /// Qui rend compte : `territory`, chacun de ses territoires, ou `establishment`, chaque établissement ouvert qu'elle couvre, des niveaux qu'elle concerne.
    #[schema(example = "territory", default = "territory", required = false)]
    pub reports_by: ReportsBy,
}

impl Content {
    /// The same, under this convention: the one that a declination keeps, whatever is said.
    #[must_use]
    pub fn under(&self, convention_id: ConventionId) -> Self {
        Self {
            convention_id,
            ..self.clone()
        }
    }
}

impl Body for Content {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let convention_id = fields.required("convention_id");
        let parent_id = fields.optional("parent_id");
        let level = fields.required("level");
        let territories: Option<Vec<TerritoryCode>> = fields.required_list("territories");
        place(fields, level, territories.as_deref().unwrap_or_default());
        let title = fields.optional("title");
        let (axes, action_types) = (fields.list("axes"), fields.list("action_types"));
        let (levels, moments) = (fields.list("levels"), fields.list("moments"));
        let representative_id = fields.optional("representative_id");
        let starts_on: Option<NaiveDate> = fields.required("starts_on");
        let ends_on: Option<NaiveDate> = fields.optional("ends_on");
        if starts_on
            .zip(ends_on)
            .is_some_and(|(start, end)| end < start)
        {
            fields.fault("ends_on", Rule::Own(&BEFORE_START));
        }
        let targets = Json(fields.objects("targets", MAX_PARTS));
        let planned_actions = Json(fields.objects("planned_actions", MAX_PLANNED));
        let board_decision = fields.object("board_decision").map(Json);
        let reports_by = fields.optional("reports_by");
        Some(Self {
            convention_id: convention_id?,
            parent_id,
            level: level?,
            territories: territories?,
            title,
            axes,
            action_types,
            levels,
            moments,
            representative_id,
            starts_on: starts_on?,
            ends_on,
            targets,
            planned_actions,
            board_decision,
            reports_by: reports_by.unwrap_or(ReportsBy::Territory),
        })
    }
}

/// The territories are of the level.
fn place(fields: &mut Fields<'_>, level: Option<DeclinationLevel>, territories: &[TerritoryCode]) {
    let Some(level) = level else { return };
    for (index, territory) in territories.iter().enumerate() {
        if !territory.is_of(level.kind()) {
            let below = format!("/{index}");
            fields.fault_below("territories", &below, Rule::Own(&OF_ANOTHER_LEVEL));
        }
    }
}

/// Une action prévue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlannedAction {
    /// Intitulé.
    #[schema(example = "Visites d'ateliers pour les troisièmes")]
    pub title: Text<300>,
    /// Type d'action.
    #[schema(example = "company_visit")]
    pub action_type: ActionType,
    /// Niveaux concernés.
    #[schema(example = json!(["3e"]), required = false)]
    pub levels: Vec<Level>,
    /// Temps du parcours.
    #[schema(example = "career_discovery")]
    pub moment: Option<Moment>,
    /// Objectifs de cette action.
    #[schema(required = false, max_items = 10)]
    pub targets: Vec<Target>,
}

impl Body for PlannedAction {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let title = fields.required("title");
        let action_type = fields.required("action_type");
        let levels = fields.list("levels");
        let moment = fields.optional("moment");
        let targets = fields.objects("targets", MAX_PLANNED_TARGETS);
        Some(Self {
            title: title?,
            action_type: action_type?,
            levels,
            moment,
            targets,
        })
    }
}

/// La personne, ou le service, qui coordonne la déclinaison, du côté de l'éducation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Coordinator {
    /// Nom ; sans nom, c'est un service, dont l'adresse est lue par tous.
    #[schema(example = "Dominique Petit")]
    pub name: Option<Text<120>>,
    /// Fonction.
    #[schema(example = "Chargée de mission école-entreprise")]
    pub function: Option<Text<200>>,
    /// Courriel.
    #[schema(example = "dominique.petit@ac-lyon.fr")]
    pub email: Option<Email>,
    /// Téléphone.
    #[schema(example = "04 72 80 60 60")]
    pub phone: Option<Phone>,
}

impl Coordinator {
    /// The function is no secret; the person is, but to those concerned. Without a name it is a service:
    /// an address that everyone writes to.
    pub fn shown_if(self, shown: bool) -> Self {
        let shown = shown || self.name.is_none();
        Self {
            name: self.name.filter(|_| shown),
            function: self.function,
            email: self.email.filter(|_| shown),
            phone: self.phone.filter(|_| shown),
        }
    }
}

impl Body for Coordinator {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.optional("name"),
            function: fields.optional("function"),
            email: fields.optional("email"),
            phone: fields.optional("phone"),
        })
    }
}

/// Ce qu'il faut pour créer une déclinaison.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NewDeclination {
    /// Its fields.
    #[serde(flatten)]
    #[schema(inline)]
    pub content: Content,
    /// La personne qui la coordonne, du côté de l'éducation.
    pub coordinator: Option<Coordinator>,
}

/// A change of a declination.
pub type DeclinationPatch = Patch<NewDeclination>;

/// Fields of the answer that input may not set.
pub const SET_BY_SERVICE: &[&str] = &[
    "id",
    "status",
    "effective_status",
    "signatories",
    "created_at",
    "updated_at",
    "allowed_actions",
    "warnings",
];

impl Body for NewDeclination {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.read_only(SET_BY_SERVICE);
        let content = Content::read(fields);
        let coordinator = fields.object("coordinator");
        Some(Self {
            content: content?,
            coordinator,
        })
    }
}

/// Un signataire de la déclinaison, tel qu'il était à l'activation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeclinationSignatory)]
pub struct Signatory {
    /// `ministry` (le côté de l'éducation) ou `partner`.
    #[schema(example = "ministry")]
    pub side: Side,
    /// Le partenaire, partie à la convention, pour qui il a signé.
    #[schema(example = json!(null))]
    pub partner_id: Option<PartnerId>,
    /// Nom de la personne.
    #[schema(example = "Anne Bisagni-Faure")]
    pub name: Text<120>,
    /// Fonction.
    #[schema(example = "Rectrice de région académique")]
    pub function: Text<200>,
    /// Organisme.
    #[schema(example = "Académie de Lyon")]
    pub organisation: Text<200>,
    /// Le jour de la signature.
    #[schema(example = "2026-07-01")]
    pub signed_on: Option<NaiveDate>,
}

impl Body for Signatory {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (side, partner_id) = side_and_partner(fields);
        let name = fields.required("name");
        let function = fields.required("function");
        let organisation = fields.required("organisation");
        let signed_on = fields.optional("signed_on");
        Some(Self {
            side: side?,
            partner_id,
            name: name?,
            function: function?,
            organisation: organisation?,
            signed_on,
        })
    }
}

/// L'activation d'une déclinaison : qui l'a signée, si elle l'a été.
#[derive(Debug, Clone, PartialEq, ToSchema)]
pub struct Activation {
    /// Les signataires, tels qu'ils étaient ; la liste peut être vide.
    #[schema(required = false, max_items = 100)]
    pub signatories: Vec<Signatory>,
}

impl Body for Activation {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            signatories: fields.objects("signatories", MAX_PARTS),
        })
    }
}
