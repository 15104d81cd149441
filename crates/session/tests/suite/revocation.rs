//! Not-before marks: they hold whether or not a record is found.

use std::sync::Arc;
use std::time::Duration;

use domain::{PersonKey, Timestamp};
use session::{
    Concerned, CreateError, Facts, Mark, Opened, Secrets, SessionCookie, Sessions, Who, Whose,
};
use store::fault::{Fault, Operation};
use store::{Area, Entry};

use crate::world::*;

const LATER: Timestamp = Timestamp::from_seconds(NOW.as_seconds() + 5);

fn person() -> PersonKey {
    let Who::Person(customer) = facts().who else { panic!("a person") };
    customer.identity.person
}

/// Marks that mean the session of [`facts`], and others that do not.
fn marks(device: session::DeviceId) -> [(Mark, bool); 14] {
    let other = PersonKey { idp: "globex".parse().unwrap(), ..person() };
    [
        (Mark::Person(person()), true),
        (Mark::Device(device), true),
        (Mark::Idp("acme".parse().unwrap()), true),
        (Mark::Organization("Acme".to_owned()), true),
        (Mark::Network("192.0.2.0/24".parse().unwrap()), true),
        (Mark::Site(site("help")), true),
        (Mark::All, true),
        (Mark::Person(other), false),
        (Mark::Device("0123456789abcdef".parse().unwrap()), false),
        (Mark::Idp("globex".parse().unwrap()), false),
        (Mark::Organization("acme".to_owned()), false),
        (Mark::Network("192.0.3.0/24".parse().unwrap()), false),
        (Mark::Network("2001:db8::/32".parse().unwrap()), false),
        (Mark::Site(site("other")), false),
    ]
}

#[tokio::test]
async fn every_mark_ends_what_it_means_and_nothing_else() {
    for index in 0..14 {
        let world = World::new();
        let sessions = world.replica(&[1]);
        let cookie = sign_in(&sessions).await;
        let device = open(&sessions, &cookie, NOW).await.unwrap().device();
        let (mark, meant) = marks(device).into_iter().nth(index).unwrap();
        let shown = sessions.list_of(&mark, LATER).await.unwrap();
        assert_eq!(shown.len(), usize::from(meant), "{mark:?}");
        assert_eq!(sessions.revoke(&mark, LATER).await.unwrap(), usize::from(meant), "{mark:?}");
        let over = matches!(
            sessions.open_or_ended(&cookie, &site("help"), LATER).await.unwrap(),
            Opened::Ended(_)
        );
        assert_eq!(over, meant, "{mark:?}");
        assert_eq!(open(&sessions, &cookie, LATER).await.is_some(), !meant, "{mark:?}");
    }
}

/// Invariant 12: nothing depends on having found a record.
#[tokio::test]
async fn a_mark_holds_where_no_record_was_found_and_after_the_key_has_changed() {
    for index in 0..14 {
        let world = World::new();
        let cookie = sign_in(&world.replica(&[1])).await;
        // This one has neither the key of the record's names nor any sites to look through.
        let blind = Sessions::new(world.store(), sealer(&[9]));
        let sessions = world.replica(&[2, 1]);
        let device = open(&sessions, &cookie, NOW).await.unwrap().device();
        let (mark, meant) = marks(device).into_iter().nth(index).unwrap();
        assert_eq!(blind.revoke(&mark, LATER).await.unwrap(), 0);
        let later = LATER.plus(Duration::from_secs(1));
        assert_eq!(open(&sessions, &cookie, later).await.is_none(), meant, "{mark:?}");
        assert_eq!(sessions.list_of(&Mark::All, later).await.unwrap().is_empty(), meant);
    }
}

#[tokio::test]
async fn who_began_at_the_moment_of_the_mark_or_later_is_let_in() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    sessions.revoke(&Mark::Person(person()), LATER).await.unwrap();
    for (began, barred) in [
        (NOW, true),
        (LATER.minus(MILLISECOND), true),
        (LATER, false),
        (LATER.plus(MILLISECOND), false),
    ] {
        let facts = Facts { began, ..facts() };
        let about = Concerned::from(&facts);
        assert_eq!(sessions.bars(&about, LATER).await.unwrap(), barred);
        let created = sessions.create(facts, Secrets::default(), LATER).await;
        assert_eq!(matches!(created, Err(CreateError::Revoked)), barred);
        assert_eq!(created.is_ok(), !barred);
    }
}

#[tokio::test]
async fn an_earlier_mark_never_replaces_a_later_one() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    sessions.revoke(&Mark::All, LATER).await.unwrap();
    sessions.revoke(&Mark::All, NOW).await.unwrap();
    let created = sessions.create(facts(), Secrets::default(), LATER).await;
    assert!(matches!(created, Err(CreateError::Revoked)));
}

/// A revocation that comes while a session is being made finds its record, or is found itself.
#[tokio::test]
async fn a_sign_in_and_a_revocation_at_once_leave_no_session() {
    let world = World::new();
    let (here, there) = (world.replica(&[1]), world.replica(&[1]));
    let gate = world.store.hold_answer(Operation::PutIfAbsent);
    let creating = tokio::spawn({
        let here = Arc::clone(&here);
        async move { here.create(facts(), secrets(), LATER).await }
    });
    gate.reached_by(1).await;
    let revoking =
        tokio::spawn(async move { there.revoke(&Mark::Idp("acme".parse().unwrap()), LATER).await });
    settle().await;
    gate.open();
    let (created, revoked) = (creating.await.unwrap(), revoking.await.unwrap());
    let later = LATER.plus(Duration::from_secs(1));
    if let Ok((cookie, _)) = created {
        assert!(open(&here, &cookie, later).await.is_none());
    }
    revoked.unwrap();
    assert!(here.list_of(&Mark::All, later).await.unwrap().is_empty());
}

