//! Forms that are kept until their customer has signed in again.

use std::time::Duration;

use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::scalar::{DURATION, SIZE, duration, size};

/// Longer, nobody remembers whose an ended session was.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// A form larger than this is an upload, and parking it a mistake of the file.
const LARGEST: u64 = 1024 * 1024 * 1024;

/// Forms that are kept until their customer has signed in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parking {
    /// Most bytes of one form.
    pub request: u64,
    /// Most bytes of one person's forms together.
    pub person: u64,
    /// Most bytes of all forms together.
    pub all: u64,
    /// How long they are kept.
    pub keep: Duration,
}

impl Default for Parking {
    fn default() -> Self {
        Self { request: 25 << 20, person: 50 << 20, all: 512 << 20, keep: LONGEST }
    }
}

/// Reads `parking`.
pub(crate) fn read(root: &Mapping<'_>) -> Option<Parking> {
    given(root.optional("parking"), section).map(Option::unwrap_or_default)
}

fn section(value: &Value<'_>) -> Option<Parking> {
    let map = value.mapping("write { request: 25MiB, person: 50MiB, all: 512MiB, keep: 24h }")?;
    let request = given(map.optional("request"), |value| bytes(value, LARGEST));
    let person = given(map.optional("person"), |value| bytes(value, u64::MAX));
    let all = given(map.optional("all"), |value| bytes(value, u64::MAX));
    let keep = given(map.optional("keep"), keep);
    map.finish();
    let usual = Parking::default();
    let request = request?.unwrap_or(usual.request);
    let person = person?.unwrap_or(usual.person.max(request));
    let all = all?.unwrap_or(usual.all.max(person));
    if person < request || all < person {
        let wanted = "make `request` at most `person`, and `person` at most `all`";
        value.problem("the largest form would never find room", wanted);
        return None;
    }
    Some(Parking { request, person, all, keep: keep?.unwrap_or(usual.keep) })
}

fn bytes(value: &Value<'_>, most: u64) -> Option<u64> {
    let bytes = value.read(SIZE, size)?;
    if bytes > most {
        value.problem("this is more than a form can have", "write at most 1GiB");
        return None;
    }
    Some(bytes)
}

fn keep(value: &Value<'_>) -> Option<Duration> {
    let keep = value.read(DURATION, duration)?;
    if keep > LONGEST {
        let said = "whose an ended session was is known for a day";
        value.problem(said, "write at most 24h");
        return None;
    }
    Some(keep)
}
