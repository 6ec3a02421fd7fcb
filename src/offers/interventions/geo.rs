//! Distances: the point that a list is measured from.

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::error::notice::DECIMAL_POINT;
use crate::error::{Notice, Rule, notice};
use crate::values::{Described, FromText, decimal};

/// The farthest that is asked for, in kilometres: half the way around the Earth.
pub const MAX_KM: i32 = 20_000;

/// A point on the ground, in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From -90 to 90.
    pub latitude: f64,
    /// From -180 to 180.
    pub longitude: f64,
}

/// The area within so many kilometres of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// Its centre.
    pub center: Point,
    /// Its radius.
    pub radius_km: f64,
}

/// A part of the map, in degrees: both bounds of each are included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// From south to north.
    pub latitudes: (f64, f64),
    /// From west to east.
    pub longitudes: (f64, f64),
}

/// A little less than the 111.19 km of a degree on the sphere that distances are measured on.
const KM_OF_A_DEGREE: f64 = 111.0;

impl Circle {
    /// The bounds that contain it. All longitudes, where it contains a pole or crosses the date line.
    pub fn bounds(&self) -> Bounds {
        let Point {
            latitude,
            longitude,
        } = self.center;
        let degrees = self.radius_km / KM_OF_A_DEGREE;
        // On a parallel of its farthest from the equator, a degree is the shortest.
        let farthest = latitude.abs() + degrees;
        let wide = degrees / farthest.to_radians().cos();
        let meets = |edge: f64| farthest < 89.0 && edge.abs() <= 180.0;
        let is_plain = meets(longitude - wide) && meets(longitude + wide);
        Bounds {
            latitudes: (latitude - degrees, latitude + degrees),
            longitudes: if is_plain {
                (longitude - wide, longitude + wide)
            } else {
                (-180.0, 180.0)
            },
        }
    }
}

static OUTSIDE: Notice = notice(
    "out_of_range",
    "La latitude va de -90 à 90 et la longitude de -180 à 180 degrés, la latitude d'abord.",
    "The latitude is between -90 and 90 and the longitude between -180 and 180 degrees, the latitude first.",
);

impl Described for Point {
    fn described() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^-?[0-9]{1,2}([.][0-9]+)?,-?[0-9]{1,3}([.][0-9]+)?$"))
            .into()
    }
}

impl FromText for Point {
    fn from_text(text: &str) -> Result<Self, Rule> {
        let Some((latitude, longitude)) = degrees(text) else {
            let meant = meant(text).filter(|meant| Self::from_text(meant).is_ok());
            return Err(meant.map_or(Rule::Format("48.85,2.35"), |meant| {
                Rule::About(&DECIMAL_POINT, meant)
            }));
        };
        if latitude.abs() > 90.0 || longitude.abs() > 180.0 {
            return Err(Rule::Own(&OUTSIDE));
        }
        Ok(Self {
            latitude,
            longitude,
        })
    }
}

/// The two numbers of `48.85,2.35`.
fn degrees(text: &str) -> Option<(f64, f64)> {
    let (latitude, longitude) = text.split_once(',')?;
    Some((decimal(latitude)?, decimal(longitude)?))
}

