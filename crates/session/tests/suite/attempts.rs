//! Attempts: used once, changed while they are there.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use session::{AttemptHandle, Attempts};
use store::fault::{Fault, Operation};
use tokio::task::JoinSet;

use crate::world::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Attempt {
    target: String,
    uses: u32,
}

fn attempt() -> Attempt {
    Attempt { target: "/portal/1?x=1".to_owned(), uses: 0 }
}

fn attempts(world: &World, keys: &[u8]) -> Arc<Attempts> {
    Arc::new(Attempts::new(world.store(), sealer(keys)))
}

const LIFE: Duration = Duration::from_secs(600);

fn handle() -> AttemptHandle {
    AttemptHandle::from_random([42; 16])
}

#[test]
fn handles_are_strict() {
    let text = handle().to_string();
    assert_eq!(text.len(), 22);
    assert_eq!(text.parse(), Ok(handle()));
    let spaced = format!("{text} ");
    let url = "https://evil.example/x".to_owned();
    assert_eq!(url.len(), 22);
    for bad in [
        "",
        "A",
        &text[1..],
        &spaced,
        &format!("{text}A"),
        &"B".repeat(22),
        &url,
        &"A".repeat(4096),
    ] {
        assert!(bad.parse::<AttemptHandle>().is_err(), "{bad}");
    }
}

/// attacks.md B7, C1.
#[tokio::test]
async fn b7_an_attempt_is_taken_by_one_of_fifty() {
    let world = World::new();
    let attempts = attempts(&world, &[1]);
    attempts.put(&handle(), &attempt(), NOW.plus(LIFE), NOW).await.unwrap();
    assert_eq!(attempts.peek(&handle(), NOW).await.unwrap(), Some(attempt()), "peek leaves it");
    let mut takers = JoinSet::new();
    for _ in 0..50 {
        let attempts = Arc::clone(&attempts);
        takers.spawn(async move { attempts.take::<Attempt>(&handle(), NOW).await.unwrap() });
    }
    let taken: Vec<Attempt> = takers.join_all().await.into_iter().flatten().collect();
    assert_eq!(taken, [attempt()]);
    assert_eq!(attempts.take::<Attempt>(&handle(), NOW).await.unwrap(), None);
}

#[tokio::test]
async fn an_attempt_ends_at_exactly_its_deadline() {
    let world = World::new();
    let attempts = attempts(&world, &[1]);
    let end = NOW.plus(LIFE);
    attempts.put(&handle(), &attempt(), end, NOW).await.unwrap();
    assert!(attempts.peek::<Attempt>(&handle(), end.minus(MILLISECOND)).await.unwrap().is_some());
    assert!(attempts.peek::<Attempt>(&handle(), end).await.unwrap().is_none());
    assert!(attempts.take::<Attempt>(&handle(), end).await.unwrap().is_none());
}

#[tokio::test]
async fn a_change_never_brings_back_a_taken_attempt() {
    let world = World::new();
    let attempts = attempts(&world, &[1]);
    let used = |attempt: Attempt| Attempt { uses: attempt.uses + 1, ..attempt };
    let end = NOW.plus(LIFE);
    assert!(!attempts.update(&handle(), end, NOW, used).await.unwrap());
    attempts.put(&handle(), &attempt(), end, NOW).await.unwrap();
    let mut changes = JoinSet::new();
    for _ in 0..20 {
        let attempts = Arc::clone(&attempts);
        changes.spawn(async move { attempts.update(&handle(), end, NOW, used).await.unwrap() });
    }
    assert!(changes.join_all().await.into_iter().all(|changed| changed));
    let taken: Attempt = attempts.take(&handle(), NOW).await.unwrap().unwrap();
    assert_eq!(taken.uses, 20, "no change is lost");
    assert!(!attempts.update(&handle(), end, NOW, used).await.unwrap());
    assert_eq!(attempts.peek::<Attempt>(&handle(), NOW).await.unwrap(), None);
}

/// attacks.md B7: when the store's answer is lost, the attempt counts as used.
#[tokio::test]
async fn b7_a_lost_answer_uses_the_attempt_up() {
    let world = World::new();
    let attempts = attempts(&world, &[1]);
    attempts.put(&handle(), &attempt(), NOW.plus(LIFE), NOW).await.unwrap();
    world.store.fail(Operation::Take, Fault::LostAnswer);
    assert!(attempts.take::<Attempt>(&handle(), NOW).await.is_err());
    world.store.heal();
    assert_eq!(attempts.take::<Attempt>(&handle(), NOW).await.unwrap(), None);
}

#[tokio::test]
async fn attempts_outlive_the_rotation_of_the_sealing_key() {
    let world = World::new();
    let end = NOW.plus(LIFE);
    attempts(&world, &[1]).put(&handle(), &attempt(), end, NOW).await.unwrap();
    let rotated = attempts(&world, &[2, 1]);
    assert_eq!(rotated.peek(&handle(), NOW).await.unwrap(), Some(attempt()));
    assert_eq!(rotated.take(&handle(), NOW).await.unwrap(), Some(attempt()));
}
