//! The path of a request, top to bottom.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::{Blame, Notice, Refusal, ReturnPath, Timestamp};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use login::Attempt;
use policy::{Age, Asking, Decision, Permit, Visitor};
use proxy::{ClientAddress, ForwardContext, ForwardError, Pool, RequestBody};
use session::{OpenSession, SessionCookie, Who};
use store::StoreError;

use crate::body::Body;
use crate::context::{RequestContext, Visit};
use crate::endpoints::{Endpoint, PREFIX};
use crate::gateway::Gateway;
use crate::inject::Injecting;
use crate::navigation::Caller;
use crate::refuse::{Concern, refuse, sign_in_required};
use crate::{assertion, factor_rules, own, pages, parking, random, sharing, step_up};

/// Answers one request; gives what the access log needs beside it.
pub(crate) async fn answer(
    gateway: &Arc<Gateway>,
    pool: &Pool,
    peer: IpAddr,
    request: Request<Incoming>,
) -> (Response<Body>, RequestContext) {
    let mut context = RequestContext::new(gateway, peer, &request);
    let response = match context.visit(gateway, &request) {
        Ok(visit) => decide(gateway, pool, visit, request).await,
        Err(refusal) => refuse(gateway, &context, refusal, Concern::default()).await,
    };
    (response, context)
}

/// Nothing reaches an upstream but through the `Permit` of this function. What is not forwarded is
/// in the heap: each request carries the largest of the rest.
async fn decide(
    gateway: &Arc<Gateway>,
    pool: &Pool,
    visit: Visit,
    request: Request<Incoming>,
) -> Response<Body> {
    if !visit.canonical {
        return to_canonical_host(&visit, &request);
    }
    if is_own(request.uri().path()) {
        return match parking::resumed(&request) {
            // Its answer is the upstream's.
            Some(handle) => Box::pin(parking::submit(gateway, pool, visit, request, &handle)).await,
            None => Box::pin(own::answer(gateway, visit, request)).await,
        };
    }
    let session = match open_session(gateway, &visit, request.headers()).await {
        Ok(session) => session,
        Err(error) => {
            return refuse(gateway, &visit.context, store_refusal(&error), Concern::default())
                .await;
        }
    };
    match judge(gateway, &visit, session.as_deref(), request.uri().path()) {
        Decision::Allow(permit) => {
            step_up::report(gateway, &visit, session.as_deref(), request.uri().path()).await;
            let session = session.as_ref();
            let passing = Passing { gateway, pool, visit: &visit, permit: &permit, session };
            forward(&passing, request).await
        }
        Decision::SignIn if parking::is_own_form(&visit, &request) => {
            Box::pin(parking::instead_of_sign_in(gateway, &visit, request)).await
        }
        Decision::SignIn => Box::pin(ask_to_sign_in(gateway, &visit, &request)).await,
        Decision::StepUp(demand) => {
            let about = (session.as_deref(), demand);
            Box::pin(step_up::ask(gateway, &visit, about, request)).await
        }
        Decision::Deny(_) => {
            let refusal = step_up::impossible_for_guests();
            refuse(gateway, &visit.context, refusal, Concern::default()).await
        }
    }
}

fn is_own(path: &str) -> bool {
    path.starts_with(PREFIX) || path == PREFIX.trim_end_matches('/')
}

/// The session of this site that the request's cookie names.
///
/// # Errors
/// When the store does not answer: that is never "no session" (invariant 5).
pub(crate) async fn open_session(
    gateway: &Gateway,
    visit: &Visit,
    headers: &HeaderMap,
) -> Result<Option<Arc<OpenSession>>, StoreError> {
    let Some(cookie) = SessionCookie::from_headers(headers) else { return Ok(None) };
    let (site, now) = (&visit.site.settings.name, visit.context.now);
    if let Some(session) = gateway.sessions.open_cached(&cookie, site, now) {
        return Ok(Some(session));
    }
    gateway.sessions.open(&cookie, site, now).await
}

/// What to do with a request for `path`, the very bytes that will be forwarded.
pub(crate) fn judge(
    gateway: &Gateway,
    visit: &Visit,
    session: Option<&OpenSession>,
    path: &str,
) -> Decision {
    let session = session.filter(|session| !outlived(visit, session, path));
    let rules = &visit.site.second_factor;
    let standing = session.filter(|_| !rules.is_empty());
    let kept = standing.map(|session| factor_rules::standing(gateway, &visit.site, session));
    let factor = session.and_then(|session| factor_rules::passed(gateway, session));
    policy::decide(
        &Asking { path, factor, ..asking(visit, session) },
        &gateway.sign_in,
        kept.as_ref().map(|kept| &kept.standing),
        |idp| gateway.admits(&visit.site.settings.name, idp),
    )
}

