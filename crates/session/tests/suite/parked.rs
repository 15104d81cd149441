//! Parked requests: kept whole, handed out once, within quotas.

use std::sync::Arc;
use std::time::Duration;

use domain::{PersonKey, Timestamp};
use session::{
    Claim, Claimed, Ended, ParkError, ParkedHandle, ParkedHead, ParkedLimits, ParkedReadError,
    ParkedRequests, ParkedState, ParkedWriter,
};
use store::fault::{Fault, Operation};
use store::{Area, Entry};
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::world::*;

const PIECE: usize = 256 * 1024;
const DAY: Duration = Duration::from_secs(24 * 3600);
const LIMITS: ParkedLimits =
    ParkedLimits { request: 2 << 20, person: 4 << 20, all: 8 << 20, keep: DAY };

fn parked(world: &World) -> Arc<ParkedRequests> {
    Arc::new(ParkedRequests::new(world.store(), sealer(&[1]), LIMITS))
}

fn person(name: &str) -> PersonKey {
    PersonKey { idp: "acme".parse().unwrap(), subject: name.parse().unwrap() }
}

fn head() -> ParkedHead {
    ParkedHead {
        person: person("ann"),
        site: site("help"),
        browser: [7; 32],
        method: "POST".to_owned(),
        target: "/servicedesk/customer/portal/1/create?x=%20".to_owned(),
        headers: vec![("content-type".to_owned(), "multipart/form-data; boundary=b".to_owned())],
        at: NOW,
    }
}

/// Bytes that depend on their position alone.
fn body(size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

async fn begin<'p>(parked: &'p ParkedRequests, size: usize) -> ParkedWriter<'p> {
    let announced = Some(u64::try_from(size).unwrap());
    parked.begin(&person("ann"), announced, NOW).await.unwrap()
}

/// Parks a body in pieces of a size that fits nothing.
async fn park(parked: &ParkedRequests, size: usize) -> ParkedHandle {
    let mut writer = begin(parked, size).await;
    for piece in body(size).chunks(10_007) {
        writer.write(piece).await.unwrap();
    }
    let (handle, deadline) = writer.finish(head()).await.unwrap();
    assert_eq!(deadline, NOW.plus(DAY));
    handle
}

async fn claim(parked: &ParkedRequests, handle: &ParkedHandle) -> Claimed {
    match parked.claim(handle, NOW).await.unwrap() {
        Claim::Mine(claimed) => *claimed,
        other => panic!("{other:?}"),
    }
}

async fn read(parked: &ParkedRequests, claimed: &Claimed) -> Result<Vec<u8>, ParkedReadError> {
    let (body, mut whole) = (claimed.body(), Vec::new());
    for number in 0..body.chunks() {
        let piece = parked.chunk(&body, number, NOW).await?;
        assert!(piece.len() <= PIECE);
        whole.extend_from_slice(&piece);
    }
    assert_eq!(u64::try_from(whole.len()).unwrap(), body.size());
    Ok(whole)
}

async fn state(parked: &ParkedRequests, handle: &ParkedHandle, now: Timestamp) -> ParkedState {
    parked.find(handle, now).await.unwrap().unwrap().state
}

/// So many keys of a kind that were written since the feed began.
async fn written(
    feed: &mut broadcast::Receiver<store::Change>,
    kind: &str,
    count: usize,
) -> Vec<String> {
    let mut keys = Vec::new();
    while keys.len() < count {
        let change = feed.recv().await.unwrap();
        if change.key.starts_with(kind) && !keys.contains(&change.key) {
            keys.push(change.key);
        }
    }
    keys
}

