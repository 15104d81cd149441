//! Backups: what goes in comes out, and nothing else is taken for one.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is a check")]

use domain::Timestamp;
use store::backup::{BackupError, Present, backup, restore};
use store::{Area, AreaId, EmbeddedStore, Entry, Followed, Store};

const NOW: Timestamp = Timestamp::from_seconds(1_000);

fn open() -> (tempfile::TempDir, EmbeddedStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), Followed::ALL).unwrap();
    (folder, store)
}

async fn filled() -> (tempfile::TempDir, EmbeddedStore, AreaId) {
    let (folder, store) = open();
    let id = AreaId::from_random([7; 16]);
    id.write(&store, NOW).await.unwrap();
    for number in 0..700 {
        let groups = vec![format!("g{}", number % 3)];
        let entry = Entry { value: vec![number as u8; 100], deadline: Timestamp::MAX, groups };
        store.put(Area::Records, &format!("key-{number}"), entry, NOW).await.unwrap();
    }
    (folder, store, id)
}

#[tokio::test]
async fn records_come_back_with_groups_deadlines_and_id() {
    let (_folder, store, id) = filled().await;
    let mut file = Vec::new();
    assert_eq!(backup(&store, &mut file).await.unwrap(), 716);
    let (_other, empty) = open();
    let restored = restore(&empty, &mut &file[..], Present::Refuse, NOW).await;
    assert_eq!(restored.unwrap(), 716);
    assert_eq!(AreaId::check(&empty, Some(&id), NOW).await.unwrap(), id);
    assert_eq!(empty.group(Area::Records, "g1", NOW).await.unwrap().len(), 233);
    let again = restore(&empty, &mut &file[..], Present::Refuse, NOW).await;
    assert!(matches!(again, Err(BackupError::NotEmpty(716))), "{again:?}");
    let entry = Entry { value: vec![1], deadline: Timestamp::MAX, groups: Vec::new() };
    empty.put(Area::Records, "later", entry, NOW).await.unwrap();
    restore(&empty, &mut &file[..], Present::Replace, NOW).await.unwrap();
    assert_eq!(empty.get(Area::Records, "later", NOW).await.unwrap(), None, "replaced");
}

#[tokio::test]
async fn a_file_that_is_not_whole_restores_nothing() {
    let (_folder, store, _) = filled().await;
    let mut file = Vec::new();
    backup(&store, &mut file).await.unwrap();
    let mut flipped = file.clone();
    flipped[5_000] ^= 1;
    let cases: [(&str, Vec<u8>); 5] = [
        ("cut", file[..file.len() - 1].to_vec()),
        ("cut early", file[..30].to_vec()),
        ("altered", flipped),
        ("longer", [&file[..], b"x"].concat()),
        ("another file", b"VESTIBULE-RECORDS 2\n".repeat(10)),
    ];
    for (name, bytes) in cases {
        let (_other, empty) = open();
        let refused = restore(&empty, &mut &bytes[..], Present::Refuse, NOW).await;
        assert!(matches!(refused, Err(BackupError::Damaged(_))), "{name}: {refused:?}");
        assert_eq!(AreaId::read(&empty, NOW).await.unwrap(), None, "{name}");
    }
}
