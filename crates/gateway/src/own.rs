//! Our own endpoints. Those of every sign-in run on the worker that got the request, and hand what
//! computes for long to threads of its own; the others run in the background pool.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{Blame, Notice, Refusal};
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body as _, Incoming};
use session::OpenSession;

use crate::body::Body;
use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::refuse::{Concern, refuse};
use crate::{account, break_glass, connection_test, pages, parking, request, sign_in, sign_out};

/// Largest body that we read. A SAML response is at most 256 KiB encoded; percent-encoding a
/// base64 text adds little.
const MAX_BODY: usize = 512 * 1024;

/// How long somebody may take to send it.
const BODY_DEADLINE: Duration = Duration::from_secs(20);

/// A request to one of our endpoints, read whole.
#[derive(Debug)]
pub(crate) struct OwnRequest {
    pub(crate) visit: Visit,
    pub(crate) endpoint: Endpoint,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) query: String,
    pub(crate) body: Bytes,
}

/// Answers a request under our prefix.
pub(crate) async fn answer(
    gateway: &Arc<Gateway>,
    visit: Visit,
    request: Request<Incoming>,
) -> Response<Body> {
    let context = visit.context.clone();
    let read = match read(visit, request).await {
        Ok(read) => read,
        Err(refusal) => return refuse(gateway, &context, refusal, Concern::default()).await,
    };
    let shared = Arc::clone(gateway);
    // A task of its own: a customer who goes away does not leave a sign-in half-done, and a panic
    // ends this answer alone.
    let quick = is_quick(&read.endpoint);
    let task = async move { dispatch(&shared, read).await };
    let task = if quick { tokio::spawn(task) } else { gateway.background.spawn(task) };
    match task.await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, reference = %context.reference, "an own endpoint failed");
            let remedy =
                "this is a defect of the gateway: please report it with the log around this code";
            let explanation = "an own endpoint ended without an answer";
            let refusal =
                Refusal::new("internal", Blame::Us, Notice::TryAgainLater, explanation, remedy);
            refuse(gateway, &context, refusal, Concern::default()).await
        }
    }
}

/// Whether a worker may do it itself, which spares waking two threads.
fn is_quick(endpoint: &Endpoint) -> bool {
    use Endpoint::{Asset, Jwks, OidcCallback, SamlAcs, Session, SignIn, SignInAt};
    matches!(
        endpoint,
        SignIn | SignInAt(_) | SamlAcs(_) | OidcCallback(_) | Session | Jwks | Asset(_)
    )
}

/// Reads a request to one of our endpoints whole.
///
/// # Errors
/// When there is no such endpoint, or the body is too large, too slow or broken.
pub(crate) async fn read(visit: Visit, request: Request<Incoming>) -> Result<OwnRequest, Refusal> {
    let endpoint = Endpoint::parse(request.uri().path()).ok_or_else(no_such_endpoint)?;
    let (parts, body) = request.into_parts();
    let too_large =
        || bad_request("body-too-large", "the body is larger than 512 KiB or broke off");
    // Attacks.md A19: what says itself that it is too large is not waited for.
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_large());
    }
    #[expect(clippy::disallowed_methods, reason = "bounded by Limited and by a deadline")]
    let whole = tokio::time::timeout(BODY_DEADLINE, Limited::new(body, MAX_BODY).collect());
    let body = match whole.await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Err(too_large()),
        Err(_) => {
            return Err(bad_request("body-too-slow", "the body did not arrive within 20 seconds"));
        }
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    Ok(OwnRequest { visit, endpoint, method: parts.method, headers: parts.headers, query, body })
}

