//! What every backend is held to: one suite, run by the tests of each.
//!
//! The suite panics at the first promise that is broken, naming it. It uses no sleeps: time is an
//! argument. A backend that expires by its own clock too (Redis) must be given room for that by
//! the deadlines used here, which lie far in the future of any clock.

mod expiry;
mod groups;
mod races;

use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use tokio::sync::broadcast::error::TryRecvError;

use crate::{Area, Change, Entry, Followed, Store};

/// The suite's "now": far enough ahead that no backend's own clock expires what it writes.
const NOW: Timestamp = Timestamp::from_seconds(32_503_680_000);
/// How long entries of the suite live unless they say otherwise.
const LIFE: Duration = Duration::from_secs(60);

/// Runs every check on a store of its own, made empty by `make`, and says how many ran.
///
/// # Panics
/// At the first broken promise, naming it.
pub async fn run(make: impl AsyncFn() -> Arc<dyn Store>) -> usize {
    let mut checks = 0;
    macro_rules! check {
        ($($check:path),+ $(,)?) => { $( $check(make().await).await; checks += 1; )+ };
    }
    check![
        expiry::what_is_put_is_read_until_removed,
        expiry::entries_are_invisible_at_exactly_their_deadline,
        expiry::an_expired_entry_counts_as_absent,
        expiry::an_entry_without_end_lives_on,
        expiry::any_bytes_and_any_key_are_kept,
        expiry::replacing_sets_a_new_deadline,
        expiry::keys_that_look_alike_are_different,
        expiry::several_are_read_in_the_order_of_their_keys,
        races::take_gives_one_of_fifty_the_entry,
        races::put_if_absent_lets_one_of_fifty_win,
        races::each_of_several_is_written_if_it_is_absent,
        races::replace_if_lets_one_of_fifty_win,
        races::replace_if_counts_every_increment_once,
        races::replace_if_needs_the_expected_value,
        groups::a_group_holds_what_was_put_into_it,
        groups::leaving_a_group_is_atomic_with_the_write,
        groups::removing_a_group_removes_only_its_entries,
        groups::who_loses_a_write_joins_no_group,
        groups::a_large_group_is_whole,
        groups::areas_are_separate,
        groups::pages_give_every_entry,
        groups::every_change_is_announced,
        groups::a_healthy_store_passes_its_probe,
    ];
    checks
}

/// What [`only_what_is_followed_is_announced`] follows.
pub const SOME: Followed = Followed(&[(Area::Sessions, "told/"), (Area::Records, "told")]);

/// Holds a store that was opened with [`SOME`] to that.
///
/// # Panics
/// When it tells of anything else.
pub async fn only_what_is_followed_is_announced(store: &dyn Store) {
    let mut feed = store.changes();
    let all = [
        (Area::Sessions, "untold/1"),
        (Area::Sessions, "told"),
        (Area::Records, "to"),
        (Area::Records, "told/1"),
        (Area::Sessions, "told/1"),
    ];
    for (area, key) in all {
        ok(store.put(area, key, entry("v"), NOW).await);
    }
    for (area, key) in [(Area::Records, "told/1"), (Area::Sessions, "told/1")] {
        assert_eq!(feed.recv().await, Ok(Change { area, key: key.to_owned() }));
    }
    assert_eq!(feed.try_recv(), Err(TryRecvError::Empty));
}

/// Resolves once the store's change feed is open: a store that connects has none at first.
pub async fn until_heard(store: &dyn Store) {
    while matches!(store.changes().try_recv(), Err(TryRecvError::Closed)) {
        // Waits while it connects; its failure is not the question here.
        let _connecting = store.probe(NOW).await;
    }
}

fn entry(value: &str) -> Entry {
    Entry { value: value.into(), deadline: NOW.plus(LIFE), groups: Vec::new() }
}

fn grouped(value: &str, groups: &[&str]) -> Entry {
    Entry { groups: groups.iter().map(|g| (*g).to_owned()).collect(), ..entry(value) }
}

/// Unwraps a store's answer: in this suite every error is a broken promise.
#[track_caller]
fn ok<T>(answer: Result<T, crate::StoreError>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => panic!("a healthy store answered with an error: {error}"),
    }
}

async fn read(store: &dyn Store, area: Area, key: &str) -> Option<String> {
    ok(store.get(area, key, NOW).await).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
