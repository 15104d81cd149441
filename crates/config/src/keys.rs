//! Our own keys.
//!
//! Beside each file that the configuration names, two more may lie: `NAME.next` is staged and
//! `NAME.old` was active before. Both are read when they are there, so that a rollover is a matter
//! of files (`vestibule keys stage`, `activate`, `retire`) and the configuration stays as it is.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Secret;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::mapping::Mapping;
use crate::reader::Value;
use crate::{KeyFiles, Keys, secret, validity};

const MAKE: &str = "make one with `vestibule keys init --config FILE`";

/// What a file with a key holds, checked; else what is wrong with it.
type Check = fn(&[u8]) -> Result<Vec<u8>, &'static str>;

/// Reads `keys`.
pub(crate) fn read(root: &Mapping<'_>) -> Option<Keys> {
    let value = root.required("keys", "write keys: { sealing: [ … ], assertion: [ … ] }")?;
    let map = value.mapping("write sealing: and assertion: here")?;
    let sealing = required(&map, "sealing", sealing_key);
    let assertion = required(&map, "assertion", assertion_key);
    let saml_value = map.optional("saml");
    let saml = match &saml_value {
        Some(value) => list(value, saml_key),
        None => Some(Vec::new()),
    };
    map.finish();
    let file = |key| secret::file(map.optional(key)?.first_item().as_ref()?);
    let files =
        KeyFiles { sealing: file("sealing"), assertion: file("assertion"), saml: file("saml") };
    let saml = saml?;
    if let (Some(value), Some(active)) = (&saml_value, saml.first()) {
        check_validity(value, active.expose());
    }
    Some(Keys { sealing: sealing?, assertion: assertion?, saml, files })
}

fn required(map: &Mapping<'_>, key: &'static str, check: Check) -> Option<Vec<Secret<Vec<u8>>>> {
    list(&map.required(key, MAKE)?, check)
}

/// The keys of a list, each followed by its staged and its former one.
fn list(value: &Value<'_>, check: Check) -> Option<Vec<Secret<Vec<u8>>>> {
    let items = value.some_items("write a list of { file: PATH }")?;
    let mut keys: Vec<Secret<Vec<u8>>> = Vec::new();
    let mut complete = true;
    for item in &items {
        let Some(files) = secret::with_siblings(item) else {
            complete = false;
            continue;
        };
        for (index, (name, bytes)) in files.iter().enumerate() {
            let key = match check(bytes) {
                Ok(key) => key,
                Err(said) => {
                    item.problem(format!("{name} is not {said}"), MAKE);
                    complete = false;
                    continue;
                }
            };
            let known = keys.iter().any(|known| *known.expose() == key);
            if known && index == 0 {
                item.problem("this key is listed twice", "list each key once");
                complete = false;
            }
            if !known {
                keys.push(Secret::new(key));
            }
        }
    }
    complete.then_some(keys)
}

/// 32 random bytes as base64 in one line.
fn sealing_key(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    let key = STANDARD.decode(text.trim_ascii()).ok().map(Zeroizing::new);
    let Some(key) = key.filter(|key| key.len() == 32) else {
        return Err("a sealing key (32 bytes as base64 in one line)");
    };
    if key.iter().all(|byte| Some(byte) == key.first()) {
        return Err("a sealing key but one byte repeated");
    }
    Ok(key.to_vec())
}

/// ECDSA P-256 as PEM, PKCS#8. Comes back as DER.
fn assertion_key(pem: &[u8]) -> Result<Vec<u8>, &'static str> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem).ok();
    let der = der.map(|der| Zeroizing::new(der.secret_pkcs8_der().to_vec()));
    let usable = |der: &Zeroizing<Vec<u8>>| {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).is_ok()
    };
    let der = der.filter(usable);
    der.map(|der| der.to_vec())
        .ok_or("an assertion key (ECDSA P-256 as PEM, `-----BEGIN PRIVATE KEY-----`)")
}

/// A private key and its certificate, in one PEM file. Comes back as it is.
fn saml_key(pem: &[u8]) -> Result<Vec<u8>, &'static str> {
    let wanted = "a SAML key (RSA of 2048 bits or more or P-256 as PKCS#8, and its certificate, both as PEM)";
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| wanted)?;
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| wanted)?;
    if chain.is_empty() || !signs(pem) {
        return Err(wanted);
    }
    match CertifiedKey::from_der(chain, key.into(), &default_provider()) {
        Ok(_) => Ok(pem.to_vec()),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err("a SAML key, since the key in it does not belong to the certificate")
        }
        Err(_) => Err(wanted),
    }
}

/// Whether a PEM text holds a PKCS#8 key that can sign: RSA of at least 2048 bits, or P-256.
pub(crate) fn signs(pem: &[u8]) -> bool {
    let Ok(der) = PrivatePkcs8KeyDer::from_pem_slice(pem) else { return false };
    let der = der.secret_pkcs8_der();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).is_ok()
        || RsaKeyPair::from_pkcs8(der).is_ok_and(|key| key.public_modulus_len() >= 256)
}

/// Many identity providers refuse a certificate out of its time, some do not look.
fn check_validity(value: &Value<'_>, pem: &[u8]) {
    let Ok(certificate) = CertificateDer::from_pem_slice(pem) else { return };
    let Some((_, until)) = validity::of(&certificate) else { return };
    let now = value.reading.environment.now();
    if now >= until {
        value.warn(format!("the certificate of the active key ended at {until}; make a new one with `vestibule keys stage saml`"));
    } else if now.plus(validity::SOON) >= until {
        value.warn(format!("the certificate of the active key ends at {until}; make a new one with `vestibule keys stage saml`"));
    }
}
