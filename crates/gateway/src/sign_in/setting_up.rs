//! The page of somebody whose account is being made: it asks again by itself, without script, and goes
//! on to the page that was asked for as soon as the account is there.

use domain::Timestamp;
use http::{HeaderValue, Response, StatusCode, header};
use login::{Attempt, Event, SignInError};
use provisioning::Progress;
use session::{AttemptHandle, Secrets};

use super::second_factor::Held;
use super::{Stop, answer, dispatch};
use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::own::OwnRequest;
use crate::pages::{self, Frame, SettingUpPage};
use crate::random;
use crate::request::{no_randomness, store_refusal};

/// After how many seconds the browser asks again.
const SOON: u8 = 2;
/// The same while JSM does not answer at all.
const LATER: u8 = 5;

/// What the customer waits for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    /// Whether JSM does not answer; else it is only slow.
    pub(super) outage: bool,
    pub(super) done: Progress,
}

/// Keeps the attempt and shows the page.
pub(super) async fn wait(
    gateway: &Gateway,
    request: &OwnRequest,
    attempt: Attempt,
    secrets: &Secrets,
    wait: Wait,
) -> Result<Response<Body>, Stop> {
    // The same address each time, so that reloading the page is what it does anyway.
    let handle = match handle(request) {
        Some(handle) => handle,
        None => {
            let random = random::bytes().map_err(|error| no_randomness(&error))?;
            AttemptHandle::from_random(random)
        }
    };
    let (now, deadline): (Timestamp, Timestamp) = (request.visit.context.now, attempt.deadline());
    let held = Held::new(attempt, secrets);
    let put = gateway.attempts.put(&handle, &held, deadline, now).await;
    put.map_err(|error| store_refusal(&error))?;
    let again = format!("{}?attempt={handle}", Endpoint::SettingUp.path());
    let seconds = if wait.outage { LATER } else { SOON };
    let frame = Frame::of(&request.visit.context);
    let page = SettingUpPage { frame, outage: wait.outage, done: wait.done, again: &again };
    let mut response = pages::html(StatusCode::OK, frame.language, &page);
    if let Ok(value) = HeaderValue::try_from(format!("{seconds}; url={again}")) {
        response.headers_mut().insert(header::REFRESH, value);
    }
    Ok(response)
}

/// Asks again.
pub(crate) async fn page(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    let outcome = ask_again(gateway, request).await;
    dispatch::finish(gateway, request, outcome).await
}

async fn ask_again(gateway: &Gateway, request: &OwnRequest) -> Result<Response<Body>, Stop> {
    let unknown = answer::unknown_attempt;
    let handle = handle(request).ok_or_else(unknown)?;
    // Taken, so that of two tabs one goes on.
    let taken = gateway.attempts.take::<Held>(&handle, request.visit.context.now).await;
    let held = taken.map_err(|error| store_refusal(&error))?.ok_or_else(unknown)?;
    let (attempt, secrets) = held.into_parts();
    if *attempt.site() != request.visit.site.settings.name {
        return Err(SignInError::OtherSite.into());
    }
    answer::same_browser(request, &attempt)?;
    dispatch::run_answered(gateway, request, attempt, Event::AskedAgain, secrets).await
}

fn handle(request: &OwnRequest) -> Option<AttemptHandle> {
    if request.endpoint != Endpoint::SettingUp {
        return None;
    }
    Form::parse(&request.query).ok()?.field("attempt")?.parse().ok()
}
