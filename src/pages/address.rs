//! The address of a page with the choices that it shows, and of the same page with another choice.

use std::fmt;

use url::form_urlencoded::Serializer;

use crate::http::query::Parameters;

/// A path, and what is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    path: String,
    chosen: Vec<(&'static str, String)>,
}

impl Address {
    /// Of a request: of its parameters, those that the page knows and that say something.
    pub fn of(path: &str, parameters: &Parameters, known: &[&'static str]) -> Self {
        let value = |name: &&'static str| {
            let text = parameters.get(name)?.trim();
            (!text.is_empty()).then(|| (*name, text.to_owned()))
        };
        Self {
            path: path.to_owned(),
            chosen: known.iter().filter_map(value).collect(),
        }
    }

    /// The same choices at another path.
    pub fn at(&self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..self.clone()
        }
    }

    /// Whether nothing is chosen.
    pub fn is_plain(&self) -> bool {
        self.chosen.is_empty()
    }

    /// What is chosen by this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut chosen = self.chosen.iter();
        let found = chosen.find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What is chosen.
    pub fn chosen(&self) -> &[(&'static str, String)] {
        &self.chosen
    }

    /// Without a choice.
    pub fn without(&self, name: &str) -> Self {
        let mut next = self.clone();
        next.chosen.retain(|(known, _)| *known != name);
        next
    }

    /// With this choice in the place of another.
    pub fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut next = self.without(name);
        next.chosen.push((name, value.into()));
        next
    }

    /// Whether a code is among those chosen.
    pub fn has(&self, name: &str, code: &str) -> bool {
        self.get(name)
            .is_some_and(|codes| codes.split(',').any(|one| one == code))
    }

    /// With a code more among those chosen, or without it where it is.
    pub fn toggled(&self, name: &'static str, code: &str) -> Self {
        let before = self
            .get(name)
            .into_iter()
            .flat_map(|codes| codes.split(','));
        let others = before.filter(|one| *one != code);
        let more = (!self.has(name, code)).then_some(code);
        let codes: Vec<&str> = others.chain(more).collect();
        match codes.is_empty() {
            true => self.without(name),
            false => self.with(name, codes.join(",")),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.chosen.is_empty() {
            return Ok(());
        }
        let mut query = Serializer::new(String::new());
        for (name, value) in &self.chosen {
            query.append_pair(name, value);
        }
        // A comma and a colon need no escape in a query (RFC 3986 §3.4), and are read more easily.
        let query = query.finish().replace("%2C", ",").replace("%3A", ":");
        write!(f, "?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_made_and_taken_back_by_its_link() {
        let asked = Parameters::parse("q=le+fer&axis=&sector=a,b&utm_source=x").unwrap();
        let address = Address::of("/conventions", &asked, &["q", "axis", "sector"]);
        assert_eq!(address.to_string(), "/conventions?q=le+fer&sector=a,b");
        assert!(address.has("sector", "a") && !address.has("axis", "a"));
        let less = address.toggled("sector", "a").toggled("sector", "b");
        assert_eq!(less.to_string(), "/conventions?q=le+fer");
        let more = less.without("q").toggled("axis", "territory:1");
        assert_eq!(more.to_string(), "/conventions?axis=territory:1");
        assert_eq!(
            more.toggled("axis", "territory:1").to_string(),
            "/conventions"
        );
    }
}
