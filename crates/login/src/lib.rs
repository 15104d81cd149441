//! What a sign-in attempt does next: mapping of claims, the attempt's states, the proof that every
//! demanded factor was passed.
//!
//! Pure: the gateway's dispatcher does the IO that a [`Step`] asks for and feeds the next event.

mod claims;

pub use claims::{Claims, ClaimNames};
