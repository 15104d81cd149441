//! Why metadata was not taken.

use domain::{Blame, Notice, Refusal, Timestamp};

use crate::ResponseError;
use crate::lexical::LexicalError;

/// Why metadata was not taken: one variant for each cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// More bytes than any federation publishes.
    #[error("metadata has {0} bytes; at most 20971520 are read")]
    TooLarge(usize),
    /// Not UTF-8, or another encoding declared.
    #[error("metadata is not UTF-8: {0}")]
    Encoding(&'static str),
    /// A document type declaration.
    #[error("metadata has a document type declaration")]
    DocumentType,
    /// Not well-formed, or with processing instructions.
    #[error("metadata is not well-formed XML: {0}")]
    Malformed(String),
    /// Too deep, or too many of something.
    #[error("metadata has too many {0}")]
    Limit(&'static str),
    /// Well-formed, but something else.
    #[error(
        "the document is no SAML metadata: its root is no EntityDescriptor and no EntitiesDescriptor"
    )]
    NotMetadata,
    /// No entity with an identity provider's role for SAML 2.0.
    #[error("metadata describes no SAML 2.0 identity provider (IDPSSODescriptor)")]
    NoIdentityProvider,
    /// Several identity providers, and no word on which.
    #[error("metadata describes {0} identity providers, and `entity_id` does not say which")]
    SeveralIdentityProviders(usize),
    /// Not the entity that was expected.
    #[error("metadata has no entity {expected}; it describes {found}")]
    EntityForeign {
        /// What the operator pinned.
        expected: String,
        /// The first entity in the document, quoted.
        found: String,
    },
    /// The expected entity is described twice.
    #[error("metadata describes the entity {0} twice")]
    EntityTwice(String),
    /// No entity id, or a longer one than SAML allows.
    #[error("metadata has no usable entityID")]
    EntityIdMissing,
    /// `validUntil` has passed (attacks.md A26).
    #[error("metadata of {entity_id} expired at {end} (validUntil)")]
    Expired {
        /// Whose.
        entity_id: String,
        /// When.
        end: Timestamp,
    },
    /// A `validUntil` that cannot be read.
    #[error("metadata has an unreadable validUntil: {0}")]
    Moment(String),
    /// No endpoint that a browser can be sent to.
    #[error("metadata has no SingleSignOnService with the binding that requests are sent by")]
    NoEndpoint,
    /// An endpoint that is no https URL.
    #[error("the SingleSignOnService {0} is no https URL without credentials and fragment")]
    Endpoint(String),
    /// Not signed, though the operator pinned who signs it.
    #[error("metadata is not signed as a whole, and `signed_by` says that it must be")]
    Unsigned,
    /// Signed, but not as it must be, or by somebody else.
    #[error("the signature of the metadata is not accepted: {0}")]
    Signature(Box<ResponseError>),
    /// A pinned certificate that cannot be used.
    #[error("a certificate of `signed_by` cannot be used: {0}")]
    Signer(&'static str),
    /// No certificate with which a signature could be verified (attacks.md A25).
    #[error("metadata has no usable signing certificate: {0}")]
    NoSigningCertificate(&'static str),
}

impl MetadataError {
    /// The refusal for the audit log, and for whoever tries to sign in meanwhile.
    pub fn refusal(&self) -> Refusal {
        let (cause, remedy) = self.cause_and_remedy();
        let notice = Notice::ProviderUnreachable;
        Refusal::new(cause, Blame::IdentityProvider, notice, self.to_string(), remedy)
    }

    fn cause_and_remedy(&self) -> (&'static str, &'static str) {
        const EXPORT: &str =
            "export the metadata at the identity provider again, as a file in UTF-8";
        match self {
            Self::TooLarge(_) => (
                "saml-metadata-too-large",
                "use the metadata of the one identity provider instead of the federation's",
            ),
            Self::Encoding(_) => ("saml-metadata-encoding", EXPORT),
            Self::DocumentType => ("saml-metadata-document-type", EXPORT),
            Self::Malformed(_) => ("saml-metadata-malformed", EXPORT),
            Self::Limit(_) => ("saml-metadata-limit", EXPORT),
            Self::NotMetadata => (
                "saml-metadata-not-metadata",
                "look at the URL or file: a sign-in page or an error page comes often",
            ),
            Self::NoIdentityProvider => (
                "saml-metadata-no-identity-provider",
                "export the metadata of the identity provider, not of a service provider",
            ),
            Self::SeveralIdentityProviders(_) => {
                ("saml-metadata-ambiguous", "set `entity_id` to the one that is meant")
            }
            Self::EntityForeign { .. } => (
                "saml-metadata-entity-foreign",
                "correct `entity_id`, or find out why the identity provider changed its own",
            ),
            Self::EntityTwice(_) => {
                ("saml-metadata-entity-twice", "ask whoever publishes the metadata")
            }
            Self::EntityIdMissing => ("saml-metadata-entity-id-missing", EXPORT),
            Self::Expired { .. } => (
                "saml-metadata-expired",
                "fetch or export the metadata again; compare the clocks if it is fresh",
            ),
            Self::Moment(_) => ("saml-metadata-moment-unreadable", EXPORT),
            Self::NoEndpoint => (
                "saml-metadata-no-endpoint",
                "set `request: { binding: … }` to `redirect` or `post`, whichever it has, or enable the binding at the identity provider",
            ),
            Self::Endpoint(_) => (
                "saml-metadata-endpoint-insecure",
                "let the identity provider publish an https address",
            ),
            Self::Unsigned => (
                "saml-metadata-unsigned",
                "use the address where the federation publishes signed metadata, or remove `signed_by`",
            ),
            Self::Signature(_) => (
                "saml-metadata-signature",
                "compare the federation's signing certificate with `signed_by`; if it is the same, somebody altered the metadata",
            ),
            Self::Signer(_) => (
                "saml-metadata-signer-unusable",
                "put the federation's signing certificate under `signed_by`: RSA of at least 2048 bits, or ECDSA",
            ),
            Self::NoSigningCertificate(_) => (
                "saml-metadata-no-signing-certificate",
                "export metadata with a signing certificate: RSA of at least 2048 bits, or ECDSA on P-256, P-384 or P-521",
            ),
        }
    }
}

impl From<LexicalError> for MetadataError {
    fn from(error: LexicalError) -> Self {
        match error {
            LexicalError::Encoding(why) => Self::Encoding(why),
            LexicalError::DocumentType => Self::DocumentType,
            LexicalError::ProcessingInstruction => {
                Self::Malformed("it has a processing instruction".to_owned())
            }
            LexicalError::Limit(what) => Self::Limit(what),
            LexicalError::Malformed(why) => Self::Malformed(why),
        }
    }
}