#[tokio::test]
async fn a_body_comes_back_byte_by_byte() {
    let world = World::new();
    let parked = parked(&world);
    for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 1_500_001] {
        let handle = park(&parked, size).await;
        let found = parked.find(&handle, NOW).await.unwrap().unwrap();
        assert_eq!((found.head, found.state), (head(), ParkedState::Kept));
        assert_eq!(found.size, u64::try_from(size).unwrap());
        let claimed = claim(&parked, &handle).await;
        assert_eq!(claimed.request().head, head());
        assert!(read(&parked, &claimed).await.unwrap() == body(size), "{size}");
        parked.end(claimed, Ended::Sent, NOW).await.unwrap();
    }
}

#[tokio::test]
async fn a_request_is_handed_to_one_of_fifty() {
    let world = World::new();
    let (parked, other) = (parked(&world), parked(&world));
    let handle = park(&parked, 1000).await;
    let mut callers = JoinSet::new();
    for number in 0..50 {
        let (parked, handle) = (Arc::clone([&parked, &other][number % 2]), handle.clone());
        callers.spawn(async move { parked.claim(&handle, NOW).await.unwrap() });
    }
    let claims = callers.join_all().await;
    assert_eq!(claims.iter().filter(|claim| matches!(claim, Claim::Mine(_))).count(), 1);
    assert_eq!(state(&parked, &handle, NOW).await, ParkedState::Sending(NOW));
    for claim in claims {
        if let Claim::Mine(claimed) = claim {
            parked.end(*claimed, Ended::Sent, NOW).await.unwrap();
        }
    }
    let Claim::Not(sent) = parked.claim(&handle, NOW).await.unwrap() else { panic!("twice") };
    assert_eq!(sent.state, ParkedState::Sent(NOW));
}

#[tokio::test]
async fn what_did_not_leave_waits_again_and_what_is_discarded_does_not() {
    let world = World::new();
    let parked = parked(&world);
    let handle = park(&parked, 1000).await;
    for _ in 0..3 {
        let claimed = claim(&parked, &handle).await;
        parked.end(claimed, Ended::Kept, NOW).await.unwrap();
        assert_eq!(state(&parked, &handle, NOW).await, ParkedState::Kept);
    }
    let claimed = claim(&parked, &handle).await;
    parked.end(claimed, Ended::Discarded, NOW).await.unwrap();
    assert!(matches!(parked.claim(&handle, NOW).await.unwrap(), Claim::Not(_)));
}

#[tokio::test]
async fn a_lost_answer_loses_no_request_and_gives_none_twice() {
    let world = World::new();
    let parked = parked(&world);
    let handle = park(&parked, 1000).await;
    world.store.fail(Operation::ReplaceIf, Fault::Unavailable);
    parked.claim(&handle, NOW).await.unwrap_err();
    world.store.heal();
    assert_eq!(state(&parked, &handle, NOW).await, ParkedState::Kept, "nothing happened");

    world.store.fail(Operation::ReplaceIf, Fault::LostAnswer);
    let claimed = claim(&parked, &handle).await;
    assert!(matches!(parked.claim(&handle, NOW).await.unwrap(), Claim::Not(_)));
    // Done at the first try, which the second finds.
    parked.end(claimed, Ended::Sent, NOW).await.unwrap_err();
    world.store.heal();
    assert_eq!(state(&parked, &handle, NOW).await, ParkedState::Sent(NOW));
}

#[tokio::test]
async fn a_claim_whose_end_cannot_be_written_is_never_given_again() {
    let world = World::new();
    let parked = parked(&world);
    let handle = park(&parked, 1000).await;
    let claimed = claim(&parked, &handle).await;
    world.store.fail_all(Fault::Unavailable);
    parked.end(claimed, Ended::Sent, NOW).await.unwrap_err();
    world.store.heal();
    let Claim::Not(found) = parked.claim(&handle, NOW).await.unwrap() else { panic!("twice") };
    assert_eq!(found.state, ParkedState::Sending(NOW));
}

