//! One line of the directory, read.
//!
//! A line is refused for its UAI, its name or its state, without which it is of no use. Any other
//! cell with an invalid value is left null: coordinates out of range or incomplete, a
//! date that is none, a SIRET that fails its check, a parent that is no UAI, an e-mail cell that is
//! not one address, a sector or a priority other than those known. Nothing is invented: a phone
//! number without its first zero is kept as written.

use chrono::NaiveDate;
use csv::StringRecord;

use super::columns::{Column, Layout};
use crate::integration::imports::{Rejection, excerpt};
use crate::register::establishments::levels::Tracks;
use crate::values::{FromText, Uai, is_siret};

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
}

impl Line {
    /// Reads a record whose width has been checked.
    pub fn read(record: &StringRecord, layout: &Layout) -> Result<Self, Rejection> {
        let cell = |column| layout.cell(record, column);
        let text = |column| cell(column).map(clean);
        let (latitude, longitude) = coordinates(record, layout);
        Ok(Self {
            uai: uai(cell(Column::Uai))?,
            name: text(Column::Name),
            kind: kind(record, layout),
            sector: cell(Column::Sector).and_then(sector),
            contract: text(Column::Contract).filter(|contract| contract != "SANS OBJET"),
            nature_code: text(Column::Nature),
            address: address(record, layout),
            postal_code: text(Column::PostalCode),
            city: text(Column::City),
            city_code: text(Column::CityCode),
            department_code: text(Column::Department),
            academy_code: text(Column::Academy),
            latitude,
            longitude,
            phone: cell(Column::Phone).map(phone),
            email: cell(Column::Email).and_then(email),
            website: text(Column::Website),
            siret: cell(Column::Siret).and_then(siret),
            tracks: tracks(record, layout),
            priority_education: cell(Column::PriorityEducation).and_then(priority),
            state: cell(Column::State).map(state).transpose()?,
            parent_uai: cell(Column::Parent)
                .filter(|uai| Uai::from_text(uai).is_ok())
                .map(str::to_owned),
            source_updated_on: cell(Column::UpdatedOn).and_then(date),
        })
    }
}

fn uai(cell: Option<&str>) -> Result<String, Rejection> {
    let uai = cell.ok_or_else(|| Rejection::new("invalid_uai", "the UAI is empty"))?;
    Uai::from_text(uai).map_err(|rule| Rejection::of("invalid_uai", uai, &rule))?;
    Ok(uai.to_owned())
}

/// Line breaks and tabs inside a cell come from copied text and mean no more than a space.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
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

fn sector(cell: &str) -> Option<&'static str> {
    match cell.to_lowercase().as_str() {
        "public" => Some("public"),
        "privé" | "prive" => Some("private"),
        _ => None,
    }
}

fn priority(cell: &str) -> Option<&'static str> {
    match cell {
        "REP" => Some("REP"),
        "REP+" => Some("REP+"),
        _ => None,
    }
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
fn coordinates(record: &StringRecord, layout: &Layout) -> (Option<f64>, Option<f64>) {
    let cell = |column| layout.cell(record, column);
    let pair = match (cell(Column::Latitude), cell(Column::Longitude)) {
        (Some(latitude), Some(longitude)) => Some((latitude, longitude)),
        _ => cell(Column::Position).and_then(|position| position.split_once(',')),
    };
    let place = pair.and_then(|(latitude, longitude)| {
        Some((degrees(latitude, 90.0)?, degrees(longitude, 180.0)?))
    });
    (place.map(|p| p.0), place.map(|p| p.1))
}

fn degrees(text: &str, most: f64) -> Option<f64> {
    let degrees: f64 = text.trim().parse().ok()?;
    // NaN is in no range.
    (-most..=most).contains(&degrees).then_some(degrees)
}

/// Ten digits however grouped become five pairs, so that two editions that only group them
/// otherwise are the same; anything else is kept as written.
fn phone(cell: &str) -> String {
    let digits: String = cell
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-'))
        .collect();
    if digits.len() != 10 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return clean(cell);
    }
    let mut grouped = String::with_capacity(14);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 2 == 0 {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

fn email(cell: &str) -> Option<String> {
    let (user, host) = cell.split_once('@')?;
    let one_address = !user.is_empty()
        && !host.contains('@')
        && host.split('.').count() > 1
        && host.split('.').all(|label| !label.is_empty())
        && !cell.chars().any(|c| c.is_whitespace() || c.is_control());
    one_address.then(|| cell.to_lowercase())
}

fn siret(cell: &str) -> Option<String> {
    let digits: String = cell.chars().filter(|c| !c.is_whitespace()).collect();
    is_siret(&digits).then_some(digits)
}

fn tracks(record: &StringRecord, layout: &Layout) -> Tracks {
    let flag = |column| match layout.cell(record, column) {
        Some("1") => Some(true),
        Some("0") => Some(false),
        _ => None,
    };
    Tracks {
        general: flag(Column::General),
        technological: flag(Column::Technological),
        vocational: flag(Column::Vocational),
        segpa: flag(Column::Segpa),
        ulis: flag(Column::Ulis),
        post_bac: flag(Column::PostBac),
    }
}

/// `YYYY-MM-DD` and nothing else.
fn date(cell: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(cell, "%Y-%m-%d")
        .ok()
        .filter(|date| date.to_string() == cell)
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
        assert_eq!(code("0311131L ;", "0311131l ;"), "invalid_uai");
        assert_eq!(code(" 0311131L ;", ";"), "invalid_uai");
        assert_eq!(code("OUVERT", "DEMOLI"), "unknown_state");
    }

    #[test]
    fn a_school_without_a_name_is_a_school() {
        assert_eq!(changed(" Lycée Sainte-Thérèse ", " ").name, None);
    }

    #[test]
    fn a_wrong_detail_is_left_out() {
        for wrong in ["NaN", "inf", "143.1", "43,10", "x", ""] {
            let line = changed("43.10", wrong);
            assert_eq!((line.latitude, line.longitude), (None, None), "{wrong}");
        }
        assert_eq!(changed("2024-11-26", "26/11/2024").source_updated_on, None);
        assert_eq!(changed("2024-11-26", "2024-02-30").source_updated_on, None);
        assert_eq!(changed("77684512500058", "77684512500059").siret, None);
        assert_eq!(changed("0311968W", "0311968A").parent_uai, None);
        assert_eq!(changed("Privé", "?").sector, None);
        for wrong in [
            "a@b.fr - P",
            ": a@b.fr",
            "a@ b.fr",
            "a@b",
            "a",
            "@b.fr",
            "a@b@c.fr",
        ] {
            assert_eq!(changed("Ce.0311131L@ac-toulouse.fr", wrong).email, None);
        }
    }

    #[test]
    fn phones_and_positions() {
        assert_eq!(phone("05.62.00.95.10"), "05 62 00 95 10");
        assert_eq!(phone("562009510"), "562009510");
        assert_eq!(phone("+33 5 62 00 95 10"), "+33 5 62 00 95 10");
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
