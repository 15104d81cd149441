//! OpenID Connect attacks against the running gateway, each test named after its row of the list of
//! attacks.
//!
//! A refusal is a page with a code, one record with the one exact cause, and nothing else; beside
//! it an honest answer still passes. Start at [`stage`].
#![expect(clippy::unwrap_used, reason = "a panic fails the test, as it should")]

mod asked;
mod callback;
mod discovery;
mod elsewhere;
mod id_token;
mod keys;
mod logout;
mod outage;
mod stage;
mod without_id_token;
