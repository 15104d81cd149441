//! The gateway as its users meet it: started in this process, with fake peers and a clock that the
//! test moves.
//!
//! [`Scene`] is a whole installation on loopback: two SAML identity providers, two OpenID
//! providers, a JSM, a help center and the gateway before it. [`Visitor`] is a browser in it.
#![expect(clippy::expect_used, reason = "a scene that cannot be set fails its test")]

mod clock;
mod scene;
mod visitor;

pub use clock::MovedClock;
pub use scene::{Scene, SceneOptions};
pub use visitor::{Visitor, reference};
