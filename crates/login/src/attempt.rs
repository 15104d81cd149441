//! One sign-in under way, in one browser.

use std::time::Duration;

use domain::{
    Fragment, HostName, Identity, IdpName, IdpSession, JsmAccount, ReturnPath, SiteName, Timestamp,
};
use policy::{Fallback, Mode, Outcome, Question, SignInRules};
use serde::{Deserialize, Serialize};

use crate::{Claims, Mapping, SignInError};

/// How long somebody may take, password resets at the identity provider included.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// One sign-in under way.
///
/// `Choosing → AtProvider → Identified → (done)`, or `Choosing → Unasked → Identified → (done)` when
/// the identity provider begins (SAML Profiles §4.1.5). The first stage may be left many times, so that
/// Back works; each later stage is taken from the store once, which is the replay defence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    site: SiteName,
    target: ReturnPath,
    fragment: Option<Fragment>,
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
        browser: [u8; 32],
    },
    Identified {
        identity: Box<Identity>,
    },
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
    /// What was taken only by an exception in the operator's file, or is not whole; only a test of
    /// the connection shows it.
    pub remarks: Vec<&'static str>,
}

/// What happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The customer typed an address, or came by a link or to a place that says enough; this is what
    /// the rules say.
    Routed(Outcome),
    /// The customer chose an identity provider.
    Chosen(IdpName),
    /// The customer chose the upstream's own sign-in; what the rules say of the typed address.
    GuestChosen(Outcome),
    /// The identity provider of what the rules say does not answer, and the customer chose what the
    /// rule leaves to them meanwhile.
    FallbackChosen(Outcome),
    /// The identity provider's answer was verified.
    Answered(Verified, Admission<'a>),
    /// An identity provider signed somebody in whom nobody had sent there, and that was verified.
    Unasked {
        /// Which.
        idp: IdpName,
        /// Hash of the binding of the browser that brought it.
        browser: [u8; 32],
        /// What it proved.
        verified: Verified,
        /// How to read it.
        admission: Admission<'a>,
    },
    /// The customer wants to be signed in as that person.
    Confirmed(Admission<'a>),
    /// The customer exists in JSM as the rules say, or the site has none.
    Provisioned(Option<JsmAccount>),
}

/// How a verified answer is read, and the rules to hold it against.
#[derive(Debug, Clone, Copy)]
pub struct Admission<'a> {
    /// How the identity provider's claims are read.
    pub mapping: &'a Mapping,
    /// Who signs in where.
    pub rules: &'a SignInRules,
    /// The host name under which the answer came.
    pub host: &'a HostName,
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
    AdmitGuest {
        /// The identity provider that did not answer, when that is why.
        instead_of: Option<IdpName>,
    },
    /// Ask the customer whether they want to be signed in so: nobody is by a link (login CSRF).
    Confirm {
        /// As whom.
        identity: Box<Identity>,
    },
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
        Self {
            site,
            target,
            fragment: None,
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
        Self { began: now, instead_of: None, stage: Stage::Choosing, ..self.clone() }
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
            Stage::AtProvider { browser, .. } | Stage::Unasked { browser, .. } => Some(browser),
            Stage::Choosing | Stage::Identified { .. } => None,
        }
    }

    /// The identity provider that was asked.
    pub fn provider(&self) -> Option<&IdpName> {
        match &self.stage {
            Stage::AtProvider { idp, .. } => Some(idp),
            Stage::Unasked { identity, .. } => Some(&identity.person.idp),
            Stage::Choosing | Stage::Identified { .. } => None,
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
        if self.is_over(now) {
            return Err(SignInError::AttemptOver);
        }
        match &self.stage {
            _ if self.site != *site => Err(SignInError::OtherSite),
            Stage::AtProvider { idp: asked, pending, .. } if asked == idp => Ok(pending),
            Stage::AtProvider { .. } => Err(SignInError::OtherProvider),
            Stage::Choosing | Stage::Unasked { .. } | Stage::Identified { .. } => {
                Err(SignInError::NotUnderWay)
            }
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
            // A test is only looked at; it must never become a session.
            (Stage::AtProvider { .. }, Event::Answered(..)) if self.test => {
                Err(SignInError::NotUnderWay)
            }
            (Stage::AtProvider { idp, .. }, Event::Answered(verified, admission)) => {
                let identity = Box::new(admission.mapping.identity(idp, verified)?);
                self.admit(&identity, &admission, now)?;
                Ok(self.identified(identity))
            }
            (Stage::Choosing, Event::Unasked { idp, browser, verified, admission }) => {
                let identity = Box::new(admission.mapping.identity(&idp, verified)?);
                self.admit(&identity, &admission, now)?;
                let stage = Stage::Unasked { identity: identity.clone(), browser };
                Ok((Self { stage, ..self }, Step::Confirm { identity }))
            }
            (Stage::Unasked { identity, .. }, Event::Confirmed(admission)) => {
                let identity = identity.clone();
                self.admit(&identity, &admission, now)?;
                Ok(self.identified(identity))
            }
            (Stage::Identified { identity }, Event::Provisioned(account)) => {
                let step = Step::Establish { identity: identity.clone(), account };
                Ok((self, step))
            }
            _ => Err(SignInError::NotUnderWay),
        }
    }

    /// Attacks.md B16: whoever began the sign-in, it goes on from here in the one same way.
    fn identified(self, identity: Box<Identity>) -> (Self, Step) {
        // No rule demands a factor yet; the challenge will stand between these two lines.
        let proof = FactorPassed { _made_by_attempt: () };
        let attempt = Self { stage: Stage::Identified { identity: identity.clone() }, ..self };
        (attempt, Step::Provision { identity, proof })
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

    /// The rules once more, now that the address is proved: the chooser, a link and what the browser
    /// remembers lead past the address that was typed, not past the rules.
    fn admit(
        &self,
        identity: &Identity,
        admission: &Admission<'_>,
        now: Timestamp,
    ) -> Result<(), SignInError> {
        let portal = self.portal();
        let route = admission.rules.route(&Question {
            email: Some(&identity.email),
            site: &self.site,
            host: admission.host,
            portal: portal.as_deref(),
            hint: None,
            remembered: None,
            linked: None,
            now,
        });
        let theirs = &identity.person.idp;
        match route.outcome {
            Outcome::Deny | Outcome::Use { mode: Mode::Off, .. } => Err(SignInError::DeniedByRule),
            Outcome::Use { idp, mode: Mode::Required, fallback } if idp != *theirs => {
                let stands_in = fallback == Some(Fallback::Idp(theirs.clone()));
                if stands_in && self.instead_of.as_ref() == Some(&idp) {
                    return Ok(());
                }
                Err(SignInError::ProviderNotTheirs(idp))
            }
            Outcome::Use { .. } | Outcome::UpstreamLogin | Outcome::Choose => Ok(()),
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
