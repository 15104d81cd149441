//! Whether a request may pass, and which identity provider a person uses.
//!
//! Pure: takes values, returns a decision. It does not know HTTP, stores or protocols.
//!
//! Invariants: a [`Permit`] comes from [`decide`] alone, and a request is forwarded only with one
//! (invariant 1); a person whose identity provider is gone or disabled gets none; the order in
//! which grounds decide about a sign-in is [`ORDER`] and stands nowhere else.
//!
//! Start at [`decide`] for requests and [`SignInRules::route`] for people.

mod access;
mod cohort;
mod index;
mod routing;
mod rule;

pub use access::{Decision, GuestPermit, Permit, PersonPermit, Visitor, decide};
pub use cohort::Share;
pub use routing::{Ground, ORDER, Question, Route, Said, SignInRules, Silence};
pub use rule::{Enforcement, Fallback, Miss, Mode, Outcome, SignInRule};
