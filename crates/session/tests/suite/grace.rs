//! The store is gone: nobody is let in wrongly, and within `store_grace` nobody is thrown out.

use std::sync::Arc;
use std::time::Duration;

use session::{Mark, Sessions};
use store::fault::Fault;

use crate::world::*;

const GRACE: Duration = Duration::from_secs(300);
const SECOND: Duration = Duration::from_secs(1);

async fn gracious(world: &World) -> Arc<Sessions> {
    let sessions = Sessions::new(world.store(), sealer(&[1])).of_sites(vec![site("help")]);
    let sessions = Arc::new(sessions.with_grace(GRACE));
    let follower = Arc::clone(&sessions);
    tokio::spawn(async move { follower.follow(&StandingClock, |_| ()).await });
    settle().await;
    sessions
}

async fn lose(world: &World) {
    world.store.fail_all(Fault::Unavailable);
    world.store.cut_feed();
    settle().await;
}

/// attacks.md D8.
#[tokio::test]
async fn d8_without_grace_a_lost_store_is_an_error_at_once() {
    let world = World::new();
    let sessions = world.listening().await;
    let cookie = sign_in(&sessions).await;
    settle().await;
    open(&sessions, &cookie, NOW).await.unwrap();
    lose(&world).await;
    assert!(sessions.open(&cookie, &site("help"), NOW.plus(SECOND)).await.is_err());
    world.store.heal();
    assert!(open(&sessions, &cookie, NOW.plus(SECOND)).await.is_some(), "and back by itself");
}

#[tokio::test]
async fn within_grace_the_sessions_that_were_open_here_go_on() {
    let world = World::new();
    let (sessions, elsewhere) = (gracious(&world).await, world.listening().await);
    let (mine, theirs) = (sign_in(&sessions).await, sign_in(&elsewhere).await);
    settle().await;
    open(&sessions, &mine, NOW).await.unwrap();
    open(&elsewhere, &theirs, NOW).await.unwrap();
    lose(&world).await;
    let last = NOW.plus(GRACE).minus(MILLISECOND);
    assert!(open(&sessions, &mine, last).await.is_some());
    let help = site("help");
    assert!(sessions.open(&theirs, &help, last).await.is_err(), "not opened here before");
    assert!(sessions.open(&mine, &site("other"), last).await.is_err(), "nor at another site");
    assert!(sessions.open(&mine, &help, NOW.plus(GRACE)).await.is_err(), "grace is over");
    world.store.heal();
    assert!(open(&sessions, &mine, NOW.plus(GRACE)).await.is_some());
    assert!(open(&sessions, &theirs, NOW.plus(GRACE)).await.is_some());
}

#[tokio::test]
async fn grace_is_not_for_those_who_were_ended_before_or_end_meanwhile() {
    let world = World::new();
    let (sessions, elsewhere) = (gracious(&world).await, world.listening().await);
    let (ended, marked) = (sign_in(&sessions).await, sign_in(&sessions).await);
    settle().await;
    let session = open(&sessions, &ended, NOW).await.unwrap();
    let device = open(&sessions, &marked, NOW).await.unwrap().device();
    elsewhere.end(&session, NOW).await.unwrap();
    // A mark alone; nobody has asked this replica since.
    let blind = Sessions::new(world.store(), sealer(&[9]));
    blind.revoke(&Mark::Device(device), NOW.plus(MILLISECOND)).await.unwrap();
    settle().await;
    lose(&world).await;
    let help = site("help");
    assert!(sessions.open(&ended, &help, NOW.plus(SECOND)).await.is_err());
    assert!(sessions.open(&marked, &help, NOW.plus(SECOND)).await.is_err());
}

#[tokio::test]
async fn grace_is_not_for_those_who_could_have_been_ended_unheard() {
    let world = World::new();
    let sessions = gracious(&world).await;
    let cookie = sign_in(&sessions).await;
    settle().await;
    open(&sessions, &cookie, NOW).await.unwrap();
    world.store.cut_feed();
    settle().await;
    // A minute without the feed, and without a request, while the store went on.
    let later = NOW.plus(Duration::from_secs(60));
    world.store.fail_all(Fault::Unavailable);
    assert!(sessions.open(&cookie, &site("help"), later).await.is_err());
}