/// Whether a session is too old for the portal that is asked for: there it is none, elsewhere it
/// goes on.
pub(crate) fn outlived(visit: &Visit, session: &OpenSession, path: &str) -> bool {
    let age = Age {
        signed_in: session.facts().created,
        longest_pause: session.longest_pause(visit.context.now),
        noted_every: session.noted_every(),
    };
    visit.site.settings.session.outlived(path, &age, visit.context.now)
}

/// Whether this session signs its browser in at the site, wherever it goes. A session can outlive
/// what admitted it: an identity provider that was disabled, a rule for guests that is gone.
pub(crate) fn is_admitted(gateway: &Gateway, visit: &Visit, session: Option<&OpenSession>) -> bool {
    let enabled = |idp: &domain::IdpName| gateway.admits(&visit.site.settings.name, idp);
    let decision = policy::decide(&asking(visit, session), &gateway.sign_in, None, enabled);
    decision != Decision::SignIn
}

fn asking<'a>(visit: &'a Visit, session: Option<&'a OpenSession>) -> Asking<'a> {
    Asking {
        visitor: visitor(session),
        site: &visit.site.settings.name,
        path: "/",
        client: visit.context.client,
        factor: None,
        now: visit.context.now,
    }
}

fn visitor(session: Option<&OpenSession>) -> Visitor<'_> {
    match session.map(|session| &session.facts().who) {
        None => Visitor::Stranger,
        Some(Who::Guest) => Visitor::Guest,
        Some(Who::Person(customer)) => Visitor::Person(&customer.identity.person),
    }
}

pub(crate) fn store_refusal(error: &StoreError) -> Refusal {
    let remedy = "look at the store: `/readyz` turns ready by itself once it answers; customers keep their sessions";
    Refusal::new("store-unavailable", Blame::Us, Notice::TryAgainLater, error.to_string(), remedy)
}

fn to_canonical_host(visit: &Visit, request: &Request<Incoming>) -> Response<Body> {
    let path = asked_path(request);
    let base = visit.site.settings.public_url.as_str().trim_end_matches('/');
    redirect(StatusCode::PERMANENT_REDIRECT, &format!("{base}{path}"))
}

/// A redirect of ours; `location` is printable ASCII by construction.
pub(crate) fn redirect(status: StatusCode, location: &str) -> Response<Body> {
    let mut response = Response::new(Body::Own(Full::default()));
    *response.status_mut() = status;
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    pages::secure(&mut response);
    response
}

/// A request that may pass, as far as it is not the request itself.
pub(crate) struct Passing<'a> {
    pub(crate) gateway: &'a Arc<Gateway>,
    /// Connections of this worker.
    pub(crate) pool: &'a Pool,
    pub(crate) visit: &'a Visit,
    pub(crate) permit: &'a Permit,
    /// The session that it passes by.
    pub(crate) session: Option<&'a Arc<OpenSession>>,
}

/// Why a request that may pass got no answer.
pub(crate) enum NotForwarded {
    /// It was not sent.
    Refused(Refusal),
    /// The upstream did not answer.
    Upstream(ForwardError),
}

async fn forward(passing: &Passing<'_>, request: Request<Incoming>) -> Response<Body> {
    // A page that was read can be asked for again; what was written may have arrived.
    let again = (request.method() == Method::GET).then(|| asked_path(&request).to_owned());
    let (refusal, concern) = match send(passing, request).await {
        Ok(response) => return response,
        Err(NotForwarded::Refused(refusal)) => (refusal, Concern::default()),
        Err(NotForwarded::Upstream(error)) => {
            (error.refusal(), Concern { again, ..Concern::default() })
        }
    };
    refuse(passing.gateway, &passing.visit.context, refusal, concern).await
}

/// Forwards with the identity that the session proves.
///
/// # Errors
/// When no answer came.
pub(crate) async fn send(
    passing: &Passing<'_>,
    request: Request<impl Into<RequestBody>>,
) -> Result<Response<Body>, NotForwarded> {
    let Passing { gateway, pool, visit, permit, session } = *passing;
    let now = visit.context.now;
    if let Some(session) = session {
        // The sooner end only: a session whose use cannot be noted ends earlier, never later.
        if let Err(error) = gateway.sessions.touch(session, now).await {
            tracing::debug!(%error, "last use not noted");
        }
    }
    let identity = match session {
        None => None,
        Some(session) => {
            assertion::headers(gateway, visit, session).map_err(NotForwarded::Refused)?
        }
    };
    let shared =
        sharing::share(gateway, visit, session.map(AsRef::as_ref), request.map(Into::into));
    let mut request = shared.await.map_err(NotForwarded::Refused)?;
    let context = ForwardContext {
        identity: identity.as_deref(),
        host: asked_host(&request),
        client: ClientAddress::from(visit.context.client),
        reference: visit.context.reference,
    };
    let lasts =
        session.and_then(|own| factor_rules::lasts(gateway, visit, own, request.uri().path()));
    let injecting = Injecting::prepare(visit, session.map(AsRef::as_ref), &mut request);
    let sent = proxy::forward(permit, request, &visit.site.upstream, pool, context).await;
    let response = sent.map_err(NotForwarded::Upstream)?;
    let response = match injecting {
        Some(injecting) => injecting.into(response),
        None => response.map(Body::Forwarded),
    };
    Ok(gateway.streams.guard(gateway, session, lasts, response))
}

