//! What a customer has here, and what they can end: devices, trusted browsers, the second step.
//!
//! The page shows a person only what is their own. Every change is a form of ours, by POST from the
//! same origin. What only takes away (signing a device out, forgetting a browser) needs no second
//! step; what replaces it does.

mod second_step;

use domain::{AuditEvent, Refusal};
use http::{Response, StatusCode};
use session::{Customer, DeviceId, Listed, Mark, OpenSession, Who, Whose};

use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::factor_notices::tell;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::history::SignIn;
use crate::own::{OwnRequest, bad_request, refuse_own, session_of, signed_in};
use crate::pages::{
    self, AccountPage, DeviceLine, FactorMistake, Frame, SecondStep, SignInLine, TrustedLine,
};
use crate::request::{redirect, store_refusal};
use crate::{device, events};
use second_step::{Changing, Outcome};

/// The page.
pub(crate) async fn page(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    match show(gateway, request, None).await {
        Ok(response) => response,
        Err(refusal) => refuse_own(gateway, request, refusal).await,
    }
}

/// A change.
pub(crate) async fn submit(gateway: &Gateway, request: &OwnRequest) -> Response<Body> {
    match change(gateway, request).await {
        Ok(response) => response,
        Err(refusal) => refuse_own(gateway, request, refusal).await,
    }
}

async fn show(
    gateway: &Gateway,
    request: &OwnRequest,
    mistake: Option<FactorMistake>,
) -> Result<Response<Body>, Refusal> {
    let Some(session) = session_of(gateway, request).await? else { return Ok(to_sign_in()) };
    let Some(customer) = customer(gateway, request, &session) else { return Ok(to_sign_in()) };
    let (now, person) = (request.visit.context.now, &customer.identity.person);
    let frame = Frame::of(&request.visit.context);
    let unknown = frame.t.account.unknown_device;
    let named = |agent: &str| device::name(agent).unwrap_or_else(|| unknown.to_owned());
    let failed = |error| store_refusal(&error);
    let status = gateway.factors.status(person, now).await.map_err(failed)?;
    let trusted = gateway.factors.list_trusted(person, now).await.map_err(failed)?;
    let devices = own_devices(gateway, request, &session, customer).await?;
    let sign_ins = gateway.history.of(person, now).await.map_err(failed)?;
    let provider = &person.idp;
    let page = AccountPage {
        frame,
        name: &customer.identity.display_name,
        email: customer.identity.email.as_str(),
        provider: gateway.provider(provider).map_or(provider.as_str(), |p| p.label.as_str()),
        second_step: SecondStep {
            since: status.totp.map(|since| frame.moment(since)),
            codes_left: status.recovery_codes_left,
            codes_low: status.recovery_codes_low,
            reset_due: status.reset_due.map(|due| frame.moment(due)),
        },
        devices: devices.iter().map(|listed| device_line(frame, &session, listed)).collect(),
        trusted: trusted
            .into_iter()
            .map(|trusted| TrustedLine {
                id: trusted.id,
                name: named(&trusted.label),
                until: frame.moment(trusted.until),
            })
            .collect(),
        sign_ins: sign_ins
            .into_iter()
            .map(|SignIn { at, client, device }| SignInLine {
                when: frame.moment(at),
                address: client.to_canonical().to_string(),
                browser: named(&device),
            })
            .collect(),
        asks_code: !second_step::is_fresh(&session, now),
        mistake,
        done: Form::parse(&request.query).is_ok_and(|query| query.field("done").is_some()),
    };
    let status = mistake.map_or(StatusCode::OK, FactorMistake::status);
    Ok(pages::html(status, page.frame.language, &page))
}

fn device_line(frame: Frame<'_>, session: &OpenSession, listed: &Listed) -> DeviceLine {
    let name = device::name(&listed.facts.device);
    let address = listed.facts.client.to_canonical().to_string();
    DeviceLine {
        id: listed.device.to_string(),
        name: name.unwrap_or_else(|| frame.t.account.unknown_device.to_owned()),
        used: (frame.t.account.used)(&address, &frame.moment(listed.last_use)),
        this: listed.device == session.device(),
    }
}

