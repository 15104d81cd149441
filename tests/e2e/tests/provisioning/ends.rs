//! Whose access may not end, and what is noted of an end that did not go as it should.

use std::time::Duration;

use domain::{Clock as _, Identity};
use fakes::jsm::{Fault, Operation};
use provisioning::{Deed, DeskRule, DormancyState, Reactivation, Warrant};

use crate::dormant::{DAY, contact, end, noticed, policy, state};
use crate::world::{World, ann, identity};

#[tokio::test]
async fn a_throttled_end_rests_no_longer_than_its_turn_lasts_and_a_sign_in_wins() {
    let world = World::data_center().await;
    let account = noticed(&world).await;
    world.jsm.fail_next(Operation::UpdateUser, Fault::Throttled(30));
    let (provisioner, now) = (world.provisioner(), world.clock.now());
    let throttled = provisioner.end_dormant(&account, &policy(), Warrant::Policy, now).await;
    assert!(throttled.unwrap_err().waits());
    assert!(world.clock.now().since(now) < Duration::from_secs(5), "it did not rest");
    world.sign_in(&ann()).await.unwrap();
    assert_eq!(state(&world).await, None);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(end(&world, &provisioner, &account).await, Deed::Nothing);
    assert!(world.jsm.customers()[0].active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_comes_after_a_sign_in_all_the_same_is_seen_to_at_the_next_one() {
    let mut world = World::data_center().await;
    world.settings.conduct.reactivation = Reactivation::Always;
    let account = noticed(&world).await;
    world.jsm.fail_next(Operation::UpdateUser, Fault::Slow(Duration::from_millis(800)));
    let provisioner = world.provisioner();
    let signing_in = async {
        while world.jsm.count(Operation::UpdateUser) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.clock.advance(Duration::from_secs(6));
        world.sign_in(&ann()).await
    };
    let (deed, signed_in) = tokio::join!(end(&world, &provisioner, &account), signing_in);
    assert_eq!(deed, Deed::Ended);
    signed_in.unwrap();
    assert!(!world.jsm.customers()[0].active, "she came while JSM was at it");
    world.sign_in(&ann()).await.unwrap();
    assert!(world.jsm.customers()[0].active);
    assert_eq!(state(&world).await, None);
}

#[tokio::test]
async fn whoever_has_another_address_by_now_comes_back_and_so_does_whose_end_was_none() {
    let moved = Identity { email: "ann.smith@acme.example".parse().unwrap(), ..ann() };
    // Half an end: JSM never heard of it.
    for mut world in [World::new().await, World::data_center().await] {
        world.settings.conduct.reactivation = Reactivation::Ask;
        let account = noticed(&world).await;
        let (provisioner, now) = (world.provisioner(), world.clock.now());
        for operation in [Operation::RevokeCustomer, Operation::UpdateUser] {
            world.jsm.fail_times(operation, 4, Fault::Status(503));
        }
        let failed = provisioner.end_dormant(&account, &policy(), Warrant::Policy, now).await;
        assert!(failed.unwrap_err().waits());
        world.jsm.recover();
        assert_eq!(world.sign_in(&moved).await.unwrap().account, account);
        assert_eq!(state(&world).await, None);
    }
    // A whole one: opened again where JSM can, and asked for where not.
    let mut world = World::data_center().await;
    world.settings.conduct.reactivation = Reactivation::Always;
    let account = noticed(&world).await;
    assert_eq!(end(&world, &world.provisioner(), &account).await, Deed::Ended);
    assert_eq!(world.sign_in(&moved).await.unwrap().account, account);
    assert!(world.jsm.customers()[0].active);
    let mut world = World::new().await;
    world.settings.conduct.reactivation = Reactivation::Ask;
    let account = noticed(&world).await;
    assert_eq!(end(&world, &world.provisioner(), &account).await, Deed::Ended);
    assert_eq!(world.refused(&moved).await, "jsm-account-revoked");
    world.jsm.grant_access("ann@acme.example");
    assert_eq!(world.sign_in(&moved).await.unwrap().account, account);
}

#[tokio::test]
async fn a_release_of_before_passes_no_end_of_today() {
    let mut world = World::new().await;
    world.settings.brake.removals = 2;
    let provisioner = world.provisioner();
    for name in ["ann", "bob", "cleo"] {
        world.sign_in(&identity("acme", name, &format!("{name}@acme.example"))).await.unwrap();
    }
    world.clock.advance(400 * DAY);
    provisioner.release(world.clock.now()).await.unwrap();
    world.clock.advance(DAY);
    let deeds = async || {
        let done = world.end_dormant(&provisioner).await;
        done.into_iter().map(|(deed, _)| deed).collect::<Vec<_>>()
    };
    assert_eq!(deeds().await, [Deed::Ended, Deed::Ended, Deed::Held]);
    world.clock.advance(DAY);
    provisioner.release(world.clock.now()).await.unwrap();
    assert_eq!(deeds().await[2], Deed::Ended, "it waited then");
}

#[tokio::test]
async fn whoever_takes_a_licence_is_neither_told_nor_ended() {
    let world = World::data_center().await;
    let account = noticed(&world).await;
    world.jsm.add_licensed_group("agents");
    world.jsm.put_in_group("agents", &account.0);
    assert_eq!(end(&world, &world.provisioner(), &account).await, Deed::Nothing);
    assert_eq!(state(&world).await, Some(DormancyState::Licensed));
    assert!(world.jsm.customers()[0].active);

    // Nor is somebody told whose turn for a notice it is.
    world.sign_in(&ann()).await.unwrap();
    world.clock.advance(70 * DAY);
    assert_eq!(state(&world).await, Some(DormancyState::NoticeDue));
    let (provisioner, now) = (world.provisioner(), world.clock.now());
    assert_eq!(provisioner.due_notice(&account, &policy(), now).await.unwrap(), None);
    assert_eq!(state(&world).await, Some(DormancyState::Licensed));
    world.clock.advance(8 * DAY);
    world.jsm.add_licensed_group("agents");
    assert!(
        provisioner.due_notice(&account, &policy(), world.clock.now()).await.unwrap().is_some()
    );
}

#[tokio::test]
async fn whoever_was_let_in_while_jsm_is_in_trouble_is_here() {
    let mut world = World::new().await;
    let account = noticed(&world).await;
    world.settings.desks.push(DeskRule { join: vec!["7".to_owned()], ..DeskRule::default() });
    world.jsm.fail_all(Fault::Status(503));
    world.sign_in(&ann()).await.unwrap();
    world.jsm.recover();
    let (provisioner, now) = (world.provisioner(), world.clock.now());
    assert_eq!(end(&world, &provisioner, &account).await, Deed::Nothing);
    assert!(world.jsm.customers()[0].active);
    // The notice of before is none any more, and there is no other one.
    provisioner.keep_contact(&account, &contact("ann@acme.example"), now).await.unwrap();
    assert_eq!(state(&world).await, Some(DormancyState::NoticeDue));
    assert_eq!(provisioner.due_notice(&account, &policy(), now).await.unwrap(), None);
}

#[tokio::test]
async fn an_end_that_meets_no_customer_is_one_only_where_the_account_is_gone() {
    let world = World::new().await;
    let account = noticed(&world).await;
    world.jsm.fail_next(Operation::RevokeCustomer, Fault::Status(404));
    let (provisioner, now) = (world.provisioner(), world.clock.now());
    let refused = provisioner.end_dormant(&account, &policy(), Warrant::Policy, now).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("404"), "{refused}");
    assert!(matches!(state(&world).await, Some(DormancyState::Over { .. })));
    world.jsm.remove_account(&account.0);
    assert_eq!(end(&world, &provisioner, &account).await, Deed::Nothing);
    assert!(matches!(state(&world).await, Some(DormancyState::Ended { .. })));
}

#[tokio::test]
async fn an_end_that_was_not_recorded_is_made_and_recorded_again() {
    let world = World::new().await;
    let account = noticed(&world).await;
    let (provisioner, now) = (world.provisioner(), world.clock.now());
    for _ in 0..2 {
        let done = provisioner.end_dormant(&account, &policy(), Warrant::Policy, now).await;
        let (deed, events) = done.unwrap();
        assert_eq!((deed, events.len()), (Deed::Ended, 1));
        assert!(matches!(state(&world).await, Some(DormancyState::Over { .. })));
    }
    provisioner.note_ended(&account, now).await.unwrap();
    assert!(matches!(state(&world).await, Some(DormancyState::Ended { .. })));
}

#[tokio::test]
async fn any_address_of_an_account_may_be_the_excepted_one() {
    let world = World::new().await;
    let account = noticed(&world).await;
    let provisioner = world.provisioner();
    let except =
        vec!["boss@acme.example".parse().map(provisioning::AddressPattern::Address).unwrap()];
    let policy = provisioning::DormancySettings { except, ..policy() };
    for email in ["boss@acme.example", "ann@acme.example"] {
        provisioner.keep_contact(&account, &contact(email), world.clock.now()).await.unwrap();
        let found = provisioner.dormant(&policy, world.clock.now()).await.unwrap();
        assert_eq!(found[0].state, DormancyState::Excepted, "last by {email}");
    }
}
