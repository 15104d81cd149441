//! What operators order about sessions, identity providers and the store.

use domain::{AuditEvent, ReferenceCode};

/// Logs an order; `false`: it is none.
pub(super) fn log(reference: ReferenceCode, event: &AuditEvent) -> bool {
    match event {
        // Whose they were may name a person: the audit log has it.
        AuditEvent::SessionsRevoked { found, .. } => {
            tracing::warn!(%reference, found, "sessions revoked");
        }
        AuditEvent::IdpSwitched { idp, enabled } => {
            tracing::warn!(%reference, %idp, enabled, "identity provider switched");
        }
        AuditEvent::StoreOrdered { order, .. } => {
            tracing::warn!(%reference, order, "an order about the store's records");
        }
        AuditEvent::StoreResealed { anew, unreadable } => {
            tracing::info!(%reference, anew, unreadable, "the store is sealed with the key in use");
        }
        _ => return false,
    }
    true
}
