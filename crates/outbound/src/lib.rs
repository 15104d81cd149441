//! The one HTTP client toward identity providers and JSM: deadlines, size caps, no redirects.
//!
//! What every call keeps: https with verified certificates, or plain http toward this machine
//! only; one deadline over name lookup, connection, TLS, request and the whole answer; an answer
//! of bounded size. A redirect is an answer like any other and is handed back: whoever answers
//! never chooses where the gateway goes next (attacks.md C14).
//!
//! It does not retry, does not cache, reads no proxy settings and knows no protocol above HTTP.
//! Errors name the host and the cause; they never hold headers, bodies, paths or queries.
//!
//! Start at [`Outbound::send`].

mod address;
mod client;
mod error;
mod resolver;
#[cfg(test)]
mod tests;
mod trust;

pub use address::is_loopback_host;
pub use client::{Limits, Outbound};
pub use error::OutboundError;
