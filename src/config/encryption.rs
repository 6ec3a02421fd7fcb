//! `REE_KEY_ENCRYPTION_KEY`: what the keys kept in the database are encrypted under.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::values::hex_digit;

/// The bytes of a key.
const LENGTH: usize = 32;

/// What a value should be. The value itself is never repeated.
const EXPECTED: &str = "32 random bytes in base64 or hexadecimal are expected, as `openssl rand -base64 32` prints \
     them; to change it: the new one, a comma, the former one";

/// The key that encrypts, and the former one that still decrypts. `Debug` shows nothing of them.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptionKeys {
    current: [u8; LENGTH],
    previous: Option<[u8; LENGTH]>,
}

impl EncryptionKeys {
    /// Their bytes, those that encrypt first.
    pub fn iter(&self) -> impl Iterator<Item = &[u8; LENGTH]> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

impl FromStr for EncryptionKeys {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let mut keys = text.split(',').map(|one| key(one.trim()));
        let current = keys.next().flatten().ok_or(EXPECTED)?;
        let previous = keys.next().map(|one| one.ok_or(EXPECTED)).transpose()?;
        if keys.next().is_some() || previous == Some(current) {
            return Err(EXPECTED);
        }
        Ok(Self { current, previous })
    }
}

impl fmt::Debug for EncryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKeys")
    }
}

/// A key as it is written. One byte repeated is what stands in an example, and no key.
fn key(text: &str) -> Option<[u8; LENGTH]> {
    let bytes = if text.len() == 2 * LENGTH {
        hexadecimal(text)?
    } else {
        let lenient =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let standard = text.replace('-', "+").replace('_', "/");
        GeneralPurpose::new(&STANDARD, lenient)
            .decode(standard)
            .ok()?
    };
    let key: [u8; LENGTH] = bytes.try_into().ok()?;
    let [first, ..] = key;
    key.iter().any(|byte| *byte != first).then_some(key)
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.bytes().map(hex_digit).collect();
    let pairs = digits?;
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(high * 16 + low),
        _ => None,
    };
    pairs.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    const OTHER: &str = "_-7dzLuqmYh3ZlVEMyIRAP_u3cy7qpmId2ZVRDMiEQA";

    #[test]
    fn a_key_is_32_bytes_in_base64_or_hexadecimal_and_a_former_one_may_follow() {
        let one: EncryptionKeys = BASE64.parse().unwrap();
        assert_eq!(HEX.parse::<EncryptionKeys>().unwrap(), one);
        let bytes: Vec<u8> = (0..32).collect();
        assert_eq!(one.iter().next().unwrap().as_slice(), bytes);
        assert_eq!(one.iter().count(), 1);
        let both: EncryptionKeys = format!("{OTHER}, {BASE64}").parse().unwrap();
        assert_eq!(both.iter().nth(1), one.iter().next());
        assert_eq!(format!("{both:?}"), "EncryptionKeys");
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_repeated() {
        let short = BASE64.get(..40).unwrap();
        let zeros = "0".repeat(64);
        let three = format!("{OTHER},{BASE64},{OTHER}");
        let twice = format!("{BASE64},{HEX}");
        let signs = HEX.replace("00", "+0");
        for refused in [
            "",
            ",",
            "password",
            short,
            &zeros,
            &three,
            &twice,
            &signs,
            OTHER.repeat(2).as_str(),
        ] {
            let error = refused.parse::<EncryptionKeys>().unwrap_err();
            assert!(error.contains("openssl rand"), "{error}");
        }
    }
}
