//! Signing keys of the fake identity providers: any size, any algorithm, the wrong ones too.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::x509::{X509, X509Name};

use crate::text::{base64, base64url};

/// A private key with a self-signed certificate.
#[derive(Debug, Clone)]
pub struct SigningKey {
    key: PKey<Private>,
    certificate: X509,
}

/// The first keys of this process, by kind and owner.
static FIRST: LazyLock<Mutex<HashMap<(KeyKind, String), SigningKey>>> =
    LazyLock::new(Mutex::default);

/// How bytes are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaSha512,
    /// RSASSA-PKCS1-v1_5 with SHA-1, which nobody should accept.
    RsaSha1,
    /// ECDSA with SHA-256; `r || s`, 64 bytes on P-256 (RFC 4051 §2.3.6, RFC 7518 §3.4).
    EcdsaSha256,
}

/// Which key an identity provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA with 2048 bits.
    Rsa2048,
    /// RSA with 1024 bits, which is too few.
    Rsa1024,
    /// ECDSA on P-256.
    P256,
}

impl SigningKey {
    /// A key of this kind.
    pub fn new(kind: KeyKind, common_name: &str) -> Self {
        match kind {
            KeyKind::Rsa2048 => Self::rsa(2048, common_name),
            KeyKind::Rsa1024 => Self::rsa(1024, common_name),
            KeyKind::P256 => Self::p256(common_name),
        }
    }

    /// The owner's first key of this kind: one for the whole process, because to make an RSA key
    /// takes longer than most tests.
    pub fn first(kind: KeyKind, owner: &str) -> Self {
        let mut first = FIRST.lock().expect("no holder of this lock panics");
        let key = first.entry((kind, owner.to_owned()));
        key.or_insert_with(|| Self::new(kind, owner)).clone()
    }

    /// An RSA key; fewer than 2048 bits is for tests of refusal.
    pub fn rsa(bits: u32, common_name: &str) -> Self {
        let key = PKey::from_rsa(Rsa::generate(bits).expect("an RSA key")).expect("a key");
        Self::with_certificate(key, common_name)
    }

    /// A P-256 key.
    pub fn p256(common_name: &str) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("P-256");
        let key = PKey::from_ec_key(EcKey::generate(&group).expect("a P-256 key")).expect("a key");
        Self::with_certificate(key, common_name)
    }

    fn with_certificate(key: PKey<Private>, common_name: &str) -> Self {
        let mut name = X509Name::builder().expect("a name");
        name.append_entry_by_text("CN", common_name).expect("a common name");
        let name = name.build();
        let mut serial = BigNum::new().expect("a number");
        serial.rand(120, openssl::bn::MsbOption::MAYBE_ZERO, false).expect("a random number");
        let mut builder = X509::builder().expect("a certificate");
        builder.set_version(2).expect("version");
        builder.set_serial_number(&serial.to_asn1_integer().expect("serial")).expect("serial");
        builder.set_subject_name(&name).expect("subject");
        builder.set_issuer_name(&name).expect("issuer");
        let (from, until) = (Asn1Time::days_from_now(0), Asn1Time::days_from_now(3650));
        builder.set_not_before(&from.expect("a time")).expect("not before");
        builder.set_not_after(&until.expect("a time")).expect("not after");
        builder.set_pubkey(&key).expect("public key");
        builder.sign(&key, MessageDigest::sha256()).expect("self-signed");
        Self { certificate: builder.build(), key }
    }

    /// The certificate, DER in base64, as metadata and KeyInfo carry it.
    pub fn certificate_base64(&self) -> String {
        base64(&self.certificate.to_der().expect("DER"))
    }

    /// The certificate, PEM.
    pub fn certificate_pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().expect("PEM")).expect("ASCII")
    }

    /// The public key, SubjectPublicKeyInfo, PEM.
    pub fn public_key_pem(&self) -> String {
        String::from_utf8(self.key.public_key_to_pem().expect("PEM")).expect("ASCII")
    }

    /// The private key, PKCS#8, PEM.
    pub fn private_key_pem(&self) -> String {
        String::from_utf8(self.key.private_key_to_pem_pkcs8().expect("PEM")).expect("ASCII")
    }

    /// The certificate.
    pub(crate) fn certificate(&self) -> &X509 {
        &self.certificate
    }

    /// The certificate, DER.
    pub fn certificate_der(&self) -> Vec<u8> {
        self.certificate.to_der().expect("DER")
    }

    /// Private key and certificate in one PEM file.
    pub fn pem(&self) -> String {
        self.private_key_pem() + &self.certificate_pem()
    }

    /// What this key signs with, with SHA-256.
    pub fn algorithm(&self) -> Algorithm {
        if self.is_elliptic() { Algorithm::EcdsaSha256 } else { Algorithm::RsaSha256 }
    }

    /// Whether this is an elliptic-curve key.
    pub fn is_elliptic(&self) -> bool {
        self.key.ec_key().is_ok()
    }

    /// Signs `bytes`.
    ///
    /// # Panics
    /// When the algorithm does not fit the key.
    pub fn sign(&self, algorithm: Algorithm, bytes: &[u8]) -> Vec<u8> {
        let digest = match algorithm {
            Algorithm::RsaSha256 | Algorithm::EcdsaSha256 => MessageDigest::sha256(),
            Algorithm::RsaSha512 => MessageDigest::sha512(),
            Algorithm::RsaSha1 => MessageDigest::sha1(),
        };
        assert_eq!(algorithm == Algorithm::EcdsaSha256, self.is_elliptic(), "algorithm and key");
        let mut signer = Signer::new(digest, &self.key).expect("a signer");
        let signature = signer.sign_oneshot_to_vec(bytes).expect("a signature");
        if algorithm != Algorithm::EcdsaSha256 {
            return signature;
        }
        let signature = EcdsaSig::from_der(&signature).expect("an ECDSA signature");
        let mut fixed = signature.r().to_vec_padded(32).expect("r");
        fixed.extend(signature.s().to_vec_padded(32).expect("s"));
        fixed
    }

    /// The public key as JWK members (RFC 7517), `kid` and `alg` among them.
    pub fn jwk(&self, kid: &str) -> serde_json::Value {
        if let Ok(rsa) = self.key.rsa() {
            let (n, e) = (base64url(&rsa.n().to_vec()), base64url(&rsa.e().to_vec()));
            return serde_json::json!({
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e
            });
        }
        let ec = self.key.ec_key().expect("RSA or elliptic");
        let mut context = openssl::bn::BigNumContext::new().expect("a context");
        let (mut x, mut y) = (BigNum::new().expect("x"), BigNum::new().expect("y"));
        ec.public_key()
            .affine_coordinates(ec.group(), &mut x, &mut y, &mut context)
            .expect("coordinates");
        let text = |n: &BigNum| base64url(&n.to_vec_padded(32).expect("32 bytes"));
        serde_json::json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
            "x": text(&x), "y": text(&y)
        })
    }
}
