//! Query strings, read as strictly as bodies: unknown and repeated parameters, broken values, all
//! reported together.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{self, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::formats::Dialect;
use super::readings::Readings;
use crate::error::notice::DECIMAL_POINT;
use crate::error::{Code, Error, Faults, Place, Result, Rule, Subject};
use crate::language::Language;
use crate::values::{
    FromText, TerritoryCode, TerritoryKind, TextValue as _, decimal, form_decode, schemas,
};

/// The longest `q`.
const MAX_Q: usize = 200;

/// The parameters of a request, by name.
#[derive(Debug, Default)]
pub struct Parameters {
    values: BTreeMap<String, Vec<String>>,
}

impl Parameters {
    /// Reads a query string (application/x-www-form-urlencoded).
    ///
    /// # Errors
    /// `malformed_request` when it is not percent-encoded UTF-8.
    pub fn parse(query: &str) -> Result<Self> {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            values
                .entry(decode(name)?)
                .or_default()
                .push(with_offset(decode(value)?));
        }
        Ok(Self { values })
    }

    /// The parameters that the members of an object name: a text, a number, a flag, or a list of them; and
    /// the names of members that are something else.
    pub fn of_members(members: &Map<String, Value>) -> (Self, Vec<&str>) {
        let mut values = BTreeMap::new();
        let mut strange = Vec::new();
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            match text_of(value) {
                Some(text) => drop(values.insert(name.clone(), vec![text])),
                None => strange.push(name.as_str()),
            }
        }
        (Self { values }, strange)
    }

    /// The value of a parameter, when it is given once.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .and_then(|values| values.first())
            .map(String::as_str)
    }

    /// The same, with the values of some of them changed.
    pub fn with(&self, names: &[&str], change: impl Fn(&str) -> String) -> Self {
        let changed = self.values.iter().map(|(name, values)| {
            let is_one = names.contains(&name.as_str());
            let values = values.iter();
            let values = values.map(|value| if is_one { change(value) } else { value.clone() });
            (name.clone(), values.collect())
        });
        Self {
            values: changed.collect(),
        }
    }

    /// Whether a parameter is given more than once.
    pub fn repeats(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|values| values.len() > 1)
    }

    /// The names given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The parameters but these, in one canonical form: what a cursor is bound to.
    pub fn canonical_without(&self, left_out: &[&str]) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, values) in self
            .values
            .iter()
            .filter(|(name, _)| !left_out.contains(&name.as_str()))
        {
            for value in values {
                form.append_pair(name, value);
            }
        }
        form.finish()
    }
}

/// A value as a query writes it.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(items) => {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| text_of(item).filter(|_| !item.is_array()))
                .collect();
            texts.map(|texts| texts.join(","))
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// A moment whose offset was sent as `+01:00`, which a form reads as a blank: the blank can only be that
/// sign.
fn with_offset(value: String) -> String {
    let is_moment = value
        .as_bytes()
        .get(10)
        .is_some_and(|byte| b"Tt".contains(byte));
    match value.rsplit_once(' ') {
        Some((time, offset)) if is_moment && is_offset(offset) => format!("{time}+{offset}"),
        _ => value,
    }
}

/// `01:00`.
fn is_offset(text: &str) -> bool {
    text.len() == 5
        && text.bytes().enumerate().all(|(place, byte)| match place {
            2 => byte == b':',
            _ => byte.is_ascii_digit(),
        })
}

/// A name or a value of the query.
fn decode(text: &str) -> Result<String> {
    form_decode(text).ok_or_else(|| {
        Error::new(Code::MalformedRequest).about(Subject::words(
            "paramètres : écrivez-les en UTF-8, encodés par `%`",
            "parameters: write them in UTF-8, percent-encoded",
        ))
    })
}

/// The filters of a list: read from the parameters, noting the faults.
pub trait Query: Sized {
    /// The parameters it knows, as they are documented.
    const PARAMETERS: &'static [Parameter];
    /// Whether it passes over what it does not know: the address of a page gathers marks of those who
    /// pass it on, and a program's has none.
    const IS_LENIENT: bool = false;
    /// Reads them.
    fn read(parameters: &mut Reader<'_>) -> Self;
}

/// A query parameter: what the document says of it.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it does, in French.
    pub description: &'static str,
    /// A value that works; none where that of the value's own type does.
    pub example: Option<&'static str>,
}

