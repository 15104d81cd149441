//! CPU per sign-in in the gateway, over SAML and over OpenID Connect, beside the bare check of a
//! signature; and the worst that a hostile response costs.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use domain::Timestamp;
use fakes::http_client::Browser;
use fakes::openid::OpenIdProvider;
use fakes::saml::{Answer, Flaw, IdpOptions, SamlIdp};
use fakes::{FakeClock, people};
use futures_util::future::try_join_all;
use saml::{
    AuthnRequest, Expectation, IdpMetadata, Outgoing, ParseOptions, RequestId, ResponseError,
    SamlRequest, ServiceProvider, SignedPart, VerifiedAssertion,
};

use crate::gateway_front::{self, FeedName};
use crate::lab::{HOST, Lab};

/// Sign-ins of one measurement.
const SIGN_INS: u32 = 300;
/// Sign-ins at once where there are many: writes that meet share one commit.
const MANY: u32 = 15;
/// Requests of one sign-in at the gateway: the page asked for, the sign-in page, the form, the
/// identity provider's answer, and the page at last.
const REQUESTS: u32 = 5;

/// Measures and gives the tables, in Markdown.
pub(crate) async fn measure(lab: &Lab) -> anyhow::Result<String> {
    let (globex, acme) = (OpenIdProvider::start(people::globex()), SamlIdp::start(people::acme()));
    globex.set_auto(Some(globex.person("gil")));
    acme.set_auto(Some(acme.person("ann")));
    let front = gateway_front::start_with(lab, FeedName::Acceptor, &globex, &acme).await?;
    let authority = std::fs::read_to_string(&lab.certificate.chain)?;
    let base = format!("https://{HOST}:{}", front.address.port());
    let mut text = String::from(
        "### sign-ins\n\n| sign-in | at once | CPU ms in the gateway | of that, its TLS connection and five requests | without them |\n|---|---|---|---|---|\n",
    );
    let idle = per(&front, 1, async || {
        let mut browser = Browser::trusting(&authority).keeping_connections();
        for _ in 0..REQUESTS {
            let url = format!("{base}/.vestibule/session").parse()?;
            browser.step(http::Method::GET, &url, &[]).await?;
        }
        Ok(())
    });
    let idle = idle.await?;
    for (name, email) in [("SAML", "ann@acme.example"), ("OpenID Connect", "gil@globex.example")] {
        for at_once in [1, MANY] {
            let whole = per(&front, at_once, async || {
                gateway_front::sign_in(&authority, &base, email).await.map(|_| ())
            });
            let whole = whole.await.context(name)?;
            let (all, own) = (ms(whole), ms(whole.saturating_sub(idle)));
            text += &format!("| {name} | {at_once} | {all} | {} | {own} |\n", ms(idle));
        }
    }
    text += &verification()?;
    Ok(text)
}

/// CPU time of the gateway for one run, with so many of them at once.
async fn per(
    front: &gateway_front::Gateway,
    at_once: u32,
    run: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<Duration> {
    // The first ones fill caches and pools.
    for _ in 0..10 {
        run().await?;
    }
    let before = front.running.cpu()?;
    for _ in 0..SIGN_INS / at_once {
        try_join_all((0..at_once).map(|_| run())).await?;
    }
    Ok((front.running.cpu()? - before) / (SIGN_INS / at_once * at_once))
}

/// The bare check of one honest response, and the longest over all flaws of the fake.
fn verification() -> anyhow::Result<String> {
    saml::harden();
    let case = Case::new()?;
    let honest = case.response(Answer::default())?;
    let begin = Instant::now();
    for _ in 0..SIGN_INS {
        case.verify(&honest).map_err(|error| anyhow!("an honest response: {error}"))?;
    }
    let bare = begin.elapsed() / SIGN_INS;
    let (mut worst, mut which) = (Duration::ZERO, String::new());
    let before = memory("VmRSS:")?;
    // proc(5): the peak is counted anew from here.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let mut count = 0;
    for flaw in Flaw::ALL {
        let hostile = case.response(*flaw)?;
        let begin = Instant::now();
        let outcome = case.verify(&hostile);
        let took = begin.elapsed();
        count += 1;
        if took > worst {
            (worst, which) = (took, format!("{flaw:?}"));
        }
        drop(outcome);
    }
    if count == 0 {
        bail!("the fake has no flaws");
    }
    Ok(format!(
        "\nBare check of a SAML response: {} ms. Worst of {count} hostile responses: {} ms ({which}); all of them took at most {} KiB of memory more.\n",
        ms(bare),
        ms(worst),
        memory("VmHWM:")?.saturating_sub(before),
    ))
}

/// A figure of this process in KiB: `VmRSS:` what it holds, `VmHWM:` the most that it held.
fn memory(name: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).ok_or_else(|| anyhow!("no {name} in proc"))
}

/// When the responses of the case are made and read.
const NOW: i64 = 1_800_000_000;

/// An identity provider, we, and one request.
struct Case {
    idp: SamlIdp,
    metadata: IdpMetadata,
    party: ServiceProvider,
    request: RequestId,
}

impl Case {
    fn new() -> anyhow::Result<Self> {
        let clock = FakeClock::manual(NOW);
        let idp = SamlIdp::start_with(IdpOptions { clock, ..IdpOptions::of(people::acme()) })?;
        let now = Timestamp::from_seconds(NOW);
        let metadata = IdpMetadata::parse(idp.metadata().as_bytes(), ParseOptions::default(), now)?;
        let base = "https://help.example.com/.vestibule/saml/acme";
        let party = ServiceProvider {
            entity_id: format!("{base}/metadata"),
            acs: format!("{base}/acs"),
            slo: None,
            keys: Default::default(),
        };
        Ok(Self { idp, metadata, party, request: RequestId::from_random([7; 20]) })
    }

    /// The base64 of a response.
    fn response(&self, answer: impl Into<Answer>) -> anyhow::Result<String> {
        let settings = SamlRequest::default();
        let request = AuthnRequest {
            id: &self.request,
            relay_state: "state",
            login_hint: None,
            settings: &settings,
        };
        let now = Timestamp::from_seconds(NOW);
        let Outgoing::Redirect(url) = self.party.authn_request(&self.metadata, &request, now)?
        else {
            bail!("requests go by redirect")
        };
        let form = self.idp.respond(url.as_str(), &self.idp.person("ann"), answer);
        let field = form.fields.into_iter().find(|(name, _)| name == "SAMLResponse");
        Ok(field.map(|(_, value)| value).unwrap_or_default())
    }

    fn verify(&self, response: &str) -> Result<VerifiedAssertion, ResponseError> {
        let expectation = Expectation {
            idp: &self.metadata,
            sp: &self.party,
            request: Some(&self.request),
            clock_skew: Duration::from_secs(60),
            sha1_until: None,
            cbc_until: None,
            signed: SignedPart::Either,
            encryption_required: false,
            authn_context: &[],
        };
        saml::verify_response(response, &expectation, Timestamp::from_seconds(NOW))
    }
}

fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}
