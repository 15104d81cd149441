//! Sending what was kept, once, by its customer's own word.

use std::sync::Arc;

use domain::{AuditEvent, Notice, PersonKey, Refusal, ReturnPath};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
};
use hyper::body::Incoming;
use login::Attempt;
use policy::Decision;
use proxy::{ForwardError, KeptBody, Pool};
use session::{
    BrowserBinding, Claim, Claimed, Ended, OpenSession, ParkedReadError, ParkedRequest, Who,
};

use super::refusals;
use super::replay::{Replay, Trouble};
use crate::body::Body;
use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::events;
use crate::gateway::Gateway;
use crate::own::{self, OwnRequest, bad_request, session_of, signed_in};
use crate::pages::{self, Frame, ResumePage};
use crate::refuse::{Concern, refuse, step_up_required};
use crate::request::{self, Landing, NotForwarded, Passing, redirect, store_refusal};
use crate::step_up;

/// A refusal and whom it concerns.
struct Stop {
    refusal: Box<Refusal>,
    person: Option<PersonKey>,
    again: Option<String>,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        let again = (refusal.notice == Notice::ParkedElsewhere).then(|| Endpoint::SignOut.path());
        Self { refusal: Box::new(refusal), person: None, again }
    }
}

impl Stop {
    fn concern(&self) -> Concern {
        let (person, again) = (self.person.clone(), self.again.clone());
        Concern { person, again, ..Concern::default() }
    }
}

/// Asks before a parked request is sent; whoever is not signed in signs in first.
pub(crate) async fn page(gateway: &Gateway, request: &OwnRequest, handle: &str) -> Response<Body> {
    match show(gateway, request, handle).await {
        Ok(response) => response,
        Err(stop) => {
            let concern = stop.concern();
            refuse(gateway, &request.visit.context, *stop.refusal, concern).await
        }
    }
}

async fn show(gateway: &Gateway, request: &OwnRequest, text: &str) -> Result<Response<Body>, Stop> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    let handle = super::handle(text).ok_or_else(refusals::unknown)?;
    let session = session_of(gateway, request).await?;
    let found = gateway.parked.find(&handle, now).await.map_err(|e| store_refusal(&e))?;
    if !signed_in(gateway, request, session.as_deref()) {
        let target = found.and_then(|parked| ReturnPath::parse(&parked.head.target).ok());
        let target = target.unwrap_or_else(ReturnPath::root);
        let attempt = Attempt::new(visit.site.settings.name.clone(), target, now);
        let attempt = attempt.landing_on(request.endpoint.path());
        return Ok(request::to_sign_in(gateway, visit, &attempt, Landing::Page).await);
    }
    let parked = found.ok_or_else(refusals::unknown)?;
    let person = require_theirs(&parked, visit, session.as_deref(), &request.headers)?;
    if let Some(refusal) = refusals::state(parked.state) {
        return Err(Stop { person: Some(person), ..refusal.into() });
    }
    let frame = Frame::of(&visit.context);
    let times = (frame.moment(parked.head.at), frame.moment(parked.deadline));
    let page = ResumePage {
        frame,
        path: parked.head.target.split('?').next().unwrap_or_default(),
        size: &frame.t.parking.size_of(parked.size),
        times: (&times.0, &times.1),
        action: &request.endpoint.path(),
    };
    Ok(pages::html(StatusCode::OK, frame.language, &page))
}

/// Sends or deletes a parked request.
pub(crate) async fn submit(
    gateway: &Arc<Gateway>,
    pool: &Pool,
    visit: Visit,
    request: Request<Incoming>,
    handle: &str,
) -> Response<Body> {
    let (host, context) = (request::asked_host(&request), visit.context.clone());
    let own = match own::read(visit, request).await {
        Ok(own) => own,
        Err(refusal) => return refuse(gateway, &context, refusal, Concern::default()).await,
    };
    match act(gateway, pool, &own, host, handle).await {
        Ok(response) => response,
        Err(stop) => {
            let concern = stop.concern();
            refuse(gateway, &context, *stop.refusal, concern).await
        }
    }
}

