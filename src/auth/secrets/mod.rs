//! Machine clients' secrets: `ree_sk_`, 43 random characters, 6 of checksum.
//!
//! ```text
//! ree_sk_3Q9mB…(43 of 0-9A-Za-z, 256 bits)…k0aZ1c(CRC-32 in base 62)
//! ```
//!
//! The form is GitHub's: a prefix that secret scanners and people recognise, letters and digits
//! alone so that a double click selects it all and no encoding changes it, and a checksum so that
//! a mistyped or truncated secret is recognised without asking the database.

use std::fmt;

use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

#[cfg(test)]
mod tests;

/// What every secret begins with.
pub const PREFIX: &str = "ree_sk_";
/// 43 × log2(62) = 256.03 bits.
const RANDOM: usize = 43;
const CHECKSUM: usize = 6;
/// The random characters that a hint shows.
const SHOWN: usize = 4;

/// A machine client's secret, well formed. `Debug` shows the hint alone.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Draws a secret from the operating system's random source.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Secret, SecretError> {
        let mut text = String::with_capacity(PREFIX.len() + RANDOM + CHECKSUM);
        text.push_str(PREFIX);
        let mut bytes = [0; 64];
        while text.len() < PREFIX.len() + RANDOM {
            OsRng
                .try_fill_bytes(&mut bytes)
                .map_err(|_| SecretError::Random)?;
            // 248 = 4 × 62: bytes from there on would make the first letters likelier.
            let even = bytes.iter().filter(|byte| **byte < 248);
            let missing = PREFIX.len() + RANDOM - text.len();
            text.extend(even.take(missing).map(|byte| letter(byte % 62)));
        }
        let checksum = checksum(&text);
        text.extend(checksum);
        Ok(Secret(text))
    }

    /// Recognises a secret by its form: prefix, length, alphabet and checksum.
    ///
    /// # Errors
    /// What is wrong with the form. The text is never part of the error.
    pub fn parse(text: &str) -> Result<Secret, SecretError> {
        let rest = text.strip_prefix(PREFIX).ok_or(SecretError::Prefix)?;
        if !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(SecretError::Alphabet);
        }
        if rest.len() != RANDOM + CHECKSUM {
            return Err(SecretError::Length);
        }
        let (body, given) = text
            .split_at_checked(PREFIX.len() + RANDOM)
            .ok_or(SecretError::Length)?;
        if !checksum(body).into_iter().eq(given.chars()) {
            return Err(SecretError::Checksum);
        }
        Ok(Secret(text.to_owned()))
    }

    /// The secret itself: to be shown once, and never logged.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the database keeps.
    ///
    /// A plain SHA-256: slow hashes (argon2, bcrypt) make guessing costly where a person chose
    /// from few passwords. Here there are 2^256 equally likely ones, which no speed exhausts, and
    /// a slow hash at each request for a token would only be a way to exhaust the service. For
    /// the same reason there is no salt: no two secrets are ever alike, no table can hold them.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// Whether `stored` is this secret's digest, in constant time.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        self.digest().ct_eq(stored).into()
    }

    /// The beginning, for people to tell their secrets apart: the prefix and four characters.
    #[must_use]
    pub fn hint(&self) -> &str {
        self.0.get(..PREFIX.len() + SHOWN).unwrap_or(PREFIX)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}…)", self.hint())
    }
}

/// Why a text is no secret, or why none could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// It does not begin with [`PREFIX`].
    Prefix,
    /// It is too short or too long.
    Length,
    /// It has characters other than ASCII letters and digits.
    Alphabet,
    /// It was mistyped: its checksum does not match.
    Checksum,
    /// The operating system gave no random bytes.
    Random,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretError::Prefix => write!(f, "a client secret begins with {PREFIX}"),
            SecretError::Length => {
                let length = PREFIX.len() + RANDOM + CHECKSUM;
                write!(f, "a client secret has {length} characters")
            }
            SecretError::Alphabet => f.write_str("a client secret has letters and digits only"),
            SecretError::Checksum => f.write_str("the client secret was mistyped"),
            SecretError::Random => f.write_str("the operating system gave no random bytes"),
        }
    }
}

impl std::error::Error for SecretError {}

/// CRC-32 of prefix and random part, in six base-62 digits (62^6 > 2^32), most significant first.
/// It covers the prefix too, so that another kind of secret is never taken for this one.
fn checksum(body: &str) -> [char; CHECKSUM] {
    let mut left = crc32fast::hash(body.as_bytes());
    let mut digits = ['0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        // Below 62, hence all in the lowest byte.
        let [low, ..] = (left % 62).to_le_bytes();
        *digit = letter(low);
        left /= 62;
    }
    digits
}

/// The base-62 digit of a value below 62: `0`–`9`, `A`–`Z`, `a`–`z`.
fn letter(value: u8) -> char {
    char::from(match value {
        0..=9 => b'0' + value,
        10..=35 => b'A' + (value - 10),
        _ => b'a' + (value - 36) % 26,
    })
}
