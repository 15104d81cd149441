//! Our own key at a provider, and the assertions that it signs (RFC 7523 §3).

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::Secret;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::json;

use crate::client_authentication::AssertionFacts;

/// Long enough for one call with differing clocks, too short to be of use to a thief.
const LIFETIME: Duration = Duration::from_secs(120);

/// A private key; prints nothing of itself.
#[derive(Clone)]
pub(crate) struct ClientKey {
    pair: Arc<Pair>,
    key_id: Option<String>,
}

enum Pair {
    Rsa(RsaKeyPair),
    Elliptic(EcdsaKeyPair),
}

impl std::fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl ClientKey {
    /// PKCS#8 in PEM, RSA of 2048 bits or more, or P-256; everything else is `None`.
    pub(crate) fn new(pem: &Secret<Vec<u8>>, key_id: Option<String>) -> Option<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.expose()).ok()?;
        let der = der.secret_pkcs8_der();
        let pair = match RsaKeyPair::from_pkcs8(der) {
            // RFC 7518 §3.3.
            Ok(pair) => (pair.public_modulus_len() >= 256).then_some(Pair::Rsa(pair))?,
            Err(_) => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
                Pair::Elliptic(pair.ok()?)
            }
        };
        Some(Self { pair: Arc::new(pair), key_id })
    }

    /// One assertion, for one call of one token endpoint.
    pub(crate) fn assertion(&self, client_id: &str, facts: &AssertionFacts<'_>) -> Option<String> {
        let algorithm = match *self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Elliptic(_) => "ES256",
        };
        let mut header = json!({ "alg": algorithm, "typ": "JWT" });
        if let Some(key_id) = &self.key_id {
            header = json!({ "alg": algorithm, "typ": "JWT", "kid": key_id });
        }
        let claims = json!({
            "iss": client_id,
            "sub": client_id,
            // OpenID Connect Core §9: the URL of the token endpoint.
            "aud": facts.endpoint.as_str(),
            "jti": encode(facts.id),
            "iat": facts.now.as_seconds(),
            "exp": facts.now.plus(LIFETIME).as_seconds(),
        });
        let input = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.sign(input.as_bytes())?;
        Some(format!("{input}.{}", encode(signature)))
    }

    /// The library fetches the randomness that ECDSA needs itself and asks for none from us.
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Pair::Elliptic(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
        }
    }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