/// attacks.md D7: a mark reaches opened sessions of other replicas, with the feed and without.
#[tokio::test]
async fn d7_a_mark_reaches_the_caches_of_other_replicas() {
    let world = World::new();
    let (here, there) = (world.listening().await, world.listening().await);
    let cookie = sign_in(&here).await;
    settle().await;
    open(&there, &cookie, NOW).await.unwrap();
    // The mark alone, without any record: the session must go by its generation.
    let blind = Sessions::new(world.store(), sealer(&[9]));
    blind.revoke(&Mark::Person(person()), LATER).await.unwrap();
    settle().await;
    assert!(there.open_cached(&cookie, &site("help"), LATER).is_none());
    assert!(open(&there, &cookie, LATER).await.is_none());

    let fresh = Facts { began: LATER, ..facts() };
    let (cookie, _) = here.create(fresh, secrets(), LATER).await.unwrap();
    settle().await;
    world.store.cut_feed();
    settle().await;
    open(&there, &cookie, LATER).await.unwrap();
    let revoked = LATER.plus(MILLISECOND);
    blind.revoke(&Mark::Person(person()), revoked).await.unwrap();
    let bound = revoked.plus(Duration::from_secs(1));
    assert!(there.open_cached(&cookie, &site("help"), bound).is_none());
    assert!(open(&there, &cookie, bound).await.is_none());
}

#[tokio::test]
async fn marks_cost_nothing_while_nothing_happens() {
    let world = World::new();
    let sessions = world.listening().await;
    let cookie = sign_in(&sessions).await;
    settle().await;
    open(&sessions, &cookie, NOW).await.unwrap();
    let asked = (world.store.calls(Operation::Group), world.store.calls(Operation::Get));
    for _ in 0..100 {
        assert!(sessions.open_cached(&cookie, &site("help"), LATER).is_some());
    }
    let now = (world.store.calls(Operation::Group), world.store.calls(Operation::Get));
    assert_eq!(now, asked);
}

#[tokio::test]
async fn marks_that_cannot_be_read_let_nobody_in() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let later = LATER.plus(Duration::from_secs(1));
    world.store.fail(Operation::Group, Fault::Unavailable);
    assert!(sessions.open(&cookie, &site("help"), later).await.is_err());
    assert!(sessions.create(facts(), secrets(), later).await.is_err());
    world.store.heal();
    assert!(open(&sessions, &cookie, later).await.is_some());
    let put = |key: &'static str, value: &'static str| {
        let groups = vec!["not-before".to_owned()];
        let entry = Entry { value: value.as_bytes().to_vec(), deadline: Timestamp::MAX, groups };
        let store = world.store();
        async move { store.put(Area::Records, key, entry, NOW).await.unwrap() }
    };
    put("not-before/x", "no mark").await;
    let even_later = later.plus(Duration::from_secs(1));
    assert!(sessions.open(&cookie, &site("help"), even_later).await.is_err());
    // attacks.md D17, invariant 8: a kind that a later version has added means everybody.
    put("not-before/x", r#"{"kind":"planet","at":1000005000,"colour":"red"}"#).await;
    assert!(open(&sessions, &cookie, even_later).await.is_none());
}

#[tokio::test]
async fn what_an_identity_provider_signed_out_bars_sign_ins_under_way() {
    let acme = "acme".parse().unwrap();
    for (whom, barred) in [
        (Whose::IdpSession(&acme, "idp-session-9"), true),
        (Whose::IdpSubject(&acme, "ann"), true),
        (Whose::IdpSession(&acme, "idp-session-8"), false),
        (Whose::IdpSubject(&acme, "bob"), false),
    ] {
        let world = World::new();
        let sessions = world.replica(&[1]);
        let cookie = sign_in(&sessions).await;
        let ended = sessions.end_by_provider(&[whom], |_| true, LATER).await.unwrap();
        assert_eq!(ended, usize::from(barred), "{whom:?}");
        assert_eq!(open(&sessions, &cookie, LATER).await.is_none(), barred);
        let under_way = sessions.create(facts(), secrets(), LATER).await;
        assert_eq!(matches!(under_way, Err(CreateError::Revoked)), barred, "{whom:?}");
        let afterwards = Facts { began: LATER, ..facts() };
        assert!(sessions.create(afterwards, secrets(), LATER).await.is_ok());
    }
}

#[tokio::test]
async fn no_session_outlives_the_marks() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let facts = Facts { deadline: Timestamp::MAX, idle: Duration::from_secs(1 << 40), ..facts() };
    let (cookie, session) = sessions.create(facts, secrets(), NOW).await.unwrap();
    let quarter = NOW.plus(Duration::from_secs(90 * 24 * 60 * 60));
    assert_eq!(session.ends(), quarter);
    Sessions::new(world.store(), sealer(&[9])).revoke(&Mark::All, LATER).await.unwrap();
    let last = quarter.minus(MILLISECOND);
    assert!(open(&sessions, &cookie, last).await.is_none());
    let control: &SessionCookie = &cookie;
    assert!(open(&sessions, control, quarter).await.is_none());
}
