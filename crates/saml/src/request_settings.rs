//! What the operator says about requests and answers.

use crate::assertion::TRANSIENT;

/// What must be signed in a SAML response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignedPart {
    /// The response or the assertion.
    #[default]
    Either,
    /// The response.
    Response,
    /// The assertion.
    Assertion,
    /// Both.
    Both,
}

/// How an authentication request is made (SAML Core §3.4.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SamlRequest {
    /// How it travels.
    pub binding: RequestBinding,
    /// Whether it is signed: always, never, or when the metadata says `WantAuthnRequestsSigned`.
    pub signed: RequestSigning,
    /// Wanted `NameIDPolicy/@Format`; `None`: the identity provider's choice.
    pub name_id_format: Option<String>,
    /// Acceptable `AuthnContextClassRef`s, compared exactly; empty: any. An answer with another one
    /// is refused (attacks.md B24).
    pub authn_context: Vec<String>,
    /// Whether the customer must prove again who they are.
    pub force_authn: bool,
    /// Whether the identity provider must not ask the customer anything.
    pub passive: bool,
    /// How the typed address goes along.
    pub login_hint: LoginHint,
}

impl SamlRequest {
    /// Whether a name is asked for that is another one the next time (SAML Core §8.3.8).
    pub fn wants_transient_name(&self) -> bool {
        self.name_id_format.as_deref() == Some(TRANSIENT)
    }
}

/// How an authentication request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestBinding {
    /// HTTP-Redirect (SAML Bindings §3.4).
    #[default]
    Redirect,
    /// HTTP-POST (SAML Bindings §3.5).
    Post,
}

/// Whether authentication requests are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestSigning {
    /// When the metadata wants it and there is a key.
    #[default]
    AsMetadataSays,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How the typed address goes along with a SAML request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoginHint {
    /// As query parameter `login_hint`: no standard, understood by Entra, Okta and others.
    #[default]
    Query,
    /// As `Subject/NameID` (SAML Core §3.4.1), which binds the identity provider to it.
    Subject,
    /// Not at all.
    None,
}
