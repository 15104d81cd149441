//! What operators do while the gateway runs.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails fails its test")]

mod break_glass;
mod connection_test;
mod expiring;
mod idp_values;
mod metrics;
mod rollover;
mod saml_keys;
mod setting_up;
mod why_alone;
