//! The embedded store's sessions: memory that becomes tables, damage, what lay there before.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is a check")]

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::Timestamp;
use store::{Area, EmbeddedStore, Entry, Followed, Store};
use tokio::task::JoinSet;

const NOW: Timestamp = Timestamp::from_seconds(1_000);
const MANY: usize = 6_000;

fn entry(value: &str) -> Entry {
    Entry { value: value.into(), deadline: Timestamp::MAX, groups: vec!["g".to_owned()] }
}

fn value(number: usize) -> String {
    format!("{number:01000}")
}

/// More than memory keeps, so that there are tables, too.
async fn fill(folder: &Path) {
    let store = Arc::new(EmbeddedStore::open(folder, Followed::ALL).unwrap());
    let mut writing = JoinSet::new();
    for part in 0..50 {
        let store = Arc::clone(&store);
        writing.spawn(async move {
            for number in (part..MANY).step_by(50) {
                let (key, entry) = (format!("key-{number}"), entry(&value(number)));
                store.put(Area::Sessions, &key, entry, NOW).await.unwrap();
            }
        });
    }
    writing.join_all().await;
    store.put(Area::Records, "k", entry("v"), NOW).await.unwrap();
}

/// The files of the sessions' folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for there in fs::read_dir(folder).unwrap() {
        let path = there.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

fn restore(folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    for name in ["sessions", "sessions.damaged"] {
        let _not_there = fs::remove_dir_all(folder.join(name));
    }
    for (path, bytes) in files {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// The store opens, knows its records, writes sessions, and never shows a wrong one; says whether
/// the sessions were put aside.
async fn works(folder: &Path, what: &str) -> bool {
    let store = EmbeddedStore::open(folder, Followed::ALL)
        .unwrap_or_else(|e| panic!("{what}: refused: {e}"));
    assert!(store.get(Area::Records, "k", NOW).await.unwrap().is_some(), "{what}: no records");
    store.put(Area::Sessions, "new", entry("new"), NOW).await.unwrap();
    assert!(store.take(Area::Sessions, "new", NOW).await.unwrap().is_some(), "{what}");
    let aside = folder.join("sessions.damaged").exists();
    for number in (0..MANY).step_by(500) {
        let read = store.get(Area::Sessions, &format!("key-{number}"), NOW).await.unwrap();
        assert!(read.is_none_or(|v| v == value(number).into_bytes()), "{what}: another value");
    }
    aside
}

#[tokio::test]
async fn more_than_memory_keeps_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).await;
    let tables = files(&folder.path().join("sessions"));
    let tables = tables.keys().filter(|path| path.parent().unwrap().ends_with("tables"));
    assert!(tables.count() > 1, "something left the memory");
    let store = EmbeddedStore::open(folder.path(), Followed::ALL).unwrap();
    for number in 0..MANY {
        let read = store.get(Area::Sessions, &format!("key-{number}"), NOW).await.unwrap();
        assert_eq!(read, Some(value(number).into_bytes()));
    }
    assert_eq!(store.group(Area::Sessions, "g", NOW).await.unwrap().len(), MANY);
    assert_eq!(store.remove_group(Area::Sessions, "g", NOW).await.unwrap(), MANY);
    assert!(store.page(Area::Sessions, None).await.unwrap().entries.is_empty());
}

#[tokio::test]
async fn damaged_sessions_are_put_aside_and_the_records_stay() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path();
    fill(folder).await;
    drop(EmbeddedStore::open(folder, Followed::ALL).unwrap());
    let good = files(&folder.join("sessions"));
    for (path, bytes) in &good {
        let foreign = b"SQLite format 3\0".repeat(1000);
        let cases = [("foreign", foreign), ("cut", bytes[..bytes.len() / 2].to_vec())];
        for (name, bytes) in cases {
            restore(folder, &good);
            fs::write(path, bytes).unwrap();
            works(folder, &format!("{} is {name}", path.display())).await;
        }
        restore(folder, &good);
        fs::remove_file(path).unwrap();
        works(folder, &format!("{} is gone", path.display())).await;
    }
    restore(folder, &good);
    assert!(!works(folder, "nothing").await, "the control is read");
    fs::remove_dir_all(folder.join("sessions")).unwrap();
    fs::write(folder.join("sessions"), "a file").unwrap();
    assert!(works(folder, "a file in its place").await);
}

/// Some bytes; all kinds of files come in turn. `flips=2000` on the command line says how many.
#[tokio::test]
async fn a_damaged_byte_of_the_sessions_stops_nothing() {
    let flips = std::env::args().find_map(|a| a.strip_prefix("flips=")?.parse().ok()).unwrap_or(20);
    let above = tempfile::tempdir().unwrap();
    let folder = above.path();
    fill(folder).await;
    drop(EmbeddedStore::open(folder, Followed::ALL).unwrap());
    let good = files(&folder.join("sessions"));
    let (mut random, mut aside) = (RandomState::new().hash_one(flips), 0);
    for (path, bytes) in good.iter().filter(|(_, bytes)| !bytes.is_empty()).cycle().take(flips) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let (at, bit) = (usize::try_from(random >> 20).unwrap() % bytes.len(), random >> 17 & 1);
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << bit;
        restore(folder, &good);
        fs::write(path, bytes).unwrap();
        let what = format!("bit {bit} of byte {at} of {}", path.display());
        aside += u32::from(works(folder, &what).await);
    }
    println!("sessions: {flips} bytes damaged, put aside {aside} times, refused never");
}

/// A damaged length may ask for more memory than there is, and nothing but the next start knows.
#[tokio::test]
async fn sessions_that_two_processes_died_on_are_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    drop(EmbeddedStore::open(folder.path(), Followed::ALL).unwrap());
    let opening = folder.path().join("sessions/opening");
    assert!(!opening.exists(), "it ended well");
    for (deaths, aside) in [(".", false), ("..", true)] {
        fs::write(&opening, deaths).unwrap();
        drop(EmbeddedStore::open(folder.path(), Followed::ALL).unwrap());
        assert_eq!(folder.path().join("sessions.damaged").exists(), aside, "{deaths}");
        assert!(!opening.exists());
    }
}

#[tokio::test]
async fn the_file_of_older_builds_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sessions.redb"), "sessions").unwrap();
    drop(EmbeddedStore::open(folder.path(), Followed::ALL).unwrap());
    assert!(!folder.path().join("sessions.redb").exists());
}
