//! A provider's keys: signs whatever it is told to, right or wrong.

use std::sync::LazyLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Making RSA keys is slow; two serve all tests.
static RSA: LazyLock<[RsaKeyPair; 2]> = LazyLock::new(|| {
    [
        RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
        RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
    ]
});

pub(super) enum Signer {
    Rsa(usize),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    pub(super) fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(super) fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
        }
    }

    /// The public key; without `kid` when it is empty.
    pub(super) fn jwk(&self, kid: &str) -> Value {
        let mut jwk = match self {
            Self::Rsa(index) => {
                // PKCS#1 of a 2048-bit key: 9 bytes of DER, 256 of modulus, the exponent 65537.
                let der = RSA[*index].public_key().as_ref();
                json!({"kty": "RSA", "use": "sig", "n": encode(&der[9..265]), "e": "AQAB"})
            }
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256",
                    "x": encode(&point[1..33]), "y": encode(&point[33..65])})
            }
            Self::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key())})
            }
        };
        if !kid.is_empty() {
            jwk["kid"] = json!(kid);
        }
        jwk
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(index) => {
                let padding: &'static dyn aws_lc_rs::signature::RsaEncoding =
                    if algorithm == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let pair = &RSA[*index];
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
            Self::Ec(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with exactly this header and payload, both as JSON text.
    pub(super) fn token(&self, header: &str, payload: &str) -> String {
        let algorithm = if header.contains("PS256") { "PS256" } else { self.algorithm() };
        let input = format!("{}.{}", encode(header), encode(payload));
        let signature = encode(self.sign(algorithm, input.as_bytes()));
        format!("{input}.{signature}")
    }
}

/// The classic forgery: the public key as text, used as HMAC secret.
pub(super) fn hmac_token(secret: &[u8], header: &str, payload: &str) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    format!("{input}.{}", encode(hmac::sign(&key, input.as_bytes())))
}

/// The RSA key's DER, as a forger would use it for [`hmac_token`].
pub(super) fn rsa_public_der(index: usize) -> Vec<u8> {
    AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(RSA[index].public_key())
        .unwrap()
        .as_ref()
        .to_vec()
}
