//! Any bytes as metadata: no panic, and no identity provider without a signing key.

#![no_main]

use domain::Timestamp;
use libfuzzer_sys::fuzz_target;
use saml::{IdpMetadata, ParseOptions};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fuzz_target!(|xml: &[u8]| {
    for expected in [None, Some("https://idp.example/metadata")] {
        let options = ParseOptions { expected_entity: expected, ..ParseOptions::default() };
        match IdpMetadata::parse(xml, options, NOW) {
            Ok(idp) => {
                assert!(!idp.signing_certificates().is_empty());
                assert!(!idp.entity_id.is_empty());
                assert!(expected.is_none_or(|id| id == idp.entity_id));
                let sso = idp.sso().expect("somewhere to sign in");
                assert!(["https", "http"].contains(&sso.scheme()));
            }
            Err(error) => {
                let refusal = error.refusal();
                assert!(refusal.cause.starts_with("saml-metadata-"));
            }
        }
    }
});
