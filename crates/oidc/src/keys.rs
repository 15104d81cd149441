//! The provider's public keys (RFC 7517).

use openidconnect::{JsonWebKey as _, JsonWebKeySet, JsonWebKeyUse, SignatureVerificationError};
use serde_json::Value;

use crate::issuer::Issuer;
use crate::jws::Jws;
use crate::public_key::PublicKey;
use crate::{DiscoveryError, json};

/// More keys than any provider publishes at once.
const MAX_KEYS: usize = 64;

/// The keys of one provider that can verify a signature; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet(Vec<ProviderKey>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct ProviderKey {
    key: PublicKey,
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
    pub(crate) fn of(&self, party: &Issuer, issuer: &str) -> JsonWebKeySet<PublicKey> {
        let theirs = self.0.iter().filter(|key| match &key.issuer {
            Some(named) if party.is_template() => *named == party.text || named == issuer,
            _ => true,
        });
        JsonWebKeySet::new(theirs.map(|key| key.key.clone()).collect())
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
        let fits = |key: &&PublicKey| {
            let named = kid.is_none_or(|kid| key.key_id().is_some_and(|id| id.as_str() == kid));
            named && key.may_sign(jws.algorithm)
        };
        let mut fitting = keys.keys().iter().filter(fits);
        let key = fitting.next().ok_or(SignatureVerificationError::NoMatchingKey)?;
        if fitting.next().is_some() {
            return Err(SignatureVerificationError::AmbiguousKeyId(String::new()));
        }
        key.verify_signature(jws.algorithm, jws.input.as_bytes(), &jws.signature)
    }
}

fn verification_key(value: &Value) -> Option<ProviderKey> {
    let key = PublicKey::read(value)?;
    let issuer = value.get("issuer").and_then(Value::as_str).map(str::to_owned);
    let signs = key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
    signs.then_some(ProviderKey { key, issuer })
}
