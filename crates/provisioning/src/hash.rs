//! Keys of records that do not show whom they are about.

use std::fmt::Write as _;

use aws_lc_rs::digest::{Context, SHA256};
use domain::{EmailAddress, PersonKey};

/// SHA-256 of the address in its one form (lower case, A-labels), in hex.
pub(crate) fn address(email: &EmailAddress) -> String {
    of(&[email.as_str()])
}

/// SHA-256 of a person's two names, in hex.
pub(crate) fn person(person: &PersonKey) -> String {
    of(&[person.idp.as_str(), person.subject.as_str()])
}

/// SHA-256 of any name, in hex.
pub(crate) fn name(name: &str) -> String {
    of(&[name])
}

/// SHA-256 of a file, in hex.
pub(crate) fn bytes(file: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&SHA256, file);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Each part is followed by a zero byte, which none of them can hold.
fn of(parts: &[&str]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    context.finish().as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Random bits for jitter and lease tokens. The generator does not fail once the process runs; if
/// it did, zero costs spread, not safety.
pub(crate) fn random() -> u64 {
    let mut bytes = [0; 8];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => 0,
    }
}
