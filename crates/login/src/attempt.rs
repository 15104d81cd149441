//! One sign-in under way, in one browser.

use std::time::Duration;

use domain::{
    Authentication, FactorUse, Fragment, HostName, Identity, IdpName, ReturnPath, SiteName,
    Timestamp,
};
use policy::{Arrival, Barred, FactorDemand, Fallback, Judgement, Mode, Outcome, SignInRules};
use serde::{Deserialize, Serialize};

use crate::{Admission, Event, FactorPassed, Pending, SignInError, Step};

mod factor;

/// How long somebody may take, password resets at the identity provider included.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// One sign-in under way.
///
/// `Choosing → AtProvider → Identified → (FactorAsked →) Admitted → (done)`, with `Unasked` in the
/// place of `AtProvider` when the identity provider begins (SAML Profiles §4.1.5). The first stage may
/// be left many times, so that Back works; each later stage is taken from the store once, which is the
/// replay defence. `SteppingUp → (done)` is the factor alone, in a session that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    site: SiteName,
    target: ReturnPath,
    fragment: Option<Fragment>,
    /// One of the gateway's own pages to go to in place of the target, which still says what the
    /// attempt is about.
    #[serde(default)]
    landing: Option<String>,
    began: Timestamp,
    /// The identity provider that did not answer, when another one stands in for it.
    #[serde(default)]
    instead_of: Option<IdpName>,
    /// An operator tries the identity provider out: the answer is shown and nothing else happens.
    #[serde(default)]
    test: bool,
    stage: Stage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Choosing,
    AtProvider {
        idp: IdpName,
        browser: [u8; 32],
        pending: Pending,
    },
    /// Nobody asked for this identity: it waits for the customer's word.
    Unasked {
        identity: Box<Identity>,
        #[serde(default)]
        said: Authentication,
        browser: [u8; 32],
    },
    /// What the rules for the second factor look at is being found.
    Identified {
        identity: Box<Identity>,
        said: Authentication,
        browser: [u8; 32],
    },
    FactorAsked {
        identity: Box<Identity>,
        demand: FactorDemand,
        browser: [u8; 32],
    },
    /// Every demanded factor was passed.
    Admitted {
        identity: Box<Identity>,
        factor: Option<FactorUse>,
        browser: [u8; 32],
    },
    /// A session goes on once a factor is passed.
    SteppingUp {
        identity: Box<Identity>,
        demand: FactorDemand,
    },
}

impl Attempt {
    /// A new attempt to reach `target`.
    pub fn new(site: SiteName, target: ReturnPath, now: Timestamp) -> Self {
        Self {
            site,
            target,
            fragment: None,
            landing: None,
            began: now,
            instead_of: None,
            test: false,
            stage: Stage::Choosing,
        }
    }

    /// The attempt as a test of the identity provider.
    #[must_use]
    pub fn for_test(self) -> Self {
        Self { test: true, ..self }
    }

    /// When it began: what is revoked later does not let it end in a session.
    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// Whether the answer is only to be shown.
    pub fn is_test(&self) -> bool {
        self.test
    }

    /// The same destination from the start again, after a refusal.
    #[must_use]
    pub fn afresh(&self, now: Timestamp) -> Self {
        Self {
            site: self.site.clone(),
            target: self.target.clone(),
            fragment: self.fragment.clone(),
            landing: self.landing.clone(),
            began: now,
            instead_of: None,
            test: self.test,
            stage: Stage::Choosing,
        }
    }

    /// Keeps the fragment that only the browser knew.
    #[must_use]
    pub fn with_fragment(self, fragment: Option<Fragment>) -> Self {
        Self { fragment: fragment.or(self.fragment), ..self }
    }

    /// The attempt that ends on one of the gateway's own pages, such as that of a parked request.
    /// The caller says which: `path` is never a text from outside.
    #[must_use]
    pub fn landing_on(self, path: String) -> Self {
        Self { landing: Some(path), ..self }
    }

    /// Whether it ends on one of the gateway's own pages.
    pub fn lands(&self) -> bool {
        self.landing.is_some()
    }

