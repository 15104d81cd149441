//! The gateway as its users meet it: started in this process, with fake peers and a clock that the
//! test moves.
//!
//! [`Scene`] is a whole installation on loopback: two SAML identity providers, two OpenID
//! providers, a JSM, a help center and the gateway before it. [`Visitor`] is a browser in it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a scene that cannot be set fails its test"
)]

mod attack;
mod clock;
mod operator;
mod process;
mod replicas;
mod scene;
mod sign_in;
mod visitor;
mod wire;

pub use attack::{Traces, sets_session};
pub use clock::MovedClock;
pub use operator::until;
pub use process::{Begun, Finished, Vestibule};
pub use replicas::{Front, Replicas};
pub use scene::{Place, Scene, SceneOptions};
pub use visitor::{Visitor, asks_again, reference};
pub use wire::{Reply, Wire, open_websocket, read_whole};
