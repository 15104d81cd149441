//! Certificates that end: said each day, from thirty days before.

use std::time::Duration;

use domain::{AuditEvent, IdpName, Timestamp};

use crate::events;
use crate::gateway::Gateway;

/// From when on an end is worth a warning.
pub(crate) const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How often it is said.
const DAILY: Duration = Duration::from_secs(24 * 60 * 60);

/// When it was said last.
#[derive(Debug, Default)]
pub(crate) struct Expiry {
    said: Option<Timestamp>,
}

impl Expiry {
    /// Shows all ends in the metrics, and once a day records those that are near.
    pub(crate) async fn look(&mut self, gateway: &Gateway, now: Timestamp) {
        let due = self.said.is_none_or(|said| now < said || now >= said.plus(DAILY));
        for (idp, until) in ends(gateway) {
            gateway.metrics.expires(idp.as_ref(), until);
            if due && now.plus(SOON) >= until {
                events::record_own(gateway, AuditEvent::CertificateExpiring { idp, until }).await;
            }
        }
        if due {
            self.said = Some(now);
        }
    }
}

/// The first end of each identity provider's certificates, and of our own.
fn ends(gateway: &Gateway) -> Vec<(Option<IdpName>, Timestamp)> {
    let theirs = gateway.federation.certificates_expire().into_iter();
    let ours = gateway.saml_keys.load().expiries().into_iter().min();
    theirs.map(|(idp, until)| (Some(idp), until)).chain(ours.map(|until| (None, until))).collect()
}
