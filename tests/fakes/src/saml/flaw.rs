//! What can be wrong with a SAML response, one thing at a time.

/// One flaw. Everything else about the response stays right, and where the flaw lies inside what
/// is signed, the signature is made over the flawed text and verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flaw {
    // What the response says; validly signed.
    /// The only audience is another service provider.
    WrongAudience,
    /// Conditions without AudienceRestriction.
    NoAudience,
    /// One AudienceRestriction with our audience, a second one without.
    TwoAudienceRestrictions,
    /// Recipient is another service provider's endpoint.
    WrongRecipient,
    /// SubjectConfirmationData without Recipient.
    NoRecipient,
    /// Destination is another service provider's endpoint.
    WrongDestination,
    /// Destination with the host in upper case.
    DestinationOfOtherCase,
    /// A signed Response without Destination.
    NoDestination,
    /// The Response's Issuer is another identity provider.
    ForeignResponseIssuer,
    /// The Assertion's Issuer is another identity provider.
    ForeignAssertionIssuer,
    /// Conditions ended an hour ago.
    Expired,
    /// Conditions end far off, SubjectConfirmationData ended an hour ago.
    ConfirmationExpired,
    /// NotBefore is an hour ahead.
    NotYetValid,
    /// No Conditions.
    NoConditions,
    /// Conditions without NotOnOrAfter.
    NoConditionsEnd,
    /// SubjectConfirmationData without NotOnOrAfter.
    NoConfirmationEnd,
    /// Valid for ten years.
    TenYears,
    /// IssueInstant is a day ahead.
    IssuedTomorrow,
    /// Subject without SubjectConfirmation.
    NoConfirmation,
    /// The confirmation's method is holder-of-key.
    NotBearer,
    /// Status is Responder with AuthnFailed inside; no Assertion.
    StatusAuthnFailed,
    /// Status is Responder with NoPassive inside; no Assertion.
    StatusNoPassive,
    /// Status is Responder, and there is a good Assertion all the same.
    StatusResponderWithAssertion,
    /// No Status.
    NoStatus,
    /// Success, and no Assertion.
    NoAssertion,
    /// InResponseTo, twice, is another request.
    WrongInResponseTo,
    /// InResponseTo of the Response is right, the confirmation's is another request.
    WrongConfirmationInResponseTo,
    /// Unsolicited: no InResponseTo anywhere.
    NoInResponseTo,
    /// NameID is empty.
    EmptyNameId,
    /// Subject without NameID.
    NoNameId,
    /// NameID is transient.
    TransientNameId,
    /// No attributes.
    NoAttributes,
    /// No attribute with an e-mail address.
    NoEmail,
    /// Two different e-mail addresses in one attribute.
    TwoEmails,
    /// The address is of a domain for which this identity provider may not speak.
    ForeignDomainEmail,
    /// The address has two `@`: own domain first.
    TwoAtEmail,
    /// The address has a line break.
    LineBreakEmail,
    /// The address has a Cyrillic letter in the domain.
    HomoglyphEmail,
    /// An Attribute without Name.
    AttributeWithoutName,
    // How it is signed.
    /// No signature at all.
    Unsigned,
    /// Signed with a key that metadata lacks; its certificate is in KeyInfo.
    ForeignKey,
    /// One letter of the address changed after signing.
    Tampered,
    /// One bit of the signature's value changed.
    TamperedSignatureValue,
    /// RSA with SHA-1.
    Sha1Signature,
    /// Digest SHA-1 under an RSA-SHA256 signature.
    Sha1Digest,
    /// HMAC keyed with the public certificate (PEM).
    Hmac,
    /// An XSLT transform whose constant output is what was digested.
    XsltTransform,
    /// An XPath transform that keeps everything.
    XPathTransform,
    /// The exclusive canonicalization twice: three transforms.
    ThreeTransforms,
    /// No Transforms but the canonicalization (nothing enveloped can verify).
    NoTransforms,
    /// Canonicalization with comments.
    CanonicalizationWithComments,
    /// Inclusive canonicalization of a signed Response.
    InclusiveCanonicalization,
    /// `URI=""` on a signed Response.
    EmptyReference,
    /// `URI="#xpointer(id('…'))"`.
    XPointerReference,
    /// `URI="http://127.0.0.1:9/…"`: a verifier that dials out is to be caught.
    ExternalReference,
    /// `URI="file:///etc/hostname"`.
    FileReference,
    /// Two References, both right.
    TwoReferences,
    /// No Reference.
    NoReference,
    /// 500 References to the Response.
    ManyReferences,
    /// A second, forged SignedInfo before the signed one, over a forged Assertion.
    TwoSignedInfos,
    /// The Response's signature names the Assertion only.
    ResponseSignatureNamesAssertion,
    /// The Assertion's signature names the Response.
    AssertionSignatureNamesResponse,
    /// A ds:Object behind KeyInfo.
    ObjectInSignature,
    /// KeyInfo with a RetrievalMethod.
    RetrievalMethod,
    /// A comment inside DigestValue.
    CommentInDigestValue,
    /// A comment inside SignatureValue.
    CommentInSignatureValue,
    /// A forged digest before a comment in DigestValue, over a forged Assertion.
    ForgedDigestBeforeComment,
    // Where the signed thing stands: the forged Assertion names another person.
    /// Two Assertions, both validly signed.
    TwoAssertions,
    /// XSW1: forged Response, the signed one inside its Signature.
    Xsw1,
    /// XSW2: forged Response, the signed one before the detached Signature.
    Xsw2,
    /// XSW3: forged Assertion before the signed one.
    Xsw3,
    /// XSW4: the signed Assertion inside the forged one.
    Xsw4,
    /// XSW5: the forged Assertion bears the Signature, the signed one stands behind it.
    Xsw5,
    /// XSW6: as XSW5, the signed one inside the Signature.
    Xsw6,
    /// XSW7: the forged Assertion, with the same ID, inside Extensions.
    Xsw7,
    /// XSW8: the signed Assertion in an Object of the forged one's Signature.
    Xsw8,
    /// The signed Assertion in Extensions, a forged one in its place.
    SignedInExtensions,
    /// The signed Assertion in StatusDetail, a forged one in its place.
    SignedInStatusDetail,
    /// The signed Assertion in the Advice of the forged one.
    SignedInAdvice,
    /// The forged Assertion behind the signed one.
    ForgedBehind,
    /// The signed Response inside a forged Response, without a Signature of its own.
    ResponseInResponse,
    /// The Response and the signed Assertion have one ID.
    DuplicateId,
    /// An element of Extensions has the Assertion's ID as `Id`, `id` and `xml:id`.
    IdVariants,
    /// Only an EncryptedAssertion, unsigned.
    EncryptedAssertion,
    /// The Assertion is in another namespace.
    AssertionOfOtherNamespace,
    // Only wrong where something was asked for.
    /// AuthnContextClassRef is unspecified, whatever was requested.
    WeakAuthnContext,
    /// No AuthnStatement.
    NoAuthnStatement,
    // What the bytes are.
    /// NameID and address end in a foreign domain; a comment cuts them after our domain.
    CommentInNameId,
    /// A processing instruction inside NameID.
    InstructionInNameId,
    /// A DOCTYPE without entities.
    Doctype,
    /// Entities that expand to gigabytes.
    EntityExpansion,
    /// An external entity in StatusMessage.
    ExternalEntity,
    /// An ATTLIST that declares another attribute as an ID.
    AttributeListDeclaration,
    /// 50 MB of white space inside.
    Huge,
    /// One element with 100,000 attributes, inside Extensions.
    ManyAttributes,
    /// One element with 20,000 namespace declarations, inside Extensions.
    ManyNamespaces,
    /// 10,000 levels of elements, inside Extensions.
    Deep,
    /// 3,000 prefixes in the list of exclusive canonicalization, and 3,000 elements.
    ManyPrefixes,
    /// The last 20 bytes are missing.
    Truncated,
    /// An element behind the root.
    JunkBehindRoot,
    /// A bare `&`.
    BareAmpersand,
    /// The declaration says UTF-7, and the forged Assertion is written in it.
    Utf7,
    /// UTF-16 with its mark.
    Utf16,
    /// A byte order mark before the XML.
    ByteOrderMark,
    /// A processing instruction before the root.
    ProcessingInstruction,
    /// A relative namespace URI, at which canonicalization fails.
    RelativeNamespace,
    /// A NUL byte.
    NulByte,
    /// The root is a LogoutResponse.
    OtherRoot,
    /// An empty document.
    EmptyDocument,
    /// Not base64.
    NotBase64,
}
