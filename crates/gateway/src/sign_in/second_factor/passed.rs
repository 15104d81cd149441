//! What follows when a factor was passed.

use std::time::Duration;

use domain::{AuditEvent, FactorKind, FactorUse, PersonKey};
use http::{Response, StatusCode, header};
use login::{Attempt, Event};
use session::{AttemptHandle, BrowserBinding, Secrets, Who};

use super::super::opening::not_created;
use super::super::{Stop, answer, dispatch};
use super::pending::Pending;
use super::{Held, codes};
use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, session_of};
use crate::request::{forgotten, no_randomness, put, redirect, store_refusal};
use crate::{events, random};

/// How long a browser is known in which a factor was passed: a stranger's guesses then never keep
/// its owner waiting.
const KNOWN: Duration = Duration::from_secs(90 * 86_400);

/// Keeps a sign-in until a factor is passed, and shows the page that asks for it.
pub(in super::super) async fn ask(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: Attempt,
    secrets: &Secrets,
) -> Result<Response<Body>, Stop> {
    let random = random::bytes().map_err(|error| no_randomness(&error))?;
    let handle = AttemptHandle::from_random(random);
    let held = Held::new(attempt, secrets);
    let until = forgotten(&held.attempt);
    put(gateway, (&handle, &held), until, &request.visit).await?;
    let page = format!("{}?attempt={handle}", Endpoint::SecondFactor.path());
    Ok(redirect(StatusCode::SEE_OTHER, &page))
}

/// The factor for which a trusted browser stands; `None`: it does not here, or is none.
pub(super) async fn trusted(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
) -> Result<Option<FactorUse>, Stop> {
    let browser = pending.client.browser.filter(|_| pending.demand.accepts_trusted_browser());
    let Some(browser) = browser else { return Ok(None) };
    let now = request.visit.context.now;
    let since = gateway.factors.trusted_since(&pending.identity.person, &browser, now).await;
    let since = since.map_err(|error| store_refusal(&error))?;
    let factor = since.map(|at| FactorUse { kind: FactorKind::TrustedBrowser, at });
    // A rule may have become stricter since.
    Ok(factor.filter(|factor| pending.demand.is_met_by(Some(factor), now)))
}

/// A code of the app was right.
pub(super) async fn by_code(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    (factor, trust): (FactorUse, bool),
) -> Result<Response<Body>, Stop> {
    let until = match pending.demand.trusted_browser {
        Some(long) if trust && pending.demand.accepts_trusted_browser() => {
            trust_browser(gateway, request, pending, long).await?
        }
        _ => None,
    };
    let response = if pending.status.recovery_codes_confirmed {
        go_on(gateway, request, pending, factor).await?
    } else {
        // The tab with the codes was closed before they were kept.
        codes::hold(gateway, request, pending, factor).await?;
        codes::page(request, pending, Vec::new(), codes::Typed::Nothing)
    };
    Ok(remember(request, response, until))
}

async fn trust_browser(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    long: Duration,
) -> Result<Option<Duration>, Stop> {
    let Some(browser) = pending.client.browser else { return Ok(None) };
    let (person, now) = (&pending.identity.person, request.visit.context.now);
    let agent = request.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let days = u16::try_from((long.as_secs() / 86_400).max(1)).unwrap_or(u16::MAX);
    let label = agent.unwrap_or_default();
    let trusted = gateway.factors.trust_browser(person, &browser, label, days, now).await;
    let until = trusted.map_err(|error| error.refusal())?;
    let site = request.visit.site.settings.name.clone();
    let event = AuditEvent::BrowserTrusted { site, person: person.clone(), until };
    events::record(gateway, &request.visit.context, event).await?;
    Ok(Some(long))
}

/// Lets the browser keep its binding for longer.
fn remember(
    request: &OwnRequest,
    mut response: Response<Body>,
    trusted: Option<Duration>,
) -> Response<Body> {
    if let Some(binding) = BrowserBinding::from_headers(&request.headers) {
        let long = trusted.map_or(KNOWN, |long| long.max(KNOWN));
        response.headers_mut().append(header::SET_COOKIE, binding.set_cookie_for(long));
    }
    response
}

/// Goes on with the attempt, which is taken: of any number of tabs one does.
pub(super) async fn go_on(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    factor: FactorUse,
) -> Result<Response<Body>, Stop> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    let taken = gateway.attempts.take(&pending.handle, now).await;
    let taken: Option<Held> = taken.map_err(|error| store_refusal(&error))?;
    let waits = |held: &Held| held.attempt.factor_asked().is_some();
    if !taken.as_ref().is_some_and(waits) {
        return Ok(redirect(StatusCode::SEE_OTHER, &pending.held.attempt.destination()));
    }
    let (attempt, secrets) = pending.held.clone().into_parts();
    // Under the same handle stays what stale tabs and Back need, and no more than that.
    let way = attempt.afresh(now);
    put(gateway, (&pending.handle, &way), forgotten(&way), visit).await?;
    let event = AuditEvent::FactorPassed {
        site: visit.site.settings.name.clone(),
        person: pending.identity.person.clone(),
        factor: factor.kind,
        stepped_up: attempt.is_step_up(),
    };
    events::record(gateway, &visit.context, event).await?;
    let event = Event::FactorPassed(factor);
    dispatch::run_answered(gateway, request, attempt, event, secrets).await
}

/// Goes on with the session under a new id (attacks.md D1), with the factor noted in it.
pub(in super::super) async fn step_up(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: &Attempt,
    (person, factor): (PersonKey, FactorUse),
) -> Result<Response<Body>, Stop> {
    let session = session_of(gateway, request).await?;
    let theirs = session.filter(
        |session| matches!(&session.facts().who, Who::Person(own) if own.identity.person == person),
    );
    let session = theirs.ok_or_else(answer::unknown_attempt)?;
    let note = |facts: &mut session::Facts| facts.factor = Some(factor);
    let renewed = gateway.sessions.renew(&session, note, request.visit.context.now).await;
    let (cookie, _) = renewed.map_err(|error| not_created(&error))?;
    let mut response = redirect(StatusCode::SEE_OTHER, &attempt.destination());
    response.headers_mut().append(header::SET_COOKIE, cookie.set_cookie());
    Ok(response)
}