/// What was meant by a point as the French write numbers, or with a space in it: nothing, where it
/// might be one or the other.
fn meant(text: &str) -> Option<String> {
    let is_between = |c: char| c == ';' || c.is_whitespace();
    let parts: Vec<&str> = text
        .split(is_between)
        .map(|part| part.trim_matches(','))
        .filter(|part| !part.is_empty())
        .collect();
    if let [latitude, longitude] = parts.as_slice() {
        let pointed = [latitude.replace(',', "."), longitude.replace(',', ".")];
        return Some(pointed.join(","));
    }
    let pieces: Vec<&str> = text.split(',').collect();
    match pieces.as_slice() {
        [a, b, c, d] => Some(format!("{a}.{b},{c}.{d}")),
        [a, b, c] if a.contains('.') => Some(format!("{a},{b}.{c}")),
        [a, b, c] if c.contains('.') => Some(format!("{a}.{b},{c}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn meant_by(text: &str) -> Option<String> {
        match Point::from_text(text) {
            Err(Rule::About(notice, meant)) if *notice == DECIMAL_POINT => Some(meant),
            _ => None,
        }
    }

    impl Point {
        /// Where one comes to by so many kilometres in a direction.
        fn gone(self, km: f64, bearing: f64) -> Self {
            let (north, east) = (self.latitude.to_radians(), self.longitude.to_radians());
            let angle = km / 6371.0;
            let sine = north.sin() * angle.cos() + north.cos() * angle.sin() * bearing.cos();
            let reached = sine.clamp(-1.0, 1.0).asin();
            let across = bearing.sin() * angle.sin() * north.cos();
            let turned = across.atan2(angle.cos() - north.sin() * reached.sin());
            Self {
                latitude: reached.to_degrees(),
                longitude: (((east + turned).to_degrees() + 540.0) % 360.0) - 180.0,
            }
        }
    }

    proptest! {
        #[test]
        fn a_point_is_read_as_it_is_written(latitude in -90.0..=90.0_f64, longitude in -180.0..=180.0_f64) {
            let point = Point::from_text(&format!("{latitude},{longitude}"));
            prop_assert_eq!(point, Ok(Point { latitude, longitude }));
        }

        #[test]
        fn a_point_with_decimal_commas_is_refused_and_told_as_it_was_meant(
            latitude in -89..=89_i32, north in 0..9999_u32, longitude in -179..=179_i32, east in 0..9999_u32,
        ) {
            let meant = format!("{latitude}.{north},{longitude}.{east}");
            for text in [
                format!("{latitude},{north},{longitude},{east}"),
                format!("{latitude},{north};{longitude},{east}"),
                format!("{latitude},{north} {longitude},{east}"),
                format!("{latitude},{north}, {longitude},{east}"),
                format!("{latitude}.{north}, {longitude}.{east}"),
                format!("{latitude}.{north} {longitude}.{east}"),
                format!("{latitude}.{north},{longitude},{east}"),
                format!("{latitude},{north},{longitude}.{east}"),
            ] {
                prop_assert_eq!(meant_by(&text), Some(meant.clone()), "{}", text);
            }
        }

        #[test]
        fn a_circle_lies_within_its_bounds(
            latitude in -90.0..=90.0_f64, longitude in -180.0..=180.0_f64, radius_km in 0.0..=20_000.0_f64,
            bearing in 0.0..std::f64::consts::TAU, share in 0.0..=1.0_f64,
        ) {
            let center = Point { latitude, longitude };
            for radius_km in [radius_km, radius_km / 50.0] {
                let Bounds { latitudes, longitudes } = Circle { center, radius_km }.bounds();
                let there = center.gone(radius_km * share, bearing);
                prop_assert!(latitudes.0 <= there.latitude && there.latitude <= latitudes.1, "{:?}", there);
                prop_assert!(longitudes.0 <= there.longitude && there.longitude <= longitudes.1, "{:?}", there);
            }
        }
    }

    #[test]
    fn what_is_no_point_or_lies_nowhere_is_refused() {
        for bad in [
            "",
            "48.85",
            "48,85,2",
            "1,2,3,4,5",
            "a,b",
            "NaN,2",
            "inf,1",
            "1e,2",
            "1,",
            ",2",
            "95,85,2,35",
        ] {
            let form = Err(Rule::Format("48.85,2.35"));
            assert_eq!(Point::from_text(bad), form, "{bad}");
        }
        for far in ["90.1,0", "-91,0", "0,180.5", "0,-181"] {
            assert_eq!(Point::from_text(far), Err(Rule::Own(&OUTSIDE)), "{far}");
        }
    }
}
