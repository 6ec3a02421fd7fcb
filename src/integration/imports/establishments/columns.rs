//! The columns of the ministry's files, found by name: the header is not stable over the years,
//! and a sibling file (addresses and locations) names the same things otherwise.

use std::collections::HashMap;

use csv::StringRecord;

use crate::integration::imports::source::{header_key, is_visible, unused};
use crate::integration::imports::{ImportError, Unused};

/// A column that is read. The others (fax, sections, boarding…) are not in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    Uai,
    Name,
    Type,
    Sector,
    Contract,
    Nature,
    Address1,
    Address2,
    Address3,
    PostalCode,
    City,
    CityCode,
    Department,
    Academy,
    Latitude,
    Longitude,
    Position,
    Phone,
    Email,
    Website,
    Siret,
    General,
    Technological,
    Vocational,
    Segpa,
    Ulis,
    PostBac,
    PriorityEducation,
    State,
    Parent,
    UpdatedOn,
}

/// The names of a column: first the directory's (`fr-en-annuaire-education`), then those of
/// `fr-en-adresse-et-geolocalisation-etablissements-premier-et-second-degre`. Case, spaces and
/// underscores do not count. The post-office box of the latter is left out: it may be a BP or a
/// CS, and is no place.
const NAMES: &[(Column, &[&str])] = &[
    (
        Column::Uai,
        &[
            "Identifiant_de_l_etablissement",
            "numero_uai",
            "uai",
            "code_uai",
            "Code établissement",
        ],
    ),
    (
        Column::Name,
        &["Nom_etablissement", "appellation_officielle"],
    ),
    (Column::Type, &["Type_etablissement"]),
    (
        Column::Sector,
        &[
            "Statut_public_prive",
            "secteur_public_prive_libe",
            "Secteur Public/Privé",
        ],
    ),
    (
        Column::Contract,
        &["Type_contrat_prive", "secteur_prive_libelle_type_contrat"],
    ),
    (Column::Nature, &["code_nature", "nature_uai"]),
    (Column::Address1, &["Adresse_1", "adresse_uai", "Adresse"]),
    (Column::Address2, &["Adresse_2", "lieu_dit_uai", "Lieu dit"]),
    (Column::Address3, &["Adresse_3"]),
    (Column::PostalCode, &["Code_postal", "code_postal_uai"]),
    (Column::City, &["Nom_commune", "libelle_commune", "Commune"]),
    (Column::CityCode, &["Code_commune"]),
    (Column::Department, &["Code_departement"]),
    (Column::Academy, &["Code_academie"]),
    (Column::Latitude, &["latitude"]),
    (Column::Longitude, &["longitude"]),
    (Column::Position, &["position"]),
    (Column::Phone, &["Telephone", "numero_telephone_uai"]),
    (Column::Email, &["Mail", "mail_uai"]),
    (Column::Website, &["Web", "site_web"]),
    (Column::Siret, &["SIREN_SIRET", "siret"]),
    (Column::General, &["Voie_generale"]),
    (Column::Technological, &["Voie_technologique"]),
    (Column::Vocational, &["Voie_professionnelle"]),
    (Column::Segpa, &["Segpa"]),
    (Column::Ulis, &["ULIS"]),
    (Column::PostBac, &["Post_BAC"]),
    (
        Column::PriorityEducation,
        &["Appartenance_Education_Prioritaire"],
    ),
    (
        Column::State,
        &["etat", "etat_etablissement_libe", "Etat établissement"],
    ),
    (Column::Parent, &["etablissement_mere"]),
    (Column::UpdatedOn, &["date_maj_ligne"]),
];

/// The stored columns, and the columns of a file that speak of each: where a file has none of
/// them, it changes nothing, and what is stored stays.
const STORED: &[(&str, &[Column])] = &[
    ("type", &[Column::Type]),
    ("sector", &[Column::Sector]),
    ("contract", &[Column::Contract]),
    ("nature_code", &[Column::Nature]),
    (
        "address",
        &[Column::Address1, Column::Address2, Column::Address3],
    ),
    ("postal_code", &[Column::PostalCode]),
    ("city", &[Column::City]),
    ("city_code", &[Column::CityCode]),
    ("department", &[Column::Department]),
    ("academy", &[Column::Academy]),
    ("coordinates", &[Column::Latitude, Column::Position]),
    ("phone", &[Column::Phone]),
    ("email", &[Column::Email]),
    ("website", &[Column::Website]),
    ("siret", &[Column::Siret]),
    ("general", &[Column::General]),
    ("technological", &[Column::Technological]),
    ("vocational", &[Column::Vocational]),
    ("segpa", &[Column::Segpa]),
    ("ulis", &[Column::Ulis]),
    ("post_bac", &[Column::PostBac]),
    ("priority_education", &[Column::PriorityEducation]),
    ("state", &[Column::State]),
    ("parent_uai", &[Column::Parent]),
    ("source_updated_on", &[Column::UpdatedOn]),
];

