//! SAML attacks against the running gateway, each test named after its row of the list of attacks.
//!
//! A refusal is a page with a code, one record with the one exact cause, and nothing else; beside
//! it an honest answer still passes. Start at [`stage`].
#![expect(clippy::unwrap_used, reason = "a panic fails the test, as it should")]

mod addresses;
mod asked;
mod assertion;
mod documents;
mod encryption;
mod metadata;
mod replay;
mod response;
mod rollover;
mod signature;
mod stage;
mod travel;
mod unasked;
mod wrapping;
