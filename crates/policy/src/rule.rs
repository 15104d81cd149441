//! One rule of `sign_in`, and what it says.

use std::fmt;

use domain::{DomainPattern, EmailAddress, HostName, IdpName, SiteName, Timestamp};

use crate::Question;
use crate::cohort::Share;

/// How strongly a rule wants its identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The rule's identity provider is not used; the upstream's own sign-in is.
    Off,
    /// Offered beside the upstream's own sign-in.
    Optional,
    /// First choice, the upstream's own sign-in stays possible.
    Preferred,
    /// The only way.
    Required,
}

impl Mode {
    /// The word of the operator's file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Preferred => "preferred",
            Self::Required => "required",
        }
    }
}

/// What a rule leaves to its people while its identity provider does not answer. Offered on a page,
/// never taken silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fallback {
    /// The upstream's own sign-in.
    UpstreamLogin,
    /// Another identity provider.
    Idp(IdpName),
}

/// What a matching rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Sign in at this identity provider.
    Use {
        /// Which one.
        idp: IdpName,
        /// How strongly.
        mode: Mode,
        /// What is left while it does not answer; `None`: nothing.
        fallback: Option<Fallback>,
    },
    /// Leave the person to the upstream's own sign-in.
    UpstreamLogin,
    /// Let the person choose among all identity providers.
    Choose,
    /// Refuse.
    Deny,
}

/// In the words of the operator's file, such as `use acme, mode off`.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Use { idp, mode: Mode::Required, .. } => write!(f, "use {idp}"),
            Self::Use { idp, mode, .. } => write!(f, "use {idp}, mode {}", mode.as_str()),
            Self::UpstreamLogin => f.write_str("upstream_login"),
            Self::Choose => f.write_str("choose"),
            Self::Deny => f.write_str("deny"),
        }
    }
}

/// Whether a rule decides, or only says what it would have decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Enforcement {
    /// It decides.
    #[default]
    Enforced,
    /// It never decides; [`crate::Route::would`] says what it would have changed.
    ReportOnly,
}

/// One rule of `sign_in`. Keys are AND, values of a list are OR; empty lists match everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRule {
    /// Single addresses.
    pub people: Vec<EmailAddress>,
    /// Domains of addresses.
    pub domains: Vec<DomainPattern>,
    /// Only on this site.
    pub site: Option<SiteName>,
    /// Only under these host names.
    pub hosts: Vec<HostName>,
    /// Only on the way to these portals, by id.
    pub portals: Vec<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not from this moment on.
    pub until: Option<Timestamp>,
    /// Only for this share of the addresses.
    pub share: Option<Share>,
    /// Whether it decides.
    pub enforcement: Enforcement,
    /// What then.
    pub outcome: Outcome,
    /// Line in the operator's file, for explanations.
    pub line: usize,
}

/// Why a rule that was looked at does not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// It is for another site, host or portal.
    OtherPlace,
    /// It is for other people, or nobody is known yet.
    OtherPeople,
    /// Its first day has not come.
    NotYet(Timestamp),
    /// Its last day has passed.
    Over(Timestamp),
    /// The address is not in its share.
    OutsideShare(Share),
    /// It reports only.
    ReportOnly,
}

impl SignInRule {
    /// A rule for everybody, everywhere, at any time.
    pub fn for_all(outcome: Outcome, line: usize) -> Self {
        Self {
            people: Vec::new(),
            domains: Vec::new(),
            site: None,
            hosts: Vec::new(),
            portals: Vec::new(),
            from: None,
            until: None,
            share: None,
            enforcement: Enforcement::Enforced,
            outcome,
            line,
        }
    }

    /// Whether the rule is for this question, whether or not it is enforced.
    pub(crate) fn judge(&self, question: &Question<'_>) -> Result<(), Miss> {
        let site = self.site.as_ref().is_none_or(|site| site == question.site);
        let host = self.hosts.is_empty() || self.hosts.contains(question.host);
        let portal = self.portals.is_empty()
            || question.portal.is_some_and(|id| self.portals.iter().any(|portal| portal == id));
        if !site || !host || !portal {
            return Err(Miss::OtherPlace);
        }
        let listed = |email: &EmailAddress| {
            let domain = email.domain();
            (self.people.is_empty() || self.people.contains(email))
                && (self.domains.is_empty() || self.domains.iter().any(|p| p.matches(&domain)))
        };
        let for_all = self.people.is_empty() && self.domains.is_empty();
        if !question.email.map_or(for_all, listed) {
            return Err(Miss::OtherPeople);
        }
        if let Some(from) = self.from.filter(|from| question.now < *from) {
            return Err(Miss::NotYet(from));
        }
        if let Some(until) = self.until.filter(|until| question.now >= *until) {
            return Err(Miss::Over(until));
        }
        match self.share {
            // Who has said no address yet cannot be told to be in it.
            Some(share) if !question.email.is_some_and(|email| share.holds(email)) => {
                Err(Miss::OutsideShare(share))
            }
            _ => Ok(()),
        }
    }

    /// Whether the rule may leave somebody to the upstream's own sign-in.
    pub(crate) fn admits_guests(&self) -> bool {
        if self.enforcement == Enforcement::ReportOnly {
            return false;
        }
        match &self.outcome {
            Outcome::UpstreamLogin => true,
            Outcome::Use { mode, fallback, .. } => {
                *mode != Mode::Required || *fallback == Some(Fallback::UpstreamLogin)
            }
            Outcome::Choose | Outcome::Deny => false,
        }
    }
}
