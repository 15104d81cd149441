//! CPU per sign-in in the gateway, over SAML and over OpenID Connect, beside the bare check of a
//! signature; and the worst that a hostile response costs.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use domain::Timestamp;
use fakes::openid::OpenIdProvider;
use fakes::saml::{Answer, Flaw, IdpOptions, SamlIdp};
use fakes::{FakeClock, people};
use futures_util::future::try_join_all;
use saml::{
    AuthnRequest, Expectation, IdpMetadata, Outgoing, ParseOptions, RequestId, ResponseError,
    SamlRequest, ServiceProvider, SignedPart, VerifiedAssertion,
};

use crate::gateway_front::{self, Arrived, FeedName};
use crate::lab::{HOST, Lab};

/// Sign-ins of one measurement.
const SIGN_INS: u32 = 300;
/// Sign-ins at once where there are many: writes that meet share one commit.
const MANY: u32 = 15;
/// Measures and gives the tables, in Markdown.
///
/// A sign-in is what begins with the form that the customer sends and ends with the page that was
/// asked for: the answer that leads to the identity provider, what it answers, the calls to it, the
/// session, and that page. The connection and the sign-in page came before.
pub(crate) async fn measure(lab: &Lab) -> anyhow::Result<String> {
    let (globex, acme) = (OpenIdProvider::start(people::globex()), SamlIdp::start(people::acme()));
    globex.set_auto(Some(globex.person("gil")));
    acme.set_auto(Some(acme.person("ann")));
    let front = gateway_front::start_with(lab, FeedName::Acceptor, &globex, &acme).await?;
    let authority = std::fs::read_to_string(&lab.certificate.chain)?;
    let base = format!("https://{HOST}:{}", front.address.port());
    let mut text = String::from(
        "### sign-ins\n\n| sign-in | at once | CPU ms in the gateway: connection and sign-in page | the sign-in itself |\n|---|---|---|---|\n",
    );
    for (name, email) in [("SAML", "ann@acme.example"), ("OpenID Connect", "gil@globex.example")] {
        for at_once in [1, MANY] {
            let desk = Desk { front: &front, authority: &authority, base: &base, email };
            let Cost { before, itself } = desk.measure(at_once).await.context(name)?;
            text += &format!("| {name} | {at_once} | {} | {} |\n", ms(before), ms(itself));
        }
    }
    text += &verification()?;
    Ok(text)
}

/// Where somebody signs in.
struct Desk<'a> {
    front: &'a gateway_front::Gateway,
    authority: &'a str,
    base: &'a str,
    email: &'a str,
}

/// CPU time of the gateway for one customer.
struct Cost {
    before: Duration,
    itself: Duration,
}

impl Desk<'_> {
    async fn measure(&self, at_once: u32) -> anyhow::Result<Cost> {
        // The first ones fill caches and pools.
        self.round(at_once).await?;
        let rounds = SIGN_INS / at_once;
        let mut sum = Cost { before: Duration::ZERO, itself: Duration::ZERO };
        for _ in 0..rounds {
            let Cost { before, itself } = self.round(at_once).await?;
            sum = Cost { before: sum.before + before, itself: sum.itself + itself };
        }
        let count = rounds * at_once;
        Ok(Cost { before: sum.before / count, itself: sum.itself / count })
    }

    /// So many customers, who all arrive before the first goes on.
    async fn round(&self, at_once: u32) -> anyhow::Result<Cost> {
        let begin = self.front.running.cpu()?;
        let arrive = || Arrived::at_sign_in(self.authority, self.base, self.email);
        let arrived = try_join_all((0..at_once).map(|_| arrive())).await?;
        let there = self.front.running.cpu()?;
        try_join_all(arrived.into_iter().map(Arrived::go_on)).await?;
        Ok(Cost { before: there - begin, itself: self.front.running.cpu()? - there })
    }
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