/// A parameter with an example.
pub const fn parameter(
    name: &'static str,
    description: &'static str,
    example: &'static str,
) -> Parameter {
    Parameter {
        name,
        description,
        example: Some(example),
    }
}

/// A parameter whose example is that of the type of its values, if that has one.
pub const fn without_example(name: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        description,
        example: None,
    }
}

/// `updated_since`, which every list takes.
pub const UPDATED_SINCE: Parameter = parameter(
    "updated_since",
    "Modifiés à ce moment ou après (RFC 3339)",
    "2026-01-01T00:00:00Z",
);

/// The parameters of a query, for the document: the list and the count of a resource share them.
pub struct Documented<Q>(PhantomData<Q>);

impl<Q: Query> utoipa::IntoParams for Documented<Q> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<path::Parameter> {
        documented::<Q>(&Reader::readings_of(Q::read))
    }
}

/// The parameters of a query that is read like this.
pub fn documented<Q: Query>(readings: &Readings) -> Vec<path::Parameter> {
    let parameters = Q::PARAMETERS.iter();
    let document = |one: &Parameter| readings.document(one.name, one.description, one.example);
    parameters.map(document).collect()
}

/// No parameters of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoQuery;

impl Query for NoQuery {
    const PARAMETERS: &'static [Parameter] = &[];
    fn read(_parameters: &mut Reader<'_>) -> Self {
        Self
    }
}

/// Whatever parameters, none of which says anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Anything;

impl Query for Anything {
    const PARAMETERS: &'static [Parameter] = &[];
    const IS_LENIENT: bool = true;
    fn read(_parameters: &mut Reader<'_>) -> Self {
        Self
    }
}

/// Hands out parameters and notes their faults.
pub struct Reader<'a> {
    parameters: &'a Parameters,
    faults: &'a mut Faults,
    /// How they are read, where that is what is asked.
    readings: Option<&'a mut Readings>,
    /// Whether a blank value is none: a form in a page sends the fields that nobody filled in.
    is_lenient: bool,
}

