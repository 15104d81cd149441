//! Forwards one permitted request to its upstream.
//!
//! It cleans the head both ways, streams both bodies, keeps the connections toward the upstream
//! and tunnels WebSockets. It does not decide anything: who may pass is [`policy`]'s, which site a
//! request belongs to and who the client is are the caller's, and the request target is forwarded
//! byte by byte as it was judged.
//!
//! Invariants: no request without a [`policy::Permit`], and the identity that leaves is the
//! permit's; nothing that a stranger can send looks like the gateway's own headers, whatever its
//! spelling; the gateway's cookies never go upstream and the upstream never sets one of their
//! names (invariant 7); a request of which a byte may have been sent is never sent again; memory
//! does not grow with a body.
//!
//! Start at [`forward()`]; the rules for heads are in `request_head.rs` and `response_head.rs`.

mod assertion;
mod body;
mod connect;
mod cookies;
mod error;
mod exchange;
mod forward;
mod header_rules;
mod identity;
mod idle;
mod limits;
mod pool;
mod request_head;
mod response_head;
mod settings;
#[cfg(test)]
mod tests;
mod tunnel;
mod upgrade;
mod upstream;

pub use assertion::{AssertionClaims, AssertionSigner};
pub use body::{ForwardBody, KeptBody, RequestBody};
pub use error::{BodyError, ForwardError, SetupError};
pub use forward::forward;
pub use identity::IdentityHeaders;
pub use limits::Limits;
pub use pool::Pool;
pub use request_head::{ClientAddress, ForwardContext};
pub use settings::{IdentityHeader, IdentityValue, UpstreamSettings};
pub use tunnel::Tunnel;
pub use upstream::Upstream;
