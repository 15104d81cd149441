//! Every cause by its stable name, with whose fault it is and what an operator can do.

use domain::{Blame, Notice, Refusal};

use crate::{FailedStatus, ResponseError};

impl ResponseError {
    /// The refusal that the gateway shows, logs and keeps.
    pub fn refusal(&self) -> Refusal {
        let (blame, notice) = self.blame();
        Refusal::new(self.cause(), blame, notice, self.to_string(), self.remedy())
    }

    fn cause(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "saml-too-large",
            Self::Base64 => "saml-base64-invalid",
            Self::Encoding(_) => "saml-encoding-not-utf8",
            Self::DocumentType => "saml-document-type",
            Self::ProcessingInstruction => "saml-processing-instruction",
            Self::Malformed(_) => "saml-xml-malformed",
            Self::Limit(_) => "saml-xml-limit",
            Self::Ids(_) => "saml-ids-ambiguous",
            Self::RelativeNamespace => "saml-namespace-relative",
            Self::Structure(_) => "saml-structure",
            Self::AssertionMissing => "saml-assertion-missing",
            Self::SeveralAssertions => "saml-assertions-several",
            Self::Encrypted(_) => "saml-encrypted",
            Self::EncryptionProfile(_) => "saml-encryption-profile",
            Self::EncryptionAlgorithm(_) => "saml-encryption-algorithm",
            Self::Cbc => "saml-encryption-cbc",
            Self::Decryption => "saml-decryption-failed",
            Self::NotEncrypted => "saml-not-encrypted",
            Self::PartUnsigned(_) => "saml-part-unsigned",
            Self::Unsigned => "saml-unsigned",
            Self::SignatureMisplaced(_) => "saml-signature-misplaced",
            Self::SignatureProfile(_) => "saml-signature-profile",
            Self::SignatureReference => "saml-signature-reference",
            Self::Algorithm(_) => "saml-signature-algorithm",
            Self::Sha1 => "saml-signature-sha1",
            Self::SignatureInvalid { .. } => "saml-signature-invalid",
            Self::SignatureForeign => "saml-signature-foreign",
            Self::SignedContent(_) => "saml-signed-content",
            Self::Verifier(_) => "saml-verifier-failed",
            Self::Version(_) => "saml-version",
            Self::DestinationMissing => "saml-destination-missing",
            Self::DestinationForeign { .. } => "saml-destination-foreign",
            Self::IssuerMissing => "saml-issuer-missing",
            Self::IssuerForeign { .. } => "saml-issuer-foreign",
            Self::Unsolicited => "saml-unsolicited",
            Self::RequestForeign(_) => "saml-request-foreign",
            Self::StatusMissing => "saml-status-missing",
            Self::Status(status) => status.cause(),
            Self::Moment(_) => "saml-moment-unreadable",
            Self::IssuedInFuture(_) => "saml-issued-in-future",
            Self::IssuedLongAgo(_) => "saml-issued-long-ago",
            Self::ConditionsMissing => "saml-conditions-missing",
            Self::ConditionUnknown(_) => "saml-condition-unknown",
            Self::NotYetValid => "saml-not-yet-valid",
            Self::Expired => "saml-expired",
            Self::ValidTooLong => "saml-valid-too-long",
            Self::AudienceMissing => "saml-audience-missing",
            Self::AudienceForeign { .. } => "saml-audience-foreign",
            Self::NameIdMissing => "saml-name-id-missing",
            Self::NotBearer => "saml-confirmation-not-bearer",
            Self::Confirmation(_) => "saml-confirmation-incomplete",
            Self::RecipientForeign { .. } => "saml-recipient-foreign",
            Self::ConfirmationExpired => "saml-confirmation-expired",
            Self::AuthnStatementMissing => "saml-authn-statement-missing",
            Self::AuthnContext(_) => "saml-authn-context",
            Self::SessionOver => "saml-session-over",
            Self::AuthenticatedBefore => "saml-authenticated-before",
            Self::AttributeName => "saml-attribute-name-missing",
        }
    }

    fn blame(&self) -> (Blame, Notice) {
        match self {
            Self::TooLarge(_) | Self::Base64 => (Blame::Customer, Notice::BadRequest),
            Self::Verifier(_) => (Blame::Us, Notice::TryAgainLater),
            Self::Status(_) => (Blame::IdentityProvider, Notice::ProviderDenied),
            // Somebody else's or an old answer; an honest customer gets in by starting again.
            Self::Unsolicited
            | Self::RequestForeign(_)
            | Self::IssuedLongAgo(_)
            | Self::Expired
            | Self::ConfirmationExpired
            | Self::SessionOver => (Blame::Customer, Notice::StartAgain),
            Self::IssuedInFuture(_) | Self::NotYetValid => {
                (Blame::IdentityProvider, Notice::ClockWrong)
            }
            Self::Sha1 | Self::SignatureInvalid { .. } | Self::SignatureForeign => {
                (Blame::Operator, Notice::AnswerNotAccepted)
            }
            Self::AudienceMissing
            | Self::AudienceForeign { .. }
            | Self::RecipientForeign { .. }
            | Self::DestinationForeign { .. }
            | Self::Encrypted(_)
            | Self::EncryptionAlgorithm(_)
            | Self::Cbc
            | Self::Decryption
            | Self::NotEncrypted
            | Self::PartUnsigned(_)
            | Self::AuthnContext(_)
            | Self::Unsigned => (Blame::Operator, Notice::AnswerNotAccepted),
            _ => (Blame::IdentityProvider, Notice::AnswerNotAccepted),
        }
    }

    fn remedy(&self) -> &'static str {
        match self {
            Self::Unsigned => {
                "let the identity provider sign the response, the assertion, or both, with a certificate of its metadata"
            }
            Self::Encrypted(_) => {
                "put an RSA key under `keys.saml` (`vestibule keys init` makes one) and let the identity provider fetch our metadata again, or switch off encryption there"
            }
            Self::EncryptionAlgorithm(_) => {
                "let the identity provider encrypt with AES-GCM, and the key with RSA-OAEP"
            }
            Self::Cbc => {
                "let the identity provider encrypt with AES-GCM; until it can, set `cbc_until` to a near date for this provider"
            }
            Self::Decryption => {
                "let the identity provider fetch our metadata again: it encrypts to a certificate that is no longer ours; else somebody tampers"
            }
            Self::NotEncrypted => {
                "switch on assertion encryption at the identity provider, which takes our certificate from our metadata"
            }
            Self::PartUnsigned(_) => {
                "let the identity provider sign that part too, or lower `signed` for this provider"
            }
            Self::AuthnContext(_) => {
                "let the identity provider demand the stronger sign-in for this application, or add what it sends to `authn_context`"
            }
            Self::AuthenticatedBefore => {
                "let the identity provider honour ForceAuthn, or take `force_authn` out for this provider; if it honours it, somebody altered the request on its way: sign requests"
            }
            Self::Algorithm(_) => {
                "let the identity provider sign with RSA or ECDSA and SHA-256, SHA-384 or SHA-512"
            }
            Self::Sha1 => {
                "let the identity provider sign with SHA-256; until it can, set `sha1_until` to a near date for this provider"
            }
            Self::SignatureInvalid { .. } => {
                "if the identity provider changed its key, fetch or export its metadata again; else somebody altered or forged the response"
            }
            Self::Verifier(_) => {
                "see the log of the gateway's start; libxmlsec1 with its OpenSSL part must be installed"
            }
            Self::DestinationMissing
            | Self::DestinationForeign { .. }
            | Self::RecipientForeign { .. } => {
                "set the assertion consumer service (reply URL) at the identity provider to exactly ours, as our metadata gives it"
            }
            Self::IssuerMissing | Self::IssuerForeign { .. } => {
                "compare the entity id in the provider's metadata with what it sends as Issuer; they must be equal"
            }
            Self::Unsolicited => {
                "start at the help center, or set `idp_initiated: true` if sign-in may begin at this identity provider"
            }
            Self::RequestForeign(_) => {
                "nothing, if rare: an old tab or the back button; often means that somebody tries to plant a sign-in"
            }
            Self::Status(status) => status.remedy(),
            Self::IssuedInFuture(_) | Self::NotYetValid => {
                "compare the clocks of the identity provider and this machine (NTP); `clock_skew` widens the tolerance"
            }
            Self::IssuedLongAgo(_)
            | Self::Expired
            | Self::ConfirmationExpired
            | Self::SessionOver => {
                "nothing, if rare: the customer waited too long; if always, compare the clocks of the identity provider and this machine (NTP)"
            }
            Self::ValidTooLong => {
                "lower the lifetime of assertions at the identity provider to minutes"
            }
            Self::AudienceMissing | Self::AudienceForeign { .. } => {
                "set the audience (entity id, identifier) of the application at the identity provider to exactly our entity id, as our metadata gives it"
            }
            Self::NameIdMissing => "let the identity provider send a persistent or e-mail NameID",
            Self::NotBearer | Self::Confirmation(_) => {
                "use the Web Browser SSO profile with bearer confirmation at the identity provider"
            }
            _ => {
                "no identity provider in good order sends this: look at its SAML settings; if they are right, somebody tampers"
            }
        }
    }
}

