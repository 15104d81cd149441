//! Keeping a form while it streams in.

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditEvent, Identity, PersonKey, Refusal, ReturnPath, Timestamp};
use http::request::Parts;
use http::{HeaderName, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use login::Attempt;
use policy::FactorDemand;
use session::{BrowserBinding, Opened, ParkedHandle, ParkedHead, ParkedWriter, SessionCookie};
use tokio::time::{Instant, timeout, timeout_at};

use super::refusals::{self, NotKept};
use crate::body::Body;
use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::gateway::Gateway;
use crate::refuse::{Concern, refuse};
use crate::request::{self, Landing};
use crate::{events, random, step_up};

/// How long a browser may pause within a form.
const PAUSE: Duration = Duration::from_secs(60);
/// How long the whole of it may take.
const WHOLE: Duration = Duration::from_secs(600);
/// What is read and dropped of a form that is not kept: a browser that is still sending would not
/// read our page (attacks.md E15).
const DRAINED: usize = 128 * 1024 * 1024;
/// How long that may take.
const DRAINING: Duration = Duration::from_secs(60);

/// What of the head must be the same when the form is sent: what the body is, and what upstreams
/// hold against forgery.
const KEPT_FIELDS: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::ORIGIN, header::REFERER];

/// Why a form cannot go on now.
#[derive(Debug)]
pub(crate) enum Reason {
    /// The session that it was written in has ended.
    SessionEnded,
    /// The session lacks a second factor there.
    StepUp(Box<Identity>, FactorDemand),
}

/// A form that is kept.
struct Kept {
    handle: ParkedHandle,
    until: Timestamp,
    bytes: u64,
}

/// Answers a form of a page of ours that came without a session: keeps it for whose session it was,
/// if that is known; else the sign-in page says that it was not sent.
pub(crate) async fn instead_of_sign_in(
    gateway: &Arc<Gateway>,
    visit: &Visit,
    request: Request<Incoming>,
) -> Response<Body> {
    let (site, now) = (&visit.site.settings.name, visit.context.now);
    let opened = match SessionCookie::from_headers(request.headers()) {
        Some(cookie) => gateway.sessions.open_or_ended(&cookie, site, now).await,
        None => Ok(Opened::None),
    };
    let whose = match opened {
        Ok(Opened::Ended(person)) => Some(person),
        // It lives, and is too old for this portal only.
        Ok(Opened::Live(session)) => {
            let person = session.facts().person();
            person.filter(|person| gateway.admits(site, &person.idp)).cloned()
        }
        Ok(Opened::None) => None,
        Err(error) => {
            drain(request.into_body()).await;
            return refuse_form(gateway, visit, None, NotKept::from(error)).await;
        }
    };
    if let Some(person) = whose {
        return park(gateway, visit, &person, Reason::SessionEnded, request).await;
    }
    let attempt = Attempt::new(site.clone(), asked(&request), now);
    drain(request.into_body()).await;
    request::to_sign_in(gateway, visit, &attempt, Landing::Unsent).await
}

/// Keeps a form of a person and sends the browser on: to sign in, and from there to the page where
/// it can be sent. The caller has seen that [`super::is_own_form`].
pub(crate) async fn park(
    gateway: &Arc<Gateway>,
    visit: &Visit,
    whose: &PersonKey,
    reason: Reason,
    request: Request<Incoming>,
) -> Response<Body> {
    let target = asked(&request);
    let (parts, body) = request.into_parts();
    let browser = BrowserBinding::from_headers(&parts.headers);
    let browser = match browser.map_or_else(|| random::bytes().map(BrowserBinding::from_random), Ok)
    {
        Ok(browser) => browser,
        Err(error) => {
            let refusal = request::no_randomness(&error);
            return refuse(gateway, &visit.context, refusal, Concern::default()).await;
        }
    };
    let head = head(visit, whose, &browser, &parts);
    // A task of its own: a browser that goes away in the middle leaves nothing behind.
    let keeping = tokio::spawn(keep(Arc::clone(gateway), head, body, visit.context.now));
    let kept = match keeping.await {
        Ok(Ok(kept)) => kept,
        Ok(Err(reason)) => return refuse_form(gateway, visit, Some(whose), reason).await,
        Err(_) => return refuse_form(gateway, visit, Some(whose), NotKept::Failed).await,
    };
    let site = visit.site.settings.name.clone();
    let (person, bytes, until) = (whose.clone(), kept.bytes, kept.until);
    let event = AuditEvent::RequestParked { site: site.clone(), person, bytes, until };
    // It is kept all the same: nothing is granted by it.
    let _ = events::record(gateway, &visit.context, event).await;
    let page = Endpoint::Resume(kept.handle.to_string()).path();
    let mut response = match reason {
        Reason::SessionEnded => {
            let attempt = Attempt::new(site, target, visit.context.now).landing_on(page);
            request::to_sign_in(gateway, visit, &attempt, Landing::Parked).await
        }
        Reason::StepUp(identity, demand) => {
            let now = visit.context.now;
            let attempt = Attempt::stepping_up(site, target, *identity, demand, now);
            step_up::send(gateway, visit, &attempt.landing_on(page)).await
        }
    };
    response.headers_mut().append(header::SET_COOKIE, browser.set_cookie());
    response
}

