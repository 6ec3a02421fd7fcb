//! What is wrong with one place of a request: the place, the rule, and how to put it right.

use super::Notice;
use crate::language::Language;

/// Where in the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A JSON pointer into the body (RFC 6901); the empty one is the body itself.
    Pointer(String),
    /// A query parameter.
    Parameter(String),
    /// A header.
    Header(&'static str),
}

impl Place {
    /// The list of the objects that may be named there, of a place that names one.
    pub fn list(&self) -> Option<&'static str> {
        let (Self::Pointer(path) | Self::Parameter(path)) = self else {
            return None;
        };
        let mut names = path.rsplit('/');
        match names.find(|name| name.parse::<usize>().is_err())? {
            "convention_id" | "predecessor_id" => Some("/v1/conventions"),
            "declination_id" | "parent_id" => Some("/v1/declinations"),
            "partner_id" | "partner_ids" | "member_of" => Some("/v1/partners"),
            "representative_id" => Some("/v1/partners/{id}/representatives"),
            "intervention_id" => Some("/v1/interventions"),
            "sync_id" => Some("/v1/partners/{id}/syncs"),
            "uai" | "uais" => Some("/v1/establishments"),
            _ => None,
        }
    }

    /// The place of a member of the body.
    pub fn field(name: &str) -> Self {
        Self::Pointer(format!("/{}", escape(name)))
    }
}

/// A name as a part of a JSON pointer (RFC 6901 §3).
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// One fault: a place and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub rule: Rule,
}

/// How a fault could be put right, besides its rule.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Advice {
    /// The values accepted, where they can be listed; of a number, its bounds.
    pub accepted: Vec<serde_json::Value>,
    /// The value probably meant.
    pub nearest: Option<serde_json::Value>,
}

