//! The bare check of a SAML response, and the worst that a hostile one costs: time, and memory in a
//! process that does nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use domain::Timestamp;
use fakes::saml::{Answer, Flaw, IdpOptions, SamlIdp};
use fakes::{FakeClock, people};
use saml::{
    AuthnRequest, Expectation, IdpMetadata, Outgoing, ParseOptions, RequestId, ResponseError,
    SamlRequest, ServiceProvider, SignedPart, VerifiedAssertion,
};

use crate::sign_ins::ms;

/// When the responses are made and read.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// Checks of the honest response.
const CHECKS: u32 = 300;
const METADATA: &str = "metadata.xml";
const HONEST: &str = "honest";

/// Writes an honest response and one of each flaw, has another process check them, and gives what
/// it measured, in Markdown.
pub(crate) fn table(folder: &Path) -> anyhow::Result<String> {
    let folder = folder.join("responses");
    fs::create_dir(&folder)?;
    let clock = FakeClock::manual(NOW.as_seconds());
    let idp = SamlIdp::start_with(IdpOptions { clock, ..IdpOptions::of(people::acme()) })?;
    fs::write(folder.join(METADATA), idp.metadata())?;
    let parties = Parties::read(&folder)?;
    fs::write(folder.join(HONEST), parties.response(&idp, Answer::default())?)?;
    for flaw in Flaw::ALL {
        fs::write(folder.join(format!("{flaw:?}")), parties.response(&idp, *flaw)?)?;
    }
    let mut child = Command::new(std::env::current_exe()?);
    let output = child.arg("check-responses").arg("--folder").arg(&folder).output()?;
    if !output.status.success() {
        bail!("checking failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let measured = String::from_utf8(output.stdout)?;
    let measured: Vec<Measured> = measured.lines().map(Measured::read).collect::<Result<_, _>>()?;
    let named = |measured: Option<&Measured>, what: fn(&Measured) -> String| {
        measured.map(|m| format!("{} ({})", what(m), m.name)).unwrap_or_default()
    };
    let (honest, hostile): (Vec<_>, Vec<_>) = measured.iter().partition(|m| m.name == HONEST);
    let slowest = hostile.iter().copied().max_by_key(|m| m.took);
    let largest = hostile.iter().copied().max_by_key(|m| m.kib);
    Ok(format!(
        "\nBare check of a SAML response with {}: {} ms. Of {} hostile ones the slowest takes {}, and the largest {}.\n",
        openssl::version::version(),
        honest.first().map(|m| ms(m.took)).unwrap_or_default(),
        hostile.len(),
        named(slowest, |m| format!("{} ms", ms(m.took))),
        named(largest, |m| format!("{} KiB of memory", m.kib)),
    ))
}

/// What the other process does: one line for each response of the folder.
pub(crate) fn check(folder: &Path) -> anyhow::Result<String> {
    saml::harden();
    let parties = Parties::read(folder)?;
    let honest = fs::read_to_string(folder.join(HONEST))?;
    // The first use of the libraries fills what they keep.
    parties.verify(&honest).map_err(|error| anyhow!("an honest response: {error}"))?;
    let begin = Instant::now();
    for _ in 0..CHECKS {
        parties.verify(&honest).map_err(|error| anyhow!("an honest response: {error}"))?;
    }
    let mut lines = format!("{HONEST} {} 0\n", (begin.elapsed() / CHECKS).as_micros());
    for flaw in Flaw::ALL {
        let name = format!("{flaw:?}");
        let hostile = fs::read_to_string(folder.join(&name))?;
        let before = memory("VmRSS:")?;
        // proc(5): the peak is counted anew from here.
        fs::write("/proc/self/clear_refs", "5")?;
        let begin = Instant::now();
        // Some are no flaw where a response need not be signed as well.
        let _whatever = parties.verify(&hostile);
        let took = begin.elapsed().as_micros();
        lines += &format!("{name} {took} {}\n", memory("VmHWM:")?.saturating_sub(before));
    }
    Ok(lines)
}

struct Measured {
    name: String,
    took: Duration,
    kib: u64,
}

impl Measured {
    fn read(line: &str) -> anyhow::Result<Self> {
        let mut words = line.split(' ');
        let mut word = || words.next().context("a line of three words");
        let name = word()?.to_owned();
        let took = Duration::from_micros(word()?.parse()?);
        Ok(Self { name, took, kib: word()?.parse()? })
    }
}

/// A figure of this process in KiB: `VmRSS:` what it holds, `VmHWM:` the most that it held.
fn memory(name: &str) -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).ok_or_else(|| anyhow!("no {name} in proc"))
}

/// The identity provider as its metadata describes it, we, and one request.
struct Parties {
    metadata: IdpMetadata,
    party: ServiceProvider,
    request: RequestId,
}

impl Parties {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let metadata = fs::read(folder.join(METADATA))?;
        let metadata = IdpMetadata::parse(&metadata, ParseOptions::default(), NOW)?;
        let base = "https://help.example.com/.vestibule/saml/acme";
        let party = ServiceProvider {
            entity_id: format!("{base}/metadata"),
            acs: format!("{base}/acs"),
            slo: None,
            keys: Default::default(),
        };
        Ok(Self { metadata, party, request: RequestId::from_random([7; 20]) })
    }

    /// The base64 of a response.
    fn response(&self, idp: &SamlIdp, answer: impl Into<Answer>) -> anyhow::Result<String> {
        let settings = SamlRequest::default();
        let request = AuthnRequest {
            id: &self.request,
            relay_state: "state",
            login_hint: None,
            settings: &settings,
        };
        let Outgoing::Redirect(url) = self.party.authn_request(&self.metadata, &request, NOW)?
        else {
            bail!("requests go by redirect")
        };
        let form = idp.respond(url.as_str(), &idp.person("ann"), answer);
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
            authenticated_since: None,
        };
        saml::verify_response(response, &expectation, NOW)
    }
}
