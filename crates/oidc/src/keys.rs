//! The provider's public keys (RFC 7517).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet};
use openidconnect::{JsonWebKey, JsonWebKeyUse};
use serde_json::Value;

use crate::{DiscoveryError, json};

/// RFC 7518 §3.3: RSA keys of at least 2048 bits. The verifier takes no more than 4096.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// More keys than any provider publishes at once.
const MAX_KEYS: usize = 64;

/// The keys of one provider that can verify a signature; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet(pub(crate) CoreJsonWebKeySet);

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
        Ok(Self(CoreJsonWebKeySet::new(usable)))
    }
}

fn verification_key(value: &Value) -> Option<CoreJsonWebKey> {
    match value.get("kty")?.as_str()? {
        "RSA" if RSA_BYTES.contains(&modulus_length(value)?) => {}
        "EC" | "OKP" => {}
        _ => return None,
    }
    let key: CoreJsonWebKey = serde_json::from_value(value.clone()).ok()?;
    key.key_use().is_none_or(JsonWebKeyUse::allows_signature).then_some(key)
}

fn modulus_length(value: &Value) -> Option<usize> {
    let modulus = BASE64_URL_SAFE_NO_PAD.decode(value.get("n")?.as_str()?).ok()?;
    Some(modulus.iter().skip_while(|byte| **byte == 0).count())
}
