//! Sending the browser to the identity provider to sign out there.

use std::time::Duration;

use ::saml::{LogoutCall, LogoutMessage, RequestId};
use domain::{IdpName, IdpSession, Refusal, Timestamp};
use http::{Response, StatusCode};
use session::{AttemptHandle, OpenSession, Who};

use super::{Leaving, saml, told};
use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::gateway::{Gateway, Protocol};
use crate::own::OwnRequest;
use crate::pages::{Errand, SessionEnd};
use crate::request::{no_randomness, redirect, store_refusal};
use crate::{random, sign_in};

/// How long somebody may take at the identity provider.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What happens with a customer's session at the identity provider.
enum Way {
    /// The browser goes there.
    Browser(Box<Response<Body>>),
    /// It is known already.
    Known(SessionEnd),
}

/// Goes on at the identity provider, or says at once how it stands there.
pub(super) async fn leave(
    gateway: &Gateway,
    request: &OwnRequest,
    session: &OpenSession,
    idp: &IdpName,
) -> Result<Response<Body>, Refusal> {
    let way = async {
        let there = there(session).filter(|_| gateway.admits(&session.facts().site, idp));
        match (there, gateway.provider(idp).map(|provider| provider.protocol)) {
            (Some(there), Some(Protocol::Saml)) => by_saml(gateway, request, idp, there).await,
            (Some(_), Some(Protocol::Oidc)) => by_oidc(gateway, request, idp, session).await,
            _ => Ok(Way::Known(SessionEnd::StillSignedIn { link: None })),
        }
    };
    match way.await {
        Ok(Way::Browser(response)) => Ok(*response),
        Ok(Way::Known(outcome)) => told(gateway, request, idp, outcome).await,
        Err(refusal) => {
            tracing::info!(%idp, cause = refusal.cause, "not signed out at the identity provider");
            told(gateway, request, idp, SessionEnd::NoAnswer { link: None }).await
        }
    }
}

fn there(session: &OpenSession) -> Option<&IdpSession> {
    match &session.facts().who {
        Who::Person(customer) => customer.identity.idp_session.as_deref(),
        Who::Guest => None,
    }
}

async fn by_saml(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    there: &IdpSession,
) -> Result<Way, Refusal> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    let wanted = gateway.federation.saml_settings(idp).is_some_and(|s| s.single_logout);
    let metadata = gateway.federation.saml_metadata(idp, now).await.map_err(|e| e.refusal())?;
    let party = sign_in::service_provider(gateway, visit, idp);
    if !wanted || party.keys.is_empty() || metadata.logout_endpoints().is_empty() {
        return Ok(Way::Known(SessionEnd::StillSignedIn { link: None }));
    }
    let id = RequestId::from_random(random::bytes().map_err(|error| no_randomness(&error))?);
    let left = Leaving {
        leaving: idp.clone(),
        site: visit.site.settings.name.clone(),
        request: Some(id.to_string()),
    };
    let handle = keep(gateway, request, &left).await?;
    let call = party.logout_request(&metadata, there, &id, &handle, now);
    match call.map_err(|error| error.refusal())? {
        LogoutCall::Browser(outgoing) => {
            answers(gateway, idp, now).await?;
            let response = sign_in::carry(gateway, request, idp, Errand::SignOut, outgoing);
            Ok(Way::Browser(Box::new(response)))
        }
        LogoutCall::Soap { endpoint: Some(endpoint), envelope } => {
            let answer = gateway.federation.soap_logout(idp, &endpoint, envelope).await;
            let answer = answer.map_err(|error| error.refusal())?;
            let body = String::from_utf8_lossy(&answer);
            let arrived = saml::Arrived::Soap(body.into_owned());
            let message = saml::read(gateway, request, idp, arrived).await?;
            Ok(Way::Known(match message {
                LogoutMessage::Response(response)
                    if response.in_response_to() == id.as_str() && response.success() =>
                {
                    SessionEnd::Ended
                }
                _ => SessionEnd::StillSignedIn { link: None },
            }))
        }
        LogoutCall::Soap { endpoint: None, .. } => {
            Ok(Way::Known(SessionEnd::StillSignedIn { link: None }))
        }
    }
}

async fn by_oidc(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    session: &OpenSession,
) -> Result<Way, Refusal> {
    let (visit, now) = (&request.visit, request.visit.context.now);
    let left =
        Leaving { leaving: idp.clone(), site: visit.site.settings.name.clone(), request: None };
    let handle = keep(gateway, request, &left).await?;
    let back = Endpoint::SignOut.url(&visit.site.settings.public_url);
    let hint = session.secrets().get(sign_in::ID_TOKEN).map(|token| token.expose().as_str());
    let url = gateway.federation.oidc_logout_url(idp, hint, &back, &handle, now).await;
    let Some(url) = url.map_err(|error| error.refusal())? else {
        return Ok(Way::Known(SessionEnd::StillSignedIn { link: None }));
    };
    answers(gateway, idp, now).await?;
    Ok(Way::Browser(Box::new(redirect(StatusCode::SEE_OTHER, url.as_str()))))
}

/// Nobody is sent to an identity provider that does not answer: they would not read that they are
/// signed out here (capabilities N16).
async fn answers(gateway: &Gateway, idp: &IdpName, now: Timestamp) -> Result<(), Refusal> {
    gateway.federation.reachable(idp, now).await.map_err(|error| error.refusal())
}

/// Keeps what the browser's return must match, under a fresh handle.
async fn keep(gateway: &Gateway, request: &OwnRequest, left: &Leaving) -> Result<String, Refusal> {
    let now = request.visit.context.now;
    let random = random::bytes().map_err(|error| no_randomness(&error))?;
    let handle = AttemptHandle::from_random(random);
    let put = gateway.attempts.put(&handle, left, now.plus(PATIENCE), now).await;
    put.map_err(|error| store_refusal(&error))?;
    Ok(handle.to_string())
}
