//! OpenID Connect as relying party: from values to verified claims.
//!
//! Pure: it builds the requests of the authorization code flow and judges the answers; the crate
//! `federation` makes the calls. It reads no clock (every check of time takes `now`) and makes no
//! randomness. Whether an identity provider may speak for somebody is not decided here.
//!
//! Invariants: PKCE with S256 is in every flow, and a nonce in every one that ends in an ID token;
//! the issuer is compared as an exact string; an ID token counts only with a signature by a key from the provider's own key set, in
//! an algorithm that the operator's file names (never `none`, never HMAC); nothing that a provider
//! wrote as free text is kept in an error.
//!
//! The way of one sign-in: [`RelyingParty::authorization_url`] → [`Callback::parse`] →
//! [`RelyingParty::check_callback_issuer`] → [`RelyingParty::token_request`] →
//! [`TokenResponse::parse`] → [`RelyingParty::verify_id_token`]; then, where asked for,
//! [`VerifiedIdToken::with_userinfo`] and [`VerifiedIdToken::group_query`]. Without an ID token it
//! is [`OAuth2Client`] → [`BearerToken::parse`] → [`Profile::parse`]. Signing out is `logout`.
//! Start at [`RelyingParty::verify_id_token`].

mod authorization;
mod callback;
mod claims;
mod client_authentication;
mod client_key;
mod discovery;
mod endpoint;
mod exchange;
mod id_token;
mod issuer;
mod json;
mod jws;
mod keys;
mod logout;
mod logout_error;
mod numeric_date;
mod oauth2;
mod overage;
mod public_key;
mod refusals;
mod relying_party;
#[cfg(test)]
mod tests;
mod token_error;
mod userinfo;
mod verified;

pub use authorization::{AuthorizationRequest, opaque_value};
pub use callback::{Callback, CallbackError, ProviderError};
pub use client_authentication::ClientAuthentication;
pub use discovery::{DiscoveryError, ProviderMetadata};
pub use exchange::{BearerToken, ExchangeError, TokenRequest, TokenResponse};
pub use id_token::Expected;
pub use keys::KeySet;
pub use logout::{FrontChannelError, LogoutToken};
pub use logout_error::LogoutTokenError;
pub use oauth2::{OAuth2Client, OAuth2Registration, Profile};
pub use overage::{GroupPage, GroupQuery, OverageError};
pub use relying_party::{Registration, RegistrationError, RelyingParty};
pub use token_error::IdTokenError;
pub use userinfo::UserinfoError;
pub use verified::VerifiedIdToken;
