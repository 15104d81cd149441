//! Whether a request may pass, and which identity provider a person uses.
//!
//! Pure: takes values, returns a decision. It does not know HTTP, stores or protocols.
//!
//! Invariants: a [`Permit`] comes from [`decide`] alone, and a request is forwarded only with one
//! (invariant 1); a person whose identity provider is gone or disabled gets none.
//!
//! Start at [`decide`] for requests and [`SignInRules::route`] for people.

mod access;
mod routing;

pub use access::{Decision, GuestPermit, Permit, PersonPermit, Visitor, decide};
pub use routing::{Mode, Outcome, Route, SignInRule, SignInRules};
