//! TOTP (RFC 6238): the secret, its texts, and which step a code is of.

use aws_lc_rs::rand;
use domain::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use store::StoreError;
use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use crate::{Algorithm, Digits, FactorSettings};

/// RFC 6238 §5.2: the recommended step.
const STEP: u64 = 30;
/// Steps before and after ours: a clock may be wrong by one.
const SKEW: u16 = 1;

/// A shared secret and how codes are made of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Key {
    algorithm: Algorithm,
    digits: Digits,
    #[serde(with = "exposed")]
    secret: Secret<Vec<u8>>,
}

impl Key {
    /// How many digits its codes have.
    pub(crate) fn digits(&self) -> u8 {
        self.digits.count()
    }

    /// A new random one, as long as the hash's output (RFC 4226 §4 R6).
    pub(crate) fn generate(settings: &FactorSettings) -> Result<Self, StoreError> {
        let length = match settings.algorithm {
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        };
        let mut secret = vec![0; length];
        rand::fill(&mut secret).map_err(|_| no_random())?;
        Ok(Self::of(settings.algorithm, settings.digits, secret))
    }

    pub(crate) fn of(algorithm: Algorithm, digits: Digits, secret: Vec<u8>) -> Self {
        Self { algorithm, digits, secret: Secret::new(secret) }
    }

    /// The step that a typed code is of, if it is one of the three around `now`. Spaces do not
    /// count. Compared in constant time.
    pub(crate) fn step_of(&self, typed: &str, now: Timestamp) -> Option<u64> {
        let code = Zeroizing::new(typed.chars().filter(|c| !c.is_whitespace()).collect::<String>());
        let whole = code.len() == usize::from(self.digits.count());
        if !whole || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let seconds = u64::try_from(now.as_seconds()).ok()?;
        self.totp(None).build().ok()?.check(&code, seconds)
    }

    /// Base32 in groups of four, to be typed from a screen.
    pub(crate) fn text(&self) -> Secret<String> {
        let base32 =
            Zeroizing::new(totp_rs::Secret::from(self.secret.expose().clone()).to_base32());
        let characters: Vec<char> = base32.chars().collect();
        let groups: Vec<String> = characters.chunks(4).map(|c| c.iter().collect()).collect();
        Secret::new(groups.join(" "))
    }

    /// The URL that authenticator apps read. A colon would split issuer from account, so there is
    /// none in either.
    pub(crate) fn url(&self, issuer: &str, account: &str) -> Option<Secret<String>> {
        let (issuer, account) = (issuer.replace(':', " "), account.replace(':', " "));
        let totp: Totp = self.totp(Some((issuer, account))).build().ok()?;
        totp.to_url().ok().map(Secret::new)
    }

    /// The code of a moment, as an app shows it.
    #[cfg(test)]
    pub(crate) fn code(&self, now: Timestamp) -> String {
        let seconds = u64::try_from(now.as_seconds()).unwrap();
        self.totp(None).build().unwrap().generate(seconds).to_string()
    }

    /// Whether two keys are the same secret.
    pub(crate) fn is(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.secret.expose().ct_eq(other.secret.expose()).into()
    }

    fn totp(&self, names: Option<(String, String)>) -> Builder {
        let algorithm = match self.algorithm {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        };
        let builder = Builder::new()
            .with_algorithm(algorithm)
            .with_digits(self.digits.count())
            .with_skew(SKEW)
            .with_step_duration(STEP)
            .with_secret(self.secret.expose().clone());
        match names {
            None => builder,
            Some((issuer, account)) => builder.with_issuer(Some(issuer)).with_account_name(account),
        }
    }
}

pub(crate) fn no_random() -> StoreError {
    StoreError::Unavailable("the system gives no random bytes".to_owned())
}

/// The secret in clear, only ever inside a record that is sealed.
mod exposed {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use domain::Secret;
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(
        secret: &Secret<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Zeroizing::new(STANDARD_NO_PAD.encode(secret.expose())).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Secret<Vec<u8>>, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        STANDARD_NO_PAD.decode(text.as_bytes()).map(Secret::new).map_err(serde::de::Error::custom)
    }
}
