//! One account belongs to one person, unless the operator says otherwise (invariant 3).

use domain::{AuditEvent, Clock as _, Notice};
use fakes::jsm::Operation;

use crate::world::{World, ann, identity, person, proof, proof_of};

#[tokio::test]
async fn a_second_person_of_a_linked_address_is_refused_without_a_call() {
    let world = World::new().await;
    world.sign_in(&ann()).await.unwrap();
    world.jsm.forget_calls();
    for second in
        [identity("globex", "ann", "ann@acme.example"), identity("acme", "ANN", "Ann@ACME.example")]
    {
        let error = world.sign_in(&second).await.unwrap_err();
        assert_eq!(error.refusal().cause, "account-linked-elsewhere");
        assert_eq!(error.refusal().notice, Notice::AccountLinkedElsewhere);
        assert!(error.events().is_empty());
    }
    assert_eq!(world.jsm.calls().len(), 0);
    world.sign_in(&ann()).await.unwrap();
    world.assert_one_complete_customer();
}

/// Invariant 1: the proof that a factor was passed is one person's.
#[tokio::test]
async fn a_proof_of_another_person_writes_nothing() {
    let world = World::new().await;
    let bob = identity("acme", "bob", "bob@acme.example");
    let refused = world.provisioner().provision(&proof_of(&bob), &ann(), world.clock.now()).await;
    assert_eq!(refused.unwrap_err().refusal().cause, "factor-proof-foreign");
    assert_eq!(world.jsm.calls().len(), 0);
    world.sign_in(&ann()).await.unwrap();
}

#[tokio::test]
async fn of_two_persons_of_one_address_at_once_exactly_one_gets_the_account() {
    let world = World::new().await;
    let (provisioner, proof, now) = (world.provisioner(), proof(), world.clock.now());
    let ann = ann();
    let second = identity("globex", "ann", "ann@acme.example");
    let other = proof_of(&second);
    let (one, two) = tokio::join!(
        provisioner.provision(&proof, &ann, now),
        provisioner.provision(&other, &second, now)
    );
    assert_ne!(one.is_ok(), two.is_ok());
    let refused = one.err().or(two.err()).unwrap();
    assert_eq!(refused.refusal().cause, "account-linked-elsewhere");
    world.assert_one_complete_customer();
}

#[tokio::test]
async fn an_address_that_changed_hands_does_not_hand_over_the_account() {
    let world = World::new().await;
    world.sign_in(&ann()).await.unwrap();
    // Ann is now ann.lee@; her old address goes to somebody new at the same identity provider.
    world.sign_in(&identity("acme", "ann", "ann.lee@acme.example")).await.unwrap();
    let newcomer = identity("acme", "ann-the-second", "ann@acme.example");
    assert_eq!(world.refused(&newcomer).await, "account-linked-elsewhere");
}

#[tokio::test]
async fn persons_joined_by_links_are_one_customer_whichever_comes_first() {
    let mut world = World::new().await;
    let elsewhere = identity("globex", "a.lee", "a.lee@globex.example");
    world.settings.links = vec![vec![ann().person, elsewhere.person.clone()]];
    let second = world.sign_in(&elsewhere).await.unwrap();
    let first = world.sign_in(&ann()).await.unwrap();
    assert_eq!(first.account, second.account);
    assert!(matches!(first.events[0], AuditEvent::CustomerLinked { .. }));
    world.assert_one_complete_customer();
    assert_eq!(world.jsm.count(Operation::CreateCustomer), 1);
    // Both stay known, and a third person of either address stays out.
    world.jsm.forget_calls();
    world.sign_in(&elsewhere).await.unwrap();
    world.sign_in(&ann()).await.unwrap();
    for email in ["ann@acme.example", "a.lee@globex.example"] {
        let third = identity("initech", "x", email);
        assert_eq!(world.refused(&third).await, "account-linked-elsewhere");
    }
    assert_eq!(world.jsm.calls().len(), 0);
}

#[tokio::test]
async fn joined_persons_who_come_at_once_are_one_customer() {
    let mut world = World::new().await;
    let elsewhere = identity("globex", "a.lee", "a.lee@globex.example");
    world.settings.links = vec![vec![ann().person, elsewhere.person.clone()]];
    let (provisioner, proof, now) = (world.provisioner(), proof(), world.clock.now());
    let ann = ann();
    let other = proof_of(&elsewhere);
    let (one, two) = tokio::join!(
        provisioner.provision(&proof, &ann, now),
        provisioner.provision(&other, &elsewhere, now)
    );
    assert_eq!(one.unwrap().account, two.unwrap().account);
    world.assert_one_complete_customer();
}

#[tokio::test]
async fn taking_links_back_ends_the_second_persons_use_of_the_account() {
    let mut world = World::new().await;
    let second = identity("globex", "ann", "ann@acme.example");
    world.settings.links = vec![vec![person("acme", "ann"), person("globex", "ann")]];
    world.sign_in(&ann()).await.unwrap();
    world.sign_in(&second).await.unwrap();
    world.settings.links.clear();
    assert_eq!(world.refused(&second).await, "account-linked-elsewhere");
    world.sign_in(&ann()).await.unwrap();
}

#[tokio::test]
async fn no_address_is_written_into_the_store() {
    let world = World::new().await;
    let done = world.sign_in(&ann()).await.unwrap();
    let group = format!("jsm/support/persons-of/{}", done.account.0);
    let links = world.store.group(store::Area::Records, &group, world.clock.now()).await.unwrap();
    let [(key, value)] = links.as_slice() else { panic!("one link") };
    for part in ["ann@acme.example", "acme.example", "ann@", "Ann Lee"] {
        let holds = |bytes: &[u8]| bytes.windows(part.len()).any(|found| found == part.as_bytes());
        assert!(!holds(key.as_bytes()) && !holds(value), "{part}");
    }
}