impl<'a> Reader<'a> {
    /// A reader that has already noted unknown and repeated parameters.
    pub fn new(
        parameters: &'a Parameters,
        documented: &[Parameter],
        others: &[&'static str],
        faults: &'a mut Faults,
    ) -> Self {
        let known = |name: &str| {
            documented.iter().any(|parameter| parameter.name == name) || others.contains(&name)
        };
        let names = || {
            let documented = documented.iter().map(|parameter| parameter.name);
            documented.chain(others.iter().copied()).collect()
        };
        for (name, values) in &parameters.values {
            if !known(name) {
                faults.add(
                    Place::Parameter(name.clone()),
                    Rule::UnknownParameter(names()),
                );
            } else if values.len() > 1 {
                faults.add(Place::Parameter(name.clone()), Rule::Repeated);
            }
        }
        Self {
            parameters,
            faults,
            readings: None,
            is_lenient: false,
        }
    }

    /// A reader for this query, as strict as it is.
    pub fn of<Q: Query>(parameters: &'a Parameters, faults: &'a mut Faults) -> Self {
        match Q::IS_LENIENT {
            true => Self {
                parameters,
                faults,
                readings: None,
                is_lenient: true,
            },
            false => Self::new(parameters, Q::PARAMETERS, &[], faults),
        }
    }

    /// How parameters are read by this: it is done once, without any.
    pub fn readings_of<T>(read: impl FnOnce(&mut Reader<'_>) -> T) -> Readings {
        let (parameters, mut faults) = (Parameters::default(), Faults::default());
        let mut readings = Readings::default();
        read(&mut Reader {
            parameters: &parameters,
            faults: &mut faults,
            readings: Some(&mut readings),
            is_lenient: false,
        });
        readings
    }

    /// Notes how a parameter is read.
    pub fn note(&mut self, name: &str, schema: impl FnOnce() -> RefOr<Schema>) {
        if let Some(readings) = &mut self.readings {
            readings.note(name, schema());
        }
    }

    /// Notes a fault of a parameter.
    pub fn fault(&mut self, name: &str, rule: Rule) {
        self.faults.add(Place::Parameter(name.to_owned()), rule);
    }

    /// The text of a parameter.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        let text = self.parameters.get(name);
        text.filter(|text| !(self.is_lenient && text.trim().is_empty()))
    }

    /// Notes that a parameter is needed.
    pub fn needs(&mut self, name: &str) {
        if let Some(readings) = &mut self.readings {
            readings.note_required(name);
        }
        if self.text(name).is_none() {
            self.fault(name, Rule::Required);
        }
    }

    /// One value.
    pub fn one<T: FromText>(&mut self, name: &str) -> Option<T> {
        self.note(name, T::described);
        let text = self.text(name)?;
        T::from_text(text)
            .map_err(|rule| self.fault(name, rule))
            .ok()
    }

    /// Several values, separated by commas; empty when the parameter is absent.
    pub fn several<T: FromText>(&mut self, name: &str) -> Vec<T> {
        self.note(name, || schemas::several(T::described()).into());
        let Some(text) = self.text(name) else {
            return Vec::new();
        };
        let is_one = !text.contains(',');
        text.split(',')
            .filter_map(|item| {
                let read = T::from_text(item);
                // Of several, the one that is wrong is named.
                let told = |rule| match is_one {
                    true => rule,
                    false => Rule::Item(item.to_owned(), Box::new(rule)),
                };
                read.map_err(|rule| self.fault(name, told(rule))).ok()
            })
            .collect()
    }

    /// The members of an answer's items that are asked for, of these; none where all are.
    pub fn members(&mut self, known: impl Fn() -> Vec<String>) -> Option<Vec<String>> {
        self.note("fields", || {
            let names = schemas::one_of(known(), None);
            schemas::several(names).unique_items(true).into()
        });
        let asked: Vec<&str> = self.text("fields")?.split(',').collect();
        let known = known();
        for (place, name) in asked.iter().enumerate() {
            if !known.iter().any(|known| known == name) {
                let rule = Box::new(Rule::UnknownMember(known.clone()));
                self.fault("fields", Rule::Item((*name).to_owned(), rule));
            } else if asked.iter().take(place).any(|before| before == name) {
                let rule = Box::new(Rule::RepeatedItem);
                self.fault("fields", Rule::Item((*name).to_owned(), rule));
            }
        }
        Some(asked.into_iter().map(str::to_owned).collect())
    }

    /// Several values, none twice.
    pub fn distinct<T: FromText + PartialEq>(&mut self, name: &str) -> Vec<T> {
        let mut list = Vec::new();
        for value in self.several::<T>(name) {
            if list.contains(&value) {
                self.fault(name, Rule::RepeatedItem);
            } else {
                list.push(value);
            }
        }
        self.note(name, || {
            let values = schemas::several(T::described());
            values.unique_items(true).into()
        });
        list
    }

    /// Several values, none twice, and at most so many.
    pub fn distinct_up_to<T: FromText + PartialEq>(&mut self, name: &str, most: usize) -> Vec<T> {
        let list = self.distinct(name);
        if list.len() > most {
            self.fault(name, Rule::TooManyItems(most));
        }
        self.note(name, || {
            let values = schemas::several(T::described()).unique_items(true);
            values.max_items(Some(most)).into()
        });
        list
    }

    /// Territories of one kind.
    pub fn territories(&mut self, name: &str, kind: TerritoryKind) -> Vec<TerritoryCode> {
        let codes: Vec<TerritoryCode> = self.several(name);
        if !codes.iter().all(|code| code.is_of(kind)) {
            self.fault(name, Rule::Format(kind.example()));
        }
        self.note(name, || {
            let code = TerritoryCode::describe().pattern(Some(kind.form()));
            let code = code.description(None::<String>).examples([kind.example()]);
            schemas::several(code.into()).into()
        });
        codes
    }

    /// `q`, the text searched for; none when it is blank.
    pub fn q(&mut self) -> Option<String> {
        self.note("q", || {
            let text = ObjectBuilder::new().schema_type(Type::String);
            let text = text.pattern(Some("^[^\\u0000]*$"));
            text.max_length(Some(MAX_Q)).into()
        });
        let q = self.text("q")?.trim();
        if q.chars().count() > MAX_Q {
            self.fault("q", Rule::TooLong(MAX_Q));
        }
        if q.contains('\0') {
            self.fault("q", Rule::ForbiddenCharacters);
        }
        Some(q.to_owned()).filter(|q| !q.is_empty())
    }

    /// One of these words, written as in `partial, atomic`; the first when the parameter is absent.
    pub fn word(&mut self, name: &str, words: &'static str) -> &'static str {
        let known = || words.split(", ");
        let first = known().next();
        self.note(name, || schemas::one_of(known(), first.map(str::to_owned)));
        let text = self.text(name);
        let named = text.map_or(first, |text| known().find(|word| *word == text));
        named.unwrap_or_else(|| {
            self.fault(name, Rule::Format(words));
            ""
        })
    }

    /// That the form of the answer may be named, by one of these words; the gate has chosen it.
    pub fn form(&mut self, forms: &'static str) {
        self.choice("format", forms);
    }

    /// The language that codes and ids are to be named in, `none` for no names; none where that is not
    /// said.
    pub fn labels(&mut self) -> Option<&'static str> {
        self.choice("labels", "fr, en, none")
    }

    /// The language of the answer, where its address names it; none where that is not said.
    pub fn language(&mut self) -> Option<Language> {
        self.choice("lang", "fr, en").and_then(Language::tagged)
    }

    /// One of these words, if the parameter is given.
    fn choice(&mut self, name: &str, words: &'static str) -> Option<&'static str> {
        self.note(name, || schemas::one_of(words.split(", "), None));
        let text = self.text(name)?;
        let known = words.split(", ").find(|word| *word == text);
        if known.is_none() {
            self.fault(name, Rule::Format(words));
        }
        known
    }

    /// How CSV is to be written.
    pub fn dialect(&mut self) -> Dialect {
        let named = self.word("dialect", "standard, excel-fr");
        Dialect::named(named).unwrap_or_default()
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.note(name, || {
            ObjectBuilder::new().schema_type(Type::Boolean).into()
        });
        let flag = self.text(name)?.parse().ok();
        if flag.is_none() {
            self.fault(name, Rule::WrongType("boolean"));
        }
        flag
    }

    /// A whole number between bounds, included.
    pub fn number(&mut self, name: &str, low: i64, high: i64) -> Option<i64> {
        self.note(name, || schemas::between(Type::Integer, low, high).into());
        let text = self.text(name)?;
        match text.parse::<i64>() {
            Ok(number) if (low..=high).contains(&number) => Some(number),
            Ok(_) => {
                self.fault(name, Rule::OutOfRange(low, high));
                None
            }
            Err(_) => {
                self.fault(name, Rule::WrongType("integer"));
                None
            }
        }
    }

    /// The same where there is one without the parameter.
    pub fn number_or(&mut self, name: &str, low: i64, high: i64, otherwise: i64) -> i64 {
        let number = self.number(name, low, high);
        self.note(name, || {
            let number = schemas::between(Type::Integer, low, high);
            number.default(Some(otherwise.into())).into()
        });
        number.unwrap_or(otherwise)
    }

    /// A number, with decimals or without, between bounds, included.
    pub fn decimal(&mut self, name: &str, low: i32, high: i32) -> Option<f64> {
        self.note(name, || schemas::between(Type::Number, low, high).into());
        let text = self.text(name)?;
        let rule = match decimal(text) {
            Some(number) if (f64::from(low)..=f64::from(high)).contains(&number) => {
                return Some(number);
            }
            Some(_) => Rule::OutOfRange(low.into(), high.into()),
            None => {
                let pointed = Some(text.replace(',', ".")).filter(|text| decimal(text).is_some());
                pointed.map_or(Rule::WrongType("number"), |meant| {
                    Rule::About(&DECIMAL_POINT, meant)
                })
            }
        };
        self.fault(name, rule);
        None
    }
}
