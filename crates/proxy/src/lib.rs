//! Forwards one permitted request to its upstream.

mod settings;

pub use settings::{IdentityHeader, IdentityValue, UpstreamSettings};