pub(crate) fn asked_path<B>(request: &Request<B>) -> &str {
    request.uri().path_and_query().map_or("/", |path| path.as_str())
}

/// The host as the browser wrote it, port included; `RequestContext::visit` has judged it.
pub(crate) fn asked_host<B>(request: &Request<B>) -> HeaderValue {
    let authority = request.uri().authority().and_then(|a| HeaderValue::from_str(a.as_str()).ok());
    let host = authority.or_else(|| request.headers().get(header::HOST).cloned());
    host.unwrap_or_else(|| HeaderValue::from_static(""))
}

/// Navigations are redirected to the sign-in page, which keeps the page that was asked for under a
/// handle; the browser itself carries the fragment along. Scripts get 401 and never a redirect.
async fn ask_to_sign_in(
    gateway: &Gateway,
    visit: &Visit,
    request: &Request<Incoming>,
) -> Response<Body> {
    if visit.context.caller == Caller::Script {
        return refuse(gateway, &visit.context, sign_in_required(), Concern::default()).await;
    }
    let target = ReturnPath::parse(asked_path(request)).unwrap_or_else(|_| ReturnPath::root());
    let attempt = Attempt::new(visit.site.settings.name.clone(), target, visit.context.now);
    let landing = if request.method() == Method::POST { Landing::Form } else { Landing::Page };
    to_sign_in(gateway, visit, &attempt, landing).await
}

/// What was asked for when somebody has to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landing {
    /// A page.
    Page,
    /// The answer to a form, of which nothing is said.
    Form,
    /// The same, and the sign-in page says that it was not sent.
    Unsent,
    /// The same, and it is kept.
    Parked,
}

/// Sends a browser to the sign-in page, and from there to where the attempt leads.
pub(crate) async fn to_sign_in(
    gateway: &Gateway,
    visit: &Visit,
    attempt: &Attempt,
    landing: Landing,
) -> Response<Body> {
    let handle = match (keep(gateway, attempt, visit).await, landing) {
        (Ok(handle), _) => handle,
        // What is kept has an address of its own, which asks once more.
        (Err(_), Landing::Parked) => {
            return redirect(StatusCode::SEE_OTHER, &attempt.destination());
        }
        (Err(refusal), _) => {
            return refuse(gateway, &visit.context, refusal, Concern::default()).await;
        }
    };
    // A write never gets a 302: some clients would send it again.
    let status = match landing {
        Landing::Page => StatusCode::FOUND,
        Landing::Form | Landing::Unsent | Landing::Parked => StatusCode::SEE_OTHER,
    };
    let unsent = if landing == Landing::Unsent { "&unsent=1" } else { "" };
    redirect(status, &format!("{}?attempt={handle}{unsent}", Endpoint::SignIn.path()))
}

/// How long an attempt that is over is still known: its customer reads that it took too long, and an
/// old tab still leads to its page.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// The same for one that leads to a page of ours.
const LANDING: Duration = Duration::from_secs(24 * 3600);

/// Puts an attempt into the store under a new handle.
///
/// # Errors
/// When the store does not answer or the system gives no random bytes.
pub(crate) async fn keep(
    gateway: &Gateway,
    attempt: &Attempt,
    visit: &Visit,
) -> Result<String, Refusal> {
    let random = random::bytes().map_err(|error| no_randomness(&error))?;
    let handle = session::AttemptHandle::from_random(random);
    put(gateway, (&handle, attempt), forgotten(attempt), visit).await?;
    Ok(handle.to_string())
}

/// Until when an attempt is known at all: what is kept for a day can be reached as long.
pub(crate) fn forgotten(attempt: &Attempt) -> Timestamp {
    attempt.deadline().plus(if attempt.lands() { LANDING } else { REMEMBERED })
}

/// Puts what holds an attempt into the store under this handle.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn put(
    gateway: &Gateway,
    (handle, record): (&session::AttemptHandle, &(impl serde::Serialize + Sync)),
    until: Timestamp,
    visit: &Visit,
) -> Result<(), Refusal> {
    let put = gateway.attempts.put(handle, record, until, visit.context.now).await;
    put.map_err(|error| store_refusal(&error))
}

pub(crate) fn no_randomness(error: &random::NoRandomness) -> Refusal {
    let remedy = "look at the system's log: a working kernel always gives random bytes";
    Refusal::new("no-randomness", Blame::Us, Notice::TryAgainLater, error.to_string(), remedy)
}
