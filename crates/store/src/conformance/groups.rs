//! Groups, areas, the change feed, the probe.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{NOW, entry, grouped, ok, read};
use crate::{Area, Change, Store};

/// Members of a group that takes several pages.
const LARGE: usize = 1_200;

async fn members(store: &dyn Store, group: &str) -> BTreeSet<String> {
    ok(store.group(Area::Sessions, group, NOW).await).into_iter().map(|(key, _)| key).collect()
}

fn set(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|k| (*k).to_owned()).collect()
}

pub(super) async fn a_group_holds_what_was_put_into_it(store: Arc<dyn Store>) {
    let area = Area::Sessions;
    ok(store.put(area, "a", grouped("1", &["x", "y"]), NOW).await);
    assert!(ok(store.put_if_absent(area, "b", grouped("2", &["x"]), NOW).await));
    ok(store.put(area, "c", entry("3"), NOW).await);
    ok(store.put(area, "d", grouped("4", &["xx"]), NOW).await);
    assert_eq!(members(&*store, "x").await, set(&["a", "b"]));
    assert_eq!(members(&*store, "y").await, set(&["a"]));
    assert_eq!(members(&*store, "z").await, set(&[]));
    let values = ok(store.group(area, "y", NOW).await);
    assert_eq!(values, [("a".to_owned(), b"1".to_vec())], "a group gives values too");
}

pub(super) async fn leaving_a_group_is_atomic_with_the_write(store: Arc<dyn Store>) {
    let area = Area::Sessions;
    for key in ["put", "replace", "remove", "take"] {
        ok(store.put(area, key, grouped("v", &["x"]), NOW).await);
    }
    ok(store.put(area, "put", grouped("w", &["y"]), NOW).await);
    assert!(ok(store.replace_if(area, "replace", b"v", grouped("w", &["y"]), NOW).await));
    ok(store.remove(area, "remove").await);
    assert!(ok(store.take(area, "take", NOW).await).is_some());
    assert_eq!(members(&*store, "x").await, set(&[]), "left");
    assert_eq!(members(&*store, "y").await, set(&["put", "replace"]), "joined");
}

pub(super) async fn removing_a_group_removes_only_its_entries(store: Arc<dyn Store>) {
    let area = Area::Sessions;
    ok(store.put(area, "a", grouped("1", &["x", "y"]), NOW).await);
    ok(store.put(area, "b", grouped("2", &["x"]), NOW).await);
    ok(store.put(area, "c", grouped("3", &["y"]), NOW).await);
    assert_eq!(ok(store.remove_group(area, "x", NOW).await), 2);
    assert_eq!(ok(store.remove_group(area, "x", NOW).await), 0, "again: nothing left");
    assert_eq!(read(&*store, area, "a").await, None);
    assert_eq!(members(&*store, "y").await, set(&["c"]), "gone from its other group too");
}

pub(super) async fn who_loses_a_write_joins_no_group(store: Arc<dyn Store>) {
    let area = Area::Sessions;
    ok(store.put(area, "a", grouped("1", &["x"]), NOW).await);
    assert!(!ok(store.put_if_absent(area, "a", grouped("2", &["y"]), NOW).await));
    assert!(!ok(store.replace_if(area, "a", b"other", grouped("2", &["y"]), NOW).await));
    assert!(!ok(store.replace_if(area, "none", b"", grouped("2", &["y"]), NOW).await));
    assert_eq!(members(&*store, "y").await, set(&[]), "losers");
    assert_eq!(ok(store.remove_group(area, "y", NOW).await), 0, "nothing of it to remove");
    assert_eq!(members(&*store, "x").await, set(&["a"]), "who was there stays");
}

