//! Sessions, attempts and marks over a real store, with a time that the test moves by hand.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is a check")]

mod attempts;
mod dump;
mod ended;
mod grace;
mod groups;
mod hot;
mod lifetime;
mod parked;
mod replay;
mod reseal;
mod revocation;
mod sealing;
mod tombstones;
mod world;
