//! The lists of tables: fjall writes their checksum and does not compare it.

use std::fs;
use std::io;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

/// Compares them, before fjall believes what they say; it panics on some of it.
pub(super) fn check(path: &Path) -> io::Result<()> {
    let keyspaces = match fs::read_dir(path.join("keyspaces")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for keyspace in keyspaces {
        check_current(&keyspace?.path())?;
    }
    Ok(())
}

/// `current` has the number of the list (8, little-endian), the checksum (16) and its kind (1).
fn check_current(keyspace: &Path) -> io::Result<()> {
    let current = match fs::read(keyspace.join("current")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a list of tables is damaged");
    let (number, rest) = current.split_first_chunk::<8>().ok_or_else(damaged)?;
    let (checksum, kind) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
    let list = fs::read(keyspace.join(format!("v{}", u64::from_le_bytes(*number))))?;
    let whole = kind == [0] && xxh3_128(&list) == u128::from_le_bytes(*checksum);
    whole.then_some(()).ok_or_else(damaged)
}
