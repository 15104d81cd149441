//! Sessions that end, and a store that fails.

use std::sync::Arc;
use std::time::Duration;

use store::fault::{Fault, Operation};
use store::{Area, Store};

use crate::world::*;

/// attacks.md D6.
#[tokio::test]
async fn d6_an_ended_session_is_gone_from_store_and_cache() {
    let world = World::new();
    let sessions = world.listening().await;
    let cookie = sign_in(&sessions).await;
    let session = open(&sessions, &cookie, NOW).await.unwrap();
    sessions.end(&session, NOW).await.unwrap();
    assert!(sessions.open_cached(&cookie, &site("help"), NOW).is_none());
    assert!(open(&sessions, &cookie, NOW).await.is_none());
    let later = NOW.plus(UNNOTED);
    sessions.touch(&session, later).await.unwrap();
    assert!(open(&sessions, &cookie, later).await.is_none(), "use does not bring it back");
}

/// attacks.md D6.
#[tokio::test]
async fn d6_a_session_whose_record_could_not_be_removed_lives_on() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let session = open(&sessions, &cookie, NOW).await.unwrap();
    world.store.fail(Operation::Remove, Fault::Unavailable);
    assert!(sessions.end(&session, NOW).await.is_err(), "the caller must not say that it ended");
    assert!(open(&sessions, &cookie, NOW).await.is_some());
}

/// attacks.md D8: nothing of the store's trouble looks like "no session".
#[tokio::test]
async fn d8_a_store_error_is_never_no_session() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    world.store.fail_all(Fault::Unavailable);
    let error = sessions.open(&cookie, &site("help"), NOW).await.err().unwrap();
    assert_eq!(error.refusal().cause, "store-unavailable");
    assert!(sessions.create(facts(), secrets(), NOW).await.is_err());
    world.store.heal();
    let session = open(&sessions, &cookie, NOW).await.unwrap();
    world.store.fail_all(Fault::Unavailable);
    let late = NOW.plus(UNNOTED);
    assert!(sessions.touch(&session, late).await.is_err());
    assert!(sessions.touch(&session, late).await.is_ok(), "one caller per second tries");
    world.store.heal();
    sessions.touch(&session, late.plus(Duration::from_secs(1))).await.unwrap();
    assert_eq!(session.ends(), late.plus(Duration::from_secs(1)).plus(IDLE).plus(UNNOTED));
}

#[tokio::test]
async fn of_fifty_parallel_uses_one_writes() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let session = open(&sessions, &cookie, NOW).await.unwrap();
    let mut uses = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (sessions, session) = (Arc::clone(&sessions), Arc::clone(&session));
        uses.spawn(async move { sessions.touch(&session, NOW.plus(UNNOTED)).await.unwrap() });
    }
    uses.join_all().await;
    assert_eq!(world.store.calls(Operation::ReplaceIf), 1);
}

#[tokio::test]
async fn a_use_does_not_bring_back_what_another_replica_ended_meanwhile() {
    let world = World::new();
    let (here, there) = (world.replica(&[1]), world.replica(&[1]));
    let cookie = sign_in(&here).await;
    let (mine, theirs) =
        (open(&here, &cookie, NOW).await.unwrap(), open(&there, &cookie, NOW).await.unwrap());
    let gate = world.store.hold(Operation::ReplaceIf);
    let touching = tokio::spawn({
        let here = Arc::clone(&here);
        async move { here.touch(&mine, NOW.plus(UNNOTED)).await }
    });
    gate.reached_by(1).await;
    there.end(&theirs, NOW).await.unwrap();
    gate.open();
    touching.await.unwrap().unwrap();
    assert!(open(&there, &cookie, NOW.plus(UNNOTED)).await.is_none());
}

#[tokio::test]
async fn a_sessions_record_is_in_the_groups_that_a_revocation_asks_for() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    sign_in(&sessions).await;
    sign_in(&sessions).await;
    // Names are HMACs: from outside they are known only by looking into the files.
    let file = world.files();
    let kinds: [&[u8]; 4] = [
        b"sessions-of-person/",
        b"sessions-of-idp/",
        b"sessions-of-idp-session/",
        b"sessions-of-site/",
    ];
    for kind in kinds {
        let name = file.windows(kind.len()).position(|w| w == kind).unwrap();
        let name = std::str::from_utf8(&file[name..name + kind.len() + 43]).unwrap();
        let members = world.store.group(Area::Sessions, name, NOW).await.unwrap();
        assert_eq!(members.len(), 2, "{name}");
        assert!(members.iter().all(|(key, _)| key.starts_with("session/")));
    }
}
