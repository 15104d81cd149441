//! From one key to the next, in three steps that can be far apart.

use std::fs;
use std::io;
use std::path::Path;

use config::key_sibling;

use super::{Kind, make};

/// One step with the key of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Makes the next key.
    Stage,
    /// Uses the staged key.
    Activate,
    /// Forgets the key before.
    Retire,
}

/// How the running gateway goes on with the files as they are now.
pub(super) enum Heard {
    /// With the keys in them.
    TakenOver,
    /// With the keys it had, as far as is known; in words.
    Refused(String),
    /// No gateway runs here.
    Nobody,
}

/// Takes one step, which the running gateway is asked to go on with; gives what to tell the
/// operator.
///
/// # Errors
/// In words. A key that the gateway refuses, or perhaps cannot read at its next start, is neither
/// staged nor activated.
pub(super) fn take(
    step: Step,
    kind: Kind,
    active: &Path,
    ask: impl Fn() -> Heard,
) -> io::Result<String> {
    match step {
        Step::Stage => stage(kind, active, ask),
        Step::Activate => activate(kind, active, ask),
        Step::Retire => ended(retire(active)?, ask()),
    }
}

/// Makes the next key.
fn stage(kind: Kind, active: &Path, ask: impl Fn() -> Heard) -> io::Result<String> {
    let (next, word) = (key_sibling(active, "next"), kind.word());
    match make::write_new(&next, &make::key(kind)?, Some(active)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let said = format!(
                "a next key is staged already; use it with `vestibule keys activate {word}`, or remove its file and stage another"
            );
            return Err(refused(&said, &next));
        }
        written => written?,
    }
    let heard = ask();
    if let Some(reason) = objection(&heard, &next, active)? {
        fs::remove_file(&next)?;
        return Err(io::Error::other(format!("the staged key is removed again: {reason}")));
    }
    let (now, wait) = match kind {
        Kind::Saml => (
            "accepted and published",
            "wait until every identity provider has read our metadata again, or give it to those that do not",
        ),
        Kind::Assertion => (
            "accepted and published",
            "wait ten minutes, so that upstreams read /.vestibule/jwks.json again",
        ),
        Kind::Sealing => ("accepted", "let every replica have this file"),
    };
    let done = format!(
        "staged {}: it is {now} from now on\nnext: {wait}; then `vestibule keys activate {word}`\n",
        next.display()
    );
    ended(done, heard)
}

/// Uses the staged key.
fn activate(kind: Kind, active: &Path, ask: impl Fn() -> Heard) -> io::Result<String> {
    let (next, old, word) = (key_sibling(active, "next"), key_sibling(active, "old"), kind.word());
    if !next.exists() {
        let said = format!("nothing is staged; `vestibule keys stage {word}` first");
        return Err(refused(&said, &next));
    }
    if old.exists() {
        let said = format!("an older key is still here; `vestibule keys retire {word}` first");
        return Err(refused(&said, &old));
    }
    // It reads the staged key, too: one that it cannot read must never be the key in use.
    if let Some(reason) = objection(&ask(), &next, active)? {
        return Err(io::Error::other(format!("nothing is changed: {reason}")));
    }
    // A second name for the file first: whenever this is cut off, every key is still there.
    fs::hard_link(active, &old)?;
    fs::rename(&next, active)?;
    let done = format!(
        "activated {}: the key before it is {} and still accepted\nnext: wait until nothing made with it is under way, then `vestibule keys retire {word}`\n",
        active.display(),
        old.display()
    );
    ended(done, ask())
}

/// Forgets the key before.
fn retire(active: &Path) -> io::Result<String> {
    let old = key_sibling(active, "old");
    if !old.exists() {
        return Err(refused("there is no former key", &old));
    }
    fs::remove_file(&old)?;
    Ok(format!("retired {}: it is no longer accepted\n", old.display()))
}

/// What speaks against a staged key; where no gateway runs, that one that starts may not be able to
/// read it. Nobody's access is mended here: in a folder of the gateway's user, what lies under the
/// staged key's name may lead anywhere.
fn objection(heard: &Heard, next: &Path, active: &Path) -> io::Result<Option<String>> {
    match heard {
        Heard::Refused(reason) => Ok(Some(reason.clone())),
        Heard::Nobody if !make::alike(next, active)? => Ok(Some(format!(
            "no gateway runs here to say whether it can read {}, whose owner, group or mode is not that of {}; do this while it runs, or as root give both the same",
            next.display(),
            active.display()
        ))),
        Heard::TakenOver | Heard::Nobody => Ok(None),
    }
}

/// What to tell the operator at the end of a step.
fn ended(done: String, heard: Heard) -> io::Result<String> {
    match heard {
        Heard::TakenOver => Ok(
            done + "the running gateway has taken it over; other replicas do within a minute of seeing the files\n"
        ),
        Heard::Nobody => Ok(done + "no gateway runs here; it is in force from the next start\n"),
        Heard::Refused(reason) => Err(io::Error::other(format!(
            "the files are changed, and a gateway that runs tries again each minute: {reason}"
        ))),
    }
}

fn refused(said: &str, path: &Path) -> io::Error {
    io::Error::other(format!("{said} ({})", path.display()))
}

#[cfg(test)]
mod tests;
