//! Our SAML single logout service (SAML Profiles §4.4), for all bindings.

use std::sync::Arc;

use ::saml::{
    IdpMetadata, IncomingLogout, LogoutCall, LogoutError, LogoutExpectation, LogoutMessage,
    LogoutOutcome, LogoutRequest, LogoutResponse, RequestId,
};
use domain::{AuditEvent, Blame, IdpName, Notice, Refusal};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use session::{Facts, SessionCookie, Who, Whose};

use super::{Leaving, handle, stopped, told};
use crate::body::Body;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, bad_request};
use crate::pages::{self, Errand, SessionEnd};
use crate::request::{no_randomness, store_refusal};
use crate::sign_in;
use crate::{events, random};

/// Most session indexes of one message that are looked for one by one.
const MOST_INDEXES: usize = 20;

/// A message as it arrived, to be read on another thread.
#[derive(Debug)]
pub(super) enum Arrived {
    /// HTTP-Redirect: the query.
    Redirect(String),
    /// HTTP-POST: the form.
    Post(String),
    /// SOAP: the envelope.
    Soap(String),
}

impl Arrived {
    fn incoming(&self) -> IncomingLogout<'_> {
        match self {
            Self::Redirect(raw_query) => IncomingLogout::Redirect { raw_query },
            Self::Post(raw_form) => IncomingLogout::Post { raw_form },
            Self::Soap(body) => IncomingLogout::Soap { body },
        }
    }
}

/// A message by HTTP-Redirect.
pub(crate) async fn by_query(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
) -> Response<Body> {
    answer(gateway, request, idp, Arrived::Redirect(request.query.clone())).await
}

/// A message by HTTP-POST or SOAP.
pub(crate) async fn by_form(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
) -> Response<Body> {
    let kind = request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim).unwrap_or_default();
    let Ok(body) = String::from_utf8(request.body.to_vec()) else {
        let refusal = bad_request("saml-logout-encoding", "the logout message is not UTF-8");
        return stopped(gateway, request, idp, refusal).await;
    };
    let arrived = match kind.to_ascii_lowercase().as_str() {
        "text/xml" | "application/soap+xml" => Arrived::Soap(body),
        _ => Arrived::Post(body),
    };
    answer(gateway, request, idp, arrived).await
}

async fn answer(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    arrived: Arrived,
) -> Response<Body> {
    let done = async {
        match read(gateway, request, idp, arrived).await? {
            LogoutMessage::Request(asked) => asked_to_end(gateway, request, idp, &asked).await,
            LogoutMessage::Response(answered) => came_back(gateway, request, idp, &answered).await,
        }
    };
    match done.await {
        Ok(response) => response,
        Err(refusal) => stopped(gateway, request, idp, refusal).await,
    }
}

/// Verifies a message, with fresh metadata if no known key fits (capabilities N05).
pub(super) async fn read(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    arrived: Arrived,
) -> Result<LogoutMessage, Refusal> {
    let now = request.visit.context.now;
    sign_in::usable(gateway, request, idp)?;
    let metadata = gateway.federation.saml_metadata(idp, now).await.map_err(|e| e.refusal())?;
    let arrived = Arc::new(arrived);
    let read = match verified(gateway, request, idp, &metadata, &arrived).await? {
        Err(error) if error.suggests_new_keys() => {
            match gateway.federation.saml_metadata_newer(idp, &metadata, now).await {
                Some(newer) => verified(gateway, request, idp, &newer, &arrived).await?,
                None => Err(error),
            }
        }
        outcome => outcome,
    };
    read.map_err(|error| error.refusal())
}

/// One verification, on the threads for it (attacks.md A20): strangers can send such messages.
async fn verified(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    metadata: &Arc<IdpMetadata>,
    arrived: &Arc<Arrived>,
) -> Result<Result<LogoutMessage, LogoutError>, Refusal> {
    let now = request.visit.context.now;
    let settings = gateway.federation.saml_settings(idp).filter(|s| s.single_logout);
    let settings = settings.cloned().ok_or_else(not_offered)?;
    let sp = sign_in::service_provider(gateway, &request.visit, idp);
    let (metadata, arrived) = (Arc::clone(metadata), Arc::clone(arrived));
    let read = gateway.verifying.run(move || {
        let expectation = LogoutExpectation {
            idp: &metadata,
            sp: &sp,
            clock_skew: settings.clock_skew,
            sha1_until: settings.sha1_until,
            cbc_until: settings.cbc_until,
        };
        ::saml::read_logout(&arrived.incoming(), &expectation, now)
    });
    read.await.ok_or_else(|| sign_in::unfinished("the verification was cut off"))
}

