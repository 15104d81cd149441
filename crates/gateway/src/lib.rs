//! Puts it together: listeners, the path of a request, the path of a sign-in, pages.
//!
//! All IO of a request and of a sign-in is ordered here; what is decided is decided in the pure
//! crates. It parses no XML, verifies no token and writes no JSM request itself.
//!
//! Invariants: nothing reaches an upstream but through the `Permit` of `request.rs` (invariant 1);
//! a store that does not answer is never "no session" (invariant 5); every refusal is recorded
//! under the reference code that its reader sees (invariant 11).
//!
//! Start at [`start()`]; then read `request.rs` for requests and `sign_in.rs` for sign-ins.

// Each request carries its future along: `future-size-threshold` in clippy.toml.
#![deny(clippy::large_futures)]

mod access_log;
mod account;
mod assembly;
mod assertion;
mod assets;
mod background;
mod body;
mod break_glass;
mod clock;
mod connection_test;
mod context;
pub mod control;
mod device;
mod dormancy;
mod endpoints;
mod events;
mod expiry;
mod factor_notices;
mod factor_orders;
mod factor_rounds;
mod factor_rules;
mod form;
mod gateway;
mod history;
mod inject;
mod keys;
mod last_good;
mod listen;
mod mail;
mod metadata_readers;
mod metrics;
mod navigation;
mod operations;
mod own;
mod pace;
mod pages;
mod parking;
mod people;
mod plain;
mod provision;
mod proxy_protocol;
mod random;
mod refuse;
mod request;
mod reseal;
mod revocation;
mod serve;
mod sharing;
mod sign_in;
mod sign_out;
mod start;
mod start_error;
mod step_up;
mod storage;
mod streams;
mod switched_off;
mod target;
mod tls;
mod verifying;

pub use assembly::check;
pub use clock::SystemClock;
pub use endpoints::registration;
pub use expiry::{Asking, ProviderFindings, check_providers};
pub use factor_orders::{FactorOf, FactorReport, FactorReset};
pub use listen::Feed;
pub use revocation::offline as sessions_offline;
pub use start::{Running, start, start_with_store};
pub use start_error::StartError;
pub use storage::{StoreCommand, check_store, store_command};
pub use tls::CertificateError;
