//! The page of somebody whose account is being made. Its script asks again and changes the words that
//! changed, so that nobody loses their place on it (WCAG 2.2 §2.2.2); without script it is loaded anew
//! now and then. As soon as the account is there it goes on to the page that was asked for.

use domain::{AuditEvent, Notice, PersonKey, ReferenceCode, Refusal, Timestamp};
use http::{Response, StatusCode, header};
use login::{Attempt, Event, SignInError};
use provisioning::Progress;
use serde::{Deserialize, Serialize};
use session::{AttemptHandle, Secrets};

use super::second_factor::Held;
use super::{Stop, answer, dispatch};
use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::navigation::Caller;
use crate::own::OwnRequest;
use crate::pages::{self, Frame, SettingUpPage};
use crate::refuse::json_response;
use crate::request::{no_randomness, store_refusal};
use crate::{events, random};

/// After how many seconds the page's script asks again.
const SOON: u8 = 2;
/// The same while JSM does not answer at all.
const LATER: u8 = 5;

/// What the customer waits for.
#[derive(Debug)]
pub(super) struct Wait {
    pub(super) person: PersonKey,
    /// Why not now.
    pub(super) refusal: Box<Refusal>,
    pub(super) done: Progress,
}

impl Wait {
    /// Whether JSM does not answer; else it is only slow.
    fn is_outage(&self) -> bool {
        self.refusal.notice == Notice::SupportUnavailable
    }
}

/// An attempt that waits for its account. Has no `Debug`: it holds secrets.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    held: Held,
    /// One code for the whole wait, whichever look of the page the customer reads it from.
    reference: ReferenceCode,
    /// Whether an outage was recorded.
    outage: bool,
}

/// Keeps the attempt and shows the page.
pub(super) async fn wait(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: Attempt,
    secrets: &Secrets,
    wait: Wait,
) -> Result<Response<Body>, Stop> {
    let (now, deadline): (Timestamp, Timestamp) = (request.visit.context.now, attempt.deadline());
    let outage = wait.is_outage();
    // The same address each time, so that reloading the page is what it does anyway.
    let handle = match handle(request) {
        Some(handle) => {
            note_outage(gateway, request, &handle, deadline, &wait).await?;
            handle
        }
        None => {
            let random = random::bytes().map_err(|error| no_randomness(&error))?;
            let handle = AttemptHandle::from_random(random);
            let (held, reference) = (Held::new(attempt, secrets), request.visit.context.reference);
            let kept = Kept { held, reference, outage };
            let put = gateway.attempts.put(&handle, &kept, deadline, now).await;
            put.map_err(|error| store_refusal(&error))?;
            record(gateway, request, &wait).await?;
            handle
        }
    };
    let again = address(&handle);
    let seconds = if outage { LATER } else { SOON };
    let frame = Frame::of(&request.visit.context);
    let reference = request.visit.context.reference;
    let page = SettingUpPage { frame, outage, done: wait.done, again: &again, seconds, reference };
    Ok(pages::html(StatusCode::OK, frame.language, &page))
}

/// What began as slow has become an outage: said once, and not with every look of the page.
async fn note_outage(
    gateway: &Gateway,
    request: &OwnRequest,
    handle: &AttemptHandle,
    deadline: Timestamp,
    wait: &Wait,
) -> Result<(), Stop> {
    let now = request.visit.context.now;
    let kept = gateway.attempts.peek::<Kept>(handle, now).await;
    let kept = kept.map_err(|error| store_refusal(&error))?;
    if !wait.is_outage() || kept.is_none_or(|kept| kept.outage) {
        return Ok(());
    }
    let noted = |kept: Kept| Kept { outage: true, ..kept };
    let updated = gateway.attempts.update(handle, deadline, now, noted).await;
    updated.map_err(|error| store_refusal(&error))?;
    record(gateway, request, wait).await
}

async fn record(gateway: &Gateway, request: &OwnRequest, wait: &Wait) -> Result<(), Stop> {
    let event = AuditEvent::Refused {
        site: Some(request.visit.site.settings.name.clone()),
        idp: Some(wait.person.idp.clone()),
        person: Some(wait.person.clone()),
        refusal: (*wait.refusal).clone(),
    };
    Ok(events::record(gateway, &request.visit.context, event).await?)
}

/// Asks again, for the browser or for the page's script.
pub(crate) async fn page(gateway: &Gateway, mut request: OwnRequest) -> Response<Body> {
    let by_script = request.visit.context.caller == Caller::Script;
    // A refusal ends the wait: the script puts its page in place of this one.
    request.visit.context.caller = Caller::Navigation;
    let asked = async {
        let Waiting { reference, attempt, secrets } = waiting(gateway, &request).await?;
        request.visit.context.reference = reference;
        dispatch::run_answered(gateway, &request, attempt, Event::AskedAgain, secrets).await
    };
    let asked = asked.await;
    match asked {
        Ok(response) if by_script => told_where(response),
        outcome => dispatch::finish(gateway, &request, outcome).await,
    }
}

/// A wait that goes on.
struct Waiting {
    reference: ReferenceCode,
    attempt: Attempt,
    secrets: Secrets,
}

/// The attempt that waits, if this is its browser. It is left where it is: a stranger with the handle
/// cannot use it up, and neither can a reload.
async fn waiting(gateway: &Gateway, request: &OwnRequest) -> Result<Waiting, Stop> {
    let unknown = answer::unknown_attempt;
    let handle = handle(request).ok_or_else(unknown)?;
    let kept = gateway.attempts.peek::<Kept>(&handle, request.visit.context.now).await;
    let kept = kept.map_err(|error| store_refusal(&error))?.ok_or_else(unknown)?;
    let (attempt, secrets) = kept.held.into_parts();
    if *attempt.site() != request.visit.site.settings.name {
        return Err(SignInError::OtherSite.into());
    }
    answer::same_browser(request, &attempt)?;
    Ok(Waiting { reference: kept.reference, attempt, secrets })
}

/// A script cannot see where a redirect leads, and the page there is for its customer alone: it is
/// told in words. The cookies stay, the new session's among them.
fn told_where(mut response: Response<Body>) -> Response<Body> {
    let Some(location) = response.headers_mut().remove(header::LOCATION) else { return response };
    let mut told = go(location.to_str().unwrap_or("/"));
    let cookies = response.headers().get_all(header::SET_COOKIE).iter();
    told.headers_mut().extend(cookies.map(|cookie| (header::SET_COOKIE, cookie.clone())));
    told
}

/// Tells the page's script to go somewhere.
fn go(place: &str) -> Response<Body> {
    json_response(StatusCode::OK, &serde_json::json!({ "go": place }))
}

/// Where the page of a handle is.
fn address(handle: &AttemptHandle) -> String {
    format!("{}?attempt={handle}", Endpoint::SettingUp.path())
}

/// Takes the attempt that waited, before a session comes of it: of two tabs one goes on.
pub(super) async fn take_turn(gateway: &Gateway, request: &OwnRequest) -> Result<(), Stop> {
    let Some(handle) = handle(request) else { return Ok(()) };
    let taken = gateway.attempts.take::<Kept>(&handle, request.visit.context.now).await;
    taken.map_err(|error| store_refusal(&error))?.ok_or_else(answer::unknown_attempt)?;
    Ok(())
}

fn handle(request: &OwnRequest) -> Option<AttemptHandle> {
    if request.endpoint != Endpoint::SettingUp {
        return None;
    }
    Form::parse(&request.query).ok()?.field("attempt")?.parse().ok()
}
