//! Any XML as a response. Only the three seeds are signed, so whatever is accepted must say what
//! they say.

#![no_main]

mod party;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use party::Party;
use saml::{ServiceKeys, VerifiedAssertion};

const SEED: &[u8] = include_bytes!("../seeds/saml_response/response-both.xml");

static PARTY: LazyLock<Party> = LazyLock::new(|| {
    Party::new(include_bytes!("../seeds/saml_metadata/plain.xml"), ServiceKeys::default())
});

static BELIEVED: LazyLock<VerifiedAssertion> =
    LazyLock::new(|| PARTY.verify(SEED, None).expect("the seed is accepted"));

fuzz_target!(|xml: &[u8]| {
    let believed = &*BELIEVED;
    if let Some(assertion) = PARTY.verify(xml, None) {
        assert_eq!(assertion, *believed, "something else was believed");
    }
});