async fn dispatch(gateway: &Gateway, request: OwnRequest) -> Response<Body> {
    let get = matches!(request.method, Method::GET | Method::HEAD);
    let post = request.method == Method::POST;
    match &request.endpoint {
        Endpoint::SignIn if get => sign_in::page(gateway, &request).await,
        Endpoint::SignIn if post => sign_in::submit(gateway, &request).await,
        Endpoint::SecondFactor if get => sign_in::factor_page(gateway, &request).await,
        Endpoint::SecondFactor if post => sign_in::factor_submit(gateway, &request).await,
        Endpoint::SettingUp if get => sign_in::setting_up(gateway, request).await,
        Endpoint::Confirm if post => sign_in::confirm(gateway, &request).await,
        Endpoint::SignInAt(idp) if get => sign_in::straight_to(gateway, &request, idp).await,
        Endpoint::SamlAcs(idp) if post => sign_in::saml_answer(gateway, &request, idp).await,
        Endpoint::SamlMetadata(idp) if get => sign_in::saml_metadata(gateway, &request, idp).await,
        Endpoint::OidcCallback(idp) if get => sign_in::oidc_answer(gateway, &request, idp).await,
        Endpoint::SamlSlo(idp) if get => sign_out::by_query(gateway, &request, idp).await,
        Endpoint::SamlSlo(idp) if post => sign_out::by_form(gateway, &request, idp).await,
        Endpoint::OidcBackchannel(idp) if post => {
            sign_out::backchannel(gateway, &request, idp).await
        }
        Endpoint::OidcFrontchannel(idp) if get => {
            sign_out::frontchannel(gateway, &request, idp).await
        }
        Endpoint::Test(handle) if get => connection_test::begin(gateway, &request, handle).await,
        Endpoint::BreakGlass(handle) if get => break_glass::page(gateway, &request, handle).await,
        Endpoint::BreakGlass(handle) if post => {
            break_glass::submit(gateway, &request, handle).await
        }
        Endpoint::Account if get => account::page(gateway, &request).await,
        Endpoint::Account if post => account::submit(gateway, &request).await,
        Endpoint::SignOut if get => sign_out::page(gateway, &request).await,
        Endpoint::SignOut if post => sign_out::submit(gateway, &request).await,
        Endpoint::Jwks if get => {
            public(gateway.signer.load().jwks().to_owned(), "application/jwk-set+json")
        }
        Endpoint::Resume(handle) if get => parking::page(gateway, &request, handle).await,
        Endpoint::Session if get => parking::status(gateway, &request).await,
        Endpoint::Asset(name) if get => match gateway.assets.find(name) {
            Some(asset) => asset.answer(),
            None => refuse_own(gateway, &request, no_such_endpoint()).await,
        },
        _ => {
            refuse_own(
                gateway,
                &request,
                bad_request("method-wrong", "this address does not take that method"),
            )
            .await
        }
    }
}

/// A refusal that concerns nobody in particular.
pub(crate) async fn refuse_own(
    gateway: &Gateway,
    request: &OwnRequest,
    refusal: Refusal,
) -> Response<Body> {
    refuse(gateway, &request.visit.context, refusal, Concern::default()).await
}

/// Something that anybody may read and keep for a while.
fn public(text: String, media_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::Own(Full::new(Bytes::from(text))));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    pages::secure(&mut response);
    response
}

/// The session of a request to one of our endpoints.
pub(crate) async fn session_of(
    gateway: &Gateway,
    request: &OwnRequest,
) -> Result<Option<Arc<OpenSession>>, Refusal> {
    let open = request::open_session(gateway, &request.visit, &request.headers).await;
    open.map_err(|error| request::store_refusal(&error))
}

/// Whether a session lets its browser reach the help center.
pub(crate) fn signed_in(
    gateway: &Gateway,
    request: &OwnRequest,
    session: Option<&OpenSession>,
) -> bool {
    request::is_admitted(gateway, &request.visit, session)
}

fn no_such_endpoint() -> Refusal {
    Refusal::new(
        "endpoint-unknown",
        Blame::Customer,
        Notice::NotFound,
        "there is no such address under /.vestibule/",
        "nothing to mend if it came from a stranger",
    )
}

/// A malformed request to one of our endpoints.
pub(crate) fn bad_request(cause: &str, explanation: &str) -> Refusal {
    let remedy = "nothing to mend if it came from a stranger; an identity provider that sends this is set up wrongly";
    Refusal::new(cause, Blame::Customer, Notice::BadRequest, explanation, remedy)
}

impl OwnRequest {
    /// The form that was posted.
    ///
    /// # Errors
    /// When it is no form, or a field stands in it twice (attacks.md B18).
    pub(crate) fn form(&self) -> Result<Form, Refusal> {
        let kind = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let plain = kind.is_some_and(|kind| {
            kind.split(';')
                .next()
                .is_some_and(|t| t.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
        });
        let text = std::str::from_utf8(&self.body).ok().filter(|_| plain);
        let text = text.ok_or_else(|| bad_request("form-unreadable", "the body is not a form"))?;
        Form::parse(text).map_err(|field| {
            bad_request("field-repeated", &format!("`{field}` stands in the form twice"))
        })
    }

    /// Whether our own page sent this form. Browsers say so in `Sec-Fetch-Site` or `Origin`; a post
    /// that says neither is not taken.
    pub(crate) fn require_own_page(&self) -> Result<(), Refusal> {
        let origin = self.visit.site.settings.public_url.origin().ascii_serialization();
        let same_origin =
            self.headers.get(header::ORIGIN).is_some_and(|value| value == origin.as_str());
        let same_site =
            self.headers.get("sec-fetch-site").is_none_or(|value| value == "same-origin");
        if same_origin && same_site {
            return Ok(());
        }
        Err(bad_request("origin-foreign", "the form was not sent by a page of this site"))
    }
}
