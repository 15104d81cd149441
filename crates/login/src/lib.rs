//! What a sign-in attempt does next.
//!
//! Pure: an [`Attempt`] takes an [`Event`] and gives the next [`Step`]; the gateway's dispatcher
//! does the IO that the step asks for and feeds the next event. It does not verify assertions or
//! tokens (crates `saml` and `oidc`) and knows no HTTP.
//!
//! Invariants: an identity comes only out of claims that the caller verified; an identity provider
//! speaks only for its own domains (invariant 3); [`FactorPassed`] is made here alone, after every
//! demanded factor was passed, and for one person (invariant 1).
//!
//! Start at [`Attempt::on`].

mod attempt;
mod claims;
mod expression;
mod refusal;
mod step;

pub use attempt::Attempt;
pub use claims::{ClaimRules, Claims, Field, Mapping, Preview};
pub use expression::{Expression, Found, NAME_ID, Pattern, PatternError};
pub use refusal::SignInError;
pub use step::{Admission, Event, FactorPassed, Pending, Step, Verified, Weighing};
