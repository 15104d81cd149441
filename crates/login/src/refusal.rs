//! Why a sign-in stopped.

use domain::{Blame, IdpName, Notice, Refusal};

/// Why a sign-in stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The attempt took longer than it may.
    #[error("the sign-in was begun more than 30 minutes ago")]
    AttemptOver,
    /// The answer came to another site than the attempt's.
    #[error("the sign-in was begun on another site")]
    OtherSite,
    /// The answer came from another identity provider than was asked (attacks.md B6, C6).
    #[error("the sign-in was begun with another identity provider")]
    OtherProvider,
    /// The event does not fit the stage.
    #[error("this sign-in is not waiting for that")]
    NotUnderWay,
    /// A rule says `deny`.
    #[error("a rule of sign_in denies this address")]
    DeniedByRule,
    /// A rule requires another identity provider for this address.
    #[error("a rule of sign_in requires `{0}` for this address")]
    ProviderNotTheirs(IdpName),
    /// What was passed does not satisfy the rules: it is too old, or of a kind that they do not take.
    #[error("the factor that was passed is not what the rules of second_factor demand")]
    FactorNotEnough,
    /// A rule requires an identity provider and leaves nothing else.
    #[error("`{0}` does not answer, and the rule leaves no other way")]
    NoFallback(IdpName),
    /// No subject that stays the same.
    #[error("the answer has no lasting subject: `{0}` is missing or transient")]
    SubjectMissing(String),
    /// No e-mail address under the configured name.
    #[error("the answer has no claim `{0}` for the e-mail address")]
    AddressMissing(String),
    /// Not one plain e-mail address.
    #[error("the claim `{0}` is not one plain e-mail address")]
    AddressInvalid(String),
    /// The identity provider says that it has not verified the address.
    #[error("the identity provider says that the e-mail address is not verified")]
    AddressUnverified,
    /// The address lies outside the identity provider's domains (invariant 3).
    #[error("the domain `{0}` is not among those that this identity provider may speak for")]
    DomainForeign(String),
    /// The groups are none that somebody can have.
    #[error("the groups in the answer cannot be used: {0}")]
    GroupsUnusable(&'static str),
}

impl SignInError {
    /// The refusal that the customer and the operator see.
    pub fn refusal(&self) -> Refusal {
        let (cause, blame, notice, remedy) = match self {
            Self::AttemptOver => (
                "attempt-over",
                Blame::Customer,
                Notice::TookTooLong,
                "nothing to mend; the customer starts again from the page",
            ),
            Self::OtherSite => (
                "attempt-other-site",
                Blame::Customer,
                Notice::StartAgain,
                "the identity provider must answer at the site that asked; check its ACS or redirect URLs",
            ),
            Self::OtherProvider => (
                "attempt-other-provider",
                Blame::IdentityProvider,
                Notice::StartAgain,
                "an answer arrived at the address of another identity provider; check the ACS or redirect URL there",
            ),
            Self::NotUnderWay => (
                "attempt-not-under-way",
                Blame::Customer,
                Notice::StartAgain,
                "nothing to mend; the customer starts again from the page",
            ),
            Self::DeniedByRule => (
                "denied-by-rule",
                Blame::Operator,
                Notice::NotPermitted,
                "if the person should sign in, add a rule for them above the one that denies",
            ),
            Self::ProviderNotTheirs(_) => (
                "provider-not-theirs",
                Blame::Customer,
                Notice::AddressNotAllowed,
                "nothing to mend if the rule is meant so; else change its `mode`",
            ),
            Self::FactorNotEnough => (
                "factor-not-enough",
                Blame::Customer,
                Notice::StartAgain,
                "nothing to mend; the customer starts again and is asked for the factor",
            ),
            Self::NoFallback(_) => (
                "no-fallback",
                Blame::IdentityProvider,
                Notice::ProviderUnreachable,
                "wait until it answers again, or give the rule a `fallback`",
            ),
            Self::SubjectMissing(_) => (
                "subject-missing",
                Blame::IdentityProvider,
                Notice::AnswerNotAccepted,
                "send a persistent NameID, or name a lasting claim in `claims.subject`",
            ),
            Self::AddressMissing(_) => (
                "address-missing",
                Blame::IdentityProvider,
                Notice::AddressMissing,
                "have the identity provider release the address, or name the right claim in `claims.email`",
            ),
            Self::AddressInvalid(_) => (
                "address-invalid",
                Blame::IdentityProvider,
                Notice::AddressMissing,
                "have the identity provider release exactly one plain address in `claims.email`",
            ),
            Self::AddressUnverified => (
                "address-unverified",
                Blame::IdentityProvider,
                Notice::AddressNotAllowed,
                "have the person verify the address at the identity provider; Google answers for an address only where the account belongs to a Workspace",
            ),
            Self::DomainForeign(_) => (
                "domain-foreign",
                Blame::IdentityProvider,
                Notice::AddressNotAllowed,
                "if the identity provider is authoritative for the domain, add it to its `domains`; if not, this was an attempt to take over an account",
            ),
            Self::GroupsUnusable(_) => (
                "groups-unusable",
                Blame::IdentityProvider,
                Notice::AnswerNotAccepted,
                "have the identity provider release only the groups that concern the help center, or name another claim in `claims.groups`",
            ),
        };
        Refusal::new(cause, blame, notice, self.to_string(), remedy)
    }
}