pub(super) async fn a_large_group_is_whole(store: Arc<dyn Store>) {
    let (area, mut writing) = (Area::Sessions, JoinSet::new());
    for number in 0..LARGE {
        let store = Arc::clone(&store);
        writing.spawn(async move {
            let entry = grouped("v", &["x"]);
            ok(store.put(area, &format!("key-{number}"), entry, NOW).await);
        });
        if writing.len() == 50 {
            writing.join_next().await;
        }
    }
    writing.join_all().await;
    for number in 0..10 {
        ok(store.remove(area, &format!("key-{number}")).await);
    }
    assert_eq!(members(&*store, "x").await.len(), LARGE - 10);
    assert_eq!(ok(store.remove_group(area, "x", NOW).await), LARGE - 10);
    assert_eq!(members(&*store, "x").await, set(&[]));
}

pub(super) async fn pages_give_every_entry(store: Arc<dyn Store>) {
    let area = Area::Records;
    ok(store.put(Area::Sessions, "elsewhere", entry("v"), NOW).await);
    for number in 0..700 {
        let entry = grouped(&number.to_string(), &["x"]);
        ok(store.put(area, &format!("key-{number}"), entry, NOW).await);
    }
    let (mut found, mut after) = (BTreeMap::new(), None);
    loop {
        let page = ok(store.page(area, after).await);
        found.extend(page.entries);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 700, "all, and of this area alone");
    assert_eq!(found.get("key-699"), Some(&grouped("699", &["x"])), "whole entries");
}

pub(super) async fn areas_are_separate(store: Arc<dyn Store>) {
    ok(store.put(Area::Sessions, "k", grouped("s", &["g"]), NOW).await);
    assert!(ok(store.put_if_absent(Area::Records, "k", grouped("r", &["g"]), NOW).await));
    assert_eq!(read(&*store, Area::Sessions, "k").await.as_deref(), Some("s"));
    assert_eq!(ok(store.remove_group(Area::Sessions, "g", NOW).await), 1);
    assert_eq!(read(&*store, Area::Records, "k").await.as_deref(), Some("r"));
    ok(store.remove(Area::Sessions, "k").await);
    assert_eq!(ok(store.group(Area::Records, "g", NOW).await).len(), 1);
}

pub(super) async fn every_change_is_announced(store: Arc<dyn Store>) {
    let area = Area::Sessions;
    let mut feed = store.changes();
    ok(store.put(area, "put", entry("v"), NOW).await);
    assert!(ok(store.put_if_absent(Area::Records, "absent", entry("v"), NOW).await));
    assert!(!ok(store.put_if_absent(Area::Records, "absent", entry("w"), NOW).await));
    assert!(ok(store.replace_if(area, "put", b"v", grouped("w", &["g"]), NOW).await));
    assert!(!ok(store.replace_if(area, "put", b"v", entry("x"), NOW).await));
    assert!(ok(store.take(area, "put", NOW).await).is_some());
    ok(store.put(area, "removed", grouped("v", &["g"]), NOW).await);
    assert_eq!(ok(store.remove_group(area, "g", NOW).await), 1);
    ok(store.put(area, "end", entry("v"), NOW).await);
    // In order for each key; keys may lie on several nodes, each with a feed of its own.
    let mut told: BTreeMap<(Area, String), usize> = BTreeMap::new();
    while told.values().sum::<usize>() < 7 {
        let change = feed.recv().await;
        let Ok(Change { area, key }) = change else { panic!("the feed ended: {change:?}") };
        *told.entry((area, key)).or_default() += 1;
    }
    let wanted = [
        ((area, "put".to_owned()), 3),
        ((Area::Records, "absent".to_owned()), 1),
        ((area, "removed".to_owned()), 2),
        ((area, "end".to_owned()), 1),
    ];
    assert_eq!(told, BTreeMap::from(wanted), "only real changes");
}

pub(super) async fn a_healthy_store_passes_its_probe(store: Arc<dyn Store>) {
    let mut feed = store.changes();
    ok(store.probe(NOW).await);
    ok(store.put(Area::Records, "k", entry("v"), NOW).await);
    let first = feed.recv().await.map(|change| change.key);
    assert_eq!(first.as_deref(), Ok("k"), "a probe is no change");
    assert_eq!(read(&*store, Area::Records, "probe").await, None, "a probe leaves nothing behind");
}