/// The rules a field or a parameter can break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Absent, and needed.
    Required,
    /// `null` (or cleared), and needed.
    NotNull,
    /// No field of this name; those there are.
    UnknownField(Vec<&'static str>),
    /// No query parameter of this name; those there are.
    UnknownParameter(Vec<&'static str>),
    /// The service sets this field.
    ReadOnly,
    /// The role may not write this field.
    NotYours,
    /// A query parameter given more than once.
    Repeated,
    /// A header given more than once that has one value.
    RepeatedHeader,
    /// Of another JSON type.
    WrongType(&'static str),
    /// Over this many characters.
    TooLong(usize),
    /// Empty, or made of blanks only.
    Blank,
    /// NUL, control or bidirectional-override characters.
    ForbiddenCharacters,
    /// Not of the documented form; the form, or an example of it.
    Format(&'static str),
    /// A check letter or digit is wrong; the right one, when it can be computed.
    Checksum(Option<String>),
    /// A date or time that is in no calendar.
    ImpossibleDate,
    /// Not a code of this nomenclature; the nearest one, when one is near.
    UnknownCode(&'static str, Option<String>),
    /// Not an order the list documents; those it does.
    UnknownOrder(Vec<&'static str>),
    /// No such territory.
    UnknownTerritory,
    /// Names an object that does not exist.
    UnknownReference,
    /// Another object has this value, which must be unique.
    Taken,
    /// Outside what the caller has in charge.
    OutsidePerimeter,
    /// The same item twice in a list.
    RepeatedItem,
    /// A list that needs an item.
    EmptyList,
    /// More items than this.
    TooManyItems(usize),
    /// Outside these bounds, included.
    OutOfRange(i64, i64),
    /// In the past.
    InThePast,
    /// Only makes sense with another value of this field.
    OnlyWith(&'static str),
    /// A partner cannot be a member of itself.
    ItsOwnNetwork,
    /// Of several values, this one breaks a rule.
    Item(String, Box<Rule>),
    /// Not a member of what is answered; those there are.
    UnknownMember(Vec<String>),
    /// A rule of the resource's own.
    Own(&'static Notice),
    /// The same, with the obstacle.
    About(&'static Notice, String),
    /// The same, with what may be chosen and the values that choose it.
    Choice(&'static Notice, String, Vec<String>),
}

impl Rule {
    /// The stable name of the rule.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::NotNull => "not_null",
            Self::UnknownField(_) => "unknown_field",
            Self::UnknownParameter(_) => "unknown_parameter",
            Self::ReadOnly => "read_only",
            Self::NotYours => "not_yours",
            Self::Repeated | Self::RepeatedHeader => "repeated",
            Self::WrongType(_) => "wrong_type",
            Self::TooLong(_) => "too_long",
            Self::Blank => "blank",
            Self::ForbiddenCharacters => "forbidden_characters",
            Self::Format(_) => "invalid_format",
            Self::Checksum(_) => "invalid_checksum",
            Self::ImpossibleDate => "invalid_date",
            Self::UnknownCode(..) => "unknown_code",
            Self::UnknownOrder(_) => "unknown_order",
            Self::UnknownTerritory => "unknown_territory",
            Self::UnknownReference => "unknown_reference",
            Self::Taken => "taken",
            Self::OutsidePerimeter => "outside_perimeter",
            Self::RepeatedItem => "repeated_item",
            Self::EmptyList => "empty_list",
            Self::TooManyItems(_) => "too_many_items",
            Self::OutOfRange(..) => "out_of_range",
            Self::InThePast => "in_the_past",
            Self::OnlyWith(_) => "only_with",
            Self::ItsOwnNetwork => "its_own_network",
            Self::Item(_, rule) => rule.code(),
            Self::UnknownMember(_) => "unknown_field",
            Self::Own(notice) | Self::About(notice, _) | Self::Choice(notice, ..) => notice.code,
        }
    }

    /// Each of the general rules once, with an example of what it names.
    pub fn examples() -> Vec<Self> {
        vec![
            Self::Required,
            Self::NotNull,
            Self::UnknownField(Vec::new()),
            Self::UnknownParameter(Vec::new()),
            Self::ReadOnly,
            Self::NotYours,
            Self::Repeated,
            Self::RepeatedHeader,
            Self::WrongType("string"),
            Self::TooLong(200),
            Self::Blank,
            Self::ForbiddenCharacters,
            Self::Format("2026-01-31"),
            Self::Checksum(None),
            Self::ImpossibleDate,
            Self::UnknownCode("sectors", None),
            Self::UnknownOrder(Vec::new()),
            Self::UnknownTerritory,
            Self::UnknownReference,
            Self::Taken,
            Self::OutsidePerimeter,
            Self::RepeatedItem,
            Self::EmptyList,
            Self::TooManyItems(200),
            Self::OutOfRange(1, 200),
            Self::InThePast,
            Self::OnlyWith("near"),
            Self::ItsOwnNetwork,
        ]
    }

    /// The rule and the fix, in words.
    pub fn detail(&self, language: Language) -> String {
        match language {
            Language::French => self.french(),
            Language::English => self.english(),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::Required => "Ce champ est obligatoire.".into(),
            Self::NotNull => "Ce champ est obligatoire : il ne peut pas être vidé.".into(),
            Self::UnknownField(_) => "Ce champ n'existe pas ici : retirez-le ou corrigez son nom.".into(),
            Self::UnknownParameter(_) => "Ce paramètre n'existe pas ici : retirez-le ou corrigez son nom.".into(),
            Self::ReadOnly => "Ce champ est fixé par le service : retirez-le.".into(),
            Self::NotYours => "Votre rôle ne permet pas d'écrire ce champ : retirez-le.".into(),
            Self::Repeated => "Ce paramètre est donné plusieurs fois : séparez les valeurs par des virgules.".into(),
            Self::RepeatedHeader => "Cet en-tête est donné plusieurs fois : n'en envoyez qu'un.".into(),
            Self::WrongType(expected) => format!("Type attendu : {}.", type_in_french(expected)),
            Self::TooLong(max) => format!("Longueur maximale : {max} caractères."),
            Self::Blank => "Le texte est vide : donnez une valeur, ou null.".into(),
            Self::ForbiddenCharacters => "Le texte contient des caractères de contrôle ou d'inversion du sens d'écriture : retirez-les.".into(),
            Self::Format(form) => format!("Forme attendue : {form}."),
            Self::Checksum(Some(expected)) => format!("La clé de contrôle est fausse : vérifiez le numéro (attendu : {expected})."),
            Self::Checksum(None) => "La clé de contrôle est fausse : vérifiez le numéro.".into(),
            Self::ImpossibleDate => "Cette date n'existe pas au calendrier.".into(),
            Self::UnknownCode(list, Some(near)) => format!("Ce code n'est pas dans « {list} ». Le plus proche : {near}."),
            Self::UnknownCode(list, None) => format!("Ce code n'est pas dans « {list} » (voir /v1/nomenclatures/{list})."),
            Self::UnknownOrder(_) => "Cette liste n'a pas cet ordre : voyez sa documentation.".into(),
            Self::UnknownTerritory => "Ce territoire n'existe pas (voir /v1/territories).".into(),
            Self::UnknownReference => "L'objet désigné n'existe pas.".into(),
            Self::Taken => "Un autre objet porte déjà cette valeur.".into(),
            Self::OutsidePerimeter => "Hors de votre périmètre.".into(),
            Self::RepeatedItem => "Cet élément est déjà dans la liste.".into(),
            Self::EmptyList => "Donnez au moins un élément.".into(),
            Self::TooManyItems(max) => format!("{max} éléments au plus."),
            Self::OutOfRange(low, high) => format!("La valeur doit être comprise entre {low} et {high}."),
            Self::InThePast => "Cette date est passée.".into(),
            Self::OnlyWith(other) => format!("Ce champ ne va qu'avec {other}."),
            Self::ItsOwnNetwork => "Un partenaire ne peut pas être membre de lui-même.".into(),
            Self::Item(value, rule) => format!("« {value} » : {}", rule.french()),
            Self::UnknownMember(_) => "Les éléments de cette liste n'ont pas ce champ.".into(),
            Self::Own(notice) => notice.detail.fr.into(),
            Self::About(notice, subject) | Self::Choice(notice, subject, _) => {
                notice.about(subject, Language::French)
            }
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Required => "This field is required.".into(),
            Self::NotNull => "This field is required: it cannot be cleared.".into(),
            Self::UnknownField(_) => {
                "There is no such field here: remove it or correct its name.".into()
            }
            Self::UnknownParameter(_) => {
                "There is no such parameter here: remove it or correct its name.".into()
            }
            Self::ReadOnly => "The service sets this field: remove it.".into(),
            Self::NotYours => "Your role may not write this field: remove it.".into(),
            Self::Repeated => {
                "This parameter is given several times: separate the values by commas.".into()
            }
            Self::RepeatedHeader => "This header is given several times: send one.".into(),
            Self::WrongType(expected) => format!("Expected type: {expected}."),
            Self::TooLong(max) => format!("At most {max} characters."),
            Self::Blank => "The text is empty: give a value, or null.".into(),
            Self::ForbiddenCharacters => {
                "The text contains control or bidirectional-override characters: remove them."
                    .into()
            }
            Self::Format(form) => format!("Expected form: {form}."),
            Self::Checksum(Some(expected)) => {
                format!("The check character is wrong: verify the number (expected: {expected}).")
            }
            Self::Checksum(None) => "The check digit is wrong: verify the number.".into(),
            Self::ImpossibleDate => "There is no such date in the calendar.".into(),
            Self::UnknownCode(list, Some(near)) => {
                format!("This code is not in \"{list}\". The nearest is {near}.")
            }
            Self::UnknownCode(list, None) => {
                format!("This code is not in \"{list}\" (see /v1/nomenclatures/{list}).")
            }
            Self::UnknownOrder(_) => "This list has no such order: see its documentation.".into(),
            Self::UnknownTerritory => "There is no such territory (see /v1/territories).".into(),
            Self::UnknownReference => "The object named does not exist.".into(),
            Self::Taken => "Another object has this value already.".into(),
            Self::OutsidePerimeter => "Outside your perimeter.".into(),
            Self::RepeatedItem => "This item is in the list already.".into(),
            Self::EmptyList => "Give at least one item.".into(),
            Self::TooManyItems(max) => format!("At most {max} items."),
            Self::OutOfRange(low, high) => format!("The value must be between {low} and {high}."),
            Self::InThePast => "This date is past.".into(),
            Self::OnlyWith(other) => format!("This field only goes with {other}."),
            Self::ItsOwnNetwork => "A partner cannot be a member of itself.".into(),
            Self::Item(value, rule) => format!("\"{value}\": {}", rule.english()),
            Self::UnknownMember(_) => "The items of this list have no such field.".into(),
            Self::Own(notice) => notice.detail.en.into(),
            Self::About(notice, subject) | Self::Choice(notice, subject, _) => {
                notice.about(subject, Language::English)
            }
        }
    }
}

fn type_in_french(expected: &str) -> &str {
    match expected {
        "string" => "chaîne",
        "array" => "tableau",
        "object" => "objet",
        "integer" => "entier",
        "number" => "nombre",
        "boolean" => "booléen",
        other => other,
    }
}

/// The most faults of one request that are told: nobody corrects more at a time, and a body of
/// nothing but mistakes must not make an answer larger than itself.
const MOST: usize = 500;

/// The faults found so far in one request, or in one of its items.
#[derive(Debug)]
pub struct Faults {
    list: Vec<Fault>,
    most: usize,
    /// Whether there were more than are kept.
    is_cut: bool,
}

impl Default for Faults {
    fn default() -> Self {
        Self::at_most(MOST)
    }
}

impl Faults {
    /// So many at most: to tell one costs something, the search for what was meant above all.
    pub const fn at_most(most: usize) -> Self {
        Self {
            list: Vec::new(),
            most,
            is_cut: false,
        }
    }

    /// Notes one more.
    pub fn add(&mut self, place: Place, rule: Rule) {
        if !self.is_full() {
            self.list.push(Fault { place, rule });
        }
    }

    /// Whether no more are told. Asked by who would find another one: it is left out, and that is told.
    pub fn is_full(&mut self) -> bool {
        self.is_cut |= self.list.len() >= self.most;
        self.is_cut
    }

    /// Whether some were left out.
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Leaves out those that are none after all.
    pub fn forget(&mut self, is_none: impl Fn(&Fault) -> bool) {
        self.list.retain(|fault| !is_none(fault));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// They alone.
    pub fn into_list(self) -> Vec<Fault> {
        self.list
    }

    /// The refusal they make together, if there are any.
    pub fn check(self) -> crate::error::Result<()> {
        if self.list.is_empty() {
            return Ok(());
        }
        let mut error = crate::error::Error::validation(self.list);
        error.is_cut = self.is_cut;
        Err(error)
    }
}
