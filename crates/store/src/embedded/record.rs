//! How an entry lies in the file: deadline, number of groups, groups, value.

use domain::Timestamp;

use crate::Entry;

/// Bytes of an entry: deadline (8, big-endian), count of groups (2), each group's length (2) and
/// text, then the value to the end.
pub(super) fn encode(entry: &Entry) -> Option<Vec<u8>> {
    let mut bytes = entry.deadline.as_millis().to_be_bytes().to_vec();
    bytes.extend(u16::try_from(entry.groups.len()).ok()?.to_be_bytes());
    for group in &entry.groups {
        bytes.extend(u16::try_from(group.len()).ok()?.to_be_bytes());
        bytes.extend(group.as_bytes());
    }
    bytes.extend(&entry.value);
    Some(bytes)
}

/// The deadline alone.
pub(super) fn deadline(bytes: &[u8]) -> Option<Timestamp> {
    let (deadline, _) = bytes.split_first_chunk::<8>()?;
    Some(Timestamp::from_millis(i64::from_be_bytes(*deadline)))
}

/// The whole entry.
pub(super) fn decode(bytes: &[u8]) -> Option<Entry> {
    let (when, rest) = bytes.split_first_chunk::<8>()?;
    let (count, mut rest) = rest.split_first_chunk::<2>()?;
    let mut groups = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (group, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        groups.push(String::from_utf8(group.to_vec()).ok()?);
        rest = after;
    }
    let deadline = Timestamp::from_millis(i64::from_be_bytes(*when));
    Some(Entry { value: rest.to_vec(), deadline, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_as_they_went() {
        for groups in [vec![], vec!["a".to_owned(), String::new(), "ü".to_owned()]] {
            let entry = Entry { value: vec![0, 255], deadline: Timestamp::from_millis(-7), groups };
            let bytes = encode(&entry).unwrap();
            assert_eq!(deadline(&bytes), Some(entry.deadline));
            assert_eq!(decode(&bytes), Some(entry));
        }
    }

    #[test]
    fn cut_entries_are_refused() {
        let entry =
            Entry { value: vec![], deadline: Timestamp::MAX, groups: vec!["abc".to_owned()] };
        let bytes = encode(&entry).unwrap();
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length]), None, "{length}");
        }
    }
}
