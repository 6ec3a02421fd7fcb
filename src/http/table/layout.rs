//! The columns of a kind of object: what they are called, what stands in them, and which field of the
//! object that is.

use crate::reference::folded;

/// What stands in the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A code of this nomenclature, or its label.
    Code(&'static str),
    /// Several of them.
    Codes(&'static str),
    /// A whole number.
    Whole,
    /// A day.
    Day,
    /// A school year.
    SchoolYear,
    /// A territory.
    Territory,
    /// An academy.
    Academy,
    /// Territories.
    Territories,
    /// Schools, by their numbers.
    Schools,
    /// The id of an object, or what people call it by.
    Reference,
    /// A telephone number.
    Phone,
    /// What no cell of a person has: an object or a list of objects, written as JSON.
    Json,
}

/// The column that names an object that is there already.
pub const ID: &str = "id";

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name, by which programs know it.
    pub name: &'static str,
    /// The member of the object that it is, and the member of that.
    pub path: (&'static str, Option<&'static str>),
    /// What stands in it.
    pub kind: Kind,
    /// What people call it.
    pub label: &'static str,
    /// What they call it besides.
    pub aliases: &'static [&'static str],
    /// Whether there is no object without it.
    pub is_required: bool,
    /// Whether a template has it: what people fill in.
    pub is_in_template: bool,
    /// Whether what stands in it is of a person.
    pub is_personal: bool,
}

/// A column of a field of its name.
pub const fn column(
    name: &'static str,
    kind: Kind,
    label: &'static str,
    aliases: &'static [&'static str],
) -> Column {
    Column {
        name,
        path: (name, None),
        kind,
        label,
        aliases,
        is_required: false,
        is_in_template: true,
        is_personal: false,
    }
}

impl Column {
    /// The same, without which there is no object.
    #[must_use]
    pub const fn required(self) -> Self {
        Self {
            is_required: true,
            ..self
        }
    }

    /// The same, of a member of a field that is an object.
    #[must_use]
    pub const fn within(self, field: &'static str, member: &'static str) -> Self {
        Self {
            path: (field, Some(member)),
            ..self
        }
    }

    /// The same, which a template has not: the register writes it, and reads it again.
    #[must_use]
    pub const fn for_programs(self) -> Self {
        Self {
            is_in_template: false,
            ..self
        }
    }

    /// The same, of a person: what stands in it is told to who sent it, and not kept.
    #[must_use]
    pub const fn personal(self) -> Self {
        Self {
            is_personal: true,
            ..self
        }
    }

    /// What stands above it: what people call it, and its name in brackets.
    pub fn head(&self) -> String {
        format!("{} [{}]", self.label, self.name)
    }

    /// Whether a fault at this place of an object is one of its cells.
    pub fn has(&self, pointer: &str) -> bool {
        let mut parts = pointer.split('/').skip(1);
        let (field, member) = self.path;
        parts.next() == Some(field)
            && member.is_none_or(|member| parts.next().is_none_or(|part| part == member))
    }
}

/// The longest head, in bytes: what is longer names no column.
const LONGEST_HEAD: usize = 400;

/// The columns of a kind of object.
#[derive(Debug)]
pub struct Layout {
    /// Its columns, in the order of a template.
    pub columns: &'static [Column],
    /// What the register writes beside them, in lists of names: passed over when it is sent back.
    pub passed_over: &'static [&'static [&'static str]],
    /// The columns that a template fills in: a row with nothing else says nothing.
    pub filled_in: &'static [&'static str],
}

impl Layout {
    /// The column that this head names, by its name, its name in brackets or one of its labels; case,
    /// accents and what is no letter do not count.
    pub fn named(&self, head: &str) -> Option<&'static Column> {
        if head.len() > LONGEST_HEAD {
            return None;
        }
        let (title, name) = parts(head);
        let by = |text: &str| {
            let key = key(text);
            let mut columns = self.columns.iter();
            columns.find(|column| !key.is_empty() && is_called(column, &key))
        };
        name.and_then(by).or_else(|| by(title)).or_else(|| by(head))
    }

    /// Whether this head is of what is passed over.
    pub fn passes_over(&self, head: &str) -> bool {
        let (title, name) = parts(head);
        self.passes_over_member(name.unwrap_or(title).trim())
    }

    /// Whether a member of an object of this name is: what the service sets, and names beside codes.
    pub fn passes_over_member(&self, name: &str) -> bool {
        is_label(name) || self.passed_over.iter().any(|names| names.contains(&name))
    }

    /// The columns of a template.
    pub fn of_template(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().filter(|column| column.is_in_template)
    }

    /// The column of a place of an object.
    pub fn of(&self, pointer: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.has(pointer))
    }
}

/// Whether a member of this name is a name beside a code, which the register writes in tables.
pub fn is_label(name: &str) -> bool {
    name.ends_with("_label") || name.ends_with("_labels")
}

/// A head, and the name in its brackets.
fn parts(head: &str) -> (&str, Option<&str>) {
    let head = head.trim().trim_matches('*').trim();
    let inner = head
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once('['));
    inner.map_or((head, None), |(title, name)| {
        (title.trim(), Some(name.trim()))
    })
}

/// Whether one of its names has this key.
fn is_called(column: &Column, key: &str) -> bool {
    let mut names = [column.name, column.label]
        .into_iter()
        .chain(column.aliases.iter().copied());
    names.any(|name| letters(name).eq(key.chars()))
}

/// The letters and digits of a head, in small letters and without accents.
pub fn key(head: &str) -> String {
    letters(head).collect()
}

fn letters(head: &str) -> impl Iterator<Item = char> {
    folded(head).filter(|c| c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    static LAYOUT: Layout = Layout {
        columns: &[
            column("pupils", Kind::Whole, "Élèves", &["nombre d'élèves"]),
            column("level", Kind::Code("levels"), "Niveau", &[]),
            column("narrative_results", Kind::Text, "Résultats", &[])
                .within("narrative", "results"),
        ],
        passed_over: &[&["report_id"]],
        filled_in: &[],
    };

    #[test]
    fn heads_are_names_and_labels_however_they_are_written() {
        for head in [
            "pupils",
            "PUPILS",
            "Élèves [pupils]",
            "eleves",
            " Nombre d’élèves ",
            "Nb [pupils]",
            "Élèves*",
        ] {
            assert_eq!(
                LAYOUT.named(head).map(|column| column.name),
                Some("pupils"),
                "{head}"
            );
        }
        for head in ["", "[]", "élève", "report_id"] {
            assert!(LAYOUT.named(head).is_none(), "{head}");
        }
        assert!(LAYOUT.passes_over("report_id") && LAYOUT.passes_over("Niveau [level_label]"));
        assert!(!LAYOUT.passes_over("remarque"));
    }

    #[test]
    fn a_place_of_an_object_is_in_one_column() {
        let of = |pointer| LAYOUT.of(pointer).map(|column| column.name);
        assert_eq!(of("/pupils"), Some("pupils"));
        assert_eq!(of("/narrative/results"), Some("narrative_results"));
        assert_eq!(of("/narrative/outlook"), None);
        assert_eq!(of(""), None);
    }
}
