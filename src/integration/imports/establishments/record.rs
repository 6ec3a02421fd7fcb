//! One line of the directory, read.
//!
//! A line is refused for its UAI or its state, without which it is of no use. A cell that cannot be read
//! is not an empty one: it says nothing, and what is stored stays (coordinates out of range or
//! incomplete, a date that is none, a SIRET that fails its check, a parent that is no UAI, an e-mail
//! cell that is not one address, a sector or a priority other than those known, the code of a territory
//! that does not exist). What a spreadsheet did to a value and can only have been one is repaired:
//! zeros lost before a code or a phone number, `82000.0`, decimal commas, `31/12/2026`.

use chrono::NaiveDate;
use csv::StringRecord;

use super::columns::{Column, Layout};
use crate::integration::imports::cells::{self, Cell, clean};
use crate::integration::imports::{Rejection, excerpt};
use crate::register::establishments::levels::Tracks;
use crate::values::{FromText, Uai};

/// A line, ready to be staged; territories are still the ministry's codes.
#[derive(Debug, PartialEq)]
pub struct Line {
    pub uai: String,
    /// None for a school the directory lists before it was named.
    pub name: Option<String>,
    pub kind: Option<String>,
    pub sector: Option<&'static str>,
    pub contract: Option<String>,
    pub nature_code: Option<String>,
    pub address: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub city_code: Option<String>,
    pub department_code: Option<String>,
    pub academy_code: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub website: Option<String>,
    pub siret: Option<String>,
    pub tracks: Tracks,
    pub priority_education: Option<&'static str>,
    pub state: Option<&'static str>,
    pub parent_uai: Option<String>,
    pub source_updated_on: Option<NaiveDate>,
    /// The stored columns whose cells could not be read: of them the line says nothing.
    pub unread: Vec<&'static str>,
    /// Those whose cells were repaired.
    pub repaired: Vec<&'static str>,
}

/// Reads the cells of a record, and remembers what came of them.
struct Reading<'r> {
    record: &'r StringRecord,
    layout: &'r Layout,
    unread: Vec<&'static str>,
    repaired: Vec<&'static str>,
}

impl Reading<'_> {
    fn cell(&self, column: Column) -> Option<&str> {
        self.layout.cell(self.record, column)
    }

    fn text(&self, column: Column) -> Option<String> {
        self.cell(column).map(clean)
    }

    /// What a cell says, by the reader of its kind.
    fn value<T>(
        &mut self,
        name: &'static str,
        column: Column,
        read: fn(&str) -> Cell<T>,
    ) -> Option<T> {
        let cell = self.cell(column).map(read)?;
        self.keep(name, cell)
    }

    fn keep<T>(&mut self, name: &'static str, cell: Cell<T>) -> Option<T> {
        match cell {
            Cell::Read(value) => Some(value),
            Cell::Repaired(value) => {
                self.repaired.push(name);
                Some(value)
            }
            Cell::Unreadable => {
                self.unread.push(name);
                None
            }
            Cell::Empty => None,
        }
    }
}

impl Line {
    /// Reads a record whose width has been checked.
    /// `edition` is the day of a line that does not tell its own.
    pub fn read(
        record: &StringRecord,
        layout: &Layout,
        edition: Option<NaiveDate>,
    ) -> Result<Self, Rejection> {
        let mut reading = Reading {
            record,
            layout,
            unread: Vec::new(),
            repaired: Vec::new(),
        };
        let r = &mut reading;
        let place = r.keep("coordinates", coordinates(record, layout));
        let mut line = Self {
            uai: uai(r)?,
            name: r.text(Column::Name),
            kind: kind(record, layout),
            sector: r.value("sector", Column::Sector, cells::sector),
            contract: r
                .text(Column::Contract)
                .filter(|contract| contract != "SANS OBJET"),
            nature_code: r.value("nature_code", Column::Nature, cells::nature),
            address: address(record, layout),
            postal_code: r.value("postal_code", Column::PostalCode, cells::postal_code),
            city: r.text(Column::City),
            city_code: r.value("city_code", Column::CityCode, cells::city_code),
            department_code: r.value("department", Column::Department, cells::department),
            academy_code: r.value("academy", Column::Academy, cells::academy),
            latitude: place.map(|(latitude, _)| latitude),
            longitude: place.map(|(_, longitude)| longitude),
            phone: r.value("phone", Column::Phone, cells::phone),
            email: r.value("email", Column::Email, cells::email),
            website: r.text(Column::Website),
            siret: r.value("siret", Column::Siret, cells::siret),
            tracks: Tracks {
                general: r.value("general", Column::General, cells::flag),
                technological: r.value("technological", Column::Technological, cells::flag),
                vocational: r.value("vocational", Column::Vocational, cells::flag),
                segpa: r.value("segpa", Column::Segpa, cells::flag),
                ulis: r.value("ulis", Column::Ulis, cells::flag),
                post_bac: r.value("post_bac", Column::PostBac, cells::flag),
            },
            priority_education: r.value(
                "priority_education",
                Column::PriorityEducation,
                cells::priority,
            ),
            state: r.cell(Column::State).map(state).transpose()?,
            parent_uai: r.value("parent_uai", Column::Parent, cells::uai),
            source_updated_on: match r.cell(Column::UpdatedOn) {
                None => edition,
                Some(_) => r.value("source_updated_on", Column::UpdatedOn, cells::date),
            },
            unread: Vec::new(),
            repaired: Vec::new(),
        };
        (line.unread, line.repaired) = (reading.unread, reading.repaired);
        Ok(line)
    }
}

