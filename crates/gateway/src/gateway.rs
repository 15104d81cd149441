//! Everything that all requests share.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use audit::AuditLog;
use domain::{Clock, HostName, IdpName, JsmName, SiteName};
use factor::Factors;
use federation::Federation;
use ipnet::IpNet;
use login::Mapping;
use policy::{FactorRules, SignInRules, TrustedFactors};
use provisioning::Provisioner;
use proxy::{AssertionSigner, Upstream};
use session::{Attempts, ParkedRequests, ReplayMarks, Sealer, Sessions, Vault};
use store::Store;
use tokio::sync::Semaphore;

use crate::access_log::AccessLog;
use crate::assets::Assets;
use crate::history::History;
use crate::mail::Mail;
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::pages::{Brand, Choice};
use crate::people::People;
use crate::storage::Storage;
use crate::streams::Streams;
use crate::verifying::Verifying;

/// One help center.
#[derive(Debug)]
pub(crate) struct Site {
    /// What the operator said.
    pub(crate) settings: config::Site,
    /// Where its requests go.
    pub(crate) upstream: Upstream,
    /// How its pages look.
    pub(crate) brand: Brand,
    /// The rules of `second_factor` that can ever match here.
    pub(crate) second_factor: FactorRules,
}

/// Which protocol an identity provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// SAML 2.0.
    Saml,
    /// OpenID Connect.
    Oidc,
}

/// One identity provider, as sign-in needs it.
#[derive(Debug)]
pub(crate) struct Provider {
    /// Its name for people.
    pub(crate) label: String,
    /// How to speak to it.
    pub(crate) protocol: Protocol,
    /// Whether it may sign in people.
    pub(crate) enabled: bool,
    /// Path of its logo.
    pub(crate) logo: Option<String>,
    /// Whether choosers leave it out.
    pub(crate) hidden: bool,
    /// Where it signs people in; `None`: at every site.
    pub(crate) sites: Option<Vec<SiteName>>,
    /// How its claims are read.
    pub(crate) mapping: Mapping,
    /// What it may say to have its own second factor accepted.
    pub(crate) trusted_factors: TrustedFactors,
}

impl Provider {
    /// Whether it signs people in at this site.
    pub(crate) fn is_at(&self, site: &SiteName) -> bool {
        self.sites.as_ref().is_none_or(|sites| sites.contains(site))
    }
}

/// Everything that all requests share.
pub(crate) struct Gateway {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sites: HashMap<HostName, Arc<Site>>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Whether connections begin with the PROXY protocol.
    pub(crate) proxy_protocol: config::ProxyProtocol,
    /// In the file's order, which is the chooser's.
    pub(crate) providers: Vec<(IdpName, Provider)>,
    /// What the operator's file brings for pages.
    pub(crate) assets: Assets,
    pub(crate) sign_in: SignInRules,
    /// How often typed addresses are routed where that tells something.
    pub(crate) pace: Pace,
    pub(crate) store: Arc<dyn Store>,
    /// Where it is, for operators.
    pub(crate) storage: Storage,
    /// Whether somebody who signed in before goes the same way again.
    pub(crate) known_links: bool,
    pub(crate) sealer: Arc<Sealer>,
    pub(crate) people: People,
    pub(crate) vault: Vault,
    pub(crate) sessions: Sessions,
    /// What is open on behalf of sessions.
    pub(crate) streams: Arc<Streams>,
    pub(crate) attempts: Attempts,
    pub(crate) marks: ReplayMarks,
    pub(crate) factors: Factors,
    pub(crate) parked: ParkedRequests,
    /// How many forms are written or read at once.
    pub(crate) parking: Semaphore,
    /// The last sign-ins of each person.
    pub(crate) history: History,
    /// `None`: nobody is written to.
    pub(crate) mail: Option<Mail>,
    pub(crate) federation: Federation,
    pub(crate) provisioners: HashMap<JsmName, Provisioner>,
    /// Replaced when keys are staged, activated or retired.
    pub(crate) signer: ArcSwap<AssertionSigner>,
    /// Ours toward SAML identity providers; replaced likewise.
    pub(crate) saml_keys: ArcSwap<saml::ServiceKeys>,
    /// Where the keys in use lie.
    pub(crate) key_files: config::KeyFiles,
    /// The operator's file, read again for its keys.
    pub(crate) file: PathBuf,
    pub(crate) metrics: Metrics,
    pub(crate) audit: AuditLog,
    pub(crate) audit_file: PathBuf,
    pub(crate) access_log: Option<AccessLog>,
    /// The pool for what computes or waits on disk.
    pub(crate) background: tokio::runtime::Handle,
    /// Where SAML responses are verified.
    pub(crate) verifying: Verifying,
    pub(crate) stopping: AtomicBool,
}

impl Gateway {
    /// The site of a host, and whether the host is its canonical one.
    pub(crate) fn site(&self, host: &HostName) -> Option<(&Arc<Site>, bool)> {
        let site = self.sites.get(host)?;
        Some((site, site.settings.hosts.first() == Some(host)))
    }

    /// The site of this name, or the only one.
    ///
    /// # Errors
    /// In words for the operator.
    pub(crate) fn site_named(&self, name: Option<&SiteName>) -> Result<&Arc<Site>, String> {
        let mut all: Vec<&Arc<Site>> = self.sites.values().collect();
        all.sort_by(|a, b| a.settings.name.cmp(&b.settings.name));
        all.dedup_by(|a, b| a.settings.name == b.settings.name);
        match (name, all.as_slice()) {
            (Some(name), all) => all
                .iter()
                .find(|site| site.settings.name == *name)
                .copied()
                .ok_or_else(|| format!("the file has no site `{name}`")),
            (None, [only]) => Ok(only),
            (None, _) => Err("the file has several sites: say which with --site".to_owned()),
        }
    }

    /// An identity provider of the file.
    pub(crate) fn provider(&self, name: &IdpName) -> Option<&Provider> {
        self.providers.iter().find(|(n, _)| n == name).map(|(_, provider)| provider)
    }

    /// Whether this identity provider may sign in people at this site now.
    pub(crate) fn admits(&self, site: &SiteName, name: &IdpName) -> bool {
        self.provider(name).is_some_and(|provider| provider.enabled && provider.is_at(site))
    }

    /// What the chooser of a site shows.
    pub(crate) fn choices(&self, site: &SiteName) -> Vec<Choice> {
        let shown = |provider: &Provider| provider.enabled && !provider.hidden;
        let shown = self.providers.iter().filter(|(_, p)| shown(p) && p.is_at(site));
        shown.map(|(name, provider)| Choice::new(name, provider)).collect()
    }

    /// Whether the gateway is about to stop.
    pub(crate) fn draining(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
