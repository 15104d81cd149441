//! Whether a request may pass, which identity provider a person uses, which factor is demanded.
//!
//! Pure: takes values, returns a decision. It does not know HTTP, stores or protocols.
//!
//! Invariants: a [`Permit`] comes from [`decide`] alone, and a request is forwarded only with one
//! (invariant 1); a person whose identity provider is gone or disabled gets none; the order in
//! which grounds decide about a sign-in is [`ORDER`] and stands nowhere else.
//!
//! Rules of `second_factor` only ever demand, and what is unknown takes the strictest branch
//! (invariant 8).
//!
//! Start at [`decide`] for requests, [`SignInRules::route`] for people, [`SignInRules::admit`] for
//! those whose address is proved, and [`FactorRules::demand`] for the second factor.

mod access;
mod arrival;
mod cohort;
mod index;
mod lifetimes;
mod routing;
mod rule;
mod second_factor;

pub use access::{Asking, Decision, GuestPermit, Permit, PersonPermit, Visitor, decide};
pub use arrival::{Arrival, Barred, Judgement};
pub use cohort::Share;
pub use lifetimes::{Age, Lifetime, Lifetimes, Limits};
pub use routing::{Ground, ORDER, Question, Route, Said, SignInRules, Silence};
pub use rule::{Enforcement, Fallback, Miss, Mode, Outcome, SignInRule};
pub use second_factor::{
    FactorDemand, FactorMiss, FactorQuestion, FactorRule, FactorRules, Grace, PathPrefix,
    PathPrefixError, Place, Require, SideDoors, Standing, TrustedFactors, Who, portal_id,
};
