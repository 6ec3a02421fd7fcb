//! A map of the academies: a square each, where one expects it, the overseas ones below. Squares of one
//! size read better than outlines: Paris is as large as its figures are. What a colour says, as many
//! dots say too, and so does the table that is always beside it.

use maud::{Markup, html};

use crate::layout::Spoken;

/// An academy on the map: its code, its column and row, and a name that fits a square.
type Place = (&'static str, u32, u32, &'static str);

#[rustfmt::skip]
const PLACES: [Place; 34] = [
    ("academy:09", 3, 0, "Lille"),
    ("academy:70", 2, 1, "Norm."),    ("academy:20", 3, 1, "Amiens"),   ("academy:19", 4, 1, "Reims"),
    ("academy:12", 5, 1, "Nancy"),    ("academy:15", 6, 1, "Strasb."),
    ("academy:14", 0, 2, "Rennes"),   ("academy:25", 2, 2, "Versail."), ("academy:01", 3, 2, "Paris"),
    ("academy:24", 4, 2, "Créteil"),
    ("academy:17", 1, 3, "Nantes"),   ("academy:18", 2, 3, "Orléans"),  ("academy:07", 4, 3, "Dijon"),
    ("academy:03", 5, 3, "Besanç."),
    ("academy:13", 1, 4, "Poitiers"), ("academy:22", 2, 4, "Limoges"),  ("academy:06", 3, 4, "Clerm."),
    ("academy:10", 4, 4, "Lyon"),     ("academy:08", 5, 4, "Grenob."),
    ("academy:04", 1, 5, "Bordx"),    ("academy:16", 2, 5, "Toulouse"), ("academy:11", 3, 5, "Montp."),
    ("academy:02", 4, 5, "Aix-M."),   ("academy:23", 5, 5, "Nice"),     ("academy:27", 6, 6, "Corse"),
    ("academy:32", 0, 7, "Guadel."),  ("academy:31", 1, 7, "Martin."),  ("academy:33", 2, 7, "Guyane"),
    ("academy:28", 3, 7, "Réunion"),  ("academy:43", 4, 7, "Mayotte"),
    ("academy:44", 0, 8, "St-P.-M."), ("academy:40", 1, 8, "N.-Cal."),  ("academy:41", 2, 8, "Polyn."),
    ("academy:42", 3, 8, "Wallis"),
];

/// How far one square is from the next.
const STEP: u32 = 60;
/// How large one is.
const SIZE: u32 = 56;
/// What keeps the overseas ones apart.
const GAP: u32 = 14;

/// What a square says.
#[derive(Debug, Clone)]
pub struct Tile {
    /// How strong its colour is, from 0 to 4, and how many dots it has; none where nothing is known.
    pub class: Option<u8>,
    /// What is written in it below the name.
    pub value: String,
    /// All of it in words.
    pub words: String,
    /// Where it leads.
    pub link: Option<String>,
}

/// The map. It is left out for those who hear a page: its caption says where the same is told.
pub fn map(tile: impl Fn(&str) -> Tile) -> Markup {
    let height = 9 * STEP + GAP;
    html! {
        svg viewBox=(format!("0 0 {} {height}", 7 * STEP - (STEP - SIZE))) aria-hidden="true" focusable="false" {
            @for (code, column, row, name) in PLACES {
                @let tile = tile(code);
                @match &tile.link {
                    Some(link) => a href=(link) tabindex="-1" { (square(&tile, column, row, name)) },
                    None => (square(&tile, column, row, name)),
                }
            }
        }
    }
}

fn square(tile: &Tile, column: u32, row: u32, name: &str) -> Markup {
    let (x, y) = (column * STEP, row * STEP + if row > 6 { GAP } else { 0 });
    let class = tile
        .class
        .map_or_else(|| "none".to_owned(), |class| class.to_string());
    html! {
        g {
            title { (tile.words) }
            rect class={ "tile tile-" (class) } x=(x) y=(y) width=(SIZE) height=(SIZE) rx="5" {}
            (dots(tile.class.unwrap_or_default(), x + 6, y + 6, &class))
            text class={ "tile-name on-" (class) } x=(x + SIZE / 2) y=(y + 29) { (name) }
            text class={ "tile-value on-" (class) } x=(x + SIZE / 2) y=(y + 46) { (tile.value) }
        }
    }
}

fn dots(number: u8, x: u32, y: u32, class: &str) -> Markup {
    html! {
        @for place in 0..u32::from(number) {
            circle class={ "dot on-" (class) } cx=(x + 3 + place * 8) cy=(y + 3) r="2.4" {}
        }
    }
}

/// The key of a map: what each class means.
pub fn key(spoken: Spoken, classes: &[(Option<u8>, String)]) -> Markup {
    html! {
        ul class="key" aria-label=(spoken.say("Légende", "Key")) {
            @for (class, words) in classes {
                @let name = class.map_or_else(|| "none".to_owned(), |class| class.to_string());
                li {
                    svg viewBox="0 0 44 22" aria-hidden="true" focusable="false" {
                        rect class={ "tile tile-" (name) } x="1" y="1" width="42" height="20" rx="4" {}
                        (dots(class.unwrap_or_default(), 4, 8, &name))
                    }
                    (words)
                }
            }
        }
    }
}

/// The class of a value among those of a map: quarters of the greatest.
pub fn class_of(value: f64, most: f64) -> u8 {
    match value {
        value if value <= 0.0 || most <= 0.0 => 0,
        value if value <= most * 0.25 => 1,
        value if value <= most * 0.5 => 2,
        value if value <= most * 0.75 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::reference::Reference;

    #[test]
    fn every_academy_and_service_has_its_square_and_no_two_the_same() {
        let academies: HashSet<&str> = Reference::get()
            .territories()
            .iter()
            .filter(|place| ["academy", "overseas_service"].contains(&place.kind.as_str()))
            .map(|place| place.code.as_str())
            .collect();
        let placed: HashSet<&str> = PLACES.iter().map(|(code, ..)| *code).collect();
        assert_eq!(placed, academies);
        let squares: HashSet<(u32, u32)> = PLACES.iter().map(|(_, x, y, _)| (*x, *y)).collect();
        assert_eq!(squares.len(), PLACES.len());
    }

    #[test]
    fn a_value_is_of_the_quarter_of_the_greatest_that_it_is_in() {
        let classes = [0.0, 1.0, 25.0, 26.0, 75.0, 76.0, 100.0].map(|value| class_of(value, 100.0));
        assert_eq!(classes, [0, 1, 1, 2, 3, 4, 4]);
        assert_eq!(class_of(3.0, 0.0), 0);
    }
}
