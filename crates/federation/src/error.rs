//! Why an identity provider could not be used.

use std::path::PathBuf;

use domain::{Blame, IdpName, Notice, Refusal, Timestamp};
use oidc::{
    CallbackError, DiscoveryError, ExchangeError, FrontChannelError, IdTokenError,
    LogoutTokenError, RegistrationError, UserinfoError,
};
use outbound::OutboundError;
use saml::MetadataError;

/// Why an identity provider could not be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FederationError {
    /// The file has no such identity provider.
    #[error("there is no identity provider {0}")]
    Unknown(IdpName),
    /// The file disables it.
    #[error("the identity provider {0} is disabled")]
    Disabled(IdpName),
    /// It speaks the other protocol.
    #[error("the identity provider {0} does not speak this protocol")]
    ProtocolForeign(IdpName),
    /// Its metadata file cannot be read.
    #[error("metadata of {idp}: the file {} cannot be read: {reason}", path.display())]
    File {
        /// Whose.
        idp: IdpName,
        /// Which.
        path: PathBuf,
        /// The system's words.
        reason: String,
    },
    /// Its SAML metadata cannot be used.
    #[error("metadata of {idp} cannot be used")]
    Metadata {
        /// Whose.
        idp: IdpName,
        /// Why.
        source: MetadataError,
    },
    /// Its OpenID Connect settings cannot work.
    #[error("the oidc settings of {idp} cannot be used")]
    Registration {
        /// Whose.
        idp: IdpName,
        /// Why.
        source: RegistrationError,
    },
    /// Its OpenID Connect metadata or keys cannot be used.
    #[error("metadata or keys of {idp} cannot be used")]
    Discovery {
        /// Whose.
        idp: IdpName,
        /// Why.
        source: DiscoveryError,
    },
    /// A call to it brought no answer.
    #[error("the identity provider {idp} gave no answer")]
    Call {
        /// Which.
        idp: IdpName,
        /// Why.
        source: OutboundError,
    },
    /// A document that it publishes came with another status than 200.
    #[error("the identity provider {idp} answered with status {status}")]
    Status {
        /// Which.
        idp: IdpName,
        /// Its status.
        status: u16,
    },
    /// Its documents were not there in the time that somebody waits.
    #[error("the identity provider {0} has not answered in time")]
    TimedOut(IdpName),
    /// It does not answer, and has not for a while.
    #[error("the identity provider {idp} is not reachable since {since}")]
    NotReachable {
        /// Which.
        idp: IdpName,
        /// When that was first seen.
        since: Timestamp,
        /// What was seen last.
        source: Box<FederationError>,
    },
    /// The gateway ended while it read a document.
    #[error("reading the metadata of {0} was interrupted")]
    Interrupted(IdpName),
    /// The authorization response names no issuer or another one.
    #[error("the authorization response was not accepted")]
    Callback(#[source] CallbackError),
    /// The code was not exchanged.
    #[error("the code was not exchanged")]
    Exchange(#[source] ExchangeError),
    /// The ID token was not taken.
    #[error("the ID token was not accepted")]
    IdToken(#[source] IdTokenError),
    /// What the userinfo endpoint said was not taken.
    #[error("the userinfo answer was not accepted")]
    Userinfo(#[source] UserinfoError),
    /// The token does not list the groups, and the file says `deny` then.
    #[error("the ID token does not list the groups, since there are too many")]
    GroupsNotListed,
    /// The logout token was not taken.
    #[error("the logout token was not accepted")]
    LogoutToken(#[source] LogoutTokenError),
    /// The front-channel logout was not taken.
    #[error("the front-channel logout was not accepted")]
    FrontChannel(#[source] FrontChannelError),
    /// The file says that sign-out here and sign-out there have nothing to do with each other.
    #[error("single_logout is off for {0}")]
    SingleLogoutOff(IdpName),
}

const REACH: &str = "try the identity provider's address from this machine; look at its status \
                     page, the name service and the firewall";

impl FederationError {
    /// Whether nobody answered, as opposed to an answer that is wrong.
    pub(crate) fn is_outage(&self) -> bool {
        let Self::Call { source, .. } = self else { return false };
        matches!(source, OutboundError::Deadline { .. } | OutboundError::Connect { .. })
    }

    /// The refusal that is shown, logged and kept.
    pub fn refusal(&self) -> Refusal {
        let explanation = self.to_string();
        match self {
            Self::Unknown(_) => {
                let remedy = "correct the link, or add the identity provider to the file";
                Refusal::new("idp-unknown", Blame::Customer, Notice::NotFound, explanation, remedy)
            }
            Self::Disabled(_) => {
                let remedy = "set enabled to true if its people may sign in again";
                Refusal::new(
                    "idp-disabled",
                    Blame::Operator,
                    Notice::ProviderNotInUse,
                    explanation,
                    remedy,
                )
            }
            Self::ProtocolForeign(_) => {
                let remedy = "register the address that the documentation gives for its protocol";
                let notice = Notice::NotFound;
                Refusal::new("idp-protocol-foreign", Blame::Customer, notice, explanation, remedy)
            }
            Self::File { .. } => {
                let remedy = "correct the path, or let the gateway's user read the file";
                let notice = Notice::TryAgainLater;
                Refusal::new(
                    "idp-metadata-file-unreadable",
                    Blame::Operator,
                    notice,
                    explanation,
                    remedy,
                )
            }
            Self::Status { .. } => {
                let remedy = "correct the metadata address or issuer, or ask the identity provider";
                unreachable("idp-document-missing", explanation, remedy)
            }
            Self::TimedOut(_) => unreachable("idp-unreachable", explanation, REACH),
            Self::Interrupted(_) => {
                let remedy = "nothing while the gateway stops; else report this as a defect";
                Refusal::new(
                    "idp-interrupted",
                    Blame::Us,
                    Notice::TryAgainLater,
                    explanation,
                    remedy,
                )
            }
            Self::Call { source, .. } => call_refusal(source),
            Self::Metadata { source, .. } => source.refusal(),
            Self::Registration { source, .. } => source.refusal(),
            Self::Discovery { source, .. } => source.refusal(),
            Self::Callback(source) => source.refusal(),
            Self::Exchange(source) => source.refusal(),
            Self::IdToken(source) => source.refusal(),
            Self::NotReachable { since, source, .. } => source.refusal().since(*since),
            Self::Userinfo(source) => source.refusal(),
            Self::LogoutToken(source) => source.refusal(),
            Self::FrontChannel(source) => source.refusal(),
            Self::GroupsNotListed => {
                let remedy = "let the token carry only groups assigned to the application, or set \
                              group_overage to fetch or keep";
                let (blame, notice) = (Blame::Operator, Notice::AnswerNotAccepted);
                Refusal::new("oidc-groups-not-listed", blame, notice, explanation, remedy)
            }
            Self::SingleLogoutOff(_) => {
                let remedy = "set single_logout to true, or remove our address at the provider";
                let (blame, notice) = (Blame::Operator, Notice::NotFound);
                Refusal::new("idp-single-logout-off", blame, notice, explanation, remedy)
            }
        }
    }
}

fn call_refusal(error: &OutboundError) -> Refusal {
    let (cause, remedy) = match error {
        OutboundError::Deadline { .. } | OutboundError::Connect { .. } => {
            ("idp-unreachable", REACH)
        }
        OutboundError::Certificate { .. } => (
            "idp-certificate-not-trusted",
            "let the identity provider renew its certificate, or name its authority under \
             outbound.certificate_authorities",
        ),
        OutboundError::TooLarge { .. } => {
            ("idp-answer-too-large", "see what the identity provider serves at this address")
        }
        OutboundError::Answer { .. } => ("idp-answer-broken", REACH),
        OutboundError::Address
        | OutboundError::PlainHttp { .. }
        | OutboundError::ExtraCa(_)
        | OutboundError::Tls(_) => ("idp-address-refused", "use an https address"),
    };
    unreachable(cause, error.to_string(), remedy)
}

fn unreachable(cause: &str, explanation: String, remedy: &str) -> Refusal {
    let notice = Notice::ProviderUnreachable;
    Refusal::new(cause, Blame::IdentityProvider, notice, explanation, remedy)
}