fn uai(reading: &mut Reading<'_>) -> Result<String, Rejection> {
    let cell = reading.cell(Column::Uai);
    let written = cell.ok_or_else(|| Rejection::new("invalid_uai", "the UAI is empty"))?;
    let upper = written.to_ascii_uppercase();
    Uai::from_text(&upper).map_err(|rule| Rejection::of("invalid_uai", written, &rule))?;
    if upper != written {
        reading.repaired.push("uai");
    }
    Ok(upper)
}

/// As the ministry writes it. The sibling file has no type: there it follows from the nature, by
/// the correspondence found in the directory.
fn kind(record: &StringRecord, layout: &Layout) -> Option<String> {
    if layout.place(Column::Type).is_some() {
        return layout.cell(record, Column::Type).map(clean);
    }
    let nature: u16 = layout.cell(record, Column::Nature)?.parse().ok()?;
    let kind = match nature {
        100..=199 => "Ecole",
        240..=249 => "Médico-social",
        300..=335 | 344 => "Lycée",
        340 | 350 | 352 | 390 => "Collège",
        370 => "EREA",
        380 => "Autre",
        802..=809 => "Service Administratif",
        841 => "Information et orientation",
        _ => return None,
    };
    Some(kind.to_owned())
}

/// An unknown state is refused: guessing one would open or close a school.
fn state(cell: &str) -> Result<&'static str, Rejection> {
    match cell.to_uppercase().as_str() {
        "OUVERT" => Ok("open"),
        "A OUVRIR" | "À OUVRIR" => Ok("opening"),
        "A FERMER" | "À FERMER" => Ok("closing"),
        "FERME" | "FERMÉ" => Ok("closed"),
        _ => Err(Rejection::new(
            "unknown_state",
            format!(
                "`{}` is none of OUVERT, A OUVRIR, A FERMER, FERME",
                excerpt(cell)
            ),
        )),
    }
}

