//! An operator's link that lets one person in while their identity provider is down.
//!
//! It is personal, works once, lasts an hour at most, and is recorded when it is made and when it
//! is used. Nothing is written to JSM: the person goes on with the account of the last sign-in.

use std::time::Duration;

use domain::{AuditEvent, Blame, EmailAddress, Notice, Refusal, ReturnPath, SiteName, Timestamp};
use http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use session::{AttemptHandle, Customer, Who};

use crate::body::Body;
use crate::endpoints::Endpoint;
use crate::gateway::Gateway;
use crate::own::{OwnRequest, refuse_own};
use crate::pages::{self, BreakGlassPage, Frame};
use crate::people::Known;
use crate::request::store_refusal;
use crate::sign_in::Opening;
use crate::{events, random, sign_in};

/// The longest that link and session last, together.
const MOST_MINUTES: u8 = 60;

/// What is kept under the link's handle.
#[derive(Debug, Serialize, Deserialize)]
struct Ticket {
    break_glass: SiteName,
    known: Known,
    issued: Timestamp,
    until: Timestamp,
}

/// Makes a link; gives its URL and its end.
///
/// # Errors
/// In words for the operator: when the person was never here, or nothing can be kept or recorded.
pub(crate) async fn issue(
    gateway: &Gateway,
    email: &EmailAddress,
    site: Option<&SiteName>,
    minutes: u8,
) -> Result<(String, Timestamp), String> {
    if !(1..=MOST_MINUTES).contains(&minutes) {
        return Err("a break-glass link lasts 1 to 60 minutes".to_owned());
    }
    let (now, site) = (gateway.clock.now(), gateway.site_named(site)?);
    let name = &site.settings.name;
    let known = gateway.people.find(name, email, now).await.map_err(|error| error.to_string())?;
    let known = known.ok_or_else(|| {
        format!("nobody has signed in to {name} as {email}; a link only brings back whom an identity provider proved before")
    })?;
    let until = now.plus(Duration::from_secs(60 * u64::from(minutes)));
    let person = known.identity.person.clone();
    let issued = AuditEvent::BreakGlassIssued { site: name.clone(), person, until };
    // Recorded first: a link that the audit log does not know must not exist.
    events::record_order(gateway, issued).await?;
    let handle = AttemptHandle::from_random(random::bytes().map_err(|error| error.to_string())?);
    let ticket = Ticket { break_glass: name.clone(), known, issued: now, until };
    let kept = gateway.attempts.put(&handle, &ticket, until, now).await;
    kept.map_err(|error| error.to_string())?;
    Ok((Endpoint::BreakGlass(handle.to_string()).url(&site.settings.public_url), until))
}

/// Asks before the link is used up: mail scanners open links, and do not press buttons.
pub(crate) async fn page(gateway: &Gateway, request: &OwnRequest, handle: &str) -> Response<Body> {
    match peek(gateway, request, handle).await {
        Ok(ticket) => {
            let frame = Frame::of(&request.visit.context);
            let page = BreakGlassPage {
                frame,
                name: &ticket.known.identity.display_name,
                until: &frame.moment(ticket.until),
                action: &request.endpoint.path(),
                fields: &[],
            };
            pages::html(StatusCode::OK, page.frame.language, &page)
        }
        Err(refusal) => refuse_own(gateway, request, refusal).await,
    }
}

/// Uses the link: a session of the person, until the link's end.
pub(crate) async fn submit(
    gateway: &Gateway,
    request: &OwnRequest,
    handle: &str,
) -> Response<Body> {
    match enter(gateway, request, handle).await {
        Ok(response) => response,
        Err(refusal) => refuse_own(gateway, request, refusal).await,
    }
}

async fn enter(
    gateway: &Gateway,
    request: &OwnRequest,
    handle: &str,
) -> Result<Response<Body>, Refusal> {
    request.require_own_page()?;
    let now = request.visit.context.now;
    let handle = handle.parse::<AttemptHandle>().map_err(|_| over())?;
    let ticket: Option<Ticket> =
        gateway.attempts.take(&handle, now).await.map_err(|error| store_refusal(&error))?;
    let site = &request.visit.site.settings.name;
    let ticket = ticket.filter(|ticket| ticket.break_glass == *site).ok_or_else(over)?;
    let Ticket { known: Known { identity, account, .. }, issued, until, .. } = ticket;
    let (site, person) = (site.clone(), identity.person.clone());
    let used = AuditEvent::BreakGlassUsed { site, person, until };
    events::record(gateway, &request.visit.context, used).await?;
    let opening = Opening {
        who: Who::Person(Customer { identity, account }),
        began: issued,
        deadline: Some(until),
        factor: None,
        destination: &ReturnPath::root().location(None),
        secrets: session::Secrets::default(),
    };
    sign_in::open(gateway, request, opening).await
}

async fn peek(gateway: &Gateway, request: &OwnRequest, handle: &str) -> Result<Ticket, Refusal> {
    let handle = handle.parse::<AttemptHandle>().map_err(|_| over())?;
    let found = gateway.attempts.peek(&handle, request.visit.context.now).await;
    let found: Option<Ticket> = found.map_err(|error| store_refusal(&error))?;
    let site = &request.visit.site.settings.name;
    found.filter(|ticket| ticket.break_glass == *site).ok_or_else(over)
}

fn over() -> Refusal {
    Refusal::new(
        "break-glass-link-over",
        Blame::Customer,
        Notice::LinkOver,
        "the break-glass link was used before, has ended, or was never made",
        "make a new one with `vestibule break-glass` if the person should get in",
    )
}
