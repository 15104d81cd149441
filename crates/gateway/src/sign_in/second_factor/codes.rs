//! Recovery codes: shown once, and gone on from when the end of one was typed.

use domain::{AuditEvent, FactorUse};
use factor::RecoveryCodes;
use http::{Response, StatusCode};

use super::super::{Stop, answer};
use super::pending::Pending;
use super::{Held, passed};
use crate::body::Body;
use crate::events;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::own::OwnRequest;
use crate::pages::{self, CodesPage, Frame};
use crate::request::{forgotten, store_refusal};

/// What was typed to show that the codes were kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing yet.
    Nothing,
    /// The end of none.
    Wrong,
}

/// Fresh codes as a page shows them.
pub(super) fn shown(codes: &RecoveryCodes) -> Vec<String> {
    codes.iter().map(|code| code.expose().clone()).collect()
}

/// The codes, or without any the question for the end of one.
pub(super) fn page(
    request: &OwnRequest,
    pending: &Pending,
    codes: Vec<String>,
    typed: Typed,
) -> Response<Body> {
    let frame = Frame::of(&request.visit.context);
    let wrong = typed == Typed::Wrong;
    let page = CodesPage { frame, attempt: &pending.handle_text, codes, wrong };
    let status = if wrong { StatusCode::FORBIDDEN } else { StatusCode::OK };
    pages::html(status, frame.language, &page)
}

/// Notes that a factor was passed and only the codes are left to be kept.
pub(super) async fn hold(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    factor: FactorUse,
) -> Result<(), Stop> {
    let now = request.visit.context.now;
    let until = forgotten(&pending.held.attempt);
    let own = pending.held.attempt.clone();
    let change = |held: Held| match held.attempt.factor_asked() {
        Some(_) => held.after(own.clone(), factor),
        None => held,
    };
    let there = gateway.attempts.update(&pending.handle, until, now, change).await;
    if there.map_err(|error| store_refusal(&error))? {
        return Ok(());
    }
    Err(answer::unknown_attempt().into())
}

/// The end of a code, or a wish for new ones.
pub(super) async fn submitted(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    (form, factor): (&Form, FactorUse),
) -> Result<Response<Body>, Stop> {
    let (person, now) = (&pending.identity.person, request.visit.context.now);
    if form.field("renew").is_some() {
        let fresh = gateway.factors.renew_recovery_codes(person, now).await;
        let fresh = fresh.map_err(|error| error.refusal())?;
        let site = request.visit.site.settings.name.clone();
        let event = AuditEvent::RecoveryCodesRenewed { site, person: person.clone() };
        events::record(gateway, &request.visit.context, event).await?;
        return Ok(page(request, pending, shown(&fresh), Typed::Nothing));
    }
    let end = form.field("end").unwrap_or_default();
    let kept = gateway.factors.confirm_recovery_codes(person, end, now).await;
    match kept.map_err(|error| error.refusal())? {
        true => passed::go_on(gateway, request, pending, factor).await,
        false => Ok(page(request, pending, Vec::new(), Typed::Wrong)),
    }
}
