//! What can be wrong with a logout message, one thing at a time.

/// One flaw of a LogoutRequest or LogoutResponse. Where it lies inside what is signed, the
/// signature is made over it and verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogoutFlaw {
    // What it says; validly signed.
    /// Destination is another service provider's endpoint.
    WrongDestination,
    /// No Destination.
    NoDestination,
    /// Issuer is another identity provider.
    ForeignIssuer,
    /// No Issuer.
    NoIssuer,
    /// IssueInstant is a day ahead.
    IssuedTomorrow,
    /// IssueInstant was yesterday.
    IssuedYesterday,
    /// Version is 1.1.
    OtherVersion,
    /// Request: NotOnOrAfter was an hour ago.
    Expired,
    /// Request: the NameID is one that nobody has.
    ForeignNameId,
    /// Request: the SessionIndex is one that nobody has.
    ForeignSessionIndex,
    /// Request: no NameID.
    NoNameId,
    /// Response: InResponseTo is another request.
    WrongInResponseTo,
    /// Response: no InResponseTo.
    NoInResponseTo,
    /// Response, not wrong: the status is Requester with RequestDenied inside.
    Denied,
    /// Response, not wrong: Success with PartialLogout inside.
    Partial,
    /// Response: no Status.
    NoStatus,
    // The signature.
    /// None.
    Unsigned,
    /// By a key that metadata lacks.
    ForeignKey,
    /// With SHA-1.
    Sha1,
    /// Another NameID or InResponseTo was put in after signing.
    Tampered,
    /// HTTP-Redirect: percent-encoding in lower case, changed after signing.
    Reencoded,
    /// HTTP-Redirect: SAMLRequest or SAMLResponse twice.
    DuplicateMessage,
    /// HTTP-Redirect: RelayState twice.
    DuplicateRelayState,
    /// HTTP-Redirect: SigAlg twice.
    DuplicateAlgorithm,
    /// HTTP-Redirect: Signature twice.
    DuplicateSignature,
    /// HTTP-Redirect: RelayState was changed after signing.
    RelayStateChanged,
    /// HTTP-POST, SOAP: the signed message in the Extensions of a forged one.
    Wrapped,
    // What the bytes are.
    /// A DOCTYPE.
    Doctype,
    /// The last 20 bytes are missing.
    Truncated,
    /// The root is an AuthnRequest.
    OtherRoot,
    /// No bytes.
    Empty,
    /// Not base64; SOAP: not an envelope.
    NotBase64,
    /// HTTP-Redirect: 20 MB behind deflation.
    Bomb,
}

impl LogoutFlaw {
    /// Every flaw for which a LogoutRequest on this binding must be refused.
    pub fn of_requests(binding: super::super::Binding) -> Vec<Self> {
        use super::super::Binding;
        let mut all = vec![
            Self::WrongDestination,
            Self::ForeignIssuer,
            Self::NoIssuer,
            Self::IssuedTomorrow,
            Self::IssuedYesterday,
            Self::OtherVersion,
            Self::Expired,
            Self::NoNameId,
            Self::Unsigned,
            Self::ForeignKey,
            Self::Sha1,
            Self::Tampered,
            Self::Doctype,
            Self::Truncated,
            Self::OtherRoot,
            Self::Empty,
            Self::NotBase64,
        ];
        match binding {
            Binding::Redirect => all.extend([
                Self::NoDestination,
                Self::Reencoded,
                Self::DuplicateMessage,
                Self::DuplicateRelayState,
                Self::DuplicateAlgorithm,
                Self::DuplicateSignature,
                Self::RelayStateChanged,
                Self::Bomb,
            ]),
            Binding::Post => all.extend([Self::NoDestination, Self::Wrapped]),
            Binding::Soap => all.push(Self::Wrapped),
        }
        all
    }
}
