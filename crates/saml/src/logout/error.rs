//! Why a message of single logout was refused.

use domain::{Blame, Notice, Refusal};

use crate::ResponseError;

/// Why a message of single logout was refused: one variant for each cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogoutError {
    /// For a reason that responses of a sign-in can have too.
    #[error(transparent)]
    Message(#[from] ResponseError),
    /// A field twice (attacks.md B18).
    #[error("the field {0} stands in the message twice")]
    FieldRepeated(&'static str),
    /// Neither request nor response, or both.
    #[error("the message has not exactly one of SAMLRequest and SAMLResponse")]
    NoMessage,
    /// No signature where one must be (attacks.md B20).
    #[error("the logout message is not signed")]
    Unsigned,
    /// Not DEFLATE, or more than is read.
    #[error("the message cannot be inflated to at most 262144 bytes")]
    Inflation,
    /// Not percent-encoded as it must be.
    #[error("the field {0} is not encoded as it must be")]
    FieldEncoding(&'static str),
    /// The envelope is no SOAP 1.1 with one message.
    #[error("the body is no SOAP 1.1 envelope with one logout message: {0}")]
    Envelope(&'static str),
    /// A signature inside a message that is signed in its query (SAML Bindings §3.4.4.1).
    #[error("a message by HTTP-Redirect carries a signature inside")]
    SignatureInside,
    /// We have no single logout service.
    #[error("there is no single logout service here")]
    NotOffered,
    /// Its time is over.
    #[error("the logout request has expired (NotOnOrAfter)")]
    Expired,
    /// An answer to nothing.
    #[error("the logout response answers no request")]
    Unsolicited,
    /// More sessions than anybody has.
    #[error("the logout request names more than 100 sessions")]
    TooManySessions,
}

impl LogoutError {
    /// Whether the identity provider may have changed its key since its metadata was fetched, so
    /// that reading once more with fresh metadata may help.
    pub fn suggests_new_keys(&self) -> bool {
        matches!(self, Self::Message(ResponseError::SignatureInvalid { .. }))
    }

    /// The refusal that the gateway shows, logs and keeps.
    pub fn refusal(&self) -> Refusal {
        const SIGN: &str = "let the identity provider sign logout messages, with a certificate of its metadata; if it does, somebody forges them";
        const TAMPERED: &str = "no identity provider in good order sends this: look at its SAML settings; if they are right, somebody tampers";
        let (cause, blame, remedy) = match self {
            Self::Message(source) => return source.refusal(),
            Self::FieldRepeated(_) => ("saml-logout-field-repeated", Blame::Customer, TAMPERED),
            Self::NoMessage => ("saml-logout-message-missing", Blame::Customer, TAMPERED),
            Self::Unsigned => ("saml-logout-unsigned", Blame::Operator, SIGN),
            Self::Inflation => ("saml-logout-inflation", Blame::Customer, TAMPERED),
            Self::FieldEncoding(_) => ("saml-logout-encoding", Blame::Customer, TAMPERED),
            Self::Envelope(_) => ("saml-logout-envelope", Blame::Customer, TAMPERED),
            Self::SignatureInside => {
                ("saml-logout-signature-inside", Blame::IdentityProvider, TAMPERED)
            }
            Self::NotOffered => (
                "saml-logout-not-offered",
                Blame::Operator,
                "set `single_logout: true` and put a key under `keys.saml`, or remove our logout address at the identity provider",
            ),
            Self::Expired => (
                "saml-logout-expired",
                Blame::IdentityProvider,
                "nothing, if rare; if always, compare the clocks of the identity provider and this machine (NTP)",
            ),
            Self::Unsolicited => ("saml-logout-unsolicited", Blame::Customer, TAMPERED),
            Self::TooManySessions => {
                ("saml-logout-sessions-many", Blame::IdentityProvider, TAMPERED)
            }
        };
        Refusal::new(cause, blame, Notice::BadRequest, self.to_string(), remedy)
    }
}
