//! Any XML as a response. Only the three seeds are signed, so whatever is accepted must say what
//! they say.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use libfuzzer_sys::fuzz_target;
use saml::{Expectation, IdpMetadata, RequestId, ServiceProvider, VerifiedAssertion};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const SEED: &[u8] = include_bytes!("../seeds/response-both.xml");

struct Party {
    idp: IdpMetadata,
    sp: ServiceProvider,
    request: RequestId,
}

static PARTY: LazyLock<Party> = LazyLock::new(|| {
    let metadata = include_bytes!("../seeds/metadata.xml");
    let base = "https://help.example.com/.vestibule/saml/acme";
    Party {
        idp: IdpMetadata::parse(metadata, ParseOptions::default(), NOW).expect("the seed is valid"),
        sp: ServiceProvider { entity_id: format!("{base}/metadata"), acs: format!("{base}/acs") },
        request: RequestId::from_random([0xa7; 20]),
    }
});

static BELIEVED: LazyLock<VerifiedAssertion> =
    LazyLock::new(|| verify(SEED).expect("the seed is accepted"));

fn verify(xml: &[u8]) -> Option<VerifiedAssertion> {
    let expectation = Expectation {
        idp: &PARTY.idp,
        sp: &PARTY.sp,
        request: &PARTY.request,
        clock_skew: Duration::from_secs(60),
        sha1_until: None,
    };
    let verified = saml::verify_response(&STANDARD.encode(xml), &expectation, NOW);
    // Building a refusal must not panic either.
    verified.map_err(|error| error.refusal()).ok()
}

fuzz_target!(|xml: &[u8]| {
    let believed = &*BELIEVED;
    if let Some(assertion) = verify(xml) {
        assert_eq!(assertion, *believed, "something else was believed");
    }
});
