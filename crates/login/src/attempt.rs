//! One sign-in under way, in one browser.

use std::time::Duration;

use domain::{
    Fragment, Identity, IdpName, IdpSession, JsmAccount, ReturnPath, SiteName, Timestamp,
};
use policy::{Mode, Outcome, SignInRules};
use serde::{Deserialize, Serialize};

use crate::{Claims, Mapping, SignInError};

/// How long somebody may take, password resets at the identity provider included.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// One sign-in under way.
///
/// `Choosing → AtProvider → Identified → (done)`. The first stage may be left many times, so that
/// Back works; each later stage is taken from the store once, which is the replay defence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    site: SiteName,
    target: ReturnPath,
    fragment: Option<Fragment>,
    began: Timestamp,
    stage: Stage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Choosing,
    AtProvider { idp: IdpName, browser: [u8; 32], pending: Pending },
    Identified { identity: Box<Identity> },
}

/// What must match when the identity provider answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pending {
    /// SAML 2.0.
    Saml {
        /// ID of our authentication request; the answer's `InResponseTo`.
        request: String,
    },
    /// OpenID Connect.
    Oidc {
        /// Expected in the ID token.
        nonce: String,
        /// RFC 7636 §4.1 code verifier.
        verifier: String,
    },
}

/// What an identity provider proved, before mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// NameID or `sub`; `None` when it does not stay the same (a transient NameID).
    pub subject: Option<String>,
    /// Every claim, unmapped.
    pub claims: Claims,
    /// What the protocol says of the address; `Some(false)`: expressly unverified.
    pub email_verified: Option<bool>,
    /// Its own session.
    pub idp_session: Option<Box<IdpSession>>,
    /// Its limit on our session.
    pub session_deadline: Option<Timestamp>,
}

/// What happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The customer typed an address, and this is what the rules say of it.
    Routed(&'a Outcome),
    /// The customer chose an identity provider.
    Chosen(IdpName),
    /// The customer chose the upstream's own sign-in; what the rules say of the typed address.
    GuestChosen(&'a Outcome),
    /// The identity provider's answer was verified; how to read it, and the rules to hold it against.
    Answered(Verified, &'a Mapping, &'a SignInRules),
    /// The customer exists in JSM as the rules say, or the site has none.
    Provisioned(Option<JsmAccount>),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make an authentication request and send the browser there.
    SendTo(IdpName),
    /// Show the identity providers; with the upstream's own sign-in beside them if `guest`.
    Offer {
        /// Which one comes first, when a rule names one.
        idp: Option<IdpName>,
        /// Whether the upstream's own sign-in is offered.
        guest: bool,
    },
    /// Open a guest's session.
    AdmitGuest,
    /// Make sure that the customer exists in JSM.
    Provision {
        /// For whom.
        identity: Box<Identity>,
        /// That every demanded factor was passed.
        proof: FactorPassed,
    },
    /// Open the session and go to the page that was asked for.
    Establish {
        /// Whose.
        identity: Box<Identity>,
        /// Which customer that is.
        account: Option<JsmAccount>,
    },
}

/// Proof that every factor that the rules demand was passed; JSM is written to only with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorPassed {
    _made_by_attempt: (),
}

impl Attempt {
    /// A new attempt to reach `target`.
    pub fn new(site: SiteName, target: ReturnPath, now: Timestamp) -> Self {
        Self { site, target, fragment: None, began: now, stage: Stage::Choosing }
    }

    /// The same destination from the start again, after a refusal.
    #[must_use]
    pub fn afresh(&self, now: Timestamp) -> Self {
        Self { began: now, stage: Stage::Choosing, ..self.clone() }
    }

    /// Keeps the fragment that only the browser knew.
    #[must_use]
    pub fn with_fragment(self, fragment: Option<Fragment>) -> Self {
        Self { fragment: fragment.or(self.fragment), ..self }
    }

    /// The attempt once its authentication request is made. From here on it belongs to the browser
    /// whose binding hashes to `browser` (attacks.md B5).
    #[must_use]
    pub fn sent_to(self, idp: IdpName, pending: Pending, browser: [u8; 32]) -> Self {
        Self { stage: Stage::AtProvider { idp, browser, pending }, ..self }
    }

    /// When the store may forget it.
    pub fn deadline(&self) -> Timestamp {
        self.began.plus(LIFETIME)
    }

    /// Where it takes place.
    pub fn site(&self) -> &SiteName {
        &self.site
    }