#[tokio::test]
async fn a_request_that_could_not_be_written_whole_is_not_there_and_takes_no_room() {
    let world = World::new();
    let parked = parked(&world);
    for fault in [Fault::Unavailable, Fault::LostAnswer] {
        let mut feed = world.store().changes();
        let mut writer = begin(&parked, 1 << 20).await;
        writer.write(&body(2 * PIECE)).await.unwrap();
        world.store.fail(Operation::Put, fault);
        assert!(matches!(writer.write(&body(PIECE)).await, Err(ParkError::Store(_))));
        // Before all is well again, which ends the feed.
        let keys = written(&mut feed, "parked-body/", 1).await;
        world.store.heal();
        writer.abandon().await;
        nothing_is_left(&world, &keys).await;

        let mut feed = world.store().changes();
        let mut writer = begin(&parked, 1 << 20).await;
        writer.write(&body(2 * PIECE)).await.unwrap();
        world.store.fail(Operation::PutIfAbsent, fault);
        writer.finish(head()).await.unwrap_err();
        let keys = written(&mut feed, "parked-body/", 2).await;
        world.store.heal();
        nothing_is_left(&world, &keys).await;
    }
    // All quota is there.
    for _ in 0..2 {
        park(&parked, 2 << 20).await;
    }
}

async fn nothing_is_left(world: &World, keys: &[String]) {
    for key in keys {
        assert_eq!(world.store().get(Area::Sessions, key, NOW).await.unwrap(), None, "{key}");
    }
}

#[tokio::test]
async fn too_much_is_refused_before_anything_is_kept() {
    let world = World::new();
    let parked = parked(&world);
    let larger = LIMITS.request + 1;
    let begun = parked.begin(&person("ann"), Some(larger), NOW).await;
    assert!(matches!(begun, Err(ParkError::TooLarge(most)) if most == LIMITS.request));
    // Who announces nothing is stopped on the way.
    let mut writer = parked.begin(&person("ann"), None, NOW).await.unwrap();
    writer.write(&body(2 << 20)).await.unwrap();
    assert!(matches!(writer.write(b"x").await, Err(ParkError::TooLarge(_))));
    writer.abandon().await;

    for _ in 0..2 {
        park(&parked, 2 << 20).await;
    }
    let begun = parked.begin(&person("ann"), Some(1), NOW).await;
    assert!(matches!(begun, Err(ParkError::PersonFull(most)) if most == LIMITS.person));
    for _ in 0..2 {
        parked.begin(&person("bob"), Some(2 << 20), NOW).await.unwrap();
    }
    let begun = parked.begin(&person("eve"), Some(1), NOW).await;
    assert!(matches!(begun, Err(ParkError::AllFull(most)) if most == LIMITS.all));
}

#[tokio::test]
async fn room_comes_back_when_a_request_is_sent_and_when_its_time_is_over() {
    let world = World::new();
    let parked = parked(&world);
    for _ in 0..20 {
        let handle = park(&parked, 2 << 20).await;
        let claimed = claim(&parked, &handle).await;
        parked.end(claimed, Ended::Sent, NOW).await.unwrap();
    }
    // What was announced and did not come is given back.
    for _ in 0..10 {
        let mut writer = parked.begin(&person("ann"), None, NOW).await.unwrap();
        writer.write(b"summary=x").await.unwrap();
        writer.finish(head()).await.unwrap();
    }
    park(&parked, 2 << 20).await;
    parked.begin(&person("ann"), Some(2 << 20), NOW).await.err().unwrap();
    // Nobody gave anything back; the end of its time does.
    let later = NOW.plus(DAY).plus(Duration::from_secs(600));
    for _ in 0..2 {
        parked.begin(&person("ann"), Some(2 << 20), later).await.unwrap();
    }
}

