//! The position of a value in a body.

use std::fmt;

use crate::error::Place;
use crate::error::fault::escape;

/// The position of a value in a body, from the value outwards. The JSON pointer (RFC 6901) is only
/// written for a fault: a body without any needs none.
#[derive(Debug, Clone, Copy)]
pub enum Pointer<'a> {
    /// The body itself.
    Body,
    /// A member of the object at this position.
    Member(&'a Pointer<'a>, &'a str),
    /// An item of the list at this position.
    Item(&'a Pointer<'a>, usize),
}

impl<'a> Pointer<'a> {
    /// A member of the object here.
    pub fn member(&'a self, name: &'a str) -> Self {
        Self::Member(self, name)
    }

    /// An item of the list here.
    pub fn item(&'a self, index: usize) -> Self {
        Self::Item(self, index)
    }

    /// As the place of a fault.
    pub fn place(&self) -> Place {
        Place::Pointer(self.to_string())
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => Ok(()),
            Self::Member(object, name) => write!(f, "{object}/{}", escape(name)),
            Self::Item(list, index) => write!(f, "{list}/{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_names_each_step_and_escapes_what_it_must() {
        let lines = Pointer::Body.member("li/n~es");
        let line = lines.item(2);
        assert_eq!(line.member("girls").to_string(), "/li~1n~0es/2/girls");
        assert_eq!(Pointer::Body.to_string(), "");
    }
}
