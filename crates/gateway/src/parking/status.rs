//! What scripts may know of the session, and the window in which its customer signs in anew.

use aws_lc_rs::digest::{SHA256, digest};
use domain::{PersonKey, ReturnPath};
use http::{Response, StatusCode};
use login::Attempt;
use session::{OpenSession, Who};

use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::gateway::Gateway;
use crate::navigation::Caller;
use crate::own::{OwnRequest, refuse_own, session_of, signed_in};
use crate::pages::{self, Frame, SignedInPage};
use crate::refuse::json_response;
use crate::request::{self, Landing};

/// Whether there is a session. Scripts get JSON, and asking does not prolong the session; a window
/// that was opened here is sent to sign in and ends on a page that says that it is done.
pub(crate) async fn status(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    let session = match session_of(gateway, request).await {
        Ok(session) => session,
        Err(refusal) => return refuse_own(gateway, request, refusal).await,
    };
    let signed_in = signed_in(gateway, request, session.as_deref());
    let visit = &request.visit;
    if visit.context.caller == Caller::Script {
        let status = serde_json::json!({
            "signed_in": signed_in,
            "person": session.as_deref().and_then(tag),
            "expires": session.map(|session| session.facts().deadline.to_string()),
            "sign_in": Endpoint::SignIn.path(),
        });
        return json_response(StatusCode::OK, &status);
    }
    if signed_in {
        let page = SignedInPage { frame: Frame::of(&visit.context) };
        return pages::html(StatusCode::OK, page.frame.language, &page);
    }
    let site = visit.site.settings.name.clone();
    let attempt = Attempt::new(site, ReturnPath::root(), visit.context.now);
    let attempt = attempt.landing_on(Endpoint::Session.path());
    request::to_sign_in(gateway, visit, &attempt, Landing::Page).await
}

/// Tells one person from another, and nothing else: a page whose customer had to sign in again must
/// not repeat a call in the name of whoever sits there now.
pub(crate) fn tag(session: &OpenSession) -> Option<String> {
    match &session.facts().who {
        Who::Person(customer) => Some(tag_of(&customer.identity.person)),
        Who::Guest => None,
    }
}

fn tag_of(person: &PersonKey) -> String {
    let hash = digest(&SHA256, format!("vestibule person\n{person}").as_bytes());
    hash.as_ref().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
