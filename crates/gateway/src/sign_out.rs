//! Ending a session, here and at the identity provider, and saying honestly what ended.
//!
//! `submit` ends our own session first (attacks.md D6) and then sends the browser to the identity
//! provider; `returned` (OpenID Connect) and `saml` (its answer at our single logout service) end
//! with the same page. `saml` and `oidc` also take what identity providers tell us by themselves.

mod oidc;
mod provider;
mod saml;

pub(crate) use oidc::{backchannel, frontchannel};
pub(crate) use saml::{by_form, by_query};

use domain::{AuditEvent, IdpName, PersonKey, Refusal, SiteName};
use http::{HeaderValue, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use session::{AttemptHandle, OpenSession, SessionCookie, Who};

use crate::body::Body;
use crate::events;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, refuse_own, session_of};
use crate::pages::{self, Frame, SessionEnd, SignOutPage, SignedOutPage};
use crate::refuse::{Concern, refuse};
use crate::request::store_refusal;

/// A browser that was sent to an identity provider to sign out there.
#[derive(Debug, Serialize, Deserialize)]
struct Leaving {
    /// Which.
    leaving: IdpName,
    /// From where.
    site: SiteName,
    /// ID of our LogoutRequest; `None`: OpenID Connect.
    request: Option<String>,
}

/// Asks before ending the session: a link or an image elsewhere must not sign anybody out. A
/// browser that comes back from an OpenID provider brings `state` and is told what ended.
pub(crate) async fn page(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    if let Some(state) = Form::parse(&request.query).ok().and_then(|q| handle(q.field("state"))) {
        return match returned(gateway, request, &state).await {
            Ok(response) => response,
            Err(refusal) => refuse_own(gateway, request, refusal).await,
        };
    }
    match session_of(gateway, request).await {
        Ok(session) => ask(request, session.as_deref()),
        Err(refusal) => refuse_own(gateway, request, refusal).await,
    }
}

/// The page that asks.
fn ask(request: &OwnRequest, session: Option<&OpenSession>) -> Response<Body> {
    let name = session.and_then(|session| match &session.facts().who {
        Who::Person(customer) => Some(customer.identity.display_name.as_str()),
        Who::Guest => None,
    });
    let page = SignOutPage { frame: Frame::of(&request.visit.context), name };
    pages::html(StatusCode::OK, page.frame.language, &page)
}

/// Ends the session: the record first, then the cookie (attacks.md D6).
pub(crate) async fn submit(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    match end(gateway, request).await {
        Ok(response) => response,
        Err(refusal) => refuse_own(gateway, request, refusal).await,
    }
}

async fn end(gateway: &Gateway, request: &OwnRequest) -> Result<Response<Body>, Refusal> {
    request.require_own_page()?;
    let Some(session) = session_of(gateway, request).await? else {
        return Ok(cleared(request, ended(request, None, None)));
    };
    gateway
        .sessions
        .end(&session, request.visit.context.now)
        .await
        .map_err(|error| store_refusal(&error))?;
    let person = person(&session).cloned();
    let site = request.visit.site.settings.name.clone();
    // The session has ended; that it could not be recorded does not bring it back.
    let event = AuditEvent::SignedOut { site, person: person.clone() };
    let _ = events::record(gateway, &request.visit.context, event).await;
    let response = match person {
        Some(person) => provider::leave(gateway, request, &session, &person.idp).await?,
        // A guest's session is the help center's own, which we only cut off.
        None => ended(request, Some(SessionEnd::Untouched), None),
    };
    Ok(cleared(request, response))
}

/// The browser is back from an OpenID provider (RP-Initiated Logout 1.0 §3).
async fn returned(
    gateway: &Gateway,
    request: &OwnRequest,
    state: &AttemptHandle,
) -> Result<Response<Body>, Refusal> {
    let now = request.visit.context.now;
    let left: Option<Leaving> =
        gateway.attempts.take(state, now).await.map_err(|error| store_refusal(&error))?;
    let site = &request.visit.site.settings.name;
    // An old link, or a second look at the page: there is nothing more to say than this.
    let Some(Leaving { leaving, .. }) =
        left.filter(|left| left.site == *site && left.request.is_none())
    else {
        return signed_out(gateway, request, None, None).await;
    };
    told(gateway, request, &leaving, SessionEnd::Ended).await
}

/// The page that names what ended, and the record of what the identity provider said.
async fn told(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    outcome: SessionEnd,
) -> Result<Response<Body>, Refusal> {
    let said = AuditEvent::ProviderSignOut {
        site: request.visit.site.settings.name.clone(),
        idp: idp.clone(),
        ended: outcome == SessionEnd::Ended,
    };
    // It has happened, whether or not it can be recorded.
    let _ = events::record(gateway, &request.visit.context, said).await;
    let label = gateway.provider(idp).map_or(idp.as_str(), |provider| provider.label.as_str());
    // Without a session of ours nothing reaches the help center: its own is as good as over.
    signed_out(gateway, request, Some(SessionEnd::Ended), Some((label, outcome))).await
}

/// What ended, unless somebody is signed in here: in another tab by now, or by a link that makes
/// believe (attacks.md D6). They are asked.
async fn signed_out(
    gateway: &Gateway,
    request: &OwnRequest,
    help_center: Option<SessionEnd>,
    provider: Option<(&str, SessionEnd)>,
) -> Result<Response<Body>, Refusal> {
    Ok(match session_of(gateway, request).await? {
        Some(session) => ask(request, Some(&session)),
        None => ended(request, help_center, provider),
    })
}

fn ended(
    request: &OwnRequest,
    help_center: Option<SessionEnd>,
    provider: Option<(&str, SessionEnd)>,
) -> Response<Body> {
    let frame = Frame::of(&request.visit.context);
    let page = SignedOutPage { frame, help_center, provider };
    pages::html(StatusCode::OK, frame.language, &page)
}

/// Takes away our cookie, and those of the help center that the browser sent: without a session
/// of ours they open nothing, and nobody should find them.
fn cleared(request: &OwnRequest, mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, SessionCookie::clearing());
    for name in foreign_cookies(request) {
        let clearing = format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly");
        headers.extend(HeaderValue::from_str(&clearing).map(|value| (header::SET_COOKIE, value)));
    }
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    response
}

/// At most a few: a browser with hundreds of cookies does not need hundreds of headers.
fn foreign_cookies(request: &OwnRequest) -> Vec<String> {
    let sent = request.headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let names = sent.flat_map(|text| text.split(';')).filter_map(|pair| {
        let name = pair.split_once('=')?.0.trim();
        (!name.is_empty() && !name.starts_with("__")).then(|| name.to_owned())
    });
    names.take(20).collect()
}

fn person(session: &OpenSession) -> Option<&PersonKey> {
    match &session.facts().who {
        Who::Person(customer) => Some(&customer.identity.person),
        Who::Guest => None,
    }
}

fn handle(text: Option<&str>) -> Option<AttemptHandle> {
    text?.parse().ok()
}

/// A message of an identity provider that is refused.
async fn stopped(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    refusal: Refusal,
) -> Response<Body> {
    let concern = Concern { idp: Some(idp.clone()), ..Concern::default() };
    refuse(gateway, &request.visit.context, refusal, concern).await
}
