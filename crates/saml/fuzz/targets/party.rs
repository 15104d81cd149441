//! The two sides of every target.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use saml::{
    Expectation, IdpMetadata, ParseOptions, RequestId, ServiceKeys, ServiceProvider, SignedPart,
    VerifiedAssertion,
};

pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub struct Party {
    pub idp: IdpMetadata,
    pub sp: ServiceProvider,
    request: RequestId,
}

impl Party {
    pub fn new(metadata: &[u8], keys: ServiceKeys) -> Self {
        let base = "https://help.example.com/.vestibule/saml/acme";
        let idp = IdpMetadata::parse(metadata, ParseOptions::default(), NOW);
        Self {
            idp: idp.expect("the seed is valid"),
            sp: ServiceProvider {
                entity_id: format!("{base}/metadata"),
                acs: format!("{base}/acs"),
                slo: Some(format!("{base}/slo")),
                keys: Arc::new(keys),
            },
            request: RequestId::from_random([0xa7; 20]),
        }
    }

    /// What is believed of a response. Building a refusal must not panic either.
    #[allow(dead_code, reason = "not every target has responses")]
    pub fn verify(&self, xml: &[u8], cbc_until: Option<Timestamp>) -> Option<VerifiedAssertion> {
        let expectation = Expectation {
            idp: &self.idp,
            sp: &self.sp,
            request: Some(&self.request),
            clock_skew: Duration::from_secs(60),
            sha1_until: None,
            cbc_until,
            signed: SignedPart::Either,
            encryption_required: false,
            authn_context: &[],
            authenticated_since: None,
        };
        let verified = saml::verify_response(&STANDARD.encode(xml), &expectation, NOW);
        verified.map_err(|error| error.refusal()).ok()
    }
}