async fn act(
    gateway: &Arc<Gateway>,
    pool: &Pool,
    request: &OwnRequest,
    host: HeaderValue,
    text: &str,
) -> Result<Response<Body>, Stop> {
    request.require_own_page()?;
    let form = request.form()?;
    let handle = super::handle(text).ok_or_else(refusals::unknown)?;
    let (visit, now) = (&request.visit, request.visit.context.now);
    let session = session_of(gateway, request).await?;
    if !signed_in(gateway, request, session.as_deref()) {
        // The session ended while the page stood there: the form itself is still kept.
        return Ok(redirect(StatusCode::SEE_OTHER, &request.endpoint.path()));
    }
    let found = gateway.parked.find(&handle, now).await.map_err(|e| store_refusal(&e))?;
    let parked = found.ok_or_else(refusals::unknown)?;
    let person = require_theirs(&parked, visit, session.as_deref(), &request.headers)?;
    let about = |refusal: Refusal| Stop { person: Some(person.clone()), ..refusal.into() };
    // What is judged is the path that will be forwarded, and not that of our page.
    let path = parked.head.target.split('?').next().unwrap_or_default();
    let permit = match request::judge(gateway, visit, session.as_deref(), path) {
        Decision::Allow(permit) => permit,
        Decision::StepUp(demand) => {
            // The factor that was passed for it is too old by now: once more, and back to this page.
            let target =
                ReturnPath::parse(&parked.head.target).unwrap_or_else(|_| ReturnPath::root());
            let page = request.endpoint.path();
            return Ok(
                step_up::again(gateway, visit, session.as_deref(), (demand, target, page)).await
            );
        }
        Decision::SignIn | Decision::Deny(_) => return Err(about(step_up_required())),
    };
    let claimed = match form.field("do") {
        Some("send" | "delete") => gateway.parked.claim(&handle, now).await,
        _ => return Err(about(bad_request("field-missing", "the form does not say what to do"))),
    };
    let claimed = match claimed.map_err(|error| about(store_refusal(&error)))? {
        Claim::Mine(claimed) => claimed,
        Claim::Not(parked) => {
            return Err(about(refusals::state(parked.state).unwrap_or_else(refusals::unknown)));
        }
        Claim::Nothing => return Err(about(refusals::unknown())),
    };
    if form.field("do") == Some("delete") {
        return delete(gateway, request, *claimed).await;
    }
    let passing = Passing { gateway, pool, visit, permit: &permit, session: session.as_ref() };
    send(&passing, request, host, *claimed)
        .await
        .map_err(|stop| Stop { person: Some(person), ..stop })
}

async fn delete(
    gateway: &Gateway,
    request: &OwnRequest,
    claimed: Claimed,
) -> Result<Response<Body>, Stop> {
    let (context, head) = (&request.visit.context, claimed.request().head);
    let event =
        AuditEvent::RequestDiscarded { site: head.site, person: head.person, parked: head.at };
    let ended = gateway.parked.end(claimed, Ended::Discarded, context.now).await;
    ended.map_err(|error| store_refusal(&error))?;
    let _ = events::record(gateway, context, event).await;
    Ok(redirect(StatusCode::SEE_OTHER, &ReturnPath::root().location(None)))
}

/// Sends a claimed request and notes what became of it.
async fn send(
    passing: &Passing<'_>,
    request: &OwnRequest,
    host: HeaderValue,
    claimed: Claimed,
) -> Result<Response<Body>, Stop> {
    let Passing { gateway, visit, .. } = *passing;
    let (now, parked) = (visit.context.now, claimed.request());
    let event = AuditEvent::RequestResumed {
        site: parked.head.site.clone(),
        person: parked.head.person.clone(),
        bytes: parked.size,
        parked: parked.head.at,
    };
    // Recorded first: what the audit log does not know must not be written in somebody's name.
    if let Err(refusal) = events::record(gateway, &visit.context, event).await {
        end(gateway, claimed, Ended::Kept, now).await;
        return Err(refusal.into());
    }
    let (body, trouble) = Replay::new(gateway, claimed.body(), now);
    let Some(outgoing) = outgoing(request, &parked, host, Box::pin(body)) else {
        end(gateway, claimed, Ended::Damaged, now).await;
        return Err(refusals::damaged("its head is none").into());
    };
    match request::send(passing, outgoing).await {
        Ok(response) => {
            end(gateway, claimed, Ended::Sent, now).await;
            Ok(response)
        }
        Err(error) => {
            let (ended, stop) = failed(error, &trouble, &request.endpoint.path());
            end(gateway, claimed, ended, now).await;
            Err(stop)
        }
    }
}

