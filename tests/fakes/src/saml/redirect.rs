//! Signatures over messages, as the HTTP-Redirect and HTTP-POST bindings have them.

use std::io::{Read as _, Write as _};

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use openssl::x509::X509;

use super::request::BadRequest;
use super::signature::{DSIG_NS, algorithm_uri};
use crate::keys::{Algorithm, SigningKey};
use crate::text::{base64, from_base64};

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binding {
    /// In a URL, deflated.
    Redirect,
    /// In a form.
    Post,
    /// In an envelope from server to server.
    Soap,
}

/// What a signature on a message was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureSeen {
    /// There is none.
    Absent,
    /// One by a key of the registered service provider; the algorithm's URI.
    Valid(String),
    /// One that does not verify; why.
    Invalid(String),
    /// One by a service provider whose metadata was never given.
    Unknown,
}

impl SignatureSeen {
    /// Whether it verifies.
    pub fn is_valid(&self) -> bool {
        matches!(self, Self::Valid(_))
    }
}

/// SAML Bindings §3.4.4.1: DEFLATE, then base64.
pub(super) fn deflate(xml: &str) -> String {
    let mut encoder =
        flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(xml.as_bytes()).expect("memory takes all");
    base64(&encoder.finish().expect("memory takes all"))
}

/// The reverse, for messages of at most 100,000 bytes.
pub(super) fn inflate(message: &str) -> Result<String, BadRequest> {
    let deflated = from_base64(message).ok_or("the message is not base64")?;
    let mut xml = String::new();
    let decoder = flate2::read::DeflateDecoder::new(deflated.as_slice());
    let read = decoder.take(100_000).read_to_string(&mut xml);
    read.map_err(|_| "the message does not inflate to text")?;
    Ok(xml)
}

/// The query of a message, signed (SAML Bindings §3.4.4.1); `name` is SAMLRequest or SAMLResponse.
pub(super) fn signed_query(
    name: &str,
    xml: &str,
    relay_state: Option<&str>,
    signer: Option<(&SigningKey, Algorithm)>,
) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, &deflate(xml));
    if let Some(relay_state) = relay_state {
        query.append_pair("RelayState", relay_state);
    }
    let Some((key, algorithm)) = signer else { return query.finish() };
    query.append_pair("SigAlg", algorithm_uri(algorithm));
    let signed = query.finish();
    let signature = base64(&key.sign(algorithm, signed.as_bytes()));
    let mut last = form_urlencoded::Serializer::new(String::new());
    last.append_pair("Signature", &signature);
    format!("{signed}&{}", last.finish())
}

/// Judges the signature of a query by its raw bytes.
pub(super) fn judge_query(query: &str, name: &str, certificates: Option<&[X509]>) -> SignatureSeen {
    let raw = |wanted: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(n, _)| *n == wanted).map(|(_, value)| value)
    };
    let decoded = |wanted: &str| {
        let pair = format!("v={}", raw(wanted)?);
        form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    let Some(signature) = decoded("Signature") else { return SignatureSeen::Absent };
    let Some(certificates) = certificates else { return SignatureSeen::Unknown };
    let parts = [name, "RelayState", "SigAlg"];
    let signed: Vec<String> =
        parts.iter().filter_map(|n| Some(format!("{n}={}", raw(n)?))).collect();
    let algorithm = decoded("SigAlg").unwrap_or_default();
    let Some(signature) = from_base64(&signature) else {
        return SignatureSeen::Invalid("Signature is not base64".to_owned());
    };
    let valid = |c: &X509| verifies(c, &algorithm, signed.join("&").as_bytes(), &signature);
    if certificates.iter().any(valid) {
        return SignatureSeen::Valid(algorithm);
    }
    SignatureSeen::Invalid(format!("no registered key made this {algorithm} signature"))
}

fn verifies(certificate: &X509, algorithm: &str, bytes: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = certificate.public_key() else { return false };
    let all = [Algorithm::RsaSha256, Algorithm::RsaSha512, Algorithm::EcdsaSha256];
    let Some(found) = all.into_iter().find(|a| algorithm_uri(*a) == algorithm) else {
        return false;
    };
    let elliptic = found == Algorithm::EcdsaSha256;
    if elliptic != key.ec_key().is_ok() {
        return false;
    }
    let digest = match found {
        Algorithm::RsaSha512 => MessageDigest::sha512(),
        _ => MessageDigest::sha256(),
    };
    let signature = match elliptic {
        true => der_of(signature),
        false => Some(signature.to_vec()),
    };
    let Some(signature) = signature else { return false };
    let mut verifier = Verifier::new(digest, &key).expect("a verifier");
    verifier.verify_oneshot(&signature, bytes).unwrap_or(false)
}

/// RFC 4051 §2.3.6 writes `r || s`, OpenSSL wants a sequence.
fn der_of(fixed: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = fixed.split_at_checked(32).filter(|(_, s)| s.len() == 32)?;
    let number = |bytes: &[u8]| BigNum::from_slice(bytes).ok();
    EcdsaSig::from_private_components(number(r)?, number(s)?).ok()?.to_der().ok()
}

/// Judges the signature that a message carries in itself (SAML Core §5.4).
pub(super) fn judge_enveloped(xml: &str, certificates: Option<&[X509]>) -> SignatureSeen {
    let Ok(document) = roxmltree::Document::parse(xml) else {
        return SignatureSeen::Invalid("no XML".to_owned());
    };
    let root = document.root_element();
    let found = root.children().find(|n| n.has_tag_name((DSIG_NS, "Signature")));
    let Some(signature) = found else { return SignatureSeen::Absent };
    let Some(certificates) = certificates else { return SignatureSeen::Unknown };
    let named = |name: &str| {
        let all = signature.descendants().filter(|n| n.has_tag_name((DSIG_NS, name)));
        all.filter_map(|n| n.attribute("URI").or(n.attribute("Algorithm"))).collect::<Vec<_>>()
    };
    let own = format!("#{}", root.attribute("ID").unwrap_or_default());
    if named("Reference") != [own.as_str()] {
        return SignatureSeen::Invalid("the signature is not over the message".to_owned());
    }
    let valid = |certificate: &X509| {
        let der = certificate.to_der().expect("DER");
        let key = bergshamra::keys::loader::load_x509_cert_der(&der).expect("a key");
        let mut keys = bergshamra::KeysManager::new();
        keys.add_key(key);
        let results = bergshamra::verify_all(&bergshamra::DsigContext::new(keys), xml);
        results.is_ok_and(|all| all.len() == 1 && all.iter().all(|r| r.is_valid()))
    };
    if certificates.iter().any(valid) {
        let algorithm = named("SignatureMethod").first().copied().unwrap_or_default();
        return SignatureSeen::Valid(algorithm.to_owned());
    }
    SignatureSeen::Invalid("no registered key made this signature".to_owned())
}