fn address(record: &StringRecord, layout: &Layout) -> Option<String> {
    let parts: Vec<String> = [Column::Address1, Column::Address2, Column::Address3]
        .into_iter()
        .filter_map(|column| layout.cell(record, column))
        .map(clean)
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Both or neither, from their columns or else from `position` (`lat, lon`).
fn coordinates(record: &StringRecord, layout: &Layout) -> Cell<(f64, f64)> {
    let cell = |column| layout.cell(record, column);
    let pair = match (cell(Column::Latitude), cell(Column::Longitude)) {
        (Some(latitude), Some(longitude)) => Some((latitude, longitude)),
        (None, None) => match cell(Column::Position) {
            None => return Cell::Empty,
            Some(position) => position
                .split_once(", ")
                .or_else(|| position.split_once(',')),
        },
        _ => None,
    };
    let Some((latitude, longitude)) = pair else {
        return Cell::Unreadable;
    };
    match (
        cells::degrees(latitude, 90.0),
        cells::degrees(longitude, 180.0),
    ) {
        (Cell::Read(latitude), Cell::Read(longitude)) => Cell::Read((latitude, longitude)),
        (
            Cell::Read(latitude) | Cell::Repaired(latitude),
            Cell::Read(longitude) | Cell::Repaired(longitude),
        ) => Cell::Repaired((latitude, longitude)),
        _ => Cell::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;\
        Statut_public_prive;Adresse_1;Adresse_2;Adresse_3;latitude;longitude;position;Telephone;\
        Mail;SIREN_SIRET;Voie_generale;etat;date_maj_ligne;etablissement_mere;Type_contrat_prive";
    const LINE: &str = " 0311131L ; Lycée Sainte-Thérèse ;Lycée;Privé;16 rue du Bugatet;;BP 161;\
        43.10;0.72;;0562009510;Ce.0311131L@ac-toulouse.fr;77684512500058;1;OUVERT;2024-11-26;\
        0311968W;SANS OBJET";

    fn read(header: &str, line: &str) -> Result<Line, Rejection> {
        let split = |text: &str| text.split(';').map(str::to_owned).collect::<Vec<_>>();
        Line::read(
            &StringRecord::from(split(line)),
            &Layout::of(&split(header)).unwrap(),
            None,
        )
    }

    fn changed(from: &str, to: &str) -> Line {
        assert!(LINE.contains(from));
        read(HEADER, &LINE.replace(from, to)).unwrap()
    }

    #[test]
    fn a_whole_line() {
        let line = read(HEADER, LINE).unwrap();
        assert_eq!(line.uai, "0311131L");
        assert_eq!(line.name.as_deref(), Some("Lycée Sainte-Thérèse"));
        assert_eq!(line.address.as_deref(), Some("16 rue du Bugatet, BP 161"));
        assert_eq!(line.sector, Some("private"));
        assert_eq!(line.phone.as_deref(), Some("05 62 00 95 10"));
        assert_eq!(line.email.as_deref(), Some("ce.0311131l@ac-toulouse.fr"));
        assert_eq!(line.tracks.general, Some(true));
        assert_eq!(line.tracks.ulis, None);
        assert_eq!(line.state, Some("open"));
        assert_eq!((line.latitude, line.longitude), (Some(43.1), Some(0.72)));
        assert_eq!(line.contract, None);
        assert_eq!(line.parent_uai.as_deref(), Some("0311968W"));
    }

    #[test]
    fn what_is_refused() {
        let code = |from: &str, to: &str| read(HEADER, &LINE.replace(from, to)).unwrap_err().code;
        assert_eq!(code("0311131L ;", "0311131K ;"), "invalid_uai");
        assert_eq!(code(" 0311131L ;", ";"), "invalid_uai");
        assert_eq!(code("OUVERT", "DEMOLI"), "unknown_state");
    }

    #[test]
    fn a_school_without_a_name_is_a_school() {
        assert_eq!(changed(" Lycée Sainte-Thérèse ", " ").name, None);
    }

    #[test]
    fn a_cell_that_cannot_be_read_says_nothing_and_is_told() {
        for (from, to, column) in [
            ("43.10", "NaN", "coordinates"),
            ("43.10", "143.1", "coordinates"),
            ("43.10", "", "coordinates"),
            ("2024-11-26", "2024-02-30", "source_updated_on"),
            ("2024-11-26", "46169", "source_updated_on"),
            ("77684512500058", "77684512500059", "siret"),
            ("77684512500058", "7,76845E+13", "siret"),
            ("0311968W", "0311968A", "parent_uai"),
            ("Privé", "?", "sector"),
            (";1;OUVERT", ";oui;OUVERT", "general"),
        ] {
            let line = changed(from, to);
            assert_eq!(line.unread, [column], "{from} {to}");
            assert_eq!(line.repaired, [""; 0]);
        }
        for wrong in [
            "a@b.fr - P",
            ": a@b.fr",
            "a@ b.fr",
            "a@b",
            "a",
            "@b.fr",
            "a@b@c.fr",
        ] {
            let line = changed("Ce.0311131L@ac-toulouse.fr", wrong);
            assert_eq!((line.email, line.unread), (None, vec!["email"]), "{wrong}");
        }
        let whole = read(HEADER, LINE).unwrap();
        assert_eq!((whole.unread, whole.repaired), (vec![], vec![]));
    }

    #[test]
    fn what_can_only_have_been_one_value_is_repaired_and_told() {
        let line = changed("43.10;0.72", "43,10;0,72");
        assert_eq!((line.latitude, line.longitude), (Some(43.1), Some(0.72)));
        assert_eq!(line.repaired, ["coordinates"]);
        let line = changed("2024-11-26", "26/11/2024");
        assert_eq!(
            line.source_updated_on,
            NaiveDate::from_ymd_opt(2024, 11, 26)
        );
        let line = changed("0562009510", "562009510");
        assert_eq!(
            (line.phone.as_deref(), line.repaired),
            (Some("05 62 00 95 10"), vec!["phone"])
        );
        let line = changed("0311131L ;", "0311131l ;");
        assert_eq!(
            (line.uai.as_str(), line.repaired),
            ("0311131L", vec!["uai"])
        );
        let line = changed("43.10;0.72;", ";;43.1, 0.72");
        assert_eq!((line.latitude, line.longitude), (Some(43.1), Some(0.72)));
    }

    #[test]
    fn the_sibling_file_has_natures_and_no_types() {
        let line = read(
            "numero_uai;appellation_officielle;nature_uai",
            "0071168G;Collège privé Charles de Foucauld;340",
        )
        .unwrap();
        assert_eq!(line.kind.as_deref(), Some("Collège"));
        assert_eq!(line.state, None);
    }
}
