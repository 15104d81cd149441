//! What can be wrong with an OAuth 2.0 provider, one thing at a time.

/// One flaw of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OAuth2Flaw {
    // The redirect back.
    /// `error=access_denied`.
    AccessDenied,
    /// `state` is another one.
    ForeignState,
    /// No `state`.
    NoState,
    /// `code` twice.
    DuplicateCode,
    // The token endpoint.
    /// `bad_verification_code`, with status 200 as GitHub does.
    TokenErrorWith200,
    /// 500 and a text.
    TokenServerError,
    /// 200 and no JSON.
    TokenNotJson,
    /// 200 and JSON without `access_token`.
    NoAccessToken,
    /// `token_type` is `mac`.
    OtherTokenType,
    /// 20 MB.
    TokenHuge,
    /// A redirect to another machine.
    TokenRedirect,
    // The person.
    /// 500 and a text.
    UserServerError,
    /// A JSON array.
    UserArray,
    /// No `id`.
    NoId,
    /// `id` is null.
    NullId,
    /// 20 MB.
    UserHuge,
    // The addresses.
    /// 500 and a text.
    EmailsServerError,
    /// A JSON object.
    EmailsObject,
    /// An empty list.
    NoEmails,
    /// None is the primary one.
    NoPrimary,
    /// The primary one is not verified.
    PrimaryUnverified,
    /// The primary one does not say whether it is verified.
    PrimarySilent,
    /// `verified` is the text "true".
    VerifiedAsText,
    /// Two are primary.
    TwoPrimaries,
    /// The primary one is of a domain for which the provider may not speak; a second is right.
    ForeignPrimary,
}

impl OAuth2Flaw {
    /// Every flaw for which nobody may be signed in, if the addresses are asked for.
    pub const ALL: &'static [Self] = &[
        Self::AccessDenied,
        Self::ForeignState,
        Self::NoState,
        Self::DuplicateCode,
        Self::TokenErrorWith200,
        Self::TokenServerError,
        Self::TokenNotJson,
        Self::NoAccessToken,
        Self::OtherTokenType,
        Self::TokenHuge,
        Self::TokenRedirect,
        Self::UserServerError,
        Self::UserArray,
        Self::NoId,
        Self::NullId,
        Self::UserHuge,
        Self::EmailsServerError,
        Self::EmailsObject,
        Self::NoEmails,
        Self::NoPrimary,
        Self::PrimaryUnverified,
        Self::PrimarySilent,
        Self::TwoPrimaries,
        Self::ForeignPrimary,
    ];
}
