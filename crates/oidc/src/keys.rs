//! The provider's public keys (RFC 7517).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{
    JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyUse, JwsSigningAlgorithm, SignatureVerificationError,
};
use serde_json::Value;

use crate::issuer::Issuer;
use crate::jws::Jws;
use crate::{DiscoveryError, json};

/// RFC 7518 §3.3: RSA keys of at least 2048 bits. The verifier takes no more than 4096.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// More keys than any provider publishes at once.
const MAX_KEYS: usize = 64;

/// The keys of one provider that can verify a signature; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet(Vec<ProviderKey>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct ProviderKey {
    key: CoreJsonWebKey,
    /// `issuer`: whose tokens it signs, where the provider publishes keys of many (Entra).
    issuer: Option<String>,
}

impl KeySet {
    /// Reads the document found at `jwks_uri`. Keys of unknown kinds, for encryption, symmetric or
    /// too short are passed over, as RFC 7517 §5 asks.
    ///
    /// # Errors
    /// [`DiscoveryError::NoUsableKey`] when none is left: such a provider signs nobody in.
    pub fn parse(document: &[u8]) -> Result<Self, DiscoveryError> {
        let members = json::parse_object(document)?;
        let listed =
            members.get("keys").and_then(Value::as_array).ok_or(DiscoveryError::Member("keys"))?;
        let usable: Vec<_> = listed.iter().take(MAX_KEYS).filter_map(verification_key).collect();
        if usable.is_empty() {
            return Err(DiscoveryError::NoUsableKey);
        }
        Ok(Self(usable))
    }

    /// The keys that may sign for `issuer`, which is `party` or fills its template. A key of one
    /// tenant's own says nothing of another tenant's people.
    pub(crate) fn of(&self, party: &Issuer, issuer: &str) -> CoreJsonWebKeySet {
        let theirs = self.0.iter().filter(|key| match &key.issuer {
            Some(named) if party.is_template() => *named == party.text || named == issuer,
            _ => true,
        });
        CoreJsonWebKeySet::new(theirs.map(|key| key.key.clone()).collect())
    }

    /// Verifies a signature with the one key that fits.
    pub(crate) fn verify(
        &self,
        party: &Issuer,
        issuer: &str,
        jws: &Jws<'_>,
    ) -> Result<(), SignatureVerificationError> {
        let kid = jws.header.get("kid").and_then(Value::as_str);
        let keys = self.of(party, issuer);
        let fits = |key: &&CoreJsonWebKey| {
            let named = kid.is_none_or(|kid| key.key_id().is_some_and(|id| id.as_str() == kid));
            named && may_sign(key, jws.algorithm)
        };
        let mut fitting = keys.keys().iter().filter(fits);
        let key = fitting.next().ok_or(SignatureVerificationError::NoMatchingKey)?;
        if fitting.next().is_some() {
            return Err(SignatureVerificationError::AmbiguousKeyId(String::new()));
        }
        key.verify_signature(jws.algorithm, jws.input.as_bytes(), &jws.signature)
    }
}

/// Whether a key is of the kind that an algorithm needs, and not set aside for another.
fn may_sign(key: &CoreJsonWebKey, algorithm: &CoreJwsSigningAlgorithm) -> bool {
    let kind = algorithm.key_type().is_some_and(|kind| kind == *key.key_type());
    kind && match key.signing_alg() {
        JsonWebKeyAlgorithm::Unspecified => true,
        JsonWebKeyAlgorithm::Algorithm(only) => only == algorithm,
        JsonWebKeyAlgorithm::Unsupported => false,
    }
}

fn verification_key(value: &Value) -> Option<ProviderKey> {
    match value.get("kty")?.as_str()? {
        "RSA" if RSA_BYTES.contains(&modulus_length(value)?) => {}
        "EC" | "OKP" => {}
        _ => return None,
    }
    let key: CoreJsonWebKey = serde_json::from_value(value.clone()).ok()?;
    let issuer = value.get("issuer").and_then(Value::as_str).map(str::to_owned);
    let signs = key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
    signs.then_some(ProviderKey { key, issuer })
}

fn modulus_length(value: &Value) -> Option<usize> {
    let modulus = BASE64_URL_SAFE_NO_PAD.decode(value.get("n")?.as_str()?).ok()?;
    Some(modulus.iter().skip_while(|byte| **byte == 0).count())
}
