//! The second factor: enrolment, challenge, recovery, step-up, and that no way leads around it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what a test needs and does not get fails it"
)]

mod account;
mod challenge;
mod enrolment;
mod mail;
mod provider;
mod recovery;
mod redis;
mod reseal;
mod rules;
mod secrecy;
mod step_up;
mod trusted;
mod walk;

mod world;
