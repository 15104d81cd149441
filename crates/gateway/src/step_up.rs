//! A request in a session that lacks the second factor which is demanded there.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::{AuditEvent, Blame, Identity, Notice, Refusal, ReturnPath};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use login::Attempt;
use policy::{FactorDemand, Place};
use session::{OpenSession, Who};

use crate::body::Body;
use crate::context::Visit;
use crate::endpoints::Endpoint;
use crate::gateway::Gateway;
use crate::navigation::Caller;
use crate::refuse::{Concern, refuse, step_up_required};
use crate::request::{asked_path, keep, redirect};
use crate::{events, factor_rules, parking};

/// Asks for it: a navigation goes to the page for the second factor, which keeps where it was going
/// under a handle; the browser itself carries the fragment along. A form of a page of ours is parked
/// meanwhile; a script gets 401.
pub(crate) async fn ask(
    gateway: &Arc<Gateway>,
    visit: &Visit,
    (session, demand): (Option<&OpenSession>, FactorDemand),
    request: Request<Incoming>,
) -> Response<Body> {
    let Some(identity) = person(session).filter(|_| visit.context.caller != Caller::Script) else {
        return refuse(gateway, &visit.context, step_up_required(), Concern::default()).await;
    };
    if parking::is_own_form(visit, &request) {
        let whose = identity.person.clone();
        let reason = parking::Reason::StepUp(Box::new(identity), demand);
        return parking::park(gateway, visit, &whose, reason, request).await;
    }
    let target = ReturnPath::parse(asked_path(&request)).unwrap_or_else(|_| ReturnPath::root());
    let (site, now) = (visit.site.settings.name.clone(), visit.context.now);
    let attempt = Attempt::stepping_up(site, target, identity, demand, now);
    send(gateway, visit, &attempt).await
}

fn person(session: Option<&OpenSession>) -> Option<Identity> {
    match &session?.facts().who {
        Who::Person(customer) => Some(customer.identity.clone()),
        Who::Guest => None,
    }
}

/// Sends a browser to the page for the second factor, and from there to where the attempt leads.
pub(crate) async fn send(gateway: &Gateway, visit: &Visit, attempt: &Attempt) -> Response<Body> {
    let handle = match keep(gateway, attempt, visit).await {
        Ok(handle) => handle,
        Err(refusal) => return refuse(gateway, &visit.context, refusal, Concern::default()).await,
    };
    // A write never gets a 302: some clients would send it again.
    let status = match visit.context.caller {
        Caller::Navigation => StatusCode::FOUND,
        Caller::FormPost | Caller::Script => StatusCode::SEE_OTHER,
    };
    redirect(status, &format!("{}?attempt={handle}", Endpoint::SecondFactor.path()))
}

/// The same for what is parked already, whose page is `landing`.
pub(crate) async fn again(
    gateway: &Gateway,
    visit: &Visit,
    session: Option<&OpenSession>,
    (demand, target, landing): (FactorDemand, ReturnPath, String),
) -> Response<Body> {
    let Some(identity) = person(session) else {
        return refuse(gateway, &visit.context, step_up_required(), Concern::default()).await;
    };
    let (site, now) = (visit.site.settings.name.clone(), visit.context.now);
    let attempt = Attempt::stepping_up(site, target, identity, demand, now);
    send(gateway, visit, &attempt.landing_on(landing)).await
}

/// Says once for each session what the rules that only report would have demanded.
pub(crate) async fn report(
    gateway: &Gateway,
    visit: &Visit,
    session: Option<&OpenSession>,
    path: &str,
) {
    let Some(session) = session.filter(|_| !visit.site.second_factor.is_empty()) else { return };
    let Who::Person(customer) = &session.facts().who else { return };
    let rules = factor_rules::standing(gateway, &visit.site, session);
    if !rules.standing.reports() || rules.reported.load(Ordering::Relaxed) {
        return;
    }
    let (client, now) = (Some(visit.context.client), visit.context.now);
    let demand = rules.standing.reported(&Place::of(path), client);
    let passed = factor_rules::passed(gateway, session);
    if demand.is_met_by(passed.as_ref(), now) || rules.reported.swap(true, Ordering::Relaxed) {
        return;
    }
    let (site, person) = (visit.site.settings.name.clone(), customer.identity.person.clone());
    let event = AuditEvent::FactorReported { site, person, lines: demand.lines };
    // It changes nothing for the customer, whether or not it can be recorded.
    let _ = events::record(gateway, &visit.context, event).await;
}

/// A guest has no factor and cannot enrol one: nobody knows who it is.
pub(crate) fn impossible_for_guests() -> Refusal {
    Refusal::new(
        "guest-without-factor",
        Blame::Operator,
        Notice::NotPermitted,
        "a rule of second_factor demands a factor of everybody here, and a guest has none",
        "let the rule name people (idp, group, organization, people), or send these people to an identity provider",
    )
}
