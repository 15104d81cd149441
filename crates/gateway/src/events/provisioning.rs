//! Facts about customers in JSM, in the log.

use domain::{AuditEvent, ReferenceCode};

/// As its parent's: no addresses, names or subjects. False for other facts.
pub(super) fn log(reference: ReferenceCode, event: &AuditEvent) -> bool {
    match event {
        AuditEvent::CustomerCreated { jsm, .. } => {
            tracing::info!(%reference, %jsm, "customer created");
        }
        AuditEvent::CustomerLinked { jsm, .. } => {
            tracing::info!(%reference, %jsm, "customer linked");
        }
        AuditEvent::CustomerReactivated { jsm, .. } => {
            tracing::warn!(%reference, %jsm, "customer reactivated");
        }
        AuditEvent::CustomerPreloaded { jsm, order, .. } => {
            tracing::info!(%reference, %jsm, order, "customer created by an operator's file");
        }
        AuditEvent::CustomerEnded { jsm, rule, .. } => {
            tracing::warn!(%reference, %jsm, rule, "a customer's access was ended");
        }
        AuditEvent::DormantOrdered { jsm, days, without_notice } => {
            tracing::warn!(%reference, %jsm, days, without_notice, "customers who stay away lose access by an operator's order");
        }
        AuditEvent::DormancyNoticed { jsm, until, .. } => {
            tracing::info!(%reference, %jsm, %until, "a customer who stays away was written to");
        }
        AuditEvent::DormancyReported { jsm, would, .. } => {
            tracing::info!(%reference, %jsm, ?would, "something would have been done about a customer who stays away");
        }
        AuditEvent::OrganizationDeleted { jsm, organization } => {
            let organization = &organization.name;
            tracing::warn!(%reference, %jsm, organization, "organization deleted");
        }
        AuditEvent::DeskJoined { jsm, desk, rule, .. } => {
            tracing::info!(%reference, %jsm, desk, rule, "desk joined");
        }
        AuditEvent::GroupJoined { jsm, group, rule, .. } => {
            tracing::info!(%reference, %jsm, group, rule, "group joined");
        }
        AuditEvent::OrganizationCreated { jsm, organization, rule } => {
            let organization = &organization.name;
            tracing::info!(%reference, %jsm, organization, rule, "organization created");
        }
        AuditEvent::OrganizationAttached { jsm, organization, desk, .. } => {
            let organization = &organization.name;
            tracing::info!(%reference, %jsm, organization, desk, "organization attached");
        }
        AuditEvent::OrganizationJoined { jsm, organization, rule, .. } => {
            let organization = &organization.name;
            tracing::info!(%reference, %jsm, organization, rule, "organization joined");
        }
        AuditEvent::DeskLeft { jsm, desk, rule, .. } => {
            tracing::info!(%reference, %jsm, desk, rule, "desk left");
        }
        AuditEvent::GroupLeft { jsm, group, rule, .. } => {
            tracing::info!(%reference, %jsm, group, rule, "group left");
        }
        AuditEvent::OrganizationLeft { jsm, organization, rule, .. } => {
            let organization = &organization.name;
            tracing::info!(%reference, %jsm, organization, rule, "organization left");
        }
        AuditEvent::ProfileChanged { jsm, field, written, .. } => {
            tracing::info!(%reference, %jsm, ?field, written, "a customer's profile changed");
        }
        AuditEvent::RemovalsStopped { jsm, limit } => {
            tracing::error!(
                %reference, %jsm, limit,
                "removals stopped: too many in a short time; `vestibule provisioning queue` shows them, `vestibule provisioning release` lets them go on"
            );
        }
        AuditEvent::RemovalsReleased { jsm } => {
            tracing::warn!(%reference, %jsm, "removals go on by an operator's order");
        }
        AuditEvent::ClaimMissing { jsm, idp, claim, rule } => {
            tracing::error!(
                %reference, %jsm, %idp, claim, rule,
                "a claim stopped coming; nothing is taken back that it gave"
            );
        }
        _ => return false,
    }
    true
}