/// What a failure means for the request: whether it may wait again, and what its customer is told.
fn failed(error: NotForwarded, trouble: &Trouble, page: &str) -> (Ended, Stop) {
    let waits = |refusal: Refusal| {
        let refusal = Refusal { notice: Notice::ParkedWaits, ..refusal };
        (Ended::Kept, Stop { again: Some(page.to_owned()), ..refusal.into() })
    };
    let error = match error {
        NotForwarded::Refused(refusal) => return waits(refusal),
        NotForwarded::Upstream(error) => error,
    };
    match (trouble.get(), &error) {
        (Some(ParkedReadError::Store(error)), _) => waits(store_refusal(error)),
        (Some(lost), _) => (Ended::Damaged, refusals::damaged(&lost.to_string()).into()),
        // Not a byte has left.
        (
            None,
            ForwardError::Unreachable(_)
            | ForwardError::ConnectTimeout(_)
            | ForwardError::Tls(_)
            | ForwardError::RequestTarget
            | ForwardError::IdentityMismatch
            | ForwardError::Signing,
        ) => waits(error.refusal()),
        // It may have arrived: it is never sent a second time.
        (
            None,
            ForwardError::Timeout(_)
            | ForwardError::Broken(_)
            | ForwardError::WrongSwitch
            | ForwardError::RequestBody(_),
        ) => {
            let refusal = Refusal { notice: Notice::ParkedUncertain, ..error.refusal() };
            (Ended::Unknown, refusal.into())
        }
    }
}

async fn end(gateway: &Gateway, claimed: Claimed, ended: Ended, now: domain::Timestamp) {
    if let Err(error) = gateway.parked.end(claimed, ended, now).await {
        tracing::warn!(%error, ?ended, "what became of a parked request could not be noted: it is not sent again");
    }
}

/// The request as it was, with what the browser says about itself today.
fn outgoing(
    request: &OwnRequest,
    parked: &ParkedRequest,
    host: HeaderValue,
    body: KeptBody,
) -> Option<Request<KeptBody>> {
    let mut headers = request.headers.clone();
    for name in [
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
        header::ORIGIN,
        header::REFERER,
        header::TRANSFER_ENCODING,
    ] {
        headers.remove(name);
    }
    for (name, value) in &parked.head.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.insert(name, HeaderValue::from_str(value).ok()?);
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(parked.size));
    headers.insert(header::HOST, host);
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = Method::from_bytes(parked.head.method.as_bytes()).ok()?;
    *outgoing.uri_mut() = parked.head.target.parse::<Uri>().ok()?;
    *outgoing.headers_mut() = headers;
    Some(outgoing)
}

/// That a parked request is handed to its person, at its site, in the browser that sent it.
fn require_theirs(
    parked: &ParkedRequest,
    visit: &Visit,
    session: Option<&OpenSession>,
    headers: &HeaderMap,
) -> Result<PersonKey, Stop> {
    if parked.head.site != visit.site.settings.name {
        return Err(refusals::unknown().into());
    }
    let person = match session.map(|session| &session.facts().who) {
        Some(Who::Person(customer)) => Some(&customer.identity.person),
        Some(Who::Guest) | None => None,
    };
    if person != Some(&parked.head.person) {
        return Err(Stop { person: person.cloned(), ..refusals::other_person().into() });
    }
    let browser = BrowserBinding::from_headers(headers);
    if !browser.is_some_and(|browser| browser.is(&parked.head.browser)) {
        return Err(Stop { person: person.cloned(), ..refusals::other_browser().into() });
    }
    Ok(parked.head.person.clone())
}
