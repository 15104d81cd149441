//! Every error as a refusal: stable causes, and what the operator can do.

use std::fmt::Display;

use domain::{Blame, Notice, Refusal};

use crate::{
    CallbackError, DiscoveryError, ExchangeError, FrontChannelError, IdTokenError,
    LogoutTokenError, OverageError, ProviderError, RegistrationError, UserinfoError,
};

const REGISTRATION: &str = "correct the oidc section of this identity provider in the file";
const DISCOVERY: &str = "open the issuer's /.well-known/openid-configuration and compare it with \
                         the issuer in the file; ask the identity provider's operator to repair it";
const RETRY: &str =
    "ask the person to start the sign-in again; look out for tampering if it repeats";
const CLIENT: &str = "compare client id, secret and redirect address with the registration at the \
                      identity provider";
const PROVIDER: &str = "ask the identity provider's operator; the provider's answer breaks OpenID \
                        Connect Core";
const AUDIENCE: &str = "compare the client id with the registration; remove further audiences that \
                        are mapped into the token at the identity provider, or name those that \
                        may be there under trusted_audiences";
const TENANT: &str = "if that company's people should sign in, add its tenant id under tenants";
const CONTEXT: &str = "let the identity provider ask for the sign-in that acr_values and max_age want, \
                       or change them";
const USERINFO: &str = "see whether the identity provider has a userinfo endpoint that answers this \
                        client in plain JSON; set userinfo to false if it is not needed";
const GROUPS: &str = "allow the client to read groups (Entra: GroupMember.Read.All), let the token \
                      carry only assigned groups, or set group_overage to keep";
const ALGORITHM: &str = "see how the identity provider signs ID tokens, and name that algorithm \
                         under algorithms if it is acceptable; none and HS* never are";
const KEYS: &str = "see whether the identity provider publishes its signing keys, each with a kid, \
                    at its jwks_uri; keys are fetched again at most once a minute";
const CLOCKS: &str = "compare the clocks of this machine and the identity provider; a small \
                      difference can be allowed by clock_skew";
const FORGERY: &str = "nothing if it stays single; a series means that somebody tries forged or \
                       stolen answers";

/// A refusal of something that the identity provider, or somebody in its name, sent.
fn answer(cause: &str, error: &impl Display, remedy: &str) -> Refusal {
    let notice = Notice::AnswerNotAccepted;
    Refusal::new(cause, Blame::IdentityProvider, notice, error.to_string(), remedy)
}

impl RegistrationError {
    /// This error as a refusal.
    pub fn refusal(&self) -> Refusal {
        let cause = "oidc-registration-unusable";
        Refusal::new(cause, Blame::Operator, Notice::TryAgainLater, self.to_string(), REGISTRATION)
    }
}

impl DiscoveryError {
    /// This error as a refusal.
    pub fn refusal(&self) -> Refusal {
        let (cause, remedy) = match self {
            Self::Unreadable => ("oidc-metadata-unreadable", DISCOVERY),
            Self::DuplicateMember => ("oidc-metadata-ambiguous", DISCOVERY),
            Self::Member(_) => ("oidc-metadata-incomplete", DISCOVERY),
            Self::Issuer => ("oidc-metadata-issuer-foreign", DISCOVERY),
            Self::Endpoint(_) => ("oidc-metadata-endpoint-refused", DISCOVERY),
            Self::NoUsableKey => ("oidc-keys-missing", KEYS),
        };
        let explanation = self.to_string();
        let notice = Notice::ProviderUnreachable;
        Refusal::new(cause, Blame::IdentityProvider, notice, explanation, remedy)
    }
}

impl CallbackError {
    /// This error as a refusal.
    pub fn refusal(&self) -> Refusal {
        let (cause, notice) = match self {
            Self::Oversized => ("oidc-callback-oversized", Notice::BadRequest),
            Self::DuplicateParameter => ("oidc-callback-duplicate-parameter", Notice::BadRequest),
            Self::StateMissing => ("oidc-callback-state-missing", Notice::BadRequest),
            Self::NoOutcome => ("oidc-callback-without-code", Notice::BadRequest),
            Self::IssuerMissing => ("oidc-callback-issuer-missing", Notice::AnswerNotAccepted),
            Self::IssuerForeign => ("oidc-callback-issuer-foreign", Notice::AnswerNotAccepted),
        };
        Refusal::new(cause, Blame::Customer, notice, self.to_string(), RETRY)
    }
}

