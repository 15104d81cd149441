//! SAML responses and metadata: the most hostile parser of the house.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use fakes::FakeClock;
use fakes::people::acme;
use fakes::saml::{IdpOptions, SamlIdp, Sign};
use saml::{
    AuthnRequest, Expectation, IdpMetadata, Outgoing, ParseOptions, RequestId, SamlRequest,
    ServiceProvider, SignedPart, VerifiedAssertion, verify_response,
};

use super::{Target, Verdict};

const NOW: i64 = 1_800_000_000;

/// Everything that an assertion says and we act upon.
type Content = (String, String, std::collections::BTreeMap<String, Vec<String>>);

fn content(assertion: &VerifiedAssertion) -> Content {
    (
        assertion.id().to_owned(),
        assertion.name_id().value().to_owned(),
        assertion.attributes().clone(),
    )
}

struct Party {
    idp: SamlIdp,
    metadata: IdpMetadata,
    sp: ServiceProvider,
    request: RequestId,
}

impl Party {
    fn new() -> Result<Self> {
        let clock = FakeClock::manual(NOW);
        let idp = SamlIdp::start_with(IdpOptions { clock, ..IdpOptions::of(acme()) })?;
        let metadata = IdpMetadata::parse(
            idp.metadata().as_bytes(),
            ParseOptions::default(),
            Timestamp::from_seconds(NOW),
        )
        .context("the fake's metadata")?;
        let base = "https://help.example.com/.vestibule/saml/acme";
        let sp = ServiceProvider {
            entity_id: format!("{base}/metadata"),
            acs: format!("{base}/acs"),
            slo: None,
            keys: Arc::default(),
        };
        Ok(Self { idp, metadata, sp, request: RequestId::from_random([7; 20]) })
    }

    fn response(&self, sign: Sign) -> Vec<u8> {
        let now = Timestamp::from_seconds(NOW);
        let request = AuthnRequest {
            id: &self.request,
            relay_state: "handle",
            login_hint: None,
            settings: &SamlRequest::default(),
        };
        let Ok(Outgoing::Redirect(url)) = self.sp.authn_request(&self.metadata, &request, now)
        else {
            return Vec::new();
        };
        self.idp.respond(url.as_str(), &self.idp.person("ann"), sign).xml().into_bytes()
    }

    fn verify(&self, xml: &[u8]) -> Option<Content> {
        let expectation = Expectation {
            idp: &self.metadata,
            sp: &self.sp,
            request: Some(&self.request),
            clock_skew: Duration::from_secs(60),
            sha1_until: None,
            cbc_until: None,
            signed: SignedPart::Either,
            encryption_required: false,
            authn_context: &[],
            authenticated_since: None,
        };
        let verified =
            verify_response(&STANDARD.encode(xml), &expectation, Timestamp::from_seconds(NOW));
        verified.ok().as_ref().map(content)
    }
}

/// Whole responses, signed in the three usual ways.
pub(super) fn responses() -> Result<Target> {
    saml::harden();
    let party = Party::new()?;
    let seeds: Vec<_> =
        [Sign::Assertion, Sign::Response, Sign::Both].map(|sign| party.response(sign)).into();
    let honest: Vec<_> = seeds.iter().filter_map(|seed| party.verify(seed)).collect();
    let check = move |input: &[u8]| match party.verify(input) {
        None => Verdict::Refused,
        Some(said) if honest.contains(&said) => Verdict::Accepted,
        Some(said) => Verdict::Wrong(format!("accepted, and it says {said:?}")),
    };
    Ok(Target { name: "saml_response", seeds, check: Box::new(check) })
}

/// Metadata: trusted for where it came from, so it may say what it likes, but never break us.
pub(super) fn metadata() -> Result<Target> {
    let idp = SamlIdp::start_with(IdpOptions {
        clock: FakeClock::manual(NOW),
        ..IdpOptions::of(acme())
    })?;
    let seeds = vec![idp.metadata().into_bytes()];
    let check = |input: &[u8]| match IdpMetadata::parse(
        input,
        ParseOptions::default(),
        Timestamp::from_seconds(NOW),
    ) {
        Ok(metadata) if metadata.signing_certificates().is_empty() => {
            Verdict::Wrong("no signing key".to_owned())
        }
        Ok(_) => Verdict::Accepted,
        Err(_) => Verdict::Refused,
    };
    Ok(Target { name: "saml_metadata", seeds, check: Box::new(check) })
}
