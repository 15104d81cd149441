use super::*;
use crate::{EmbeddedStore, Followed};

const NOW: Timestamp = Timestamp::from_seconds(1_000);

fn entry(value: &str) -> Entry {
    Entry { value: value.into(), deadline: Timestamp::MAX, groups: Vec::new() }
}

fn faulty() -> (tempfile::TempDir, Arc<FaultyStore>) {
    let folder = tempfile::tempdir().unwrap();
    let inner = Arc::new(EmbeddedStore::open(folder.path(), Followed::ALL).unwrap());
    (folder, Arc::new(FaultyStore::new(inner)))
}

#[tokio::test]
async fn unavailable_does_nothing_and_a_lost_answer_does_it() {
    let (_folder, store) = faulty();
    store.fail(Operation::Put, Fault::Unavailable);
    assert!(store.put(Area::Records, "a", entry("1"), NOW).await.is_err());
    store.fail(Operation::Put, Fault::LostAnswer);
    assert!(store.put(Area::Records, "b", entry("2"), NOW).await.is_err());
    assert_eq!(store.get(Area::Records, "a", NOW).await.unwrap(), None);
    assert_eq!(store.get(Area::Records, "b", NOW).await.unwrap(), Some(b"2".to_vec()));
    store.heal();
    store.put(Area::Records, "a", entry("1"), NOW).await.unwrap();
    assert_eq!(store.calls(Operation::Put), 3);
}

#[tokio::test]
async fn unavailable_is_an_error_for_every_operation() {
    let (_folder, store) = faulty();
    store.fail_all(Fault::Unavailable);
    let area = Area::Sessions;
    assert!(store.get(area, "k", NOW).await.is_err());
    assert!(store.put(area, "k", entry("v"), NOW).await.is_err());
    assert!(store.put_if_absent(area, "k", entry("v"), NOW).await.is_err());
    assert!(store.take(area, "k", NOW).await.is_err());
    assert!(store.replace_if(area, "k", b"v", entry("w"), NOW).await.is_err());
    assert!(store.remove(area, "k").await.is_err());
    assert!(store.group(area, "g", NOW).await.is_err());
    assert!(store.remove_group(area, "g", NOW).await.is_err());
    let error = store.probe(NOW).await.unwrap_err();
    assert_eq!(error.refusal().cause, "store-unavailable");
}

#[tokio::test]
async fn a_gate_holds_an_operation_until_it_is_opened() {
    let (_folder, store) = faulty();
    let gate = store.hold(Operation::Put);
    let held = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.put(Area::Records, "k", entry("v"), NOW).await }
    });
    gate.reached_by(1).await;
    assert_eq!(store.get(Area::Records, "k", NOW).await.unwrap(), None);
    gate.open();
    held.await.unwrap().unwrap();
    assert!(store.get(Area::Records, "k", NOW).await.unwrap().is_some());
}

#[tokio::test]
async fn a_cut_feed_is_closed_until_the_store_heals() {
    let (_folder, store) = faulty();
    let mut before = store.changes();
    store.cut_feed();
    assert!(before.recv().await.is_err());
    assert!(store.changes().recv().await.is_err());
    store.heal();
    let mut after = store.changes();
    store.put(Area::Records, "k", entry("v"), NOW).await.unwrap();
    assert_eq!(after.recv().await.unwrap().key, "k");
}