async fn change(gateway: &Gateway, request: &OwnRequest) -> Result<Response<Body>, Refusal> {
    request.require_own_page()?;
    let Some(session) = session_of(gateway, request).await? else { return Ok(to_sign_in()) };
    let Some(customer) = customer(gateway, request, &session) else { return Ok(to_sign_in()) };
    let form = request.form()?;
    if let Some(device) = form.field("device") {
        end_device(gateway, request, &session, customer, device).await?;
    } else if let Some(id) = form.field("forget") {
        forget(gateway, request, customer, id).await?;
    } else if let Some(wish) = form.field("do") {
        let changing = Changing { gateway, request, session: &session, customer };
        match changing.run(wish, &form).await? {
            Outcome::Done => {}
            Outcome::Page(response) => return Ok(*response),
            Outcome::Mistake(mistake) => return show(gateway, request, Some(mistake)).await,
        }
    } else {
        return Err(bad_request("account-form-unknown", "the form says nothing of what to do"));
    }
    Ok(redirect(StatusCode::SEE_OTHER, &format!("{}?done=yes", Endpoint::Account.path())))
}

/// Ends a session of the same person, whatever else the form names.
async fn end_device(
    gateway: &Gateway,
    request: &OwnRequest,
    session: &OpenSession,
    customer: &Customer,
    device: &str,
) -> Result<(), Refusal> {
    let device: DeviceId =
        device.parse().map_err(|_| bad_request("device-unknown", "the form names no device"))?;
    let devices = own_devices(gateway, request, session, customer).await?;
    if !devices.iter().any(|listed| listed.device == device) {
        // It has ended, or is somebody else's: neither is said.
        return Ok(());
    }
    let now = request.visit.context.now;
    let revoked = gateway.sessions.revoke(&Mark::Device(device), now).await;
    revoked.map_err(|error| store_refusal(&error))?;
    let (site, person) = (session.facts().site.clone(), Some(customer.identity.person.clone()));
    let ended = AuditEvent::SignedOut { site, person };
    events::record(gateway, &request.visit.context, ended).await
}

async fn forget(
    gateway: &Gateway,
    request: &OwnRequest,
    customer: &Customer,
    id: &str,
) -> Result<(), Refusal> {
    let (person, now) = (&customer.identity.person, request.visit.context.now);
    let forgotten = gateway.factors.forget_trusted(person, id, now).await;
    if !forgotten.map_err(|error| error.refusal())? {
        return Ok(());
    }
    let site = request.visit.site.settings.name.clone();
    let event = AuditEvent::BrowserForgotten { site, person: person.clone() };
    tell(gateway, &request.visit, &customer.identity, event).await
}

/// The person's own sessions at this site.
async fn own_devices(
    gateway: &Gateway,
    request: &OwnRequest,
    session: &OpenSession,
    customer: &Customer,
) -> Result<Vec<Listed>, Refusal> {
    let whose = Whose::Person(&customer.identity.person);
    let listed = gateway.sessions.list(whose, request.visit.context.now).await;
    let mut listed = listed.map_err(|error| store_refusal(&error))?;
    listed.retain(|listed| listed.facts.site == session.facts().site);
    Ok(listed)
}

/// The customer of a session that still lets its browser in; a guest has no account here.
fn customer<'s>(
    gateway: &Gateway,
    request: &OwnRequest,
    session: &'s OpenSession,
) -> Option<&'s Customer> {
    match &session.facts().who {
        Who::Person(customer) if signed_in(gateway, request, Some(session)) => Some(customer),
        _ => None,
    }
}

fn to_sign_in() -> Response<Body> {
    redirect(StatusCode::SEE_OTHER, &Endpoint::SignIn.path())
}
