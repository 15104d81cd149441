//! The second factor: enrolment, challenge, recovery; in a sign-in or in a session that goes on.
//!
//! An attempt that waits for a factor lies in the store under a handle of its own, bound to one
//! browser or to one session. It is taken once, when a factor is passed; until then nothing is
//! written to JSM and no session is opened or lifted. What is left under the handle afterwards only
//! knows the way: a stale tab and Back lead to the page that was asked for.

mod codes;
mod enrolment;
mod held;
mod passed;
mod pending;
mod recovery;

use http::{Method, Response, StatusCode};

pub(crate) use held::Held;
pub(super) use passed::{ask, step_up};
use pending::{Found, Pending};

use super::{Stop, dispatch};
use crate::body::Body;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, refuse_own};
use crate::pages::{self, ChallengePage, FactorMistake, Frame};

/// The page of an attempt that waits for a factor.
pub(crate) async fn page(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    let query = Form::parse(&request.query).ok();
    let field = |name| query.as_ref().and_then(|query| query.field(name));
    let outcome = match pending::find(gateway, request, field("attempt")).await {
        Ok(Found::Pending(pending)) => show(gateway, request, &pending, field("way")).await,
        Ok(Found::Elsewhere(response)) => Ok(*response),
        Err(stop) => Err(stop),
    };
    dispatch::finish(gateway, request, outcome).await
}

async fn show(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    way: Option<&str>,
) -> Result<Response<Body>, Stop> {
    if pending.held.passed.is_some() {
        return Ok(codes::page(request, pending, Vec::new(), codes::Typed::Nothing));
    }
    if !pending.status.enrolled() {
        return enrolment::page(gateway, request, pending, None).await;
    }
    match way {
        Some("lost") => return Ok(recovery::lost(gateway, request, pending)),
        Some("recovery") => return Ok(recovery::page(request, pending, None)),
        _ => {}
    }
    // What asks without showing, such as HEAD, must not pass anything.
    if request.method == Method::GET
        && let Some(factor) = passed::trusted(gateway, request, pending).await?
    {
        return passed::go_on(gateway, request, pending, factor).await;
    }
    Ok(challenge(gateway, request, pending, None))
}

/// Asks for a code of the app.
fn challenge(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    mistake: Option<FactorMistake>,
) -> Response<Body> {
    let frame = Frame::of(&request.visit.context);
    let demand = &pending.demand;
    let days = demand.trusted_browser.filter(|_| demand.accepts_trusted_browser());
    let page = ChallengePage {
        frame,
        attempt: &pending.handle_text,
        why: pending.why(&frame),
        account: pending.identity.email.as_str(),
        digits: pending.status.digits.unwrap_or_else(|| gateway.factors.digits()),
        trust: days.map(|long| (frame.t.second_factor.trust)((long.as_secs() / 86_400).max(1))),
        mistake,
    };
    answer(request, mistake, &frame, &page)
}

/// A page, with the status that says whether something was wrong, and the cookie that binds what
/// follows to this browser.
fn answer(
    request: &OwnRequest,
    mistake: Option<FactorMistake>,
    frame: &Frame<'_>,
    page: &impl askama::Template,
) -> Response<Body> {
    let status = mistake.map_or(StatusCode::OK, |mistake| mistake.status());
    let mut response = pages::html(status, frame.language, page);
    if let Some(FactorMistake::TooMany(seconds)) = mistake {
        response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
    }
    dispatch::bind_browser(request, response)
}

/// Something was typed or chosen.
pub(crate) async fn submit(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    let form = match request.require_own_page().and_then(|()| request.form()) {
        Ok(form) => form,
        Err(refusal) => return refuse_own(gateway, request, refusal).await,
    };
    let outcome = match pending::find(gateway, request, form.field("attempt")).await {
        Ok(Found::Pending(pending)) => {
            let pending = pending.with_fragment(form.field("fragment"));
            submitted(gateway, request, &pending, &form).await
        }
        Ok(Found::Elsewhere(response)) => Ok(*response),
        Err(stop) => Err(stop),
    };
    dispatch::finish(gateway, request, outcome).await
}

async fn submitted(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    form: &Form,
) -> Result<Response<Body>, Stop> {
    if let Some(factor) = pending.held.passed {
        return codes::submitted(gateway, request, pending, (form, factor)).await;
    }
    if !pending.status.enrolled() {
        return enrolment::submitted(gateway, request, pending, form).await;
    }
    if form.field("reset").is_some() {
        return recovery::reset(gateway, request, pending).await;
    }
    if let Some(code) = form.field("recovery") {
        return recovery::submitted(gateway, request, pending, code).await;
    }
    let code = form.field("code").unwrap_or_default();
    let (person, client) = (&pending.identity.person, pending.client);
    let now = request.visit.context.now;
    match gateway.factors.check_code(person, code, client, now).await {
        Ok(factor) => {
            let trust = form.field("trust").is_some();
            passed::by_code(gateway, request, pending, (factor, trust)).await
        }
        Err(error) => {
            let mistake = pending::mistake(gateway, request, pending, &error).await?;
            Ok(challenge(gateway, request, pending, Some(mistake)))
        }
    }
}
