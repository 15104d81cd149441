//! Every fact goes through here once: to the log and to the audit log.

mod factor;
mod orders;
mod provisioning;

use audit::{AuditError, Record};
use domain::{AuditEvent, Blame, Notice, ReferenceCode, Refusal};

use crate::context::RequestContext;
use crate::gateway::Gateway;

/// Records a fact that a request caused.
///
/// # Errors
/// When it cannot be recorded: what grants something must then not happen.
pub(crate) async fn record(
    gateway: &Gateway,
    context: &RequestContext,
    event: AuditEvent,
) -> Result<(), Refusal> {
    note(gateway, context.reference, &event);
    let record = Record::new(context.now, context.reference, Some(context.client), event);
    gateway.audit.record(&record).await.map_err(|error| unrecorded(&error))
}

/// Records an operator's order, which must not be carried out when it cannot be recorded.
///
/// # Errors
/// In words for the operator.
pub(crate) async fn record_order(gateway: &Gateway, event: AuditEvent) -> Result<(), String> {
    let reference = crate::random::reference();
    note(gateway, reference, &event);
    let record = Record::new(gateway.clock.now(), reference, None, event);
    gateway.audit.record(&record).await.map_err(|error| error.to_string())
}

/// Records a fact of the gateway itself.
pub(crate) async fn record_own(gateway: &Gateway, event: AuditEvent) {
    let reference = crate::random::reference();
    note(gateway, reference, &event);
    let record = Record::new(gateway.clock.now(), reference, None, event);
    if let Err(error) = gateway.audit.record(&record).await {
        tracing::error!(%error, "an event of the gateway is not in the audit log");
    }
}

fn note(gateway: &Gateway, reference: ReferenceCode, event: &AuditEvent) {
    log(reference, event);
    gateway.metrics.count(event, |idp| gateway.provider(idp).is_some());
}

fn unrecorded(error: &AuditError) -> Refusal {
    Refusal::new(
        "audit-log-unavailable",
        Blame::Us,
        Notice::TryAgainLater,
        error.to_string(),
        "free space on the disk of `audit.file`; nobody is signed in while nothing can be recorded",
    )
}

/// No addresses, names or subjects here: the audit log has them.
fn log(reference: ReferenceCode, event: &AuditEvent) {
    match event {
        AuditEvent::Refused { refusal, idp, .. } => {
            let idp = idp.as_ref().map(ToString::to_string);
            let (cause, explanation) = (&refusal.cause, &refusal.explanation);
            match refusal.blame {
                Blame::Us | Blame::Upstream => {
                    tracing::warn!(%reference, cause, idp, explanation, "refused");
                }
                _ => tracing::info!(%reference, cause, idp, explanation, "refused"),
            }
        }
        AuditEvent::MetadataRejected { idp, refusal } => {
            let (cause, explanation, remedy) =
                (&refusal.cause, &refusal.explanation, &refusal.remedy);
            tracing::warn!(%reference, %idp, cause, explanation, remedy, "metadata rejected");
        }
        AuditEvent::SignInStarted { site, idp } => {
            tracing::info!(%reference, %site, %idp, "sign-in started")
        }
        AuditEvent::SignInSucceeded { site, person, .. } => {
            tracing::info!(%reference, %site, idp = %person.idp, "sign-in succeeded");
        }
        AuditEvent::SignInReported { site, line, present, would, .. } => {
            tracing::info!(%reference, %site, line, present, would, "a rule that only reports would have decided");
        }
        AuditEvent::GuestAdmitted { site, instead_of } => {
            let instead_of = instead_of.as_ref().map(ToString::to_string);
            tracing::info!(%reference, %site, instead_of, "guest admitted");
        }
        AuditEvent::SessionsEndedByProvider { idp, count } => {
            tracing::info!(%reference, %idp, count, "sessions ended by the identity provider");
        }
        AuditEvent::ProviderSignOut { site, idp, ended } => {
            tracing::info!(%reference, %site, %idp, ended, "signed out at the identity provider");
        }
        AuditEvent::BreakGlassIssued { site, until, .. } => {
            tracing::warn!(%reference, %site, %until, "a break-glass link was made");
        }
        AuditEvent::BreakGlassUsed { site, until, .. } => {
            tracing::warn!(%reference, %site, %until, "a break-glass link was used");
        }
        AuditEvent::ConnectionTested { idp, succeeded } => {
            tracing::info!(%reference, %idp, succeeded, "connection tested");
        }
        AuditEvent::KeysReloaded { sealing, assertion, saml } => {
            tracing::info!(sealing, assertion, saml, "keys reloaded");
        }
        AuditEvent::CertificateExpiring { idp, until } => {
            let idp = idp.as_ref().map(ToString::to_string);
            tracing::warn!(idp, %until, "a signing certificate ends soon or has ended");
        }
        AuditEvent::RequestParked { site, bytes, .. } => {
            tracing::info!(%reference, %site, bytes, "request parked");
        }
        AuditEvent::RequestResumed { site, bytes, .. } => {
            tracing::info!(%reference, %site, bytes, "parked request sent");
        }
        AuditEvent::RequestDiscarded { site, .. } => {
            tracing::info!(%reference, %site, "parked request deleted by its customer");
        }
        AuditEvent::RequestExpired { site, .. } => {
            tracing::info!(%reference, %site, "parked request expired");
        }
        AuditEvent::SignedOut { site, .. } => tracing::info!(%reference, %site, "signed out"),
        AuditEvent::MetadataRefreshed { idp } => tracing::info!(%idp, "metadata refreshed"),
        AuditEvent::CertificatesReloaded { count } => {
            tracing::info!(count, "certificates reloaded")
        }
        AuditEvent::GatewayStarted { version, .. } => tracing::info!(version, "gateway started"),
        AuditEvent::GatewayStopped => tracing::info!("gateway stopped"),
        ordered if orders::log(reference, ordered) => {}
        of_jsm if provisioning::log(reference, of_jsm) => {}
        of_factor => factor::log(reference, of_factor),
    }
}
