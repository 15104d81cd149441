//! `vestibule idp test`: a whole sign-in beside production that opens no session and writes
//! nothing to JSM, and shows what came and what would follow.

use std::time::Duration;

use domain::{AuditEvent, EmailAddress, IdpName, Notice, Refusal, ReturnPath, SiteName, Timestamp};
use http::{Response, StatusCode};
use login::{Attempt, Event, Field, Preview, Verified};
use policy::{Outcome, Question};
use serde::{Deserialize, Serialize};
use session::AttemptHandle;

use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::expiry::SOON;
use crate::gateway::{Gateway, Provider};
use crate::own::{OwnRequest, bad_request, refuse_own};
use crate::pages::{self, Frame, Section, TestResultPage, Verdict};
use crate::request::store_refusal;
use crate::{events, random, sign_in};

/// How long the link can be used, any number of times.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

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
    if !gateway.admits(&site.settings.name, idp) {
        let site = &site.settings.name;
        return Err(format!(
            "`{idp}` is not in the file, is disabled, or signs nobody in at {site}"
        ));
    }
    let handle = AttemptHandle::from_random(random::bytes().map_err(|error| error.to_string())?);
    let trial = Trial { test: idp.clone(), site: site.settings.name.clone() };
    let until = now.plus(LIFETIME);
    let kept = gateway.attempts.put(&handle, &trial, until, now).await;
    kept.map_err(|error| error.to_string())?;
    Ok((Endpoint::Test(handle.to_string()).url(&site.settings.public_url), until))
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
    let attempt = Attempt::new(site.clone(), ReturnPath::root(), now).for_test();
    sign_in::start(gateway, request, attempt, Event::Chosen(trial.test)).await
}

/// Shows what came and what would follow.
pub(crate) async fn show(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    provider: &Provider,
    verified: Verified,
) -> Response<Body> {
    let received = received(&verified);
    // The very function that a sign-in uses: what it says here, it says there.
    let preview = provider.mapping.preview(idp, verified.clone());
    let mut warnings = warnings(&verified, &preview);
    warnings.extend(ending(gateway, idp, request.visit.context.now));
    let mut mapped = mapped(&preview);
    let verdict = match preview.identity {
        Ok(identity) => {
            mapped.push(("route".to_owned(), routing(gateway, request, &identity.email)));
            Verdict::Succeeds
        }
        Err(error) => {
            let Refusal { cause, explanation, remedy, .. } = error.refusal();
            Verdict::Refused { explanation: format!("{cause}: {explanation}"), remedy }
        }
    };
    let succeeded = verdict == Verdict::Succeeds;
    let event = AuditEvent::ConnectionTested { idp: idp.clone(), succeeded };
    if let Err(refusal) = events::record(gateway, &request.visit.context, event).await {
        return refuse_own(gateway, request, refusal).await;
    }
    let frame = Frame::of(&request.visit.context);
    let sections = [
        Section { title: frame.t.operator.mapped.to_owned(), rows: mapped },
        Section { title: frame.t.operator.received.to_owned(), rows: received },
    ];
    let sections = sections.into_iter().filter(|section| !section.rows.is_empty());
    let page = TestResultPage {
        frame,
        provider: &provider.label,
        verdict,
        sections: &sections.collect::<Vec<_>>(),
        warnings: &warnings,
    };
    pages::html(StatusCode::OK, frame.language, &page)
}

/// Every claim by its name, with as much of its values as tells them apart.
fn received(verified: &Verified) -> Vec<(String, String)> {
    let subject =
        verified.subject.as_deref().map_or("none that stays the same".to_owned(), redacted);
    let mut rows = vec![("subject".to_owned(), subject)];
    for (name, values) in &verified.claims {
        let values: Vec<String> = values.iter().take(20).map(|value| redacted(value)).collect();
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
    if verified.subject.is_none() {
        warnings.push("the name that came is another one each time: name an attribute that stays the same under claims.subject".to_owned());
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

/// Which ground would send this address where.
fn routing(gateway: &Gateway, request: &OwnRequest, email: &EmailAddress) -> String {
    let route = gateway.sign_in.route(&Question {
        email: Some(email),
        site: &request.visit.site.settings.name,
        host: &request.visit.host,
        portal: None,
        hint: None,
        remembered: None,
        linked: None,
        now: request.visit.context.now,
    });
    let line = route.line.map(|line| format!(", rule in line {line}")).unwrap_or_default();
    let ground = format!("{}{line}", route.ground.as_str());
    match route.outcome {
        Outcome::Use { idp, mode, .. } => format!("{ground}: {idp} ({mode:?})"),
        Outcome::UpstreamLogin => format!("{ground}: the help center's own sign-in"),
        Outcome::Choose => format!("{ground}: the chooser"),
        Outcome::Deny => format!("{ground}: refused"),
    }
}

fn over() -> Refusal {
    let refusal = bad_request("test-link-over", "the test link has ended, or was never made");
    Refusal { notice: Notice::LinkOver, ..refusal }
}
