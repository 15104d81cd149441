//! Any bytes as metadata: no panic, no identity provider without a signing key or a place to sign in,
//! and with a pinned signer nothing but what the one signed seed says.

#![no_main]

use std::sync::LazyLock;

use domain::Timestamp;
use libfuzzer_sys::fuzz_target;
use openssl::x509::X509;
use saml::{IdpMetadata, ParseOptions};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const SIGNED: &[u8] = include_bytes!("../seeds/saml_metadata/signed.xml");

static SIGNERS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let pem = include_bytes!("../keys/metadata-signer.pem");
    vec![X509::from_pem(pem).unwrap().to_der().unwrap()]
});

static BELIEVED: LazyLock<IdpMetadata> =
    LazyLock::new(|| pinned(SIGNED).expect("the seed is accepted"));

fn pinned(xml: &[u8]) -> Option<IdpMetadata> {
    let options = ParseOptions { expected_entity: None, signers: &SIGNERS };
    IdpMetadata::parse(xml, options, NOW).map_err(|error| error.refusal()).ok()
}

fuzz_target!(|xml: &[u8]| {
    let believed = &*BELIEVED;
    for expected_entity in [None, Some("https://idp.example/metadata")] {
        match IdpMetadata::parse(xml, ParseOptions { expected_entity, signers: &[] }, NOW) {
            Ok(idp) => {
                assert!(!idp.signing_certificates().is_empty());
                assert!(!idp.entity_id.is_empty());
                assert!(expected_entity.is_none_or(|id| id == idp.entity_id));
                let sso = idp.sso().expect("a place to sign in");
                assert!(["https", "http"].contains(&sso.scheme()));
            }
            Err(error) => {
                let refusal = error.refusal();
                assert!(refusal.cause.starts_with("saml-metadata-"));
            }
        }
    }
    if let Some(idp) = pinned(xml) {
        assert_eq!(idp, *believed, "something was believed that nobody signed");
    }
});
