//! What lies in the store, and who can read it.

use domain::Secret;
use session::{Context, Sealer, SealingKeyError, Unreadable};
use store::{Area, Entry, Store};

use crate::world::*;

const HERE: Context<'_> = Context { purpose: "test", id: "record-1" };

#[test]
fn sealed_bytes_come_back_and_are_never_the_same_twice() {
    let sealer = sealer(&[1]);
    let first = sealer.seal(HERE, b"plain").unwrap();
    assert_ne!(first, sealer.seal(HERE, b"plain").unwrap(), "a fresh nonce each time");
    assert_eq!(sealer.open(HERE, &first).unwrap().as_slice(), b"plain");
    assert_eq!(sealer.open(HERE, &sealer.seal(HERE, b"").unwrap()).unwrap().as_slice(), b"");
    assert_eq!(first[0], 1, "the version is in front");
}

/// attacks.md D9.
#[test]
fn d9_sealed_bytes_open_only_for_their_purpose_and_record() {
    let sealer = sealer(&[1]);
    let sealed = sealer.seal(HERE, b"plain").unwrap();
    for context in [
        Context { purpose: "test", id: "record-2" },
        Context { purpose: "other", id: "record-1" },
        Context { purpose: "testr", id: "ecord-1" },
        Context { purpose: "tes", id: "trecord-1" },
    ] {
        assert_eq!(sealer.open(context, &sealed).unwrap_err(), Unreadable::Forged, "{context:?}");
    }
}

/// attacks.md D9.
#[test]
fn d9_every_altered_byte_is_noticed() {
    let sealer = sealer(&[1, 2]);
    let sealed = sealer.seal(HERE, b"plain").unwrap();
    for index in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[index] ^= 1;
        assert!(sealer.open(HERE, &altered).is_err(), "byte {index}");
        assert!(sealer.open(HERE, &sealed[..index]).is_err(), "cut at {index}");
    }
}

/// attacks.md D9: one customer's facts under another's record.
#[tokio::test]
async fn d9_a_record_swapped_in_the_store_is_no_session() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let mut changes = world.store.changes();
    let other = sign_in(&sessions).await;
    let other_key = next_session(&mut changes).await;
    let victim = world.store.get(Area::Sessions, &other_key, NOW).await.unwrap().unwrap();
    sessions.end(&open(&sessions, &cookie, NOW).await.unwrap(), NOW).await.unwrap();
    settle().await;
    let mut key = next_session(&mut changes).await;
    while key == other_key {
        key = next_session(&mut changes).await;
    }
    let entry = Entry { value: victim, deadline: NOW.plus(IDLE), groups: Vec::new() };
    world.store.put(Area::Sessions, &key, entry, NOW).await.unwrap();
    assert!(open(&sessions, &cookie, NOW).await.is_none());
    assert!(open(&sessions, &other, NOW).await.is_some());
}

/// attacks.md D11.
#[tokio::test]
async fn d11_sessions_outlive_the_rotation_of_the_sealing_key() {
    let world = World::new();
    let cookie = sign_in(&world.replica(&[1])).await;
    let staged = world.replica(&[1, 2]);
    assert!(open(&staged, &cookie, NOW).await.is_some());
    let active = world.replica(&[2, 1]);
    let session = open(&active, &cookie, NOW).await.unwrap();
    // A write moves the facts to the new key; the old key is still needed for the secrets.
    active.touch(&session, NOW.plus(UNNOTED)).await.unwrap();
    assert!(open(&active, &cookie, NOW.plus(UNNOTED)).await.is_some());
    let fresh = sign_in(&active).await;
    assert!(open(&world.replica(&[2]), &fresh, NOW).await.is_some());
    assert!(open(&world.replica(&[1]), &fresh, NOW).await.is_none());
}

/// attacks.md D17.
#[tokio::test]
async fn d17_an_unknown_version_or_key_is_no_session_and_the_record_is_kept() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let mut changes = world.store.changes();
    let cookie = sign_in(&sessions).await;
    let key = next_session(&mut changes).await;
    let good = world.store.get(Area::Sessions, &key, NOW).await.unwrap().unwrap();
    // Byte 4 is the version of the facts; bytes 5 to 8 are the id of their key.
    for index in [4, 5] {
        let mut other = good.clone();
        other[index] ^= 0x40;
        let entry = Entry { value: other.clone(), deadline: NOW.plus(IDLE), groups: Vec::new() };
        world.store.put(Area::Sessions, &key, entry, NOW).await.unwrap();
        assert!(open(&sessions, &cookie, NOW).await.is_none(), "byte {index}");
        let left = world.store.get(Area::Sessions, &key, NOW).await.unwrap();
        assert_eq!(left, Some(other), "byte {index}: the record was not kept");
    }
    let sealed = sealer(&[1]).seal(HERE, b"plain").unwrap();
    assert_eq!(sealer(&[2]).open(HERE, &sealed).unwrap_err(), Unreadable::Key);
    let newer = [&[2], &sealed[1..]].concat();
    assert_eq!(sealer(&[1]).open(HERE, &newer).unwrap_err(), Unreadable::Version);
}

#[test]
fn unusable_sealing_keys_are_named() {
    let refused = |keys: &[Secret<Vec<u8>>]| Sealer::new(keys).err().unwrap();
    assert_eq!(refused(&[]), SealingKeyError::None);
    let short = Secret::new(vec![1; 31]);
    assert_eq!(refused(&[key(1), short]), SealingKeyError::Length { number: 2, length: 31 });
    assert_eq!(refused(&[key(1), key(2), key(1)]), SealingKeyError::Repeated { number: 3 });
}
