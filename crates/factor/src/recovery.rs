//! Recovery codes: shown once, kept as hashes, good once each.

use aws_lc_rs::rand;
use domain::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use store::StoreError;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::argon::{HASH, Hashing};
use crate::totp::no_random;

/// Crockford's base 32: no I, L, O or U, which are mistaken for others or make words.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code: 60 random bits.
const LENGTH: usize = 12;
/// Characters between hyphens, and what is typed to show that the codes were kept.
const GROUP: usize = 4;
/// With so few left the person is told.
pub(crate) const LOW: usize = 3;

/// Fresh recovery codes, to be shown once. They cannot be read again.
#[derive(Debug)]
pub struct RecoveryCodes(Vec<Secret<String>>);

impl RecoveryCodes {
    /// `count` random ones.
    pub(crate) fn generate(count: u8) -> Result<Self, StoreError> {
        (0..count).map(|_| code()).collect::<Result<_, _>>().map(Self)
    }

    /// The codes as they are shown, such as `7KQM-2XPD-9RTW`.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Secret<String>> {
        let shown = |code: &Secret<String>| {
            let characters: Vec<char> = code.expose().chars().collect();
            let groups: Vec<String> =
                characters.chunks(GROUP).map(|c| c.iter().collect()).collect();
            Secret::new(groups.join("-"))
        };
        self.0.iter().map(shown)
    }

    /// What is kept of them.
    pub(crate) async fn stored(
        &self,
        hashing: &Hashing,
        now: Timestamp,
    ) -> Result<StoredCodes, StoreError> {
        let mut salt = [0; 16];
        rand::fill(&mut salt).map_err(|_| no_random())?;
        let ends = self.0.iter().map(|code| end(code.expose()).to_owned()).collect();
        let hashes = hashing.hash(self.0.clone(), salt).await?;
        let codes = hashes.into_iter().map(|hash| StoredCode { hash, used: None }).collect();
        Ok(StoredCodes { salt, codes, made: now, unconfirmed: Ends(ends) })
    }
}

/// The last characters of codes, kept until one was typed; 40 bits of each code remain unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ends(Vec<String>);

impl Ends {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `typed` is one of them.
    pub(crate) fn have(&self, typed: &str) -> bool {
        let typed = canonical(typed);
        self.0.iter().any(|end| end == typed.expose())
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What is kept of recovery codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredCodes {
    pub(crate) salt: [u8; 16],
    pub(crate) codes: Vec<StoredCode>,
    pub(crate) made: Timestamp,
    /// Empty once the person has shown that the codes were kept.
    #[serde(default)]
    pub(crate) unconfirmed: Ends,
}

/// What is kept of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredCode {
    hash: [u8; HASH],
    used: Option<Timestamp>,
}

/// What came of a recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spent {
    Now,
    Before,
    Unknown,
}

impl StoredCodes {
    pub(crate) fn left(&self) -> usize {
        self.codes.iter().filter(|code| code.used.is_none()).count()
    }

    /// Spends the code of that hash. Looks at all of them, each in constant time.
    pub(crate) fn spend(&mut self, hash: &[u8; HASH], now: Timestamp) -> Spent {
        let mut spent = Spent::Unknown;
        for code in &mut self.codes {
            if !bool::from(code.hash.ct_eq(hash)) {
                continue;
            }
            spent = if code.used.is_some() { Spent::Before } else { Spent::Now };
            code.used.get_or_insert(now);
        }
        spent
    }
}

/// A typed code as it is hashed: upper case, what looks alike made the same, nothing between.
pub(crate) fn canonical(typed: &str) -> Secret<String> {
    let character = |c: char| match c.to_ascii_uppercase() {
        'O' => Some('0'),
        'I' | 'L' => Some('1'),
        c if c.is_ascii_alphanumeric() => Some(c),
        _ => None,
    };
    Secret::new(typed.chars().take(8 * LENGTH).filter_map(character).collect())
}

/// Whether a typed text can be a recovery code at all.
pub(crate) fn is_whole(canonical: &Secret<String>) -> bool {
    canonical.expose().len() == LENGTH
}

fn code() -> Result<Secret<String>, StoreError> {
    let mut random = Zeroizing::new([0; LENGTH]);
    rand::fill(random.as_mut_slice()).map_err(|_| no_random())?;
    // 32 divides 256: every character is equally likely.
    let character = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).copied().map(char::from);
    Ok(Secret::new(random.iter().filter_map(character).collect()))
}

fn end(code: &str) -> &str {
    code.len().checked_sub(GROUP).and_then(|start| code.get(start..)).unwrap_or_default()
}
