//! Peers that misbehave on order: SAML identity provider, OpenID provider, OAuth 2.0 provider, JSM,
//! help center.
//!
//! Each fake listens on loopback in a thread of its own and is gone, port and open connections
//! included, when its handle is dropped. Each behaves as a strict real peer would until a test
//! orders one flaw; one flaw at a time, everything else stays right, so that a refusal can have
//! one cause only.
//!
//! Not here: anything of the product. The fakes share no code with `saml` and `oidc` (they build
//! XML as canonical text and JWTs by hand), so that a bug cannot agree with itself, and they let
//! nothing pass that a real peer would stop.
//!
//! Start at [`saml::SamlIdp`], [`openid::OpenIdProvider`], [`oauth2::OAuth2Provider`],
//! [`helpcenter::HelpCenter`]; the people
//! whom they know are in [`people`].
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a fake that panics fails its test, which is what the test wants; it reads the clock and speaks HTTP by itself so as to share nothing with the product"
)]

pub mod authenticator;
pub mod backstage;
pub mod certificates;
pub mod clock;
pub mod helpcenter;
pub mod http_client;
pub mod jsm;
pub mod keys;
pub mod oauth2;
pub mod openid;
pub mod people;
pub mod saml;
pub mod server;
pub mod smtp;
mod text;

pub use authenticator::Authenticator;
pub use certificates::TestAuthority;
pub use clock::FakeClock;
pub use keys::SigningKey;
pub use people::Person;
pub use server::Behaviour;
