//! The cache of opened sessions: never older than what the store announced.

use std::sync::Arc;
use std::time::Duration;

use store::fault::{Fault, Operation};

use crate::world::*;

/// For how long an opened session is used unheard: not as long as the second that it may be.
const UNHEARD: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_opened_session_asks_the_store_no_more_while_changes_are_heard() {
    let world = World::new();
    let sessions = world.listening().await;
    let cookie = sign_in(&sessions).await;
    settle().await;
    open(&sessions, &cookie, NOW).await.unwrap();
    let asked = world.store.calls(Operation::Get);
    let later = NOW.plus(Duration::from_secs(600));
    assert!(open(&sessions, &cookie, later).await.is_some());
    assert!(sessions.open_cached(&cookie, &site("help"), later).is_some());
    assert_eq!(world.store.calls(Operation::Get), asked);
}

#[tokio::test]
async fn without_a_feed_nothing_is_used_for_a_second_or_longer() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    open(&sessions, &cookie, NOW).await.unwrap();
    let help = site("help");
    assert!(sessions.open_cached(&cookie, &help, NOW.plus(UNHEARD).minus(MILLISECOND)).is_some());
    assert!(sessions.open_cached(&cookie, &help, NOW.plus(UNHEARD)).is_none());
    assert!(open(&sessions, &cookie, NOW.plus(UNHEARD)).await.is_some(), "the store still has it");
}

/// attacks.md D7, with two replicas.
#[tokio::test]
async fn d7_a_session_ended_on_one_replica_is_ended_on_the_other() {
    let world = World::new();
    let (here, there) = (world.listening().await, world.listening().await);
    let cookie = sign_in(&here).await;
    settle().await;
    let session = open(&here, &cookie, NOW).await.unwrap();
    open(&there, &cookie, NOW).await.unwrap();
    assert!(there.open_cached(&cookie, &site("help"), NOW).is_some());
    here.end(&session, NOW).await.unwrap();
    settle().await;
    assert!(there.open_cached(&cookie, &site("help"), NOW).is_none());
    assert!(open(&there, &cookie, NOW).await.is_none());
}

/// attacks.md D7: without the feed the bound is one second.
#[tokio::test]
async fn d7_a_replica_that_lost_the_feed_sees_the_end_within_a_second() {
    let world = World::new();
    let (here, there) = (world.listening().await, world.listening().await);
    let cookie = sign_in(&here).await;
    settle().await;
    let session = open(&here, &cookie, NOW).await.unwrap();
    world.store.cut_feed();
    settle().await;
    open(&there, &cookie, NOW).await.unwrap();
    here.end(&session, NOW).await.unwrap();
    settle().await;
    assert!(open(&there, &cookie, NOW.plus(SECOND)).await.is_none());
}

#[tokio::test]
async fn a_cut_feed_makes_everything_be_read_anew() {
    let world = World::new();
    let sessions = world.listening().await;
    let cookie = sign_in(&sessions).await;
    settle().await;
    open(&sessions, &cookie, NOW).await.unwrap();
    world.store.cut_feed();
    settle().await;
    let later = NOW.plus(UNHEARD);
    assert!(sessions.open_cached(&cookie, &site("help"), later).is_none());
    world.store.fail(Operation::Get, Fault::Unavailable);
    assert!(sessions.open(&cookie, &site("help"), later).await.is_err());
}

#[tokio::test]
async fn a_session_ended_while_it_is_being_opened_is_not_cached() {
    let world = World::new();
    let (here, there) = (world.listening().await, world.listening().await);
    let cookie = sign_in(&here).await;
    settle().await;
    let session = open(&here, &cookie, NOW).await.unwrap();
    // The other replica has read the record; the session ends before it sees the answer.
    let gate = world.store.hold_answer(Operation::Get);
    let opening = tokio::spawn({
        let (there, cookie) = (Arc::clone(&there), cookie.clone());
        async move { there.open(&cookie, &site("help"), NOW).await }
    });
    gate.reached_by(1).await;
    here.end(&session, NOW).await.unwrap();
    settle().await;
    gate.open();
    assert!(opening.await.unwrap().unwrap().is_some(), "it was there when it was read");
    assert!(there.open_cached(&cookie, &site("help"), NOW).is_none());
}

#[tokio::test]
async fn what_is_kept_beside_a_session_is_good_until_its_time() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let session = open(&sessions, &cookie, NOW).await.unwrap();
    assert!(session.kept::<String>(NOW).is_none());
    session.keep(Arc::new("signed".to_owned()), NOW.plus(SECOND));
    let again = sessions.open_cached(&cookie, &site("help"), NOW).unwrap();
    assert_eq!(*again.kept::<String>(NOW.plus(SECOND).minus(MILLISECOND)).unwrap(), "signed");
    assert!(again.kept::<String>(NOW.plus(SECOND)).is_none());
    assert!(again.kept::<u8>(NOW).is_none(), "another type");
}