#[tokio::test]
async fn quotas_hold_under_a_race() {
    let world = World::new();
    let parked = parked(&world);
    let mut callers = JoinSet::new();
    for number in 0..40 {
        let parked = Arc::clone(&parked);
        let who = person(["ann", "bob", "eve", "sam"][number % 4]);
        callers.spawn(async move {
            let size = Some(1 << 20);
            parked.begin(&who, size, NOW).await.map(|_| who).ok()
        });
    }
    let begun: Vec<PersonKey> = callers.join_all().await.into_iter().flatten().collect();
    assert_eq!(begun.len(), 8, "8 MiB in all");
    for name in ["ann", "bob", "eve", "sam"] {
        assert!(begun.iter().filter(|who| **who == person(name)).count() <= 4, "4 MiB each");
    }
}

#[tokio::test]
async fn a_request_ends_at_exactly_its_deadline_and_one_replica_says_so() {
    let world = World::new();
    let (parked, other) = (parked(&world), parked(&world));
    let handle = park(&parked, 1000).await;
    let end = NOW.plus(DAY);
    assert_eq!(state(&parked, &handle, end.minus(MILLISECOND)).await, ParkedState::Kept);
    assert!(parked.expire(end.minus(MILLISECOND)).await.unwrap().is_empty());
    assert_eq!(state(&parked, &handle, end).await, ParkedState::Expired);
    assert!(matches!(parked.claim(&handle, end).await.unwrap(), Claim::Not(_)));
    let (first, second) = tokio::join!(parked.expire(end), other.expire(end));
    let expired = [first.unwrap(), second.unwrap()].concat();
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0].head, head());
    assert!(parked.expire(end).await.unwrap().is_empty());
    assert_eq!(parked.find(&handle, end.plus(DAY)).await.unwrap(), None, "forgotten");
}

#[tokio::test]
async fn d9_a_piece_that_was_moved_left_out_or_edited_is_not_read() {
    let world = World::new();
    let (parked, store) = (parked(&world), world.store());
    let mut feed = store.changes();
    let handle = park(&parked, 4 * PIECE + 1).await;
    let keys = written(&mut feed, "parked-body/", 5).await;
    let other = park(&parked, 2 * PIECE).await;
    let foreign = written(&mut feed, "parked-body/", 2).await;
    let claimed = claim(&parked, &handle).await;
    assert!(read(&parked, &claimed).await.is_ok(), "the control");

    let value = async |key: &str| store.get(Area::Sessions, key, NOW).await.unwrap().unwrap();
    let put = async |key: &str, value: Vec<u8>| {
        let entry = Entry { value, deadline: NOW.plus(DAY), groups: Vec::new() };
        store.put(Area::Sessions, key, entry, NOW).await.unwrap();
    };
    let own = value(&keys[1]).await;
    let mut edited = own.clone();
    edited[300] ^= 1;
    for wrong in [value(&keys[2]).await, value(&keys[4]).await, value(&foreign[1]).await, edited] {
        put(&keys[1], wrong).await;
        let error = read(&parked, &claimed).await.unwrap_err();
        assert!(matches!(error, ParkedReadError::Unreadable(_)), "{error}");
    }
    store.remove(Area::Sessions, &keys[1]).await.unwrap();
    let error = read(&parked, &claimed).await.unwrap_err();
    assert!(matches!(error, ParkedReadError::Missing), "{error}");
    put(&keys[1], own).await;
    assert!(read(&parked, &claimed).await.is_ok());
    assert!(read(&parked, &claim(&parked, &other).await).await.is_ok());
}

#[tokio::test]
async fn a_rotated_key_loses_no_request() {
    let world = World::new();
    let old = parked(&world);
    let handle = park(&old, 2 * PIECE).await;
    let new = ParkedRequests::new(world.store(), sealer(&[2, 1]), LIMITS);
    let claimed = claim(&new, &handle).await;
    assert!(read(&new, &claimed).await.unwrap() == body(2 * PIECE));
    // A replica that has not heard of the new key yet keeps what it cannot read.
    assert_eq!(old.find(&handle, NOW).await.unwrap(), None);
    new.end(claimed, Ended::Kept, NOW).await.unwrap();
    assert_eq!(state(&new, &handle, NOW).await, ParkedState::Kept);
}
