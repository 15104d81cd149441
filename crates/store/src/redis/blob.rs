//! How an entry lies in Redis: one string that scripts can judge without knowing more of it than
//! the first thirteen bytes.
//!
//! `version (1) | deadline, ms (8, signed) | offset of the value (4) | groups | value`, numbers
//! big-endian; a group is its length (4) and its bytes.

use domain::Timestamp;

use crate::{Entry, StoreError};

const VERSION: u8 = 1;
/// Where the groups begin.
const GROUPS: usize = 13;

pub(super) fn encode(entry: &Entry) -> Result<Vec<u8>, StoreError> {
    let too_long = |_| StoreError::Unavailable("an entry's groups are too long".to_owned());
    let groups: usize = entry.groups.iter().map(|group| 4 + group.len()).sum();
    let mut bytes = Vec::with_capacity(GROUPS + groups + entry.value.len());
    bytes.push(VERSION);
    bytes.extend(entry.deadline.as_millis().to_be_bytes());
    bytes.extend(u32::try_from(GROUPS + groups).map_err(too_long)?.to_be_bytes());
    for group in &entry.groups {
        bytes.extend(u32::try_from(group.len()).map_err(too_long)?.to_be_bytes());
        bytes.extend(group.as_bytes());
    }
    bytes.extend(&entry.value);
    Ok(bytes)
}

/// # Errors
/// When these bytes are none of ours: never "absent".
pub(super) fn decode(bytes: &[u8]) -> Result<Entry, StoreError> {
    let foreign = || StoreError::Unavailable("an entry cannot be read".to_owned());
    parse(bytes).ok_or_else(foreign)
}

fn parse(bytes: &[u8]) -> Option<Entry> {
    let (version, rest) = bytes.split_first()?;
    let (deadline, rest) = rest.split_first_chunk::<8>()?;
    let (offset, _) = rest.split_first_chunk::<4>()?;
    let (head, value) =
        bytes.split_at_checked(usize::try_from(u32::from_be_bytes(*offset)).ok()?)?;
    let mut named = head.get(GROUPS..)?;
    let mut groups = Vec::new();
    while let Some((length, rest)) = named.split_first_chunk::<4>() {
        let (group, rest) =
            rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        groups.push(String::from_utf8(group.to_vec()).ok()?);
        named = rest;
    }
    let deadline = Timestamp::from_millis(i64::from_be_bytes(*deadline));
    let whole = *version == VERSION && named.is_empty();
    whole.then(|| Entry { value: value.to_vec(), deadline, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let groups = vec!["sessions of 1".to_owned(), String::new(), "ü".to_owned()];
        let entry = Entry { value: vec![0, 255, 13], deadline: Timestamp::MAX, groups };
        let bytes = encode(&entry).unwrap();
        assert_eq!(decode(&bytes).unwrap(), entry);
        let value_only = Entry { value: b"v".to_vec(), groups: Vec::new(), ..entry };
        assert_eq!(decode(&encode(&value_only).unwrap()).unwrap(), value_only);
        for cut in 0..bytes.len() - 3 {
            assert!(decode(&bytes[..cut]).is_err(), "cut after {cut}");
        }
        assert!(decode(&[&[2], &bytes[1..]].concat()).is_err(), "of a later version");
    }
}
