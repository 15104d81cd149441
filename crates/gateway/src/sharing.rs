//! Shares new requests with the organization of whoever makes them, where the operator's file says so.
//!
//! Only a body that says its length, is small and creates a request is read; everything else streams
//! on as it came. What cannot be found out changes nothing: a request is made rather unshared than
//! not at all.

use std::time::Duration;

use bytes::Bytes;
use domain::{Blame, Notice, Organization, Refusal};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Limited};
use provisioning::Creating;
use proxy::RequestBody;
use session::OpenSession;

use crate::context::Visit;
use crate::gateway::Gateway;
use crate::inject::DIGESTS;

/// A form without attachments, which are uploaded before, is far below.
const MAX_BODY: usize = 256 * 1024;
const BODY_DEADLINE: Duration = Duration::from_secs(20);

/// The request as the upstream is to get it.
///
/// # Errors
/// When a body that had to be read did not arrive.
pub(crate) async fn share(
    gateway: &Gateway,
    visit: &Visit,
    session: Option<&OpenSession>,
    request: Request<RequestBody>,
) -> Result<Request<RequestBody>, Refusal> {
    let (Some(sharing), Some(creating)) = (&visit.site.settings.sharing, creating(&request)) else {
        return Ok(request);
    };
    let Some(organization) = organization(gateway, visit, session).await else {
        return Ok(request);
    };
    let (mut head, body) = request.into_parts();
    #[expect(clippy::disallowed_methods, reason = "bounded by Limited and by a deadline")]
    let whole = tokio::time::timeout(BODY_DEADLINE, Limited::new(body, MAX_BODY).collect()).await;
    let Ok(Ok(whole)) = whole else { return Err(not_arrived()) };
    let body = whole.to_bytes();
    let Some(shared) = sharing.shared(&creating, &body, &organization.id) else {
        return Ok(Request::from_parts(head, body.into()));
    };
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(shared.len()));
    for digest in &DIGESTS {
        head.headers.remove(digest);
    }
    Ok(Request::from_parts(head, Bytes::from(shared).into()))
}

fn creating<B>(request: &Request<B>) -> Option<Creating> {
    let headers = request.headers();
    if request.method() != Method::POST || headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let length: usize = text(headers, &CONTENT_LENGTH)?.parse().ok()?;
    let small = length <= MAX_BODY;
    small.then(|| Creating::parse(request.uri().path(), text(headers, &CONTENT_TYPE)?)).flatten()
}

fn text<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

async fn organization(
    gateway: &Gateway,
    visit: &Visit,
    session: Option<&OpenSession>,
) -> Option<Organization> {
    let provisioner = gateway.provisioners.get(visit.site.settings.jsm.as_ref()?)?;
    let person = session?.facts().person()?;
    let found = provisioner.only_organization(person, visit.context.now).await;
    found.inspect_err(|error| tracing::warn!(%error, "a new request is not shared")).ok().flatten()
}

fn not_arrived() -> Refusal {
    Refusal::new(
        "body-not-arrived",
        Blame::Customer,
        Notice::BadRequest,
        "the body of a new request did not arrive within 20 seconds, or broke off",
        "nothing to mend: the customer's connection is slow or was lost",
    )
}
