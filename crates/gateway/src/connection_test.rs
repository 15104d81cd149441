//! `vestibule idp test`: a whole sign-in beside production that opens no session and writes
//! nothing to JSM, and shows what came and what would follow.

mod outlook;

use std::time::Duration;

use domain::{AuditEvent, EmailAddress, IdpName, Notice, Refusal, ReturnPath, SiteName, Timestamp};
use http::{Response, StatusCode};
use login::{Attempt, Event, Field, Preview, SignInError, Verified};
use outlook::Follows;
use policy::{Outcome, Route};
use serde::{Deserialize, Serialize};
use session::AttemptHandle;

use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::expiry::SOON;
use crate::gateway::{Gateway, Provider};
use crate::own::{OwnRequest, bad_request, refuse_own};
use crate::pages::{self, Frame, Section, TestResultPage, Verdict};
use crate::request::store_refusal;
use crate::switched_off::refuse_switched_off;
use crate::{events, random, sign_in};

/// How long the link can be used, any number of times.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// So many values of one claim or rule are shown.
const MOST_VALUES: usize = 20;

/// What is kept under the link's handle.
#[derive(Debug, Serialize, Deserialize)]
struct Trial {
    test: IdpName,
    site: SiteName,
}

/// Makes a link; gives its URL and its end.
///
/// # Errors
/// In words for the operator.
pub(crate) async fn issue(
    gateway: &Gateway,
    idp: &IdpName,
    site: Option<&SiteName>,
) -> Result<(String, Timestamp), String> {
    let (now, site) = (gateway.clock.now(), gateway.site_named(site)?);
    testable(gateway, idp, &site.settings.name)?;
    refuse_switched_off(gateway, idp, now)
        .await
        .map_err(|refusal| format!("{}; {}", refusal.explanation, refusal.remedy))?;
    let handle = AttemptHandle::from_random(random::bytes().map_err(|error| error.to_string())?);
    let trial = Trial { test: idp.clone(), site: site.settings.name.clone() };
    let until = now.plus(LIFETIME);
    let kept = gateway.attempts.put(&handle, &trial, until, now).await;
    kept.map_err(|error| error.to_string())?;
    Ok((Endpoint::Test(handle.to_string()).url(&site.settings.public_url), until))
}

/// Whether people could sign in there, in the words of an order: each cause has a remedy of its own.
fn testable(gateway: &Gateway, idp: &IdpName, site: &SiteName) -> Result<(), String> {
    match gateway.provider(idp) {
        None => Err(format!(
            "the running gateway does not know `{idp}`: it was started with an older file; restart it, or check the name"
        )),
        Some(provider) if !provider.enabled => Err(format!(
            "`{idp}` is disabled in the file: set `identity_providers.{idp}.enabled: true` and restart the gateway"
        )),
        Some(provider) if !provider.is_at(site) => Err(format!(
            "`{idp}` signs nobody in at {site}: add it to `identity_providers.{idp}.sites`, or name another with --site"
        )),
        Some(_) => Ok(()),
    }
}

/// Begins: on to the identity provider, as a sign-in does.
pub(crate) async fn begin(gateway: &Gateway, request: &OwnRequest, handle: &str) -> Response<Body> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    let site = &visit.site.settings.name;
    let Ok(handle) = handle.parse::<AttemptHandle>() else {
        return refuse_own(gateway, request, over()).await;
    };
    let trial = match gateway.attempts.peek::<Trial>(&handle, now).await {
        Ok(trial) => trial.filter(|trial| trial.site == *site),
        Err(error) => return refuse_own(gateway, request, store_refusal(&error)).await,
    };
    let Some(trial) = trial else { return refuse_own(gateway, request, over()).await };
    // Where it goes wrong, the page leads to the link once more.
    let link = Endpoint::Test(handle.to_string()).path();
    let attempt = Attempt::new(site.clone(), ReturnPath::root(), now).for_test().landing_on(link);
    sign_in::start(gateway, request, attempt, Event::Chosen(trial.test)).await
}

/// Shows what came and what would follow.
pub(crate) async fn show(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    (idp, provider): (&IdpName, &Provider),
    verified: Verified,
) -> Response<Body> {
    let now = request.visit.context.now;
    let received = received(&verified);
    // The very functions that a sign-in uses: what they say here, they say there.
    let preview = provider.mapping.preview(idp, verified.clone());
    let mut warnings = warnings(&verified, &preview);
    warnings.extend(ending(gateway, idp, now));
    let mut mapped = mapped(&preview);
    let judged = preview.identity.and_then(|identity| {
        let judgement = attempt.judge(&identity, &gateway.sign_in, &request.visit.host, now);
        mapped.push(("route".to_owned(), routing(&judgement.route)));
        judgement.verdict.map_err(SignInError::from)?;
        Ok(identity)
    });
    let follows = match judged {
        Ok(identity) => {
            let about = (&identity, &verified.authentication);
            Follows::of(gateway, request, provider, about).await
        }
        Err(error) => Follows::refused(error.refusal()),
    };
    warnings.extend(follows.warnings);
    let verdict = follows.admitted.map_or_else(refused, |()| Verdict::Succeeds);
    let texts = &Frame::of(&request.visit.context).t.operator;
    let sections = vec![
        Section { title: texts.mapped.to_owned(), rows: mapped },
        Section { title: texts.follows.to_owned(), rows: follows.rows },
        Section { title: texts.received.to_owned(), rows: received },
    ];
    present(gateway, request, attempt, Findings { idp: Some(idp), verdict, sections, warnings })
        .await
}

