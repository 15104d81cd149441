//! JSM Data Center: user names, groups, accounts that are opened again.

use std::time::Duration;

use domain::{AuditEvent, Identity, Notice};
use fakes::jsm::Operation;
use provisioning::{Deed, GroupGift, GroupRule, Reactivation, SyncMode, Whom};

use crate::world::{World, ann};

fn joins(group: &str, licensed: bool) -> GroupRule {
    GroupRule { whom: Whom::default(), gives: GroupGift::Named(vec![group.to_owned()]), licensed }
}

#[tokio::test]
async fn a_customer_comes_about_with_a_user_name_and_a_second_sign_in_calls_nothing() {
    let world = World::data_center().await;
    let done = world.sign_in(&ann()).await.unwrap();
    assert_eq!(done.account.0, "ann@acme.example");
    world.assert_one_complete_customer();
    world.jsm.forget_calls();
    world.sign_in(&ann()).await.unwrap();
    assert_eq!(world.jsm.calls().len(), 0);
}

#[tokio::test]
async fn groups_are_joined_and_left_and_one_with_a_licence_only_by_permission() {
    let mut world = World::data_center().await;
    world.settings.conduct.sync = SyncMode::Mirror;
    world.jsm.add_group("customers");
    world.jsm.add_licensed_group("agents");
    world.settings.groups = vec![joins("customers", false), joins("agents", false)];
    let done = world.sign_in(&ann()).await.unwrap();
    assert_eq!(world.jsm.group_members("customers"), ["ann@acme.example"]);
    assert!(world.jsm.group_members("agents").is_empty());
    let refused = |e: &AuditEvent| matches!(e, AuditEvent::Refused { refusal, .. } if refusal.cause == "jsm-group-licensed");
    assert!(done.events.iter().any(refused), "{:?}", done.events);
    world.settings.groups = vec![joins("agents", true)];
    world.sign_in(&ann()).await.unwrap();
    assert_eq!(world.jsm.group_members("agents").len(), 1);
    assert!(world.jsm.group_members("customers").is_empty());
}

#[tokio::test]
async fn desks_are_left_by_the_role_of_their_project() {
    let mut world = World::data_center().await;
    world.settings.conduct.sync = SyncMode::Mirror;
    world.sign_in(&ann()).await.unwrap();
    world.settings.desks.pop();
    world.sign_in(&ann()).await.unwrap();
    assert!(world.jsm.desk_members("3").is_empty());
    assert_eq!(world.jsm.desk_members("1").len(), 1);
    assert_eq!(world.jsm.count(Operation::LeaveRole), 1);
}

#[tokio::test]
async fn name_and_address_follow_the_identity_provider_and_the_account_stays() {
    let world = World::data_center().await;
    let first = world.sign_in(&ann()).await.unwrap();
    let moved = Identity {
        display_name: "Ann Lee-Smith".to_owned(),
        email: "ann.smith@acme.example".parse().unwrap(),
        ..ann()
    };
    let done = world.sign_in(&moved).await.unwrap();
    assert_eq!(done.account, first.account);
    let written = |e: &&AuditEvent| matches!(e, AuditEvent::ProfileChanged { written: true, .. });
    assert_eq!(done.events.iter().filter(written).count(), 2);
    let customer = &world.jsm.customers()[0];
    assert_eq!(
        (&*customer.display_name, &*customer.email),
        ("Ann Lee-Smith", "ann.smith@acme.example")
    );
}

#[tokio::test]
async fn s18_an_ended_account_is_opened_again_only_where_the_policy_says_so() {
    for (policy, opened) in [
        (Reactivation::Always, true),
        (Reactivation::UnlessBlocked, true),
        (Reactivation::Ask, false),
        (Reactivation::Never, false),
    ] {
        let mut world = World::data_center().await;
        world.settings.conduct.reactivation = policy;
        let account = world.jsm.add_customer("ann@acme.example", "Ann");
        world.jsm.revoke(&account);
        let result = world.sign_in(&ann()).await;
        assert_eq!(world.jsm.customers()[0].active, opened, "{policy:?}");
        let provisioner = world.provisioner();
        let tasks = provisioner.queue(domain::Clock::now(&world.clock)).await.unwrap().tasks.len();
        match policy {
            Reactivation::Ask => {
                assert_eq!(result.unwrap_err().refusal().notice, Notice::AccountAsked);
                assert_eq!(tasks, 1);
            }
            Reactivation::Never => {
                assert_eq!(result.unwrap_err().refusal().notice, Notice::AccountEnded);
                assert_eq!(tasks, 0);
            }
            _ => drop(result.unwrap()),
        }
    }
}

#[tokio::test]
async fn s18_somebody_who_was_ended_for_staying_away_comes_back_and_a_blocked_address_does_not() {
    let mut world = World::data_center().await;
    world.settings.conduct.reactivation = Reactivation::UnlessBlocked;
    world.sign_in(&ann()).await.unwrap();
    world.clock.advance(Duration::from_secs(400 * 24 * 60 * 60));
    let ended = world.end_dormant(&world.provisioner()).await;
    assert!(matches!(&ended[..], [(Deed::Ended, _)]), "{ended:?}");
    assert!(!world.jsm.customers()[0].active);
    let blocked = provisioning::AddressPattern::Address("ann@acme.example".parse().unwrap());
    world.settings.blocked = vec![blocked];
    assert_eq!(world.refused(&ann()).await, "address-blocked");
    assert!(!world.jsm.customers()[0].active);
    world.settings.blocked.clear();
    world.settings.conduct.reactivation = Reactivation::Never;
    assert_eq!(world.refused(&ann()).await, "jsm-account-revoked");
    world.settings.conduct.reactivation = Reactivation::UnlessBlocked;
    world.sign_in(&ann()).await.unwrap();
    assert!(world.jsm.customers()[0].active);
    world.jsm.forget_calls();
    world.sign_in(&ann()).await.unwrap();
    assert_eq!(world.jsm.calls().len(), 0, "as if nothing had been");
}
