//! One sign-in under way, in one browser.

use std::time::Duration;

use domain::{Fragment, Identity, IdpName, JsmAccount, ReturnPath, SiteName, Timestamp};
use policy::{Mode, Outcome};
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
    browser: [u8; 32],
    began: Timestamp,
    stage: Stage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Choosing,
    AtProvider { idp: IdpName, pending: Pending },
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
    pub idp_session: Option<String>,
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
    /// The identity provider's answer was verified.
    Answered(Verified, &'a Mapping),
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
    /// A new attempt in the browser whose binding hashes to `browser`.
    pub fn new(site: SiteName, target: ReturnPath, browser: [u8; 32], now: Timestamp) -> Self {
        Self { site, target, fragment: None, browser, began: now, stage: Stage::Choosing }
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

    /// The attempt once its authentication request is made.
    #[must_use]
    pub fn sent_to(self, idp: IdpName, pending: Pending) -> Self {
        Self { stage: Stage::AtProvider { idp, pending }, ..self }
    }

    /// When the store may forget it.
    pub fn deadline(&self) -> Timestamp {
        self.began.plus(LIFETIME)
    }

    /// Where it takes place.
    pub fn site(&self) -> &SiteName {
        &self.site
    }

    /// Hash of the browser's binding.
    pub fn browser(&self) -> &[u8; 32] {
        &self.browser
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
            Stage::AtProvider { idp: asked, pending } if asked == idp => Ok(pending),
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
            (Stage::Choosing, Event::Chosen(idp)) => Ok((self, Step::SendTo(idp))),
            (Stage::AtProvider { idp, .. }, Event::Answered(verified, mapping)) => {
                let identity = Box::new(mapping.identity(idp, verified)?);
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
