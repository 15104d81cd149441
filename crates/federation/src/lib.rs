//! The calls to identity providers: metadata and key refresh, code exchange, userinfo, sign-out,
//! and whether they answer at all.
//!
//! It keeps for each provider what was last fetched and found good, and never replaces it by
//! something worse: no metadata of another entity or issuer, without a key, or over http where
//! https was. It verifies nothing itself (crates `saml` and `oidc` do) and decides nothing about
//! people.
//!
//! Invariants: a disabled provider signs nobody in, an answer under way included; one provider's
//! failure or slowness never touches another's people; a customer waits three seconds at most for
//! each call; many customers who need the same document cause one call; nothing that a token
//! says can make the gateway fetch keys more than once a minute. Every decision about age takes
//! `now`; the machine's clock only limits calls.
//!
//! Start at [`Federation`].

mod cached;
mod document;
mod error;
mod fetch;
mod groups;
mod health;
mod logout;
mod oauth2_provider;
mod oidc_provider;
mod providers;
mod redeem;
mod saml_provider;
mod settings;
#[cfg(test)]
mod tests;

pub use document::Document;
pub use error::FederationError;
pub use oidc::{AuthorizationRequest, ClientAuthentication, LogoutToken};
pub use providers::{Federation, RefreshOutcome};
pub use redeem::{Redeemed, Redemption};
pub use saml::{LoginHint, RequestBinding, RequestSigning, SamlRequest, SignedPart};
pub use settings::{
    GroupOverage, IdpSettings, MetadataSource, OAuth2Settings, OidcSettings, Protocol,
    SamlSettings, Tenant,
};
