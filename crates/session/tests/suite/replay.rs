//! What may be used once is used once.

use std::sync::Arc;

use session::ReplayMarks;
use store::fault::{Fault, Operation};
use tokio::task::JoinSet;

use crate::world::*;

const PARTS: [&str; 2] = ["acme", "_assertion-1"];

/// attacks.md B1: also on another replica, until the assertion has expired.
#[tokio::test]
async fn b1_an_assertion_is_used_once_until_it_has_expired() {
    let world = World::new();
    let (here, there) = (ReplayMarks::new(world.store()), ReplayMarks::new(world.store()));
    let until = NOW.plus(UNNOTED);
    assert!(here.mark("saml", &PARTS, until, NOW).await.unwrap());
    assert!(!here.mark("saml", &PARTS, until, NOW).await.unwrap());
    assert!(!there.mark("saml", &PARTS, until, NOW).await.unwrap());
    assert!(!there.mark("saml", &PARTS, until, until.minus(MILLISECOND)).await.unwrap());
    assert!(!there.mark("saml", &PARTS, until, until).await.unwrap(), "expired is not new");
    for (kind, parts) in [
        ("saml", &["acme", "_assertion-2"][..]),
        ("saml", &["globex", "_assertion-1"]),
        ("saml", &["acme_", "assertion-1"]),
        ("saml", &["acme_assertion-1"]),
        ("saml", &["acme", "_assertion-1", ""]),
        ("jti", &["acme", "_assertion-1"]),
    ] {
        assert!(here.mark(kind, parts, until, NOW).await.unwrap(), "{kind} {parts:?} is another");
    }
}

/// attacks.md B2.
#[tokio::test]
async fn b2_of_fifty_posts_of_one_assertion_one_wins() {
    let world = World::new();
    let marks = Arc::new(ReplayMarks::new(world.store()));
    let mut posts = JoinSet::new();
    for _ in 0..50 {
        let marks = Arc::clone(&marks);
        posts.spawn(async move { marks.mark("saml", &PARTS, NOW.plus(IDLE), NOW).await.unwrap() });
    }
    assert_eq!(posts.join_all().await.into_iter().filter(|first| *first).count(), 1);
}

/// attacks.md B3.
#[tokio::test]
async fn b3_an_unreachable_store_accepts_nothing() {
    let world = World::new();
    let marks = ReplayMarks::new(world.store());
    let until = NOW.plus(IDLE);
    world.store.fail(Operation::PutIfAbsent, Fault::Unavailable);
    let error = marks.mark("saml", &PARTS, until, NOW).await.unwrap_err();
    assert_eq!(error.refusal().cause, "store-unavailable");
    // The mark is set but the answer is lost: the assertion is used up.
    world.store.fail(Operation::PutIfAbsent, Fault::LostAnswer);
    assert!(marks.mark("saml", &PARTS, until, NOW).await.is_err());
    world.store.heal();
    assert!(!marks.mark("saml", &PARTS, until, NOW).await.unwrap());
}
