//! Forms that meet an ended session: kept until their customer has signed in again, then sent once.
//!
//! A form is kept only when a page of the same origin sent it, and is handed back only to the
//! person whose session had ended, in the same browser, by that person's own word. Whatever cannot
//! be kept is said while the browser still has it.

mod keep;
mod refusals;
mod replay;
mod resume;
mod status;

use domain::{AuditEvent, Timestamp};
use http::{HeaderMap, Method, Request, header};
use session::ParkedHandle;

use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::events;
use crate::gateway::Gateway;
use crate::navigation::Caller;

pub(crate) use keep::{Reason, instead_of_sign_in, park};
pub(crate) use resume::{page, submit};
pub(crate) use status::{status, tag};

/// How browsers encode forms that a customer would miss.
const FORMS: [&str; 2] = ["application/x-www-form-urlencoded", "multipart/form-data"];

/// Whether this is a form that a page of the same origin sent. A foreign page must not be able to
/// have anything kept, let alone sent, in somebody's name.
pub(crate) fn is_own_form<B>(visit: &Visit, request: &Request<B>) -> bool {
    let headers = request.headers();
    visit.context.caller == Caller::FormPost && is_form(headers) && is_from_own_page(visit, headers)
}

/// The handle of the parked request that a request wants sent.
pub(crate) fn resumed<B>(request: &Request<B>) -> Option<String> {
    match Endpoint::parse(request.uri().path()) {
        Some(Endpoint::Resume(handle)) if request.method() == Method::POST => Some(handle),
        _ => None,
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    kind.is_some_and(|kind| FORMS.iter().any(|form| form.eq_ignore_ascii_case(kind)))
}

/// Browsers say it in `Origin`, in `Sec-Fetch-Site`, or in both; whoever says neither is not
/// believed, and neither is whoever says two things.
fn is_from_own_page(visit: &Visit, headers: &HeaderMap) -> bool {
    let own = visit.site.settings.public_url.origin().ascii_serialization();
    let mut said = false;
    for (name, wanted) in [("origin", own.as_str()), ("sec-fetch-site", "same-origin")] {
        for value in headers.get_all(name) {
            if value != wanted {
                return false;
            }
            said = true;
        }
    }
    said
}

/// The handle of a text of a path.
fn handle(text: &str) -> Option<ParkedHandle> {
    text.parse().ok()
}

/// Lets go of the parked requests whose time is over, and records each.
pub(crate) async fn expire(gateway: &Gateway, now: Timestamp) {
    match gateway.parked.expire(now).await {
        Ok(expired) => {
            for parked in expired {
                let (site, person) = (parked.head.site, parked.head.person);
                let event = AuditEvent::RequestExpired { site, person, parked: parked.head.at };
                events::record_own(gateway, event).await;
            }
        }
        Err(error) => tracing::warn!(%error, "expired parked requests were not looked for"),
    }
}