    /// Hash of the binding of the browser that was sent to the identity provider.
    pub fn browser(&self) -> Option<&[u8; 32]> {
        match &self.stage {
            Stage::AtProvider { browser, .. } => Some(browser),
            Stage::Choosing | Stage::Identified { .. } => None,
        }
    }

    /// The identity provider that was asked.
    pub fn provider(&self) -> Option<&IdpName> {
        match &self.stage {
            Stage::AtProvider { idp, .. } => Some(idp),
            Stage::Choosing | Stage::Identified { .. } => None,
        }
    }

    /// `Location` of the page that was asked for.
    pub fn destination(&self) -> String {
        self.target.location(self.fragment.as_ref())
    }

    /// What the answer of `idp` at `site` must match.
    ///
    /// # Errors
    /// When the attempt is over, was sent elsewhere (attacks.md B6), or belongs to another site.
    pub fn expects(
        &self,
        site: &SiteName,
        idp: &IdpName,
        now: Timestamp,
    ) -> Result<&Pending, SignInError> {
        if now >= self.deadline() {
            return Err(SignInError::AttemptOver);
        }
        match &self.stage {
            _ if self.site != *site => Err(SignInError::OtherSite),
            Stage::AtProvider { idp: asked, pending, .. } if asked == idp => Ok(pending),
            Stage::AtProvider { .. } => Err(SignInError::OtherProvider),
            Stage::Choosing | Stage::Identified { .. } => Err(SignInError::NotUnderWay),
        }
    }

    /// The next step after `event`.
    ///
    /// # Errors
    /// When the event refuses the customer or does not fit the stage.
    pub fn on(self, event: Event<'_>, now: Timestamp) -> Result<(Self, Step), SignInError> {
        if now >= self.deadline() {
            return Err(SignInError::AttemptOver);
        }
        match (&self.stage, event) {
            (Stage::Choosing, Event::Routed(outcome)) => {
                let step = step_for(outcome)?;
                Ok((self, step))
            }
            (Stage::Choosing, Event::GuestChosen(outcome)) => match step_for(outcome)? {
                Step::AdmitGuest | Step::Offer { guest: true, .. } => Ok((self, Step::AdmitGuest)),
                _ => Err(SignInError::DeniedByRule),
            },
            (Stage::Choosing, Event::Chosen(idp)) => Ok((self, Step::SendTo(idp))),
            (Stage::AtProvider { idp, .. }, Event::Answered(verified, mapping, rules)) => {
                let identity = Box::new(mapping.identity(idp, verified)?);
                admit(&identity, rules, &self.site)?;
                // No rule demands a factor yet; the challenge will stand between these two lines.
                let proof = FactorPassed { _made_by_attempt: () };
                let attempt =
                    Self { stage: Stage::Identified { identity: identity.clone() }, ..self };
                Ok((attempt, Step::Provision { identity, proof }))
            }
            (Stage::Identified { identity }, Event::Provisioned(account)) => {
                let step = Step::Establish { identity: identity.clone(), account };
                Ok((self, step))
            }
            _ => Err(SignInError::NotUnderWay),
        }
    }
}

/// The rules once more, now that the address is proved: the chooser and a link straight to an
/// identity provider lead past the address that was typed, not past the rules.
fn admit(identity: &Identity, rules: &SignInRules, site: &SiteName) -> Result<(), SignInError> {
    match rules.route(&identity.email, site).outcome {
        Outcome::Deny | Outcome::Use { mode: Mode::Off, .. } => Err(SignInError::DeniedByRule),
        Outcome::Use { idp, mode: Mode::Required } if *idp != identity.person.idp => {
            Err(SignInError::ProviderNotTheirs(idp.clone()))
        }
        Outcome::Use { .. } | Outcome::UpstreamLogin | Outcome::Choose => Ok(()),
    }
}

fn step_for(outcome: &Outcome) -> Result<Step, SignInError> {
    match outcome {
        Outcome::Use { idp, mode: Mode::Required } => Ok(Step::SendTo(idp.clone())),
        Outcome::Use { idp, mode: Mode::Preferred | Mode::Optional } => {
            Ok(Step::Offer { idp: Some(idp.clone()), guest: true })
        }
        Outcome::Use { mode: Mode::Off, .. } | Outcome::UpstreamLogin => Ok(Step::AdmitGuest),
        Outcome::Choose => Ok(Step::Offer { idp: None, guest: false }),
        Outcome::Deny => Err(SignInError::DeniedByRule),
    }
}

#[cfg(test)]
mod tests;
