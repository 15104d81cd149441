//! Sealing keys come and go; everything that lies in the store stays.

use std::sync::Arc;

use session::{
    AttemptHandle, Attempts, Claim, Ended, NamesError, ParkedHead, ParkedLimits, ParkedRequests,
    ParkedState, Resealed, Sealer, Vault, Who, reseal,
};
use store::{Area, Store};

use crate::world::*;

fn parked(world: &World, sealer: Arc<Sealer>) -> ParkedRequests {
    let limits = ParkedLimits { request: 4 << 20, person: 8 << 20, all: 8 << 20, keep: ABSOLUTE };
    ParkedRequests::new(world.store(), sealer, limits)
}

/// Key id of everything sealed, and where it begins.
async fn sealed_with(world: &World, id: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for area in [Area::Sessions, Area::Records] {
        let mut after = None;
        loop {
            let page = world.store.page(area, after).await.unwrap();
            let holds = |value: &[u8]| value.windows(id.len()).any(|window| window == id);
            let these = page.entries.into_iter().filter(|(_, entry)| holds(&entry.value));
            found.extend(these.map(|(key, _)| key));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    found
}

/// attacks.md D11: after a reseal nothing is left under the former key, and all of it is there.
#[tokio::test]
async fn d11_everything_is_sealed_anew_and_found_under_the_new_key_alone() {
    let world = World::new();
    let old = sealer(&[1]);
    old.adopt_names(&*world.store, NOW).await.unwrap();
    let cookie = sign_in(&world.replica(&[1])).await;
    let vault = Vault::new(world.store(), Arc::clone(&old));
    vault.put("known/", &["ann"], &7, NOW.plus(IDLE), NOW).await.unwrap();
    let handle = AttemptHandle::from_random([42; 16]);
    let attempts = Attempts::new(world.store(), Arc::clone(&old));
    attempts.put(&handle, &"/portal/1", NOW.plus(IDLE), NOW).await.unwrap();
    let before = parked(&world, Arc::clone(&old));
    let Who::Person(ann) = facts().who else { panic!("a person") };
    let mut writer = before.begin(&ann.identity.person, None, NOW).await.unwrap();
    let body = vec![b'x'; 3 << 20];
    writer.write(&body).await.unwrap();
    let head = ParkedHead {
        person: ann.identity.person,
        site: site("help"),
        browser: [7; 32],
        method: "POST".to_owned(),
        target: "/portal/1/SUP-7777".to_owned(),
        headers: Vec::new(),
        at: NOW,
    };
    let (form, _) = writer.finish(head).await.unwrap();
    let probe = old.seal(session::Context { purpose: "probe", id: "" }, b"").unwrap();
    let id = &probe[1..5];
    assert!(sealed_with(&world, id).await.len() >= 8, "the search itself works");

    // Claimed under the old key, to be ended under the new one.
    let Claim::Mine(claimed) = before.claim(&form, NOW).await.unwrap() else { panic!("mine") };
    let both = sealer(&[2, 1]);
    let store = world.store();
    let done = reseal(&both, &store, &[], NOW).await.unwrap();
    assert!(done.anew >= 8 && done.unreadable == 0 && done.left == 0, "{done:?}");
    assert_eq!(sealed_with(&world, id).await, [""; 0]);
    assert_eq!(reseal(&both, &store, &[], NOW).await.unwrap(), Resealed::default(), "once");
    let ended = parked(&world, Arc::clone(&both));
    ended.end(*claimed, Ended::Kept, NOW).await.unwrap();

    // As a gateway does that is started later, with the new key alone.
    let alone = Arc::new(Sealer::new(&[key(2)]).unwrap());
    alone.adopt_names(&*world.store, NOW).await.unwrap();
    let sessions = session::Sessions::new(world.store(), Arc::clone(&alone));
    let opened = open(&sessions, &cookie, NOW).await.unwrap();
    assert!(opened.secrets().get("upstream cookie").is_some());
    let vault = Vault::new(world.store(), Arc::clone(&alone));
    assert_eq!(vault.get::<u8>("known/", &["ann"], NOW).await.unwrap(), Some(7));
    let attempts = Attempts::new(world.store(), Arc::clone(&alone));
    let taken = attempts.take::<String>(&handle, NOW).await.unwrap();
    assert_eq!(taken.as_deref(), Some("/portal/1"));
    let after = parked(&world, alone);
    assert_eq!(after.find(&form, NOW).await.unwrap().unwrap().state, ParkedState::Kept);
    let Claim::Mine(claimed) = after.claim(&form, NOW).await.unwrap() else { panic!("mine") };
    let pieces = claimed.body();
    let mut read = Vec::new();
    for number in 0..pieces.chunks() {
        read.extend_from_slice(&after.chunk(&pieces, number, NOW).await.unwrap());
    }
    assert!(read == body, "byte for byte");
}

#[tokio::test]
async fn names_that_cannot_be_read_are_an_error_and_stay() {
    let world = World::new();
    sealer(&[1]).adopt_names(&*world.store, NOW).await.unwrap();
    let stranger = Sealer::new(&[key(9)]).unwrap();
    for _ in 0..2 {
        let refused = stranger.adopt_names(&*world.store, NOW).await;
        assert!(matches!(refused, Err(NamesError::Unreadable(_))), "{refused:?}");
    }
    let known = Sealer::new(&[key(9), key(1)]).unwrap();
    known.adopt_names(&*world.store, NOW).await.unwrap();
    assert_eq!(known.name("x/", &[b"a"]), sealer(&[1]).name("x/", &[b"a"]));
}
