//! Deadlines, to the millisecond.

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;

use super::{LIFE, NOW, entry, ok, read};
use crate::{Area, Entry, Store};

const MILLISECOND: Duration = Duration::from_millis(1);

pub(super) async fn what_is_put_is_read_until_removed(store: Arc<dyn Store>) {
    ok(store.put(Area::Sessions, "k", entry("one"), NOW).await);
    assert_eq!(read(&*store, Area::Sessions, "k").await.as_deref(), Some("one"));
    ok(store.put(Area::Sessions, "k", entry("two"), NOW).await);
    assert_eq!(read(&*store, Area::Sessions, "k").await.as_deref(), Some("two"), "put overwrites");
    ok(store.remove(Area::Sessions, "k").await);
    ok(store.remove(Area::Sessions, "k").await);
    assert_eq!(read(&*store, Area::Sessions, "k").await, None, "removed");
}

pub(super) async fn entries_are_invisible_at_exactly_their_deadline(store: Arc<dyn Store>) {
    let deadline = NOW.plus(LIFE);
    let grouped = Entry { groups: vec!["g".to_owned()], ..entry("v") };
    ok(store.put(Area::Records, "k", grouped, NOW).await);
    let before = deadline.minus(MILLISECOND);
    assert!(ok(store.get(Area::Records, "k", before).await).is_some(), "one millisecond before");
    assert_eq!(ok(store.group(Area::Records, "g", before).await).len(), 1, "in its group");
    assert_eq!(ok(store.get(Area::Records, "k", deadline).await), None, "at the deadline");
    assert!(
        ok(store.group(Area::Records, "g", deadline).await).is_empty(),
        "group, at the deadline"
    );
    assert_eq!(
        ok(store.get(Area::Records, "k", deadline.plus(MILLISECOND)).await),
        None,
        "after it"
    );
}

pub(super) async fn an_expired_entry_counts_as_absent(store: Arc<dyn Store>) {
    let late = NOW.plus(LIFE);
    let area = Area::Records;
    for key in ["take", "replace", "absent"] {
        ok(store.put(area, key, Entry { groups: vec!["g".to_owned()], ..entry("old") }, NOW).await);
    }
    assert_eq!(ok(store.take(area, "take", late).await), None, "take of an expired entry");
    let fresh = || Entry { deadline: late.plus(LIFE), ..entry("new") };
    assert!(!ok(store.replace_if(area, "replace", b"old", fresh(), late).await), "replace_if");
    assert!(ok(store.put_if_absent(area, "absent", fresh(), late).await), "put_if_absent");
    assert_eq!(ok(store.get(area, "absent", late).await).as_deref(), Some(&b"new"[..]));
    assert_eq!(ok(store.remove_group(area, "g", late).await), 0, "expired members are not counted");
    assert!(
        ok(store.get(area, "absent", late).await).is_some(),
        "it left the group when rewritten"
    );
}

pub(super) async fn an_entry_without_end_lives_on(store: Arc<dyn Store>) {
    ok(store.put(Area::Records, "k", Entry { deadline: Timestamp::MAX, ..entry("v") }, NOW).await);
    let far = NOW.plus(Duration::from_secs(100 * 365 * 86_400));
    assert!(ok(store.get(Area::Records, "k", far).await).is_some());
}

pub(super) async fn any_bytes_and_any_key_are_kept(store: Arc<dyn Store>) {
    let value: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for key in ["", "a b", "ü:{}*\n\0", &"long".repeat(200)] {
        let entry = Entry { value: value.clone(), ..entry("") };
        ok(store.put(Area::Sessions, key, entry, NOW).await);
        assert_eq!(ok(store.get(Area::Sessions, key, NOW).await).as_ref(), Some(&value), "{key:?}");
    }
    ok(store.put(Area::Sessions, "empty", entry(""), NOW).await);
    assert_eq!(
        read(&*store, Area::Sessions, "empty").await.as_deref(),
        Some(""),
        "empty is not absent"
    );
}

pub(super) async fn replacing_sets_a_new_deadline(store: Arc<dyn Store>) {
    let (area, late) = (Area::Sessions, NOW.plus(LIFE));
    for key in ["put", "replace", "shorter"] {
        ok(store.put(area, key, entry("old"), NOW).await);
    }
    let longer = || Entry { deadline: late.plus(LIFE), ..entry("new") };
    ok(store.put(area, "put", longer(), NOW).await);
    assert!(ok(store.replace_if(area, "replace", b"old", longer(), NOW).await));
    let shorter = Entry { deadline: NOW.plus(MILLISECOND), ..entry("new") };
    assert!(ok(store.replace_if(area, "shorter", b"old", shorter, NOW).await));
    assert!(ok(store.get(area, "put", late).await).is_some(), "put makes it longer");
    assert!(ok(store.get(area, "replace", late).await).is_some(), "replace_if makes it longer");
    assert_eq!(ok(store.get(area, "shorter", NOW.plus(MILLISECOND)).await), None, "and shorter");
}

pub(super) async fn keys_that_look_alike_are_different(store: Arc<dyn Store>) {
    let keys = ["a", "A", "a ", "a:", "s:a", "{a}", "{a}b", "{a}c", "a*", "g:a", ":"];
    for key in keys {
        ok(store.put(Area::Records, key, entry(key), NOW).await);
    }
    ok(store.remove(Area::Records, "a*").await);
    for key in keys.iter().filter(|key| **key != "a*") {
        assert_eq!(read(&*store, Area::Records, key).await.as_deref(), Some(*key), "{key:?}");
    }
    assert_eq!(read(&*store, Area::Records, "a*").await, None, "a key is no pattern");
}

pub(super) async fn several_are_read_in_the_order_of_their_keys(store: Arc<dyn Store>) {
    for area in [Area::Sessions, Area::Records] {
        ok(store.put(area, "a", entry("1"), NOW).await);
        ok(store.put(area, "b", entry("2"), NOW).await);
        ok(store.put(area, "over", Entry { deadline: NOW, ..entry("3") }, NOW).await);
        let keys = ["b", "none", "over", "a"].map(str::to_owned);
        let values = ok(store.get_each(area, &keys, NOW).await);
        let expected = [Some(b"2".to_vec()), None, None, Some(b"1".to_vec())];
        assert_eq!(values, expected, "an absent one leaves a gap");
        assert_eq!(ok(store.get_each(area, &[], NOW).await), [] as [Option<Vec<u8>>; 0]);
    }
}
