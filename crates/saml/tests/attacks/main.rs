//! Every row of the attack list that concerns this crate, with controls that pass, against the
//! public interface alone. `forge` signs whatever a test wants signed.

mod controls;
mod forge;
mod outgoing;
