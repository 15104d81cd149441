//! Sessions ended by group, and records in the vault.

use std::time::Duration;

use domain::IdpName;
use session::{Vault, Who, Whose};

use crate::world::{NOW, World, open, sealer, settle, sign_in};

fn acme() -> IdpName {
    "acme".parse().unwrap()
}

#[tokio::test]
async fn every_group_ends_its_sessions_and_no_other() {
    let (acme, other) = (acme(), "globex".parse().unwrap());
    let person = crate::world::facts();
    let Who::Person(customer) = &person.who else { panic!("a person") };
    let site = "help".parse().unwrap();
    for (whose, ended) in [
        (Whose::Person(&customer.identity.person), 1),
        (Whose::Idp(&acme), 1),
        (Whose::IdpSession(&acme, "idp-session-9"), 1),
        (Whose::IdpSubject(&acme, "ann"), 1),
        (Whose::Site(&site), 1),
        (Whose::Idp(&other), 0),
        (Whose::IdpSession(&other, "idp-session-9"), 0),
        (Whose::IdpSession(&acme, "idp-session-8"), 0),
        // The subject as our rules know it is not what the protocol says.
        (Whose::IdpSubject(&acme, "subject-4711"), 0),
    ] {
        let world = World::new();
        let sessions = world.replica(&[1]);
        let cookie = sign_in(&sessions).await;
        assert_eq!(sessions.end_where(whose, |_| true, NOW).await.unwrap(), ended, "{whose:?}");
        let lives = open(&sessions, &cookie, NOW).await.is_some();
        assert_eq!(lives, ended == 0, "{whose:?}");
    }
}

#[tokio::test]
async fn only_the_sessions_that_are_meant_end() {
    let world = World::new();
    let sessions = world.replica(&[1]);
    let cookie = sign_in(&sessions).await;
    let nobody = sessions.end_where(Whose::Idp(&acme()), |_| false, NOW).await.unwrap();
    assert_eq!(nobody, 0);
    assert!(open(&sessions, &cookie, NOW).await.is_some());
}

#[tokio::test]
async fn a_session_that_ended_by_group_is_gone_from_other_replicas_caches() {
    let world = World::new();
    let (here, there) = (world.listening().await, world.listening().await);
    let cookie = sign_in(&here).await;
    assert!(open(&there, &cookie, NOW).await.is_some());
    here.end_where(Whose::Idp(&acme()), |_| true, NOW).await.unwrap();
    settle().await;
    assert!(open(&there, &cookie, NOW).await.is_none());
}

#[tokio::test]
async fn sessions_of_an_older_key_end_too() {
    let world = World::new();
    let cookie = sign_in(&world.replica(&[1])).await;
    let rotated = world.replica(&[2, 1]);
    assert_eq!(rotated.end_where(Whose::Idp(&acme()), |_| true, NOW).await.unwrap(), 1);
    assert!(open(&rotated, &cookie, NOW).await.is_none());
}

#[tokio::test]
async fn a_record_is_read_back_until_its_deadline_and_says_nothing_in_the_store() {
    let world = World::new();
    let vault = Vault::new(world.store(), sealer(&[1]));
    let (until, parts) = (NOW.plus(Duration::from_secs(9)), ["ann@acme.example"]);
    vault.put("known/", &parts, &"planted-word", until, NOW).await.unwrap();
    let read = |now| vault.get::<String>("known/", &parts, now);
    assert_eq!(read(NOW).await.unwrap().as_deref(), Some("planted-word"));
    assert_eq!(read(until).await.unwrap(), None);
    assert_eq!(vault.get::<String>("other/", &parts, NOW).await.unwrap(), None);
    let bytes = world.files();
    for planted in ["planted-word", "ann@acme.example"] {
        assert!(!bytes.windows(planted.len()).any(|w| w == planted.as_bytes()), "{planted}");
    }
}

#[tokio::test]
async fn keys_can_be_replaced_while_they_are_used() {
    let world = World::new();
    let sealer = sealer(&[1]);
    let vault = Vault::new(world.store(), std::sync::Arc::clone(&sealer));
    let until = NOW.plus(Duration::from_secs(9));
    vault.put("known/", &["a"], &1, until, NOW).await.unwrap();
    sealer.replace(&[crate::world::key(2), crate::world::key(1)]).unwrap();
    assert_eq!(vault.get::<u8>("known/", &["a"], NOW).await.unwrap(), Some(1));
    vault.put("known/", &["b"], &2, until, NOW).await.unwrap();
    // No usable key is no reason to lose those in use.
    assert!(sealer.replace(&[]).is_err());
    sealer.replace(&[crate::world::key(2)]).unwrap();
    assert_eq!(vault.get::<u8>("known/", &["a"], NOW).await.unwrap(), None);
    assert_eq!(vault.get::<u8>("known/", &["b"], NOW).await.unwrap(), Some(2));
}
