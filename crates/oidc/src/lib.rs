//! OpenID Connect as relying party: from values to verified claims.
//!
//! Pure: it builds the requests of the authorization code flow and judges the answers; the crate
//! `federation` makes the calls. It reads no clock (every check of time takes `now`) and makes no
//! randomness. Whether an identity provider may speak for somebody is not decided here.
//!
//! Invariants: PKCE with S256 and a nonce are in every flow; the issuer is compared as an exact
//! string; an ID token counts only with a signature by a key from the provider's own key set, in
//! an algorithm that the operator's file names (never `none`, never HMAC); nothing that a provider
//! wrote as free text is kept in an error.
//!
//! The way of one sign-in: [`RelyingParty::authorization_url`] → [`Callback::parse`] →
//! [`ProviderMetadata::check_callback_issuer`] → [`RelyingParty::token_request`] →
//! [`TokenResponse::parse`] → [`RelyingParty::verify_id_token`]. Start at the last one.

mod authorization;
mod callback;
mod claims;
mod discovery;
mod endpoint;
mod exchange;
mod id_token;
mod json;
mod keys;
mod numeric_date;
mod refusals;
mod relying_party;
#[cfg(test)]
mod tests;
mod token_error;

pub use authorization::{AuthorizationRequest, opaque_value};
pub use callback::{Callback, CallbackError, ProviderError};
pub use discovery::{DiscoveryError, ProviderMetadata};
pub use exchange::{ExchangeError, TokenRequest, TokenResponse};
pub use id_token::{Expected, VerifiedIdToken};
pub use keys::KeySet;
pub use relying_party::{Registration, RegistrationError, RelyingParty};
pub use token_error::IdTokenError;
