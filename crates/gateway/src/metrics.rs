//! What `/metrics` shows, in OpenMetrics text: counts and dates, never who somebody is.

use std::fmt;

use domain::{AuditEvent, IdpName, JsmName, Timestamp};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Counts and dates of one gateway.
pub(crate) struct Metrics {
    registry: Registry,
    sign_ins: Family<SignIn, Counter>,
    refusals: Family<Refused, Counter>,
    metadata: Family<Metadata, Counter>,
    expiry: Family<Certificate, Gauge>,
    logouts: Family<Idp, Counter>,
    break_glass: Family<BreakGlass, Counter>,
    parked: Family<Parked, Counter>,
    dormant: Family<Dormant, Counter>,
    weak: Family<Weak, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignIn {
    site: String,
    idp: String,
}

/// Causes are constants of the code and identity providers those of the file: both are few.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    cause: String,
    idp: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Metadata {
    idp: String,
    outcome: &'static str,
}

/// `idp` is empty for our own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Certificate {
    idp: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Idp {
    idp: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BreakGlass {
    what: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Parked {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Dormant {
    jsm: String,
    outcome: &'static str,
}

/// What a dated exception let pass.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Weak {
    idp: String,
    algorithm: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut all = Self {
            registry: Registry::with_prefix("vestibule"),
            sign_ins: Family::default(),
            refusals: Family::default(),
            metadata: Family::default(),
            expiry: Family::default(),
            logouts: Family::default(),
            break_glass: Family::default(),
            parked: Family::default(),
            dormant: Family::default(),
            weak: Family::default(),
        };
        let registry = &mut all.registry;
        registry.register("sign_ins", "Customers who signed in", all.sign_ins.clone());
        registry.register("refusals", "Refusals by cause", all.refusals.clone());
        registry.register(
            "metadata_fetches",
            "Metadata or keys of identity providers that changed or could not be used",
            all.metadata.clone(),
        );
        registry.register(
            "signing_certificate_expiry_timestamp_seconds",
            "When the first signing certificate ends; without an identity provider, our own",
            all.expiry.clone(),
        );
        registry.register(
            "provider_ended_sessions",
            "Sessions that identity providers ended",
            all.logouts.clone(),
        );
        registry.register("break_glass_links", "Break-glass links", all.break_glass.clone());
        registry.register(
            "parked_requests",
            "Forms that were kept because their session had ended, and what became of them",
            all.parked.clone(),
        );
        registry.register(
            "dormant_customers",
            "Customers who stay away, and what was done about them",
            all.dormant.clone(),
        );
        registry.register(
            "weak_saml_messages",
            "SAML messages that only a dated exception let pass",
            all.weak.clone(),
        );
        all
    }
}

impl Metrics {
    /// Counts an event. `is_ours` says whether an identity provider is in the file: a stranger can
    /// ask for any name, and a name that is none must not become a label.
    pub(crate) fn count(&self, event: &AuditEvent, is_ours: impl Fn(&IdpName) -> bool) {
        match event {
            AuditEvent::SignInSucceeded { site, person, .. } => {
                let labels = SignIn { site: site.to_string(), idp: person.idp.to_string() };
                self.sign_ins.get_or_create(&labels).inc();
            }
            AuditEvent::Refused { refusal, idp, .. } => {
                let labels = Refused {
                    cause: refusal.cause.clone(),
                    idp: named(idp.as_ref().filter(|idp| is_ours(idp))),
                };
                self.refusals.get_or_create(&labels).inc();
            }
            AuditEvent::MetadataRefreshed { idp } => self.fetched(idp, "refreshed"),
            AuditEvent::MetadataRejected { idp, .. } => self.fetched(idp, "rejected"),
            AuditEvent::SessionsEndedByProvider { idp, count } => {
                let labels = Idp { idp: idp.to_string() };
                let count = u64::try_from(*count).unwrap_or(u64::MAX);
                self.logouts.get_or_create(&labels).inc_by(count);
            }
            AuditEvent::BreakGlassIssued { .. } => self.broken("issued"),
            AuditEvent::BreakGlassUsed { .. } => self.broken("used"),
            AuditEvent::RequestParked { .. } => self.parked("kept"),
            AuditEvent::RequestResumed { .. } => self.parked("sent"),
            AuditEvent::RequestDiscarded { .. } => self.parked("deleted"),
            AuditEvent::RequestExpired { .. } => self.parked("expired"),
            AuditEvent::DormancyNoticed { jsm, .. } => self.stays_away(jsm, "noticed"),
            AuditEvent::DormancyReported { jsm, .. } => self.stays_away(jsm, "reported"),
            AuditEvent::CustomerEnded { jsm, .. } => self.stays_away(jsm, "ended"),
            _ => {}
        }
    }

    /// Notes when the first signing certificate of `idp`, or of our own, ends.
    pub(crate) fn expires(&self, idp: Option<&IdpName>, until: Timestamp) {
        let labels = Certificate { idp: named(idp) };
        self.expiry.get_or_create(&labels).set(until.as_millis() / 1000);
    }

    /// Counts a SAML message that only `sha1_until` or `cbc_until` let pass (attacks.md A15, A22).
    pub(crate) fn weak(&self, idp: &IdpName, algorithm: &'static str) {
        self.weak.get_or_create(&Weak { idp: idp.to_string(), algorithm }).inc();
    }

    /// Everything, as OpenMetrics text.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }

    fn fetched(&self, idp: &IdpName, outcome: &'static str) {
        self.metadata.get_or_create(&Metadata { idp: idp.to_string(), outcome }).inc();
    }

    fn parked(&self, outcome: &'static str) {
        self.parked.get_or_create(&Parked { outcome }).inc();
    }

    fn stays_away(&self, jsm: &JsmName, outcome: &'static str) {
        self.dormant.get_or_create(&Dormant { jsm: jsm.to_string(), outcome }).inc();
    }

    fn broken(&self, what: &'static str) {
        self.break_glass.get_or_create(&BreakGlass { what }).inc();
    }
}

fn named(idp: Option<&IdpName>) -> String {
    idp.map(ToString::to_string).unwrap_or_default()
}