/// The identity provider ends sessions of one of its people.
async fn asked_to_end(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    asked: &LogoutRequest,
) -> Result<Response<Body>, Refusal> {
    let now = request.visit.context.now;
    let parts = [idp.as_str(), asked.id()];
    let fresh = gateway.marks.mark("saml-logout", &parts, asked.expires(), now).await;
    if !fresh.map_err(|error| store_refusal(&error))? {
        return Err(replayed("saml-logout-replayed"));
    }
    let count = end_sessions(gateway, idp, asked, now).await;
    let outcome = if count.is_ok() { LogoutOutcome::Ended } else { LogoutOutcome::Failed };
    if let Ok(count) = count {
        let ended = AuditEvent::SessionsEndedByProvider { idp: idp.clone(), count };
        // They have ended, whether or not it can be recorded.
        let _ = events::record(gateway, &request.visit.context, ended).await;
    }
    let metadata = gateway.federation.saml_metadata(idp, now).await.map_err(|e| e.refusal())?;
    let id = RequestId::from_random(random::bytes().map_err(|error| no_randomness(&error))?);
    let party = sign_in::service_provider(gateway, &request.visit, idp);
    let call = party.logout_response(&metadata, asked, outcome, &id, now);
    let mut response = match call.map_err(|error| error.refusal())? {
        LogoutCall::Browser(outgoing) => {
            sign_in::carry(gateway, request, idp, Errand::SignOut, outgoing)
        }
        LogoutCall::Soap { envelope, .. } => soap(envelope),
    };
    if SessionCookie::from_headers(&request.headers).is_some() {
        response.headers_mut().append(header::SET_COOKIE, SessionCookie::clearing());
    }
    Ok(response)
}

/// Ends the sessions that a LogoutRequest names: of this identity provider, of this name, and of
/// the session indexes if it lists some (SAML Core §3.7.1; attacks.md B21).
async fn end_sessions(
    gateway: &Gateway,
    idp: &IdpName,
    asked: &LogoutRequest,
    now: domain::Timestamp,
) -> Result<usize, Refusal> {
    let name = asked.name_id();
    let meant = |facts: &Facts| {
        let Who::Person(customer) = &facts.who else { return false };
        let Some(there) = &customer.identity.idp_session else { return false };
        let indexes = asked.session_indexes();
        let listed = there.id.as_ref().is_some_and(|id| indexes.contains(id));
        there.subject == name.value() && (indexes.is_empty() || listed)
    };
    let indexes = asked.session_indexes();
    let groups = match indexes.len() {
        1..=MOST_INDEXES => indexes.iter().map(|id| Whose::IdpSession(idp, id)).collect(),
        // None means all; so many are found by the name, and hardly anything is left of it.
        _ => vec![Whose::IdpSubject(idp, name.value())],
    };
    let ended = gateway.sessions.end_by_provider(&groups, meant, now).await;
    ended.map_err(|error| store_refusal(&error))
}

/// The identity provider's answer to our own request.
async fn came_back(
    gateway: &Gateway,
    request: &OwnRequest,
    idp: &IdpName,
    answered: &LogoutResponse,
) -> Result<Response<Body>, Refusal> {
    let unknown = || {
        bad_request(
            "saml-logout-unsolicited",
            "the LogoutResponse answers no request of ours that is under way",
        )
    };
    let handle = handle(answered.relay_state()).ok_or_else(unknown)?;
    let left: Option<Leaving> = gateway
        .attempts
        .take(&handle, request.visit.context.now)
        .await
        .map_err(|error| store_refusal(&error))?;
    let ours = |left: &Leaving| {
        left.leaving == *idp
            && left.site == request.visit.site.settings.name
            && left.request.as_deref() == Some(answered.in_response_to())
    };
    left.filter(ours).ok_or_else(unknown)?;
    let outcome = if answered.success() {
        SessionEnd::Ended
    } else {
        SessionEnd::StillSignedIn { link: None }
    };
    told(gateway, request, idp, outcome).await
}

fn soap(envelope: String) -> Response<Body> {
    let mut response = Response::new(Body::Own(Full::from(envelope)));
    *response.status_mut() = StatusCode::OK;
    let kind = HeaderValue::from_static("text/xml; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    pages::secure(&mut response);
    response
}

/// A message about sign-out that was used before (attacks.md B21, C11).
pub(super) fn replayed(cause: &str) -> Refusal {
    let explanation = "this logout message was used before";
    let remedy = "nothing to mend if the identity provider sends it again after a timeout; else somebody replays it";
    Refusal::new(cause, Blame::Customer, Notice::BadRequest, explanation, remedy)
}

fn not_offered() -> Refusal {
    bad_request(
        "saml-logout-not-offered",
        "single logout is switched off for this identity provider",
    )
}
