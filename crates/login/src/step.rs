//! What happens to a sign-in, and what it asks for next.

use std::net::IpAddr;

use domain::{
    Authentication, FactorUse, HostName, Identity, IdpName, IdpSession, JsmAccount, PersonKey,
    Timestamp,
};
use policy::{FactorDemand, FactorRules, Outcome, SignInRules, TrustedFactors};
use serde::{Deserialize, Serialize};

use crate::{Claims, Mapping};

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
    /// How it says that the customer was authenticated, from the signed part alone.
    pub authentication: Authentication,
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
    /// What the rules for the second factor look at is there.
    Weighed(Weighing<'a>),
    /// A second factor was passed.
    FactorPassed(FactorUse),
    /// The customer exists in JSM as the rules say, or the site has none.
    Provisioned(Option<JsmAccount>),
    /// The customer's account was being made, and the browser asks again whether it is there.
    AskedAgain,
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

/// What decides about the second factor, beside the identity.
#[derive(Debug, Clone)]
pub struct Weighing<'a> {
    /// The rules of `second_factor`.
    pub rules: &'a FactorRules,
    /// What the identity provider is trusted for.
    pub trusted: &'a TrustedFactors,
    /// Organizations that the rules give; `None`: unknown.
    pub organizations: Option<Vec<String>>,
    /// From where the answer came.
    pub client: IpAddr,
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
    /// Find what the rules for the second factor look at, organizations among it.
    Weigh {
        /// Of whom.
        identity: Box<Identity>,
    },
    /// Ask for a second factor; nothing is written and no session opened before.
    AskFactor {
        /// Whom.
        identity: Box<Identity>,
        /// What is demanded.
        demand: FactorDemand,
    },
    /// Go on with the session under a new id, and note the factor in it.
    StepUp {
        /// Whose session it must be.
        person: PersonKey,
        /// What was passed.
        factor: FactorUse,
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
        /// What stood for the second factor, if anything did.
        factor: Option<FactorUse>,
    },
}

/// Proof that one person passed every factor that the rules demand of them; JSM is written to only
/// with one, and only for that person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorPassed {
    person: PersonKey,
}

impl FactorPassed {
    /// Made by an attempt alone.
    pub(crate) fn by(person: PersonKey) -> Self {
        Self { person }
    }

    /// Whether it is this person's; whoever acts on a proof asks.
    pub fn is_of(&self, person: &PersonKey) -> bool {
        self.person == *person
    }
}
