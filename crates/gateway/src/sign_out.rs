//! Ending a session, and saying honestly what ended.

use domain::AuditEvent;
use http::{HeaderValue, Response, StatusCode, header};
use session::{SessionCookie, Who};

use crate::body::Body;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, refuse_own, session_of};
use crate::pages::{self, Frame, SessionEnd, SignOutPage, SignedOutPage};
use crate::{events, request};

/// Asks before ending the session: a link or an image elsewhere must not sign anybody out.
pub(crate) async fn page(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    let session = match session_of(gateway, request).await {
        Ok(session) => session,
        Err(refusal) => return refuse_own(gateway, request, refusal).await,
    };
    let name = session.as_deref().and_then(|session| match &session.facts().who {
        Who::Person(customer) => Some(customer.identity.display_name.as_str()),
        Who::Guest => None,
    });
    let frame = Frame::of(&request.visit.context);
    pages::html(StatusCode::OK, frame.language, &SignOutPage { frame, name })
}

/// Ends the session: the record first, then the cookie (attacks.md D6).
pub(crate) async fn submit(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    match end(gateway, request).await {
        Ok(response) => response,
        Err(refusal) => refuse_own(gateway, request, refusal).await,
    }
}

async fn end(gateway: &Gateway, request: &OwnRequest) -> Result<Response<Body>, domain::Refusal> {
    request.require_own_page()?;
    let site = &request.visit.site.settings;
    let mut provider = None;
    if let Some(session) = session_of(gateway, request).await? {
        gateway.sessions.end(&session).await.map_err(|error| request::store_refusal(&error))?;
        let person = match &session.facts().who {
            Who::Person(customer) => Some(customer.identity.person.clone()),
            Who::Guest => None,
        };
        provider = person.as_ref().and_then(|p| gateway.provider(&p.idp)).map(|p| p.label.as_str());
        // The session has ended; that it could not be recorded does not bring it back.
        let _ = events::record(
            gateway,
            &request.visit.context,
            AuditEvent::SignedOut { site: site.name.clone(), person },
        )
        .await;
    }
    let frame = Frame::of(&request.visit.context);
    let open = SessionEnd::StillSignedIn { link: None };
    let provider = provider.map(|label| (label, open));
    let page = SignedOutPage { frame, help_center: None, provider };
    let mut response = pages::html(StatusCode::OK, frame.language, &page);
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, SessionCookie::clearing());
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}
