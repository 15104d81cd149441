//! Why a response was refused.

/// Why a response was refused: one variant for each cause.
///
/// `Display` is the explanation for the operator; [`ResponseError::refusal`] adds the stable
/// name of the cause and a remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// More bytes than any honest response has.
    #[error("the SAMLResponse has {0} bytes in base64; at most 262144 are read")]
    TooLarge(usize),
    /// Not RFC 4648 base64.
    #[error("the SAMLResponse is not base64")]
    Base64,
    /// Not UTF-8, a byte order mark, or another encoding declared.
    #[error("the message is not plain UTF-8: {0}")]
    Encoding(&'static str),
    /// A document type declaration.
    #[error("the message has a document type declaration")]
    DocumentType,
    /// A processing instruction.
    #[error("the message has a processing instruction")]
    ProcessingInstruction,
    /// Not well-formed.
    #[error("the message is not well-formed XML: {0}")]
    Malformed(String),
    /// Too deep, or too many of something.
    #[error("the message has too many {0}")]
    Limit(&'static str),
    /// Ids that two readers could resolve differently.
    #[error("the message's ids are ambiguous: {0}")]
    Ids(&'static str),
    /// A namespace name that canonicalization does not take.
    #[error("the message declares a relative namespace name")]
    RelativeNamespace,
    /// Elements where the profile does not know them.
    #[error("the message is not built as SAML says: {0}")]
    Structure(&'static str),
    /// No assertion in a successful response.
    #[error("the response says success but has no assertion")]
    AssertionMissing,
    /// More than one assertion.
    #[error("the response has more than one assertion")]
    SeveralAssertions,
    /// Something is encrypted, and there is no key that could decrypt.
    #[error("the message has an encrypted {0}, and `keys.saml` has no RSA key to decrypt it with")]
    Encrypted(&'static str),
    /// Encrypted data that is not built as it must be.
    #[error("an encrypted part is not built as XML Encryption says: {0}")]
    EncryptionProfile(&'static str),
    /// An encryption algorithm that is not accepted.
    #[error("an encrypted part uses {0}, which is not accepted")]
    EncryptionAlgorithm(String),
    /// AES-CBC without a dated exception that is still live.
    #[error("an encrypted part uses AES-CBC")]
    Cbc,
    /// Whatever went wrong behind the ciphertext: one error, because which one it was would help
    /// to decrypt what somebody else has encrypted (attacks.md A22).
    #[error(
        "an encrypted part cannot be decrypted with our keys, or holds something else than it should"
    )]
    Decryption,
    /// An assertion in plain, where the operator wants it encrypted.
    #[error("the assertion is not encrypted, and `encryption: required` says that it must be")]
    NotEncrypted,
    /// A part without the signature that the operator wants.
    #[error("the {0} is not signed, and `signed` says that it must be")]
    PartUnsigned(&'static str),
    /// Nothing is signed.
    #[error("the message is not signed, nor is an assertion in it")]
    Unsigned,
    /// A signature that is no child of the response or the assertion, or is doubled there.
    #[error("a signature is at an unexpected place: {0}")]
    SignatureMisplaced(&'static str),
    /// A signature with parts that SAML Core §5.4 does not allow.
    #[error("a signature is not built as SAML Core §5.4 says: {0}")]
    SignatureProfile(&'static str),
    /// A signature that names another element than the one it stands in.
    #[error("a signature covers another element than the one it stands in")]
    SignatureReference,
    /// An algorithm that is not accepted.
    #[error("a signature uses {0}, which is not accepted")]
    Algorithm(String),
    /// SHA-1 without a dated exception that is still live.
    #[error("a signature uses SHA-1")]
    Sha1,
    /// No key of the metadata made this signature, or the content was changed.
    #[error("a signature does not fit any of the {keys} signing certificates in the metadata")]
    SignatureInvalid {
        /// How many were tried.
        keys: usize,
    },
    /// A signature by a key that nobody pinned, over something else than a response.
    #[error("the signature fits none of the pinned certificates, or the content was changed")]
    SignatureForeign,
    /// The digested bytes are not the element that the signature stands in.
    #[error("the digested bytes are not the expected element: {0}")]
    SignedContent(&'static str),
    /// The verifier is unusable or panicked; never the fault of anybody outside.
    #[error("the XML signature verifier failed: {0}")]
    Verifier(&'static str),
    /// Not SAML 2.0.
    #[error("the {0} is not of SAML version 2.0")]
    Version(&'static str),
    /// A signed response without Destination.
    #[error("the signed response has no Destination")]
    DestinationMissing,
    /// Meant for somebody else.
    #[error("the response's Destination is {found}, not our {expected}")]
    DestinationForeign {
        /// What it says, quoted.
        found: String,
        /// Our assertion consumer service.
        expected: String,
    },
    /// No issuer where one is required.
    #[error("the assertion has no Issuer")]
    IssuerMissing,
    /// Not from the identity provider that was asked.
    #[error("the {part} is from {found}, not from {expected}")]
    IssuerForeign {
        /// Which part says so.
        part: &'static str,
        /// What it says, quoted.
        found: String,
        /// The identity provider that was asked.
        expected: String,
    },
    /// An answer to no request.
    #[error("the response answers no request: InResponseTo is missing")]
    Unsolicited,
    /// An answer to another request.
    #[error("the {0} answers another request than this browser's")]
    RequestForeign(&'static str),
    /// No readable status.
    #[error("the response has no readable Status")]
    StatusMissing,
    /// The identity provider says no.
    #[error("the identity provider did not sign the customer in: {0}")]
    Status(FailedStatus),
    /// A moment that is missing or no `xs:dateTime` in UTC.
    #[error("{0} is missing or is not a moment in UTC")]
    Moment(&'static str),
    /// Issued in the future.
    #[error("the {0} was issued in the future")]
    IssuedInFuture(&'static str),
    /// Issued too long ago.
    #[error("the {0} was issued more than ten minutes ago")]
    IssuedLongAgo(&'static str),
    /// No conditions.
    #[error("the assertion has no Conditions")]
    ConditionsMissing,
    /// A condition that is not understood makes the assertion indeterminate.
    #[error("the assertion has a condition that is not understood: {0}")]
    ConditionUnknown(String),
    /// Before NotBefore.
    #[error("the assertion is not valid yet (NotBefore)")]
    NotYetValid,
    /// At or after NotOnOrAfter.
    #[error("the assertion has expired (Conditions/NotOnOrAfter)")]
    Expired,
    /// Valid for longer than a day.
    #[error("the assertion is valid for more than 24 hours")]
    ValidTooLong,
    /// No audience restriction.
    #[error("the assertion names no audience")]
    AudienceMissing,
    /// Meant for another service provider.
    #[error("the assertion is for {found}, not for our {expected}")]
    AudienceForeign {
        /// What it says, quoted.
        found: String,
        /// Our entity id.
        expected: String,
    },
    /// No subject with a name id.
    #[error("the assertion's subject has no readable NameID")]
    NameIdMissing,
    /// No bearer confirmation.
    #[error("the assertion has no SubjectConfirmation of method bearer")]
    NotBearer,
    /// A bearer confirmation without what the profile requires.
    #[error("the assertion's SubjectConfirmationData breaks the profile: {0}")]
    Confirmation(&'static str),
    /// The confirmation is for another endpoint.
    #[error("the assertion's Recipient is {found}, not our {expected}")]
    RecipientForeign {
        /// What it says, quoted.
        found: String,
        /// Our assertion consumer service.
        expected: String,
    },
    /// The confirmation has expired.
    #[error("the assertion has expired (SubjectConfirmationData/NotOnOrAfter)")]
    ConfirmationExpired,
    /// No authentication statement.
    #[error("the assertion has no AuthnStatement")]
    AuthnStatementMissing,
    /// Authenticated in another way than was asked for (attacks.md B24).
    #[error(
        "the customer was authenticated by {0}, which is none of the ways that `authn_context` accepts"
    )]
    AuthnContext(String),
    /// The identity provider's session is already over.
    #[error("the identity provider's session is already over (SessionNotOnOrAfter)")]
    SessionOver,
    /// `force_authn` asked for a new proof, and the answer rests on an old one.
    #[error("the customer proved who they are before this sign-in began (AuthnInstant)")]
    AuthenticatedBefore,
    /// An attribute without a name.
    #[error("an attribute of the assertion has no Name")]
    AttributeName,
}

/// What the identity provider says when it did not sign in (SAML Core §3.2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FailedStatus {
    /// `AuthnFailed`.
    #[error("AuthnFailed, the customer could not prove who they are")]
    AuthnFailed,
    /// `RequestDenied`.
    #[error("RequestDenied, the customer may not use this application, or cancelled")]
    RequestDenied,
    /// `UnknownPrincipal`.
    #[error("UnknownPrincipal, it does not know the customer")]
    UnknownPrincipal,
    /// `NoPassive`.
    #[error("NoPassive, it would have to ask the customer")]
    NoPassive,
    /// `NoAuthnContext`.
    #[error("NoAuthnContext, it cannot authenticate as was asked")]
    NoAuthnContext,
    /// `InvalidNameIDPolicy`.
    #[error("InvalidNameIDPolicy, it has no name id of the wanted kind")]
    InvalidNameIdPolicy,
    /// `RequestUnsupported`.
    #[error("RequestUnsupported, it does not understand the request")]
    RequestUnsupported,
    /// `VersionMismatch`.
    #[error("VersionMismatch, it does not speak SAML 2.0")]
    VersionMismatch,
    /// `Requester` without a known second code.
    #[error("Requester, it finds fault with the request")]
    Requester,
    /// `Responder` without a known second code.
    #[error("Responder, it failed on its own side")]
    Responder,
    /// A code that SAML does not define.
    #[error("a status that SAML does not define")]
    Other,
}
