//! Without a code of the app: a recovery code, or a reset.

use domain::AuditEvent;
use factor::FactorError;
use http::{Response, StatusCode};

use super::super::Stop;
use super::pending::{self, Pending};
use super::{answer, passed};
use crate::body::Body;
use crate::factor_notices::tell;
use crate::gateway::Gateway;
use crate::own::OwnRequest;
use crate::pages::{self, FactorMistake, Frame, LostPage, RecoveryPage};

/// Asks for a recovery code.
pub(super) fn page(
    request: &OwnRequest,
    pending: &Pending,
    mistake: Option<FactorMistake>,
) -> Response<Body> {
    let frame = Frame::of(&request.visit.context);
    let page = RecoveryPage { frame, attempt: &pending.handle_text, mistake };
    answer(request, mistake, &frame, &page)
}

/// A recovery code was typed.
pub(super) async fn submitted(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
    code: &str,
) -> Result<Response<Body>, Stop> {
    let (person, now) = (&pending.identity.person, request.visit.context.now);
    match gateway.factors.check_recovery(person, code, pending.client, now).await {
        Ok(factor) => {
            let left = pending.status.recovery_codes_left.saturating_sub(1);
            let site = request.visit.site.settings.name.clone();
            let event = AuditEvent::RecoveryCodeUsed { site, person: person.clone(), left };
            tell(gateway, &request.visit, &pending.identity, event).await?;
            passed::go_on(gateway, request, pending, factor).await
        }
        Err(error) => {
            let mistake = match pending::mistake(gateway, request, pending, &error).await? {
                FactorMistake::Wrong(_) => FactorMistake::WrongRecovery,
                other => other,
            };
            Ok(page(request, pending, Some(mistake)))
        }
    }
}

/// What helps without a code.
pub(super) fn lost(gateway: &Gateway, request: &OwnRequest, pending: &Pending) -> Response<Body> {
    let frame = Frame::of(&request.visit.context);
    let page = LostPage {
        frame,
        attempt: &pending.handle_text,
        hours: hours(gateway),
        due: pending.status.reset_due.map(|due| frame.moment(due)),
    };
    pages::html(StatusCode::OK, frame.language, &page)
}

/// How long a reset is held back; `None`: none is offered.
fn hours(gateway: &Gateway) -> Option<u64> {
    gateway.factors.reset_delay().map(|delay| delay.as_secs().div_ceil(3600))
}

/// Asks for a reset, which takes place after its delay unless a factor is passed before.
pub(super) async fn reset(
    gateway: &Gateway,
    request: &OwnRequest,
    pending: &Pending,
) -> Result<Response<Body>, Stop> {
    let (person, now) = (&pending.identity.person, request.visit.context.now);
    let asked = gateway.factors.request_reset(person, now).await;
    let due = asked.map_err(|error: FactorError| error.refusal())?;
    if pending.status.reset_due.is_none() {
        let site = request.visit.site.settings.name.clone();
        let event = AuditEvent::FactorResetRequested { site, person: person.clone(), due };
        tell(gateway, &request.visit, &pending.identity, event).await?;
    }
    let frame = Frame::of(&request.visit.context);
    let hours = hours(gateway);
    let due = Some(frame.moment(due));
    let page = LostPage { frame, attempt: &pending.handle_text, hours, due };
    Ok(pages::html(StatusCode::OK, frame.language, &page))
}
