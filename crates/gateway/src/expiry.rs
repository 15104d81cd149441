//! Certificates that end: said each day, from thirty days before.

use std::time::Duration;

use config::Settings;
use domain::{AuditEvent, IdpName, Timestamp};
use federation::{Federation, RefreshOutcome};
use outbound::Outbound;

use crate::gateway::Gateway;
use crate::{StartError, events};

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

/// Whether identity providers are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// What is in files is looked at, and nothing else.
    FilesAlone,
    /// Metadata and keys behind a URL are fetched, too.
    Everybody,
}

/// What a look at the identity providers finds before the gateway starts.
#[derive(Debug, Default)]
pub struct ProviderFindings {
    /// Signing certificates that end within thirty days, in words; the sign-ins still work.
    pub ending: Vec<String>,
    /// Identity providers whose metadata or keys cannot be had, in words: they sign nobody in.
    pub unusable: Vec<String>,
}

/// Looks at what identity providers publish, as far as `asking` goes; writes nothing. Of metadata
/// behind a URL nothing is known unless it is fetched.
///
/// # Errors
/// What would keep the gateway from starting.
pub async fn check_providers(
    settings: &Settings,
    asking: Asking,
    now: Timestamp,
) -> Result<ProviderFindings, StartError> {
    let outbound = Outbound::new(&settings.extra_certificate_authorities)?;
    let idps = settings.identity_providers.iter().map(|idp| idp.federation.clone()).collect();
    let federation = Federation::new(idps, outbound, now).map_err(StartError::Federation)?;
    let mut findings = ProviderFindings::default();
    if asking == Asking::Everybody {
        findings.unusable = unusable(federation.refresh_due(now).await);
    }
    let mut ends = federation.certificates_expire();
    ends.retain(|(_, until)| now.plus(SOON) >= *until);
    ends.sort_by_key(|(_, until)| *until);
    findings.ending = ends.iter().map(|(idp, until)| ending(idp, *until, now)).collect();
    Ok(findings)
}

/// The failures of a round, in words and in the order of the names.
fn unusable(outcomes: Vec<RefreshOutcome>) -> Vec<String> {
    let failed = |outcome| match outcome {
        RefreshOutcome::Failed(idp, error) => {
            let refusal = error.refusal();
            let (said, remedy) = (refusal.explanation, refusal.remedy);
            Some(format!("identity_providers.{idp}: {said}; {remedy}"))
        }
        RefreshOutcome::Refreshed(_) => None,
    };
    let mut lines: Vec<String> = outcomes.into_iter().filter_map(failed).collect();
    lines.sort();
    lines
}

fn ending(idp: &IdpName, until: Timestamp, now: Timestamp) -> String {
    let word = if now >= until { "ended" } else { "ends" };
    format!(
        "identity_providers.{idp}: a signing certificate of its metadata {word} at {until}; ask it \
         for the next one, and export metadata again where `metadata` is a file"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_said_with_what_to_do() {
        let now = Timestamp::from_seconds(1_795_305_600);
        let idp: IdpName = "acme".parse().unwrap();
        let day = Duration::from_secs(24 * 60 * 60);
        let said = ending(&idp, now.plus(day), now);
        assert!(said.starts_with("identity_providers.acme: "), "{said}");
        assert!(said.contains(" ends at 2026-11-23T00:00:00Z; ask it"), "{said}");
        assert!(ending(&idp, now, now).contains(" ended at "));
    }
}
