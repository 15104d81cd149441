//! The operator's file: whatever stands in it, the answer is a list of problems.

use std::path::Path;

use anyhow::{Context, Result};
use config::Environment;
use domain::Timestamp;

use super::{Target, Verdict};

struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000)
    }
}

/// The sample file: here its keys and certificates are missing, so only problems may come of it.
pub(super) fn files() -> Result<Target> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/vestibule.yaml");
    let sample = std::fs::read(&sample).context("the sample configuration")?;
    let check = |input: &[u8]| {
        let Ok(text) = std::str::from_utf8(input) else { return Verdict::Refused };
        match config::parse(text, Path::new("/nonexistent"), &Nothing) {
            Ok(_) => Verdict::Wrong("a file without keys was accepted".to_owned()),
            Err(problems) if problems.problems.is_empty() => {
                Verdict::Wrong("refused without a problem".to_owned())
            }
            Err(_) => Verdict::Accepted,
        }
    };
    Ok(Target { name: "configuration", seeds: vec![sample], check: Box::new(check) })
}
