//! Which second factor the rules of `second_factor` demand.
//!
//! Rules only ever demand: every one that matches counts, and of several the strictest wins. What
//! is not known (groups that the identity provider did not send, organizations that no rule could
//! tell, a path with two readings) counts as a match (attacks.md D15).

mod demand;
mod place;
mod rule;
mod rules;
mod trusted;

pub use demand::{FactorDemand, Grace};
pub use place::{PathPrefix, PathPrefixError, Place, portal_id};
pub use rule::{FactorMiss, FactorRule, Require, SideDoors, Who};
pub use rules::{FactorQuestion, FactorRules, Standing};
pub use trusted::TrustedFactors;

#[cfg(test)]
mod tests;