/// Shows why a test came to its end before there was anything to show.
pub(crate) async fn stopped(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    idp: Option<&IdpName>,
    refusal: Refusal,
) -> Response<Body> {
    let event = AuditEvent::Refused {
        site: Some(request.visit.site.settings.name.clone()),
        idp: idp.cloned(),
        person: None,
        refusal: refusal.clone(),
    };
    // A refusal stands even when it cannot be recorded; the log says that it could not.
    let _ = events::record(gateway, &request.visit.context, event).await;
    let (sections, warnings) = (Vec::new(), Vec::new());
    let findings = Findings { idp, verdict: refused(refusal), sections, warnings };
    present(gateway, request, attempt, findings).await
}

/// A refusal in the operator's words.
fn refused(refusal: Refusal) -> Verdict {
    let Refusal { cause, explanation, remedy, .. } = refusal;
    Verdict::Refused { explanation: format!("{cause}: {explanation}"), remedy }
}

/// What a test has found.
struct Findings<'a> {
    /// Which identity provider was tried out, where that is known.
    idp: Option<&'a IdpName>,
    verdict: Verdict,
    sections: Vec<Section>,
    warnings: Vec<String>,
}

/// The page with what was found, which is recorded first.
async fn present(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    Findings { idp, verdict, mut sections, warnings }: Findings<'_>,
) -> Response<Body> {
    let succeeded = verdict == Verdict::Succeeds;
    if let Some(idp) = idp {
        let event = AuditEvent::ConnectionTested { idp: idp.clone(), succeeded };
        if let Err(refusal) = events::record(gateway, &request.visit.context, event).await {
            return refuse_own(gateway, request, refusal).await;
        }
    }
    let frame = Frame::of(&request.visit.context);
    sections.retain(|section| !section.rows.is_empty());
    let provider = idp.and_then(|idp| gateway.provider(idp));
    let page = TestResultPage {
        frame,
        provider: provider.map_or(frame.site, |provider| provider.label.as_str()),
        verdict,
        sections: &sections,
        warnings: &warnings,
        again: &attempt.destination(),
    };
    pages::html(StatusCode::OK, frame.language, &page)
}

/// Every claim by its name, with as much of its values as tells them apart.
fn received(verified: &Verified) -> Vec<(String, String)> {
    let subject =
        verified.subject.as_deref().map_or("none that stays the same".to_owned(), redacted);
    let mut rows = vec![("subject".to_owned(), subject)];
    for (name, values) in &verified.claims {
        let values: Vec<String> =
            values.iter().take(MOST_VALUES).map(|value| redacted(value)).collect();
        rows.push((name.clone(), values.join(", ")));
    }
    rows
}

/// The first characters and the length: enough to see which value it is, not enough to keep it.
fn redacted(value: &str) -> String {
    let length = value.chars().count();
    let start: String = value.chars().take(if length > 6 { 3 } else { 1 }).collect();
    let domain = value.parse::<EmailAddress>().map(|email| format!("@{}", email.domain()));
    format!("{start}…{} ({length} characters)", domain.unwrap_or_default())
}

/// What deserves a look though nothing is refused for it.
fn warnings(verified: &Verified, preview: &Preview) -> Vec<String> {
    let mut warnings: Vec<String> =
        verified.remarks.iter().map(|remark| (*remark).to_owned()).collect();
    for field in
        preview.fields.iter().filter(|field| field.name == "groups" && field.found.is_none())
    {
        warnings.push(format!("no claim for groups came ({}): rules that ask for groups never match, and nothing is taken away because of it", field.expression));
    }
    warnings
}

/// A signing certificate that ends soon.
fn ending(gateway: &Gateway, idp: &IdpName, now: Timestamp) -> Option<String> {
    let ends = gateway.federation.certificates_expire().into_iter();
    let (_, until) = ends.into_iter().find(|(name, _)| name == idp)?;
    (now.plus(SOON) >= until).then(|| format!("its first signing certificate ends at {until}"))
}

/// Each field: where it was looked for, and what a sign-in takes it for.
fn mapped(preview: &Preview) -> Vec<(String, String)> {
    let row = |field: &Field| {
        let value = match (&field.value, &field.found) {
            (Some(values), _) if field.name == "subject" => {
                values.iter().map(|value| redacted(value)).collect::<Vec<_>>().join(", ")
            }
            (Some(values), _) => values.join(", "),
            (None, Some(_)) => "cannot be used".to_owned(),
            (None, None) => "not there".to_owned(),
        };
        (format!("{} ← {}", field.name, field.expression), value)
    };
    preview.fields.iter().map(row).collect()
}

/// Which ground would send this address where, and what the rules that only report would change.
fn routing(route: &Route) -> String {
    let said = |route: &Route| {
        let line = route.line.map(|line| format!(", rule in line {line}")).unwrap_or_default();
        let ground = format!("{}{line}", route.ground.as_str());
        match &route.outcome {
            Outcome::Use { idp, mode, .. } => format!("{ground}: {idp} ({})", mode.as_str()),
            Outcome::UpstreamLogin => format!("{ground}: the help center's own sign-in"),
            Outcome::Choose => format!("{ground}: the chooser"),
            Outcome::Deny => format!("{ground}: refused"),
        }
    };
    match &route.would {
        None => said(route),
        Some(would) => {
            format!("{}; with the rules that only report: {}", said(route), said(would))
        }
    }
}

fn over() -> Refusal {
    let refusal = bad_request("test-link-over", "the test link has ended, or was never made");
    Refusal { notice: Notice::LinkOver, ..refusal }
}
