//! How factors are made and how long things take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The hash of TOTP (RFC 6238 §1.2). Most authenticator apps know SHA-1 alone, whatever is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// HMAC-SHA-1: what every app speaks; not weakened by SHA-1's collisions.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// How many digits a code has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Digits {
    /// Six.
    #[default]
    Six,
    /// Eight.
    Eight,
}

impl Digits {
    /// As a number.
    pub const fn count(self) -> u8 {
        match self {
            Self::Six => 6,
            Self::Eight => 8,
        }
    }
}

/// How factors are made and how long things take. Secrets made before a change stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorSettings {
    /// Hash of new secrets.
    pub algorithm: Algorithm,
    /// Digits of codes of new secrets.
    pub digits: Digits,
    /// What authenticator apps call us; `None`: the label of the site.
    pub issuer: Option<String>,
    /// How many recovery codes a person gets.
    pub recovery_codes: u8,
    /// How long a reset that somebody asks for without a factor is held back; `None`: nobody may
    /// ask.
    pub reset_delay: Option<Duration>,
}

impl Default for FactorSettings {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::default(),
            digits: Digits::default(),
            issuer: None,
            recovery_codes: 10,
            reset_delay: Some(Duration::from_secs(24 * 60 * 60)),
        }
    }
}
