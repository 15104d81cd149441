//! What surrounds the process: variables and the present moment.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// What a configuration may look up outside its files.
pub trait Environment {
    /// The value of a variable; `None` when it is not set or not UTF-8.
    fn variable(&self, name: &str) -> Option<String>;

    /// The present moment, by which expired certificates and dates are noticed.
    fn now(&self) -> Timestamp;
}

/// The variables and the clock of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place where variables are read")]
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "only warnings about dates in files depend on it"
    )]
    fn now(&self) -> Timestamp {
        let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_seconds(i64::try_from(passed.as_secs()).unwrap_or(i64::MAX))
    }
}
