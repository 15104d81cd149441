//! What OpenID providers tell us about sign-outs: back-channel and front-channel logout.

use domain::{AuditEvent, IdpName, Refusal};
use http::{Response, StatusCode};
use http_body_util::Full;
use session::{Facts, Who, Whose};
use store::StoreError;

use super::saml::replayed;
use crate::body::Body;
use crate::events;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, bad_request};
use crate::pages;
use crate::request::store_refusal;
use crate::sign_in;

/// A logout token from server to server (Back-Channel Logout 1.0 §2.5).
pub(crate) async fn backchannel(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
) -> Response<Body> {
    match by_token(gateway, request, idp).await {
        Ok(()) => done(),
        Err(refusal) => bad_token(gateway, request, idp, refusal).await,
    }
}

async fn by_token(gateway: &Gateway, request: &OwnRequest, idp: &IdpName) -> Result<(), Refusal> {
    sign_in::usable(gateway, request, idp)?;
    let form = request.form()?;
    let missing = || bad_request("oidc-logout-token-missing", "the form has no logout_token");
    let token = form.field("logout_token").ok_or_else(missing)?;
    let now = request.visit.context.now;
    let token = gateway.federation.verify_logout_token(idp, token, now).await;
    let token = token.map_err(|error| error.refusal())?;
    let parts = [idp.as_str(), token.jti()];
    let fresh = gateway.marks.mark("oidc-logout", &parts, token.expires(), now).await;
    if !fresh.map_err(|error| store_refusal(&error))? {
        return Err(replayed("oidc-logout-token-replayed"));
    }
    // Both `sub` and `sid`: the one session, and only if it is that subject's.
    let of_subject = |facts: &Facts| token.sub().is_none_or(|sub| subject_is(facts, sub));
    let whose = match (token.sid(), token.sub()) {
        (Some(sid), _) => Whose::IdpSession(idp, sid),
        (None, Some(sub)) => Whose::IdpSubject(idp, sub),
        (None, None) => return Err(missing()),
    };
    let ended = gateway.sessions.end_by_provider(&[whose], of_subject, now).await;
    ended_by(gateway, request, idp, ended).await
}

/// A browser that loads this address in a frame of the provider's (Front-Channel Logout 1.0 §3).
/// Nothing proves who asks, so it ends sessions here and does nothing else (attacks.md C12).
pub(crate) async fn frontchannel(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
) -> Response<Body> {
    match by_frame(gateway, request, idp).await {
        Ok(()) => done(),
        Err(refusal) => bad_token(gateway, request, idp, refusal).await,
    }
}

async fn by_frame(gateway: &Gateway, request: &OwnRequest, idp: &IdpName) -> Result<(), Refusal> {
    sign_in::usable(gateway, request, idp)?;
    let query = Form::parse(&request.query).map_err(|field| {
        bad_request("field-repeated", &format!("`{field}` stands in the query twice"))
    })?;
    let (iss, sid) = (query.field("iss"), query.field("sid"));
    let checked = gateway.federation.check_front_channel(idp, iss, sid).await;
    checked.map_err(|error| error.refusal())?;
    // Browsers send our cookie into no foreign frame: only `sid` says which session is meant.
    let missing =
        || bad_request("oidc-front-channel-sid-missing", "the request names no session (sid)");
    let sid = sid.ok_or_else(missing)?;
    let now = request.visit.context.now;
    // No mark for sign-ins under way: anybody could have any number of them set.
    let ended = gateway.sessions.end_where(Whose::IdpSession(idp, sid), |_| true, now).await;
    ended_by(gateway, request, idp, ended).await
}

async fn ended_by(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    ended: Result<usize, StoreError>,
) -> Result<(), Refusal> {
    let count = ended.map_err(|error| store_refusal(&error))?;
    let event = AuditEvent::SessionsEndedByProvider { idp: idp.clone(), count };
    // They have ended, whether or not it can be recorded.
    let _ = events::record(gateway, &request.visit.context, event).await;
    Ok(())
}

fn subject_is(facts: &Facts, sub: &str) -> bool {
    let Who::Person(customer) = &facts.who else { return false };
    customer.identity.idp_session.as_ref().is_some_and(|there| there.subject == sub)
}

/// Back-Channel Logout 1.0 §2.8: 200, not to be stored.
fn done() -> Response<Body> {
    let mut response = Response::new(Body::Own(Full::default()));
    pages::secure(&mut response);
    response
}

/// Back-Channel Logout 1.0 §2.8: 400 for whatever is wrong with the token.
async fn bad_token(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    refusal: Refusal,
) -> Response<Body> {
    let mut response = super::stopped(gateway, request, idp, refusal).await;
    if response.status() == StatusCode::FORBIDDEN {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}