/// Where the columns of one file are.
pub struct Layout {
    places: HashMap<Column, usize>,
}

impl Layout {
    /// Finds the columns; the UAI and the name must be there.
    pub fn of(header: &[String]) -> Result<Self, ImportError> {
        let keys: Vec<String> = header.iter().map(|name| header_key(name)).collect();
        let places: HashMap<Column, usize> = NAMES
            .iter()
            .filter_map(|(column, names)| Some((*column, place(&keys, names)?)))
            .collect();
        let looked_for: Vec<String> = NAMES
            .iter()
            .filter(|(column, _)| matches!(column, Column::Uai | Column::Name))
            .filter(|(column, _)| !places.contains_key(column))
            .map(|(_, names)| names.join(" or "))
            .collect();
        if looked_for.is_empty() {
            Ok(Self { places })
        } else {
            Err(ImportError::MissingColumns {
                looked_for,
                found: header.to_vec(),
            })
        }
    }

    /// The columns that are not read and resemble one that is: most of the directory's are not read.
    pub fn unused(&self, header: &[String]) -> Vec<Unused> {
        let known = NAMES.iter().flat_map(|(_, names)| names.iter().copied());
        let all = unused(header, known);
        let missing = |unused: &Unused| {
            let nearest = unused.nearest.as_deref().unwrap_or_default();
            let read = NAMES.iter().find(|(_, names)| names.contains(&nearest));
            read.is_some_and(|(column, _)| !self.places.contains_key(column))
        };
        all.into_iter().filter(missing).collect()
    }

    pub fn place(&self, column: Column) -> Option<usize> {
        self.places.get(&column).copied()
    }

    /// The cell, trimmed; `None` where it is empty or the file has no such column.
    pub fn cell<'r>(&self, record: &'r StringRecord, column: Column) -> Option<&'r str> {
        let cell = record.get(self.place(column)?)?.trim();
        is_visible(cell).then_some(cell)
    }

    /// The stored columns that this file speaks of; with the day of its edition, of the day too.
    pub fn present(&self, has_edition: bool) -> Vec<&'static str> {
        let is_told = |column: &Column| {
            self.places.contains_key(column) || (has_edition && *column == Column::UpdatedOn)
        };
        STORED
            .iter()
            .filter(|(_, columns)| columns.iter().any(is_told))
            .map(|(name, _)| *name)
            .collect()
    }
}

fn place(keys: &[String], names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| {
        let wanted = header_key(name);
        keys.iter().position(|key| *key == wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &str) -> Vec<String> {
        names.split(';').map(str::to_owned).collect()
    }

    #[test]
    fn columns_are_found_under_the_names_of_each_year() {
        for names in [
            "Identifiant_de_l_etablissement;Nom_etablissement;Code_postal",
            "identifiant de l'etablissement;NOM ETABLISSEMENT;Code postal",
            "numero_uai;appellation_officielle;code_postal_uai",
        ] {
            let layout = Layout::of(&header(names)).unwrap();
            assert_eq!(layout.place(Column::PostalCode), Some(2), "{names}");
            assert_eq!(layout.present(false), ["postal_code"]);
            assert_eq!(layout.present(true), ["postal_code", "source_updated_on"]);
        }
    }

    #[test]
    fn a_header_without_uai_or_name_says_what_was_looked_for() {
        let error = Layout::of(&header("a;Nom_etablissement")).err().unwrap();
        let text = error.to_string();
        assert!(text.contains("Identifiant_de_l_etablissement or numero_uai"));
        assert!(!text.contains("appellation_officielle"));
        assert!(text.contains("found a, Nom_etablissement"));
    }
}
