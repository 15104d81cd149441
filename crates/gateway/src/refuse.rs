//! One refusal to its three readers: the customer's page or JSON, the log, the audit log.

use bytes::Bytes;
use domain::{AuditEvent, Blame, IdpName, Notice, PersonKey, Refusal};
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use crate::body::Body;
use crate::context::RequestContext;
use crate::endpoints::Endpoint;
use crate::events;
use crate::gateway::Gateway;
use crate::navigation::Caller;
use crate::pages::{self, Fallback, Frame, Refused};

/// What a refusal concerns, as far as it is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Concern {
    /// Which identity provider.
    pub(crate) idp: Option<IdpName>,
    /// Who, once the identity is verified.
    pub(crate) person: Option<PersonKey>,
    /// Address at which the customer can try again; the front page without one.
    pub(crate) again: Option<String>,
    /// Another way in that a rule leaves meanwhile.
    pub(crate) fallback: Option<Fallback>,
    /// Address at which another way can be chosen, where trying again may not help.
    pub(crate) other_way: Option<String>,
}

/// Records a refusal and answers with it.
pub(crate) async fn refuse(
    gateway: &Gateway,
    context: &RequestContext,
    refusal: Refusal,
    concern: Concern,
) -> Response<Body> {
    let site = context.site.as_ref().map(|site| site.settings.name.clone());
    let event = AuditEvent::Refused {
        site,
        idp: concern.idp.clone(),
        person: concern.person.clone(),
        refusal: refusal.clone(),
    };
    // A refusal stands even when it cannot be recorded; the log says that it could not.
    let _ = events::record(gateway, context, event).await;
    let status = status(&refusal);
    let mut response = match context.caller {
        Caller::Script => json(status, &refusal, context),
        Caller::Navigation | Caller::FormPost => page(gateway, status, &refusal, context, &concern),
    };
    let retry_after = match status {
        StatusCode::SERVICE_UNAVAILABLE => Some("2"),
        StatusCode::TOO_MANY_REQUESTS => Some("60"),
        _ => None,
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    response
}

/// Records a refusal whose page is not that of a refusal: the customer can mend it there.
pub(crate) async fn record(
    gateway: &Gateway,
    context: &RequestContext,
    refusal: Refusal,
    person: &PersonKey,
) {
    let event = AuditEvent::Refused {
        site: context.site.as_ref().map(|site| site.settings.name.clone()),
        idp: Some(person.idp.clone()),
        person: Some(person.clone()),
        refusal,
    };
    let _ = events::record(gateway, context, event).await;
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal.notice {
        Notice::NotFound if refusal.cause == "host-unknown" => StatusCode::MISDIRECTED_REQUEST,
        Notice::NotFound => StatusCode::NOT_FOUND,
        Notice::BadRequest => StatusCode::BAD_REQUEST,
        Notice::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
        Notice::FormTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Notice::ParkedSent | Notice::ParkedUncertain => StatusCode::CONFLICT,
        Notice::ParkedOver => StatusCode::GONE,
        Notice::ProviderUnreachable
        | Notice::SupportUnavailable
        | Notice::FormNotKept
        | Notice::ParkedWaits
        | Notice::TryAgainLater => StatusCode::SERVICE_UNAVAILABLE,
        _ if [SIGN_IN_REQUIRED, STEP_UP_REQUIRED].contains(&refusal.cause.as_str()) => {
            StatusCode::UNAUTHORIZED
        }
        _ => StatusCode::FORBIDDEN,
    }
}

/// Cause of the 401 that scripts get.
const SIGN_IN_REQUIRED: &str = "sign-in-required";

/// Cause of the 401 that scripts get where a second factor is demanded.
const STEP_UP_REQUIRED: &str = "step-up-required";

/// The refusal for a script whose session lacks a second factor.
pub(crate) fn step_up_required() -> Refusal {
    Refusal::new(
        STEP_UP_REQUIRED,
        Blame::Customer,
        Notice::StartAgain,
        "a script called where a rule of second_factor demands a factor that the session lacks or that is too old",
        "nothing to mend; the page's script should send the customer to the `step_up` address. If people of other portals meet this, list the paths that lead to the portal in the rule's `side_doors`",
    )
}

/// The refusal for a script without a session.
pub(crate) fn sign_in_required() -> Refusal {
    Refusal::new(
        SIGN_IN_REQUIRED,
        Blame::Customer,
        Notice::StartAgain,
        "a script called without a session",
        "nothing to mend; the page's script should send the customer to the `sign_in` address",
    )
}

fn page(
    gateway: &Gateway,
    status: StatusCode,
    refusal: &Refusal,
    context: &RequestContext,
    concern: &Concern,
) -> Response<Body> {
    let host = context.site.as_ref().and_then(|site| site.settings.public_url.host_str());
    let provider = concern.idp.as_ref().and_then(|idp| gateway.provider(idp));
    pages::refused(
        status,
        Refused {
            frame: Frame::of(context),
            notice: refusal.notice,
            provider: provider.map(|provider| provider.label.as_str()),
            since: refusal.since,
            again: concern.again.clone(),
            fallback: concern.fallback.clone(),
            other_way: concern.other_way.clone(),
            host: host.unwrap_or_default(),
            reference: context.reference,
            time: context.now,
        },
    )
}

fn json(status: StatusCode, refusal: &Refusal, context: &RequestContext) -> Response<Body> {
    let mut answer = serde_json::json!({
        "error": refusal.cause.replace('-', "_"),
        "reference": context.reference,
    });
    if let (StatusCode::UNAUTHORIZED, Some(object)) = (status, answer.as_object_mut()) {
        let (name, way) = match refusal.cause.as_str() {
            STEP_UP_REQUIRED => ("step_up", Endpoint::SecondFactor),
            _ => ("sign_in", Endpoint::SignIn),
        };
        object.insert(name.to_owned(), way.path().into());
    }
    let mut response = json_response(status, &answer);
    if status == StatusCode::UNAUTHORIZED {
        // RFC 9110 §11.6.1: a 401 names its scheme; our script knows our answers by it.
        let challenge = HeaderValue::from_static("Vestibule");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// An answer of ours for scripts.
pub(crate) fn json_response(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::Own(Full::new(Bytes::from(value.to_string()))));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    pages::secure(&mut response);
    response
}