impl ProviderError {
    /// This error as a refusal.
    pub fn refusal(&self) -> Refusal {
        use {Blame::IdentityProvider, Blame::Operator};
        let (cause, blame, notice, remedy) = match self {
            Self::AccessDenied => (
                "oidc-provider-denied",
                IdentityProvider,
                Notice::ProviderDenied,
                "if this person should get in, assign the application at the identity provider",
            ),
            Self::InteractionRequired => {
                ("oidc-provider-interaction-required", IdentityProvider, Notice::StartAgain, RETRY)
            }
            Self::Unavailable => (
                "oidc-provider-unavailable",
                IdentityProvider,
                Notice::ProviderUnreachable,
                "wait, or ask the identity provider's operator",
            ),
            Self::RequestRefused => {
                ("oidc-request-refused", Operator, Notice::AnswerNotAccepted, CLIENT)
            }
            Self::Other => {
                ("oidc-provider-error", IdentityProvider, Notice::AnswerNotAccepted, PROVIDER)
            }
        };
        Refusal::new(cause, blame, notice, self.to_string(), remedy)
    }
}

impl ExchangeError {
    /// This error as a refusal.
    pub fn refusal(&self) -> Refusal {
        let (cause, blame, notice, remedy) = match self {
            Self::Verifier => {
                ("oidc-verifier-unusable", Blame::Us, Notice::StartAgain, "report this as a defect")
            }
            Self::ClientAuthentication => (
                "oidc-client-authentication-unsupported",
                Blame::Operator,
                Notice::TryAgainLater,
                "allow client_secret_basic or client_secret_post for this client, or give it a key \
                 for private_key_jwt",
            ),
            Self::ClientAssertion => (
                "oidc-client-assertion-failed",
                Blame::Us,
                Notice::TryAgainLater,
                "report this as a defect",
            ),
            Self::CodeRefused => ("oidc-code-refused", Blame::Customer, Notice::StartAgain, RETRY),
            Self::ClientRefused => {
                ("oidc-client-refused", Blame::Operator, Notice::TryAgainLater, CLIENT)
            }
            Self::RequestRefused => {
                ("oidc-token-request-refused", Blame::Operator, Notice::TryAgainLater, CLIENT)
            }
            Self::Status(_) => return unreachable(self),
            Self::Unreadable => return answer("oidc-token-response-unreadable", self, PROVIDER),
            Self::TokenType => return answer("oidc-token-type-foreign", self, PROVIDER),
            Self::IdTokenMissing => return answer("oidc-id-token-missing", self, PROVIDER),
            Self::AccessTokenMissing => {
                return answer("oauth2-access-token-missing", self, PROVIDER);
            }
        };
        Refusal::new(cause, blame, notice, self.to_string(), remedy)
    }
}

fn unreachable(error: &ExchangeError) -> Refusal {
    let remedy = "see the status page or the log of the identity provider";
    let cause = "oidc-token-endpoint-failed";
    let notice = Notice::ProviderUnreachable;
    Refusal::new(cause, Blame::IdentityProvider, notice, error.to_string(), remedy)
}

impl IdTokenError {
    /// This error as a refusal.
    pub fn refusal(&self) -> Refusal {
        let (cause, remedy) = match self {
            Self::Oversized => ("oidc-token-oversized", PROVIDER),
            Self::Malformed => ("oidc-token-malformed", PROVIDER),
            Self::DuplicateMember => ("oidc-token-duplicate-member", FORGERY),
            Self::ClaimMissing(_) => ("oidc-claim-missing", PROVIDER),
            Self::ClaimType => ("oidc-claim-type-wrong", PROVIDER),
            Self::Algorithm => ("oidc-algorithm-refused", ALGORITHM),
            Self::Kind => ("oidc-token-kind-wrong", FORGERY),
            Self::Issuer => ("oidc-issuer-foreign", DISCOVERY),
            Self::Tenant => ("oidc-tenant-foreign", TENANT),
            Self::Audience => ("oidc-audience-foreign", AUDIENCE),
            Self::AuthorizedParty => ("oidc-authorized-party-foreign", AUDIENCE),
            Self::KeyUnknown => ("oidc-key-unknown", KEYS),
            Self::KeyAmbiguous => ("oidc-key-ambiguous", KEYS),
            Self::KeyUnusable => ("oidc-key-unusable", KEYS),
            Self::Signature => ("oidc-signature-wrong", FORGERY),
            Self::Time(_) => ("oidc-time-absurd", PROVIDER),
            Self::Expired => ("oidc-token-expired", CLOCKS),
            Self::NotYetValid => ("oidc-token-not-yet-valid", CLOCKS),
            Self::IssuedAhead => ("oidc-issued-in-future", CLOCKS),
            Self::IssuedLongAgo => ("oidc-issued-long-ago", CLOCKS),
            Self::AuthenticationContext => ("oidc-acr-refused", CONTEXT),
            Self::SignedInAhead => ("oidc-auth-time-in-future", CLOCKS),
            Self::SignedInLongAgo => ("oidc-auth-time-too-old", CONTEXT),
            Self::NonceMissing => ("oidc-nonce-missing", PROVIDER),
            Self::NonceWrong => ("oidc-nonce-wrong", FORGERY),
            Self::AccessTokenHash => ("oidc-access-token-hash-wrong", FORGERY),
            Self::CodeHash => ("oidc-code-hash-wrong", FORGERY),
            Self::Subject => ("oidc-subject-unusable", PROVIDER),
        };
        // Whoever is told that clocks differ knows whom to call.
        let notice = if remedy == CLOCKS { Notice::ClockWrong } else { Notice::AnswerNotAccepted };
        Refusal { notice, ..answer(cause, self, remedy) }
    }
}

