//! Why a factor was not passed.

use std::time::Duration;

use domain::{Blame, Notice, Refusal, Timestamp};
use store::StoreError;

/// Why a factor was not passed. Holds nothing of what was typed.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// The code does not match.
    #[error("the code does not match")]
    Wrong {
        /// Our time, for whoever has a wrong clock.
        server_time: Timestamp,
    },
    /// The code was right once (attacks.md D14).
    #[error("the code was used before")]
    UsedAlready,
    /// Too many codes were wrong; nothing was looked at.
    #[error("too many codes were wrong")]
    TooMany {
        /// When the next one is looked at.
        wait: Duration,
    },
    /// There is nothing to check against: no factor, no enrolment under way in this browser.
    #[error("no factor is enrolled")]
    NotEnrolled,
    /// There is a factor already, and nobody said that it shall be replaced.
    #[error("a factor is enrolled already")]
    AlreadyEnrolled,
    /// Nobody may ask for a reset.
    #[error("resets are not offered")]
    NotOffered,
    /// The store failed, or the person's record cannot be read. Nothing was passed.
    #[error("the store did not answer")]
    Store(#[from] StoreError),
}

impl FactorError {
    /// What is kept and shown when this stops somebody.
    pub fn refusal(&self) -> Refusal {
        let (cause, notice, remedy) = match self {
            Self::Store(error) => return error.refusal(),
            Self::Wrong { .. } => {
                ("factor-code-wrong", Notice::BadRequest, "the customer's clock may be wrong")
            }
            Self::UsedAlready => {
                ("factor-code-used", Notice::BadRequest, "the customer waits for the next code")
            }
            Self::TooMany { .. } => (
                "factor-too-many-guesses",
                Notice::TooManyTries,
                "somebody who knows the password at the identity provider may be guessing: see \
                 the events `factor_guessing` of this person",
            ),
            Self::NotEnrolled => {
                ("factor-not-enrolled", Notice::StartAgain, "the customer enrols first")
            }
            Self::NotOffered => (
                "factor-reset-not-offered",
                Notice::NotPermitted,
                "set `factors.self_service_reset`, or reset by `vestibule factor reset`",
            ),
            Self::AlreadyEnrolled => {
                ("factor-already-enrolled", Notice::StartAgain, "the customer signs in with it")
            }
        };
        Refusal::new(cause, Blame::Customer, notice, self.to_string(), remedy)
    }
}