    /// The attempt once its authentication request is made. From here on it belongs to the browser
    /// whose binding hashes to `browser` (attacks.md B5).
    #[must_use]
    pub fn sent_to(self, idp: IdpName, pending: Pending, browser: [u8; 32]) -> Self {
        Self { stage: Stage::AtProvider { idp, browser, pending }, ..self }
    }

    /// Until when it may go on.
    pub fn deadline(&self) -> Timestamp {
        self.began.plus(LIFETIME)
    }

    /// Whether it took longer than it may.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.deadline()
    }

    /// Where it takes place.
    pub fn site(&self) -> &SiteName {
        &self.site
    }

    /// Hash of the binding of the browser that was sent to the identity provider.
    pub fn browser(&self) -> Option<&[u8; 32]> {
        match &self.stage {
            Stage::AtProvider { browser, .. }
            | Stage::Unasked { browser, .. }
            | Stage::Identified { browser, .. }
            | Stage::FactorAsked { browser, .. }
            | Stage::Admitted { browser, .. } => Some(browser),
            Stage::Choosing | Stage::SteppingUp { .. } => None,
        }
    }

    /// The identity provider that was asked.
    pub fn provider(&self) -> Option<&IdpName> {
        match &self.stage {
            Stage::AtProvider { idp, .. } => Some(idp),
            Stage::Unasked { identity, .. }
            | Stage::Identified { identity, .. }
            | Stage::FactorAsked { identity, .. } => Some(&identity.person.idp),
            Stage::Choosing | Stage::Admitted { .. } | Stage::SteppingUp { .. } => None,
        }
    }

    /// Whether it waits for the customer's word.
    pub fn is_unasked(&self) -> bool {
        matches!(self.stage, Stage::Unasked { .. })
    }

    /// The identity provider that the page that was asked for names by `?idp=`.
    pub fn hint(&self) -> Option<IdpName> {
        self.target.query_field("idp")?.parse().ok()
    }

    /// Id of the portal on the way to which the customer is.
    pub fn portal(&self) -> Option<String> {
        self.target.portal()
    }

    /// `Location` of the page that was asked for, or of ours that stands in for it.
    pub fn destination(&self) -> String {
        self.landing.clone().unwrap_or_else(|| self.target.location(self.fragment.as_ref()))
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
        if self.is_over(now) {
            return Err(SignInError::AttemptOver);
        }
        match &self.stage {
            _ if self.site != *site => Err(SignInError::OtherSite),
            Stage::AtProvider { idp: asked, pending, .. } if asked == idp => Ok(pending),
            Stage::AtProvider { .. } => Err(SignInError::OtherProvider),
            _ => Err(SignInError::NotUnderWay),
        }
    }

    /// The next step after `event`.
    ///
    /// # Errors
    /// When the event refuses the customer or does not fit the stage.
    pub fn on(self, event: Event<'_>, now: Timestamp) -> Result<(Self, Step), SignInError> {
        if self.is_over(now) {
            return Err(SignInError::AttemptOver);
        }
        // A test goes to its identity provider, and the answer is only looked at: it must never become
        // a session, not even a guest's.
        if self.test && !matches!(event, Event::Chosen(_)) {
            return Err(SignInError::NotUnderWay);
        }
        match (&self.stage, event) {
            (Stage::Choosing, Event::Routed(outcome)) => {
                let step = step_for(outcome)?;
                Ok((self, step))
            }
            (Stage::Choosing, Event::GuestChosen(outcome)) => match step_for(outcome)? {
                Step::AdmitGuest { .. } | Step::Offer { guest: true, .. } => {
                    Ok((self, Step::AdmitGuest { instead_of: None }))
                }
                _ => Err(SignInError::DeniedByRule),
            },
            (Stage::Choosing, Event::FallbackChosen(outcome)) => self.fall_back(outcome),
            (Stage::Choosing, Event::Chosen(idp)) => Ok((self, Step::SendTo(idp))),
            (Stage::AtProvider { idp, browser, .. }, Event::Answered(verified, admission)) => {
                let (said, browser) = (verified.authentication.clone(), *browser);
                let identity = Box::new(admission.mapping.identity(idp, verified)?);
                self.admit(&identity, &admission, now)?;
                Ok(self.identified(identity, said, browser))
            }
            (Stage::Choosing, Event::Unasked { idp, browser, verified, admission }) => {
                let said = verified.authentication.clone();
                let identity = Box::new(admission.mapping.identity(&idp, verified)?);
                self.admit(&identity, &admission, now)?;
                let stage = Stage::Unasked { identity: identity.clone(), said, browser };
                Ok((Self { stage, ..self }, Step::Confirm { identity }))
            }
            (Stage::Unasked { identity, said, browser }, Event::Confirmed(admission)) => {
                let (identity, said, browser) = (identity.clone(), said.clone(), *browser);
                self.admit(&identity, &admission, now)?;
                Ok(self.identified(identity, said, browser))
            }
            (Stage::Identified { .. }, Event::Weighed(weighing)) => self.weigh(&weighing, now),
            (Stage::FactorAsked { .. } | Stage::SteppingUp { .. }, Event::FactorPassed(factor)) => {
                self.pass(factor, now)
            }
            (Stage::Admitted { identity, factor, .. }, Event::Provisioned(account)) => {
                let (identity, factor) = (identity.clone(), *factor);
                Ok((self, Step::Establish { identity, account, factor }))
            }
            (Stage::Admitted { identity, .. }, Event::AskedAgain) => {
                let proof = FactorPassed::by(identity.person.clone());
                let identity = identity.clone();
                Ok((self, Step::Provision { identity, proof }))
            }
            _ => Err(SignInError::NotUnderWay),
        }
    }

    /// Attacks.md B16: whoever began the sign-in, it goes on from here in the one same way.
    fn identified(
        self,
        identity: Box<Identity>,
        said: Authentication,
        browser: [u8; 32],
    ) -> (Self, Step) {
        let stage = Stage::Identified { identity: identity.clone(), said, browser };
        (Self { stage, ..self }, Step::Weigh { identity })
    }

    /// Only what the rule names, and only by the customer's own choice.
    fn fall_back(self, outcome: Outcome) -> Result<(Self, Step), SignInError> {
        let Outcome::Use { idp, mode, fallback } = outcome else {
            return Err(SignInError::NotUnderWay);
        };
        match fallback {
            Some(Fallback::Idp(other)) => {
                Ok((Self { instead_of: Some(idp), ..self }, Step::SendTo(other)))
            }
            None if mode == Mode::Required => Err(SignInError::NoFallback(idp)),
            Some(Fallback::UpstreamLogin) | None => {
                Ok((self, Step::AdmitGuest { instead_of: Some(idp) }))
            }
        }
    }

    /// What the rules say of whom this attempt brings to `host`, now that the address is proved.
    pub fn judge(
        &self,
        identity: &Identity,
        rules: &SignInRules,
        host: &HostName,
        now: Timestamp,
    ) -> Judgement {
        let portal = self.portal();
        rules.admit(&Arrival {
            idp: &identity.person.idp,
            email: &identity.email,
            site: &self.site,
            host,
            portal: portal.as_deref(),
            instead_of: self.instead_of.as_ref(),
            now,
        })
    }

    fn admit(
        &self,
        identity: &Identity,
        admission: &Admission<'_>,
        now: Timestamp,
    ) -> Result<(), SignInError> {
        Ok(self.judge(identity, admission.rules, admission.host, now).verdict?)
    }
}

impl From<Barred> for SignInError {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::Denied => Self::DeniedByRule,
            Barred::ProviderNotTheirs(idp) => Self::ProviderNotTheirs(idp),
        }
    }
}

fn step_for(outcome: Outcome) -> Result<Step, SignInError> {
    match outcome {
        Outcome::Use { idp, mode: Mode::Required, .. } => Ok(Step::SendTo(idp)),
        Outcome::Use { idp, mode: Mode::Preferred | Mode::Optional, .. } => {
            Ok(Step::Offer { idp: Some(idp), guest: true })
        }
        Outcome::Use { mode: Mode::Off, .. } | Outcome::UpstreamLogin => {
            Ok(Step::AdmitGuest { instead_of: None })
        }
        Outcome::Choose => Ok(Step::Offer { idp: None, guest: false }),
        Outcome::Deny => Err(SignInError::DeniedByRule),
    }
}

#[cfg(test)]
mod tests;