fn asked(request: &Request<Incoming>) -> ReturnPath {
    ReturnPath::parse(request::asked_path(request)).unwrap_or_else(|_| ReturnPath::root())
}

fn head(visit: &Visit, whose: &PersonKey, browser: &BrowserBinding, parts: &Parts) -> ParkedHead {
    let field = |name: &HeaderName| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    ParkedHead {
        person: whose.clone(),
        site: visit.site.settings.name.clone(),
        browser: browser.hash(),
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        headers: KEPT_FIELDS.iter().filter_map(field).collect(),
        at: visit.context.now,
    }
}

async fn keep(
    gateway: Arc<Gateway>,
    head: ParkedHead,
    mut body: Incoming,
    now: Timestamp,
) -> Result<Kept, NotKept> {
    // Each holds one piece in memory; whoever waits here is not read either.
    let _turn = gateway.parking.acquire().await.map_err(|_| NotKept::Failed)?;
    let announced = body.size_hint().exact();
    let mut writer = match gateway.parked.begin(&head.person, announced, now).await {
        Ok(writer) => writer,
        Err(error) => {
            drain(body).await;
            return Err(error.into());
        }
    };
    match write(&mut writer, &mut body).await {
        Ok(bytes) => {
            let (handle, until) = writer.finish(head).await?;
            Ok(Kept { handle, until, bytes })
        }
        Err(reason) => {
            writer.abandon().await;
            drain(body).await;
            Err(reason)
        }
    }
}

/// Writes a body piece by piece, as fast as the store takes them.
async fn write(writer: &mut ParkedWriter<'_>, body: &mut Incoming) -> Result<u64, NotKept> {
    let (end, mut bytes) = (Instant::now() + WHOLE, 0_u64);
    loop {
        let frame = timeout_at(end.min(Instant::now() + PAUSE), body.frame()).await;
        let Some(frame) = frame.map_err(|_| NotKept::Incomplete)? else { return Ok(bytes) };
        let Ok(data) = frame.map_err(|_| NotKept::Incomplete)?.into_data() else { continue };
        bytes = bytes.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        writer.write(&data).await?;
    }
}

/// Reads what a browser still sends, within limits, so that it comes to read our answer.
async fn drain(mut body: Incoming) {
    let draining = async {
        let mut left = DRAINED;
        while let Some(Ok(frame)) = body.frame().await {
            let size = frame.data_ref().map_or(0, bytes::Bytes::len);
            let Some(rest) = left.checked_sub(size) else { return };
            left = rest;
        }
    };
    // Who takes longer is cut off.
    let _ = timeout(DRAINING, draining).await;
}

/// Says that a form was not kept, while the browser still has it; signing in happens beside it.
async fn refuse_form(
    gateway: &Gateway,
    visit: &Visit,
    whose: Option<&PersonKey>,
    reason: NotKept,
) -> Response<Body> {
    let refusal: Refusal = refusals::not_kept(&reason, gateway.parked.limits());
    let again = Some(Endpoint::Session.path());
    let concern = Concern { person: whose.cloned(), again, ..Concern::default() };
    refuse(gateway, &visit.context, refusal, concern).await
}