impl UserinfoError {
    /// This error as a refusal.
    pub fn refusal(&self) -> Refusal {
        let (cause, remedy) = match self {
            Self::Unavailable => ("oidc-userinfo-missing", USERINFO),
            Self::Status(_) => ("oidc-userinfo-failed", USERINFO),
            Self::Signed => ("oidc-userinfo-signed", USERINFO),
            Self::Unreadable => ("oidc-userinfo-unreadable", PROVIDER),
            Self::Subject => ("oidc-userinfo-subject-foreign", FORGERY),
        };
        answer(cause, self, remedy)
    }
}

impl OverageError {
    /// This error as a refusal.
    pub fn refusal(&self) -> Refusal {
        let cause = match self {
            Self::Elsewhere => "oidc-groups-elsewhere",
            Self::Status(_) => "oidc-groups-refused",
            Self::Unreadable => "oidc-groups-unreadable",
            Self::TooMany => "oidc-groups-too-many",
        };
        answer(cause, self, GROUPS)
    }
}

impl LogoutTokenError {
    /// This error as a refusal.
    pub fn refusal(&self) -> Refusal {
        let (cause, remedy) = match self {
            Self::Oversized => ("oidc-logout-token-oversized", FORGERY),
            Self::Malformed => ("oidc-logout-token-malformed", PROVIDER),
            Self::DuplicateMember => ("oidc-logout-token-duplicate-member", FORGERY),
            Self::Algorithm => ("oidc-logout-token-algorithm-refused", ALGORITHM),
            Self::Kind => ("oidc-logout-token-kind-wrong", FORGERY),
            Self::KeyUnknown => ("oidc-logout-token-key-unknown", KEYS),
            Self::KeyAmbiguous => ("oidc-logout-token-key-ambiguous", KEYS),
            Self::Signature => ("oidc-logout-token-signature-wrong", FORGERY),
            Self::ClaimMissing(_) => ("oidc-logout-token-claim-missing", PROVIDER),
            Self::ClaimType(_) => ("oidc-logout-token-claim-unusable", PROVIDER),
            Self::Issuer => ("oidc-logout-token-issuer-foreign", DISCOVERY),
            Self::Audience => ("oidc-logout-token-audience-foreign", AUDIENCE),
            Self::Expired => ("oidc-logout-token-expired", CLOCKS),
            Self::IssuedAhead => ("oidc-logout-token-issued-in-future", CLOCKS),
            Self::IssuedLongAgo => ("oidc-logout-token-issued-long-ago", CLOCKS),
            Self::Event => ("oidc-logout-token-event-foreign", FORGERY),
            Self::Nonce => ("oidc-logout-token-with-nonce", FORGERY),
            Self::Nobody => ("oidc-logout-token-names-nobody", PROVIDER),
        };
        Refusal { notice: Notice::BadRequest, ..answer(cause, self, remedy) }
    }
}

impl FrontChannelError {
    /// This error as a refusal.
    pub fn refusal(&self) -> Refusal {
        let cause = match self {
            Self::Incomplete => "oidc-front-channel-incomplete",
            Self::IssuerForeign => "oidc-front-channel-issuer-foreign",
        };
        Refusal { notice: Notice::BadRequest, ..answer(cause, self, FORGERY) }
    }
}
