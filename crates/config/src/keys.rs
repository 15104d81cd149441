//! Our own keys.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Secret;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

use crate::mapping::Mapping;
use crate::reader::Value;
use crate::{Keys, secret};

const MAKE: &str = "make one with `vestibule keys init --config FILE`";

/// Reads `keys`.
pub(crate) fn read(root: &Mapping<'_>) -> Option<Keys> {
    let value = root.required("keys", "write keys: { sealing: [ … ], assertion: [ … ] }")?;
    let map = value.mapping("write sealing: and assertion: here")?;
    let sealing = list(&map, "sealing", sealing_key);
    let assertion = list(&map, "assertion", assertion_key);
    map.not_yet(&["saml"]);
    map.finish();
    Some(Keys { sealing: sealing?, assertion: assertion?, saml: Vec::new() })
}

fn list(
    map: &Mapping<'_>,
    key: &'static str,
    read: fn(&Value<'_>) -> Option<Vec<u8>>,
) -> Option<Vec<Secret<Vec<u8>>>> {
    let items = map.required(key, MAKE)?.some_items("write a list of { file: PATH }")?;
    let mut keys: Vec<Secret<Vec<u8>>> = Vec::new();
    let mut complete = true;
    for item in &items {
        let Some(bytes) = read(item) else {
            complete = false;
            continue;
        };
        if keys.iter().any(|known| *known.expose() == bytes) {
            item.problem("this key is listed twice", "list each key once");
            complete = false;
        }
        keys.push(Secret::new(bytes));
    }
    complete.then_some(keys)
}

/// 32 random bytes as base64 in one line.
fn sealing_key(value: &Value<'_>) -> Option<Vec<u8>> {
    let text = secret::bytes(value)?;
    let key = STANDARD.decode(text.trim_ascii()).ok().map(Zeroizing::new);
    let Some(key) = key.filter(|key| key.len() == 32) else {
        value.problem("this is not a sealing key (32 bytes as base64 in one line)", MAKE);
        return None;
    };
    if key.iter().all(|byte| Some(byte) == key.first()) {
        value.problem("this sealing key is one byte repeated", MAKE);
        return None;
    }
    Some(key.to_vec())
}

/// ECDSA P-256 as PEM, PKCS#8. Comes back as DER.
fn assertion_key(value: &Value<'_>) -> Option<Vec<u8>> {
    let pem = secret::bytes(value)?;
    let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).ok();
    let der = der.map(|der| Zeroizing::new(der.secret_pkcs8_der().to_vec()));
    let usable = |der: &Zeroizing<Vec<u8>>| {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).is_ok()
    };
    let der = der.filter(usable);
    if der.is_none() {
        let said =
            "this is not an assertion key (ECDSA P-256 as PEM, `-----BEGIN PRIVATE KEY-----`)";
        value.problem(said, MAKE);
    }
    Some(der?.to_vec())
}
