//! Every row of the attack list that concerns this crate, with controls that pass, against the
//! public interface alone. `forge` signs whatever a test wants signed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the lints spare tests, and the functions that only tests call are tests too"
)]

mod a_signatures;
mod a_wrapping;
mod a_xml;
mod b_assertion;
mod b_response;
mod controls;
mod differential;
mod encryption;
mod forge;
mod logout;
mod metadata;
mod outgoing;
mod seal;
mod signed_metadata;