impl FailedStatus {
    fn cause(self) -> &'static str {
        match self {
            Self::AuthnFailed => "saml-status-authn-failed",
            Self::RequestDenied => "saml-status-request-denied",
            Self::UnknownPrincipal => "saml-status-unknown-principal",
            Self::NoPassive => "saml-status-no-passive",
            Self::NoAuthnContext => "saml-status-no-authn-context",
            Self::InvalidNameIdPolicy => "saml-status-invalid-name-id-policy",
            Self::RequestUnsupported => "saml-status-request-unsupported",
            Self::VersionMismatch => "saml-status-version-mismatch",
            Self::Requester => "saml-status-requester",
            Self::Responder => "saml-status-responder",
            Self::Other => "saml-status-other",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::AuthnFailed | Self::NoPassive => "nothing, if rare: the customer may try again",
            Self::RequestDenied | Self::UnknownPrincipal => {
                "assign the customer to this application at the identity provider"
            }
            Self::InvalidNameIdPolicy => {
                "configure a persistent or e-mail NameID for this service provider at the identity provider"
            }
            Self::Requester
            | Self::RequestUnsupported
            | Self::VersionMismatch
            | Self::NoAuthnContext => {
                "import our metadata at the identity provider again; its own log names what it did not like"
            }
            Self::Responder | Self::Other => {
                "look into the identity provider's own log at this time"
            }
        }
    }
}
