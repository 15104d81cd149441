//! Facts about second factors, in the log.

use domain::{AuditEvent, ReferenceCode};

/// As its parent's: no addresses, names or subjects.
pub(super) fn log(reference: ReferenceCode, event: &AuditEvent) {
    match event {
        AuditEvent::FactorPassed { site, factor, stepped_up, .. } => {
            let factor = factor.as_str();
            tracing::info!(%reference, %site, factor, stepped_up, "second factor passed");
        }
        AuditEvent::FactorReported { site, lines, .. } => {
            tracing::info!(%reference, %site, ?lines, "a rule that only reports would have demanded a factor");
        }
        AuditEvent::FactorEnrolled { site, .. } => {
            tracing::info!(%reference, %site, "second factor enrolled");
        }
        AuditEvent::RecoveryCodeUsed { site, left, .. } => {
            tracing::info!(%reference, %site, left, "recovery code used");
        }
        AuditEvent::RecoveryCodesRenewed { site, .. } => {
            tracing::info!(%reference, %site, "recovery codes renewed");
        }
        AuditEvent::BrowserTrusted { site, until, .. } => {
            tracing::info!(%reference, %site, %until, "browser trusted");
        }
        AuditEvent::BrowserForgotten { site, .. } => {
            tracing::info!(%reference, %site, "trusted browser forgotten");
        }
        AuditEvent::FactorResetRequested { site, due, .. } => {
            tracing::warn!(%reference, %site, %due, "a reset of a second factor was asked for");
        }
        AuditEvent::FactorResetWithdrawn { site, .. } => {
            tracing::info!(%reference, %site, "a reset of a second factor was withdrawn");
        }
        AuditEvent::FactorReset { reason, .. } => {
            let by_operator = reason.is_some();
            tracing::warn!(%reference, by_operator, "second factor reset");
        }
        AuditEvent::FactorGuessing { guesses, .. } => {
            tracing::warn!(%reference, guesses, "somebody guesses at a second factor");
        }
        other => tracing::info!(%reference, "{}", name(other)),
    }
}

/// What the audit log calls it.
fn name(event: &AuditEvent) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    value.get("event").and_then(|name| name.as_str()).unwrap_or("event").to_owned()
}
