//! Whether a request may pass, and which identity provider a person uses.
//!
//! Pure: takes values, returns a decision that explains itself. Start at [`SignInRules::route`]
//! and `decide`.

mod routing;

pub use routing::{Mode, Outcome, Route, SignInRule, SignInRules};
