//! Why somebody or something was stopped, in the three languages of its readers.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Whose fault a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The person at the browser, or somebody who attacks.
    Customer,
    /// The identity provider sent something wrong or nothing.
    IdentityProvider,
    /// The help center or JSM.
    Upstream,
    /// The operator's file asks for this refusal, or is wrong.
    Operator,
    /// The gateway or its store.
    Us,
}

/// What the customer's page says; the texts live in the gateway's pages, one per language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The identity provider did not let the customer in.
    ProviderDenied,
    /// The identity provider has not answered.
    ProviderUnreachable,
    /// The identity provider's answer could not be trusted or read.
    AnswerNotAccepted,
    /// The identity provider's answer lacked the e-mail address.
    AddressMissing,
    /// The address cannot be used with this identity provider.
    AddressNotAllowed,
    /// Nobody knows this sign-in any more.
    StartAgain,
    /// The identity provider's answer was used before: a Back button, or a replay.
    AnswerUsed,
    /// The sign-in took longer than it may.
    TookTooLong,
    /// The sign-in was begun in another browser.
    OtherBrowser,
    /// The clocks of the identity provider and the gateway differ too much.
    ClockWrong,
    /// The identity provider is not in use here, or not any more.
    ProviderNotInUse,
    /// The link of an operator was used before or is too old.
    LinkOver,
    /// The address belongs to an account that another identity provider linked.
    AccountLinkedElsewhere,
    /// The account cannot be used here, and nobody knows why.
    AccountUnusable,
    /// The account's access was ended.
    AccountEnded,
    /// The same, and an administrator is asked to open it again.
    AccountAsked,
    /// The address belongs to an Atlassian account, whose owner signs in at Atlassian.
    AtlassianAccount,
    /// JSM or the help center does not answer.
    SupportUnavailable,
    /// The gateway cannot work right now; the customer's session is kept.
    TryAgainLater,
    /// The customer is known but may not enter here.
    NotPermitted,
    /// There is no such page, site or identity provider.
    NotFound,
    /// The request itself is malformed.
    BadRequest,
    /// A cookie that binds the sign-in to this browser is missing.
    CookiesNeeded,
    /// Too many addresses were typed from this network in a short time.
    TooManyTries,
    /// A form met an ended session and is too large to be kept: the browser still has it.
    FormTooLarge,
    /// A form met an ended session and could not be kept: the browser still has it.
    FormNotKept,
    /// A parked request is another person's, or another browser's.
    ParkedElsewhere,
    /// A parked request was sent already.
    ParkedSent,
    /// A parked request was sent, and nobody knows whether it arrived.
    ParkedUncertain,
    /// A parked request is no longer kept.
    ParkedOver,
    /// A parked request could not be sent and is still kept.
    ParkedWaits,
}

/// One refusal. Every library crate turns its error enum into one of these; the gateway shows the
/// notice, logs the rest and keeps both under one reference code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Stable kebab-case name of the one cause, such as `saml-audience-foreign`.
    pub cause: String,
    /// Whose fault it is.
    pub blame: Blame,
    /// What happened, for the operator: no secrets, no claims, lower-case start.
    pub explanation: String,
    /// What the operator can do.
    pub remedy: String,
    /// What the customer is told.
    pub notice: Notice,
    /// Since when this is so, where a page says it: an identity provider that does not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Refusal {
    /// A refusal from its five parts.
    pub fn new(
        cause: &str,
        blame: Blame,
        notice: Notice,
        explanation: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            cause: cause.into(),
            blame,
            notice,
            explanation: explanation.into(),
            remedy: remedy.into(),
            since: None,
        }
    }

    /// The same, with the moment since when it is so.
    #[must_use]
    pub fn since(self, since: Timestamp) -> Self {
        Self { since: Some(since), ..self }
    }
}
