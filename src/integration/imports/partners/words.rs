//! The codes of kinds and sectors, and the French words that mean them.

use std::collections::{HashMap, HashSet};

use crate::reference::{Nomenclature, Reference};

/// The words that `kind` and `sectors` cells may have.
#[derive(Clone, Debug, Default)]
pub struct Words {
    kinds: HashSet<String>,
    sectors: HashSet<String>,
    /// (column, folded word) → codes, in the order of the table: one word may mean two sectors.
    meanings: HashMap<(Column, String), Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Column {
    Kind,
    Sector,
}

impl Words {
    /// The codes of the reference data and the words met in published lists.
    pub fn of_reference() -> Self {
        let codes = |name| {
            Reference::get()
                .nomenclature(name)
                .map(Nomenclature::codes)
                .unwrap_or_default()
        };
        let table = include_str!("../../../../data/reference/partner_words.csv");
        Self::new(codes("partner_kinds"), codes("sectors"), table)
    }

    /// `kinds` and `sectors` are the codes of the nomenclatures; `table` is `partner_words.csv`
    /// (`column;word;code`, the column being `nature` or `secteur`). A word whose code is not in
    /// its nomenclature is left out.
    pub fn new(
        kinds: impl IntoIterator<Item = String>,
        sectors: impl IntoIterator<Item = String>,
        table: &str,
    ) -> Self {
        let mut words = Self {
            kinds: kinds.into_iter().collect(),
            sectors: sectors.into_iter().collect(),
            meanings: HashMap::new(),
        };
        for line in table.lines() {
            let mut cells = line.split(';').map(str::trim);
            if let (Some(column), Some(word), Some(code)) =
                (cells.next(), cells.next(), cells.next())
            {
                words.learn(column.trim_start_matches('\u{feff}'), word, code);
            }
        }
        words
    }

    fn learn(&mut self, column: &str, word: &str, code: &str) {
        let (column, codes) = match column {
            "nature" => (Column::Kind, &self.kinds),
            "secteur" => (Column::Sector, &self.sectors),
            _ => return,
        };
        if codes.contains(code) {
            self.meanings
                .entry((column, folded(word)))
                .or_default()
                .push(code.to_owned());
        }
    }

    /// The code of a kind.
    pub fn kind(&self, cell: &str) -> Option<&str> {
        if let Some(code) = self.kinds.get(cell) {
            return Some(code);
        }
        let codes = self.meanings.get(&(Column::Kind, folded(cell)))?;
        codes.first().map(String::as_str)
    }

    /// The codes of a cell of sectors, separated by `|` or `,`, without repeats; the word that is
    /// not known otherwise.
    pub fn sectors(&self, cell: &str) -> Result<Vec<String>, String> {
        let mut codes: Vec<String> = Vec::new();
        for word in cell
            .split(['|', ','])
            .map(str::trim)
            .filter(|w| !w.is_empty())
        {
            for code in self.sector(word).ok_or_else(|| word.to_owned())? {
                if !codes.contains(&code) {
                    codes.push(code);
                }
            }
        }
        Ok(codes)
    }

    fn sector(&self, word: &str) -> Option<Vec<String>> {
        if self.sectors.contains(word) {
            return Some(vec![word.to_owned()]);
        }
        self.meanings.get(&(Column::Sector, folded(word))).cloned()
    }
}

/// Case and the two apostrophes do not count; accents do: the words are French.
fn folded(word: &str) -> String {
    word.replace('’', "'").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words() {
        let owned = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let words = Words::new(
            owned(&["company", "employer_organisation"]),
            owned(&["construction", "public_works", "energy"]),
            "column;word;code\nnature;Organisation d'employeurs;employer_organisation\n\
             secteur;BTP;construction\nsecteur;BTP;public_works\nsecteur;lune;moon\n",
        );
        assert_eq!(words.kind("company"), Some("company"));
        assert_eq!(
            words.kind("organisation d’Employeurs"),
            Some("employer_organisation")
        );
        assert_eq!(words.kind("Company"), None);
        assert_eq!(
            words.sectors("energy|btp, construction").unwrap(),
            ["energy", "construction", "public_works"]
        );
        assert_eq!(words.sectors("energy,lune").unwrap_err(), "lune");
    }
}
