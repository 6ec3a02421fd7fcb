//! The official identifiers met in files, as far as imports need them.

/// The letters a UAI may end with, in the order of the remainder: no I, O or Q.
const UAI_LETTERS: &str = "ABCDEFGHJKLMNPRSTUVWXYZ";

/// SIREN of La Poste, whose offices follow another rule than Luhn's.
const LA_POSTE: &str = "356000000";

/// The letter that ends the UAI of this number: the remainder of its division by 23 (checked on
/// the 21,342 UAIs of seven ministry extracts).
pub fn uai_key(number: u32) -> char {
    usize::try_from(number % 23)
        .ok()
        .and_then(|place| UAI_LETTERS.chars().nth(place))
        .unwrap_or('A')
}

/// Whether this is a UAI, or how it is not: strict, because a wrong letter is a typing error in
/// one of eight characters and only a person can tell which.
pub fn check_uai(text: &str) -> Result<(), String> {
    let digits: String = text.chars().take(7).collect();
    let letter = text.chars().nth(7);
    let number = Some(&digits)
        .filter(|d| d.len() == 7 && d.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|d| d.parse().ok());
    let (Some(number), Some(letter), 8) = (number, letter, text.chars().count()) else {
        return Err(format!(
            "`{}` is not 7 digits and a letter",
            excerpt(text, 40)
        ));
    };
    let expected = uai_key(number);
    if letter == expected {
        Ok(())
    } else {
        Err(format!(
            "`{text}`: the letter of {digits} is {expected}, as in {digits}{expected}"
        ))
    }
}

/// Luhn's sum of a string of digits is a multiple of ten; false if anything is not a digit.
pub fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (place, character) in digits.chars().rev().enumerate() {
        let Some(digit) = character.to_digit(10) else {
            return false;
        };
        let weighted = if place % 2 == 1 { digit * 2 } else { digit };
        sum += if weighted > 9 { weighted - 9 } else { weighted };
    }
    sum % 10 == 0
}

/// Nine digits, Luhn (INSEE).
pub fn is_siren(text: &str) -> bool {
    text.len() == 9 && luhn(text)
}

/// Fourteen digits, Luhn; or an office of La Poste, whose digits add up to a multiple of five.
pub fn is_siret(text: &str) -> bool {
    let post_office = || {
        text.starts_with(LA_POSTE)
            && text.chars().filter_map(|c| c.to_digit(10)).sum::<u32>() % 5 == 0
    };
    text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit()) && (luhn(text) || post_office())
}

/// `W`, a digit, a digit or capital, seven digits (as the column's CHECK).
pub fn is_rna(text: &str) -> bool {
    text.len() == 10
        && text.char_indices().all(|(place, c)| match place {
            0 => c == 'W',
            2 => c.is_ascii_digit() || c.is_ascii_uppercase(),
            _ => c.is_ascii_digit(),
        })
}

/// The beginning of a value, for a message.
pub fn excerpt(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if text.chars().nth(most).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_of_a_uai() {
        assert_eq!(uai_key(311_131), 'L');
        assert!(check_uai("0311131L").is_ok());
        assert!(check_uai("0932529Y").unwrap_err().contains("0932529U"));
        for wrong in [
            "",
            "04770677F",
            "065 0740B",
            "0421688g",
            "002007X",
            "0811197I",
            "é",
        ] {
            assert!(check_uai(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn siren_siret_rna() {
        assert!(is_siren("552049447") && !is_siren("552049448") && !is_siren("55204944"));
        assert!(is_siret("77684512500058") && !is_siret("77684512500059"));
        // The head office passes Luhn, an office only the sum.
        assert!(is_siret("35600000000048") && is_siret("35600000000051"));
        assert!(!is_siret("35600000000049"));
        assert!(is_rna("W751234567") && is_rna("W9C1234567"));
        assert!(!is_rna("w751234567") && !is_rna("W75123456"));
    }
}
