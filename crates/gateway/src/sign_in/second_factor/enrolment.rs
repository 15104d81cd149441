//! Setting an app up: it counts once a code of it was right.

use domain::{AuditEvent, FactorKind, FactorUse, Timestamp};
use factor::{Enrolment, FactorError};
use http::Response;

use super::super::Stop;
use super::pending::{self, Pending};
use super::{answer, codes, passed};
use crate::body::Body;
use crate::factor_notices::tell;
use crate::form::Form;
use crate::gateway::Gateway;
use crate::own::OwnRequest;
use crate::pages::{EnrolmentPage, FactorMistake, Frame};
use crate::request::store_refusal;

/// Of the marks that count how often somebody put it off.
const PUT_OFF: &str = "factor-put-off";

/// Shows the secret: as a picture, as text and as a link.
pub(super) async fn page(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    mistake: Option<FactorMistake>,
) -> Result<Response<Body>, Stop> {
    let now = request.visit.context.now;
    if !pending.may_enrol(now) {
        return pending.sign_in_anew(gateway, request).await;
    }
    let frame = Frame::of(&request.visit.context);
    let (person, account) = (&pending.identity.person, pending.identity.email.as_str());
    let begun =
        gateway.factors.begin_enrolment(person, frame.site, account, pending.client, now).await;
    let stopped = |error: FactorError| Stop::from(error.refusal()).of(&pending.held.attempt);
    let Enrolment { key_text, otpauth_url, qr_svg } = begun.map_err(stopped)?;
    let page = EnrolmentPage {
        frame,
        attempt: &pending.handle_text,
        why: pending.why(&frame),
        qr_svg: qr_svg.expose(),
        otpauth_url: otpauth_url.expose(),
        key_text: key_text.expose(),
        digits: gateway.factors.digits(),
        later: pending.demand.grace.is_some_and(|grace| grace.is_open(now)),
        mistake,
    };
    Ok(answer(request, mistake, &frame, &page))
}

/// A code of the new app, or "not now".
pub(super) async fn submitted(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    form: &Form,
) -> Result<Response<Body>, Stop> {
    let now = request.visit.context.now;
    if form.field("later").is_some() {
        return match put_off(gateway, pending, now).await? {
            true => {
                let factor = FactorUse { kind: FactorKind::None, at: now };
                passed::go_on(gateway, request, pending, factor).await
            }
            false => page(gateway, request, pending, None).await,
        };
    }
    if !pending.may_enrol(now) {
        return pending.sign_in_anew(gateway, request).await;
    }
    let code = form.field("code").unwrap_or_default();
    let (person, client) = (&pending.identity.person, pending.client);
    match gateway.factors.confirm_enrolment(person, code, client, now).await {
        Ok(fresh) => {
            let site = request.visit.site.settings.name.clone();
            let event = AuditEvent::FactorEnrolled { site, person: person.clone() };
            tell(gateway, &request.visit, &pending.identity, event).await?;
            let factor = FactorUse { kind: FactorKind::Totp, at: now };
            codes::hold(gateway, request, pending, factor).await?;
            Ok(codes::page(request, pending, codes::shown(&fresh), codes::Typed::Nothing))
        }
        Err(error) => {
            let mistake = pending::mistake(gateway, request, pending, &error).await?;
            page(gateway, request, pending, Some(mistake)).await
        }
    }
}

/// Whether the rules let the person put it off once more, which is counted then: each count is a
/// mark of its own, so that parallel tabs cannot share one.
async fn put_off(gateway: &Gateway, pending: &Pending, now: Timestamp) -> Result<bool, Stop> {
    let Some(grace) = pending.demand.grace.filter(|grace| grace.is_open(now)) else {
        return Ok(false);
    };
    let Some(times) = grace.sign_ins else { return Ok(true) };
    let person = &pending.identity.person;
    for time in 0..times {
        let parts = [person.idp.as_str(), person.subject.as_str(), &time.to_string()];
        let marked = gateway.marks.mark(PUT_OFF, &parts, Timestamp::MAX, now).await;
        if marked.map_err(|error| store_refusal(&error))? {
            return Ok(true);
        }
    }
    Ok(false)
}
