//! Fifty at once: exactly one wins.

use std::future::Future;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{NOW, entry, ok, read};
use crate::{Area, Store};

/// How many callers meet.
const CALLERS: usize = 50;

async fn together<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    call: impl Fn(usize) -> F,
) -> Vec<T> {
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(call(caller));
    }
    callers.join_all().await
}

pub(super) async fn take_gives_one_of_fifty_the_entry(store: Arc<dyn Store>) {
    ok(store.put(Area::Sessions, "k", entry("v"), NOW).await);
    let answers = together(|_| {
        let store = Arc::clone(&store);
        async move { ok(store.take(Area::Sessions, "k", NOW).await) }
    })
    .await;
    assert_eq!(answers.iter().flatten().count(), 1, "take-once");
    assert_eq!(read(&*store, Area::Sessions, "k").await, None, "taken is removed");
}

pub(super) async fn put_if_absent_lets_one_of_fifty_win(store: Arc<dyn Store>) {
    let answers = together(|caller| {
        let store = Arc::clone(&store);
        async move {
            let mine = entry(&caller.to_string());
            ok(store.put_if_absent(Area::Records, "k", mine, NOW).await).then_some(caller)
        }
    })
    .await;
    let winners: Vec<usize> = answers.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "put-if-absent");
    let kept = read(&*store, Area::Records, "k").await;
    assert_eq!(kept, winners.first().map(usize::to_string), "the winner's value is kept");
}

pub(super) async fn each_of_several_is_written_if_it_is_absent(store: Arc<dyn Store>) {
    for area in [Area::Sessions, Area::Records] {
        ok(store.put(area, "b", entry("there"), NOW).await);
        let mine = ["a", "b", "c"].map(|key| (key.to_owned(), entry("mine"))).to_vec();
        let written = ok(store.put_each_if_absent(area, mine, NOW).await);
        assert_eq!(written, [true, false, true], "which of them are ours");
        assert_eq!(read(&*store, area, "a").await.as_deref(), Some("mine"));
        assert_eq!(read(&*store, area, "b").await.as_deref(), Some("there"), "not overwritten");
        assert_eq!(read(&*store, area, "c").await.as_deref(), Some("mine"));
    }
}

pub(super) async fn replace_if_lets_one_of_fifty_win(store: Arc<dyn Store>) {
    ok(store.put(Area::Records, "k", entry("start"), NOW).await);
    let answers = together(|caller| {
        let store = Arc::clone(&store);
        async move {
            let mine = entry(&caller.to_string());
            ok(store.replace_if(Area::Records, "k", b"start", mine, NOW).await).then_some(caller)
        }
    })
    .await;
    let winners: Vec<usize> = answers.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "compare-and-swap");
    let kept = read(&*store, Area::Records, "k").await;
    assert_eq!(kept, winners.first().map(usize::to_string), "the winner's value is kept");
}

pub(super) async fn replace_if_counts_every_increment_once(store: Arc<dyn Store>) {
    ok(store.put(Area::Records, "k", entry("0"), NOW).await);
    together(|_| {
        let store = Arc::clone(&store);
        async move {
            loop {
                let old = read(&*store, Area::Records, "k").await.unwrap_or_default();
                let new = old.parse::<usize>().unwrap_or_default() + 1;
                let new = entry(&new.to_string());
                if ok(store.replace_if(Area::Records, "k", old.as_bytes(), new, NOW).await) {
                    break;
                }
            }
        }
    })
    .await;
    assert_eq!(
        read(&*store, Area::Records, "k").await,
        Some(CALLERS.to_string()),
        "no lost update"
    );
}

pub(super) async fn replace_if_needs_the_expected_value(store: Arc<dyn Store>) {
    let area = Area::Sessions;
    assert!(!ok(store.replace_if(area, "k", b"", entry("new"), NOW).await), "nothing there");
    assert_eq!(read(&*store, area, "k").await, None, "still nothing there");
    ok(store.put(area, "k", entry("old"), NOW).await);
    assert!(!ok(store.replace_if(area, "k", b"other", entry("new"), NOW).await), "another value");
    assert_eq!(read(&*store, area, "k").await.as_deref(), Some("old"), "unchanged");
    assert!(ok(store.replace_if(area, "k", b"old", entry("new"), NOW).await), "the expected value");
    assert_eq!(read(&*store, area, "k").await.as_deref(), Some("new"));
}
