//! The second factor: TOTP, recovery codes, trusted browsers, guessing limits and resets.
//!
//! Works on any [`store::Store`]: everything about a person is one sealed record in the records
//! area, and every change to it is a compare-and-swap. So a code, a recovery code and a reset count
//! once in the whole cluster. This crate knows no HTTP, no page and no mail, and nothing about
//! policy: whether a factor is demanded, and how fresh, is decided elsewhere.
//!
//! Invariants: a person is (identity provider, subject), never an address (attacks.md D13); a
//! record that cannot be read is an error and never "not enrolled", which would let anybody enrol
//! anew; a secret counts only after a code of it was confirmed; no secret and no code is in a log,
//! an error or a `Debug`; guesses are counted before they are looked at, and no guess of a stranger
//! keeps the owner's own browser or network waiting.
//!
//! Start at [`Factors`].

mod argon;
mod enrolment;
mod error;
mod factors;
mod guesses;
mod place;
mod qr;
mod record;
mod records;
mod recovery;
mod reset;
mod settings;
mod status;
mod tally;
mod totp;
mod trusted;

#[cfg(test)]
mod tests;

pub use enrolment::Enrolment;
pub use error::FactorError;
pub use factors::Factors;
pub use place::Client;
pub use records::SEALED;
pub use recovery::RecoveryCodes;
pub use settings::{Algorithm, Digits, FactorSettings};
pub use status::Status;
pub use trusted::TrustedBrowser;
