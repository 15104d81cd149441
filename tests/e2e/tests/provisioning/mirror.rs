//! What was granted and the rules no longer give.

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditEvent, Clock as _, Identity};
use fakes::jsm::Operation;
use provisioning::{
    Conduct, Deed, OrganizationGift, OrganizationRule, Origin, Reactivation, Source, SyncMode,
    TextPattern, Whom,
};

use crate::world::{Running, World, identity, of_domain, proof_of};

fn of_group(group: &str, name: &str) -> OrganizationRule {
    let whom = Whom { groups: vec![TextPattern::Is(group.to_owned())], ..Whom::default() };
    let gives = OrganizationGift::Named { name: name.to_owned(), create: true };
    OrganizationRule { whom, gives }
}

fn member(subject: &str, groups: Option<&[&str]>) -> Identity {
    let groups = groups.map(|groups| groups.iter().map(|g| (*g).to_owned()).collect());
    let who = identity("acme", subject, &format!("{subject}@acme.example"));
    Identity { groups, ..who }
}

/// Mirror mode, no desks, and a rule by group.
async fn world() -> World {
    let mut world = World::new().await;
    world.settings.conduct = Conduct { sync: SyncMode::Mirror, reactivation: Reactivation::Never };
    world.settings.organizations = vec![of_domain("acme.example", "Acme"), of_group("vip", "VIP")];
    world.settings.desks.clear();
    world
}

#[tokio::test]
async fn a_changed_group_makes_exactly_the_calls_of_the_difference() {
    let world = world().await;
    world.sign_in(&member("ann", Some(&["vip"]))).await.unwrap();
    assert_eq!(world.jsm.organization_members("VIP").len(), 1);
    let by_hand = world.jsm.add_organization("By hand");
    world.jsm.put_in_organization(&by_hand, &world.jsm.customers()[0].id);
    world.jsm.forget_calls();
    world.sign_in(&member("ann", Some(&["vip"]))).await.unwrap();
    assert_eq!(world.jsm.calls().len(), 0);
    let done = world.sign_in(&member("ann", Some(&[]))).await.unwrap();
    assert!(
        matches!(&done.events[..], [AuditEvent::OrganizationLeft { organization, rule: Some(rule), .. }]
            if organization.name == "VIP" && rule == "organizations[1]"),
        "{:?}",
        done.events
    );
    assert!(world.jsm.organization_members("VIP").is_empty());
    assert_eq!(world.jsm.organization_members("Acme").len(), 1);
    assert_eq!(world.jsm.organization_members("By hand").len(), 1, "not ours to remove");
    // One look whether a directory owns it by now, and the removal.
    assert_eq!(world.jsm.calls().len(), 2);
    assert_eq!(world.jsm.count(Operation::RemoveOrganizationUsers), 1);
}

#[tokio::test]
async fn n13_500_people_lose_their_groups_claim_and_nobody_loses_anything() {
    let world = world().await;
    let provisioner = world.provisioner();
    let sign_in = async |who: Identity| {
        let now = domain::Clock::now(&world.clock);
        provisioner.provision(&crate::world::proof_of(&who), &who, now).await.unwrap()
    };
    for n in 0..500 {
        sign_in(member(&format!("p{n}"), Some(&["vip"]))).await;
    }
    world.jsm.forget_calls();
    let mut alarms = 0;
    for n in 0..500 {
        let done = sign_in(member(&format!("p{n}"), None)).await;
        for event in &done.events {
            assert!(matches!(event, AuditEvent::ClaimMissing { claim, .. } if claim == "groups"));
            alarms += 1;
        }
    }
    assert_eq!(alarms, 1);
    assert_eq!(world.jsm.calls().len(), 0);
    assert_eq!(world.jsm.organization_members("VIP").len(), 500);
}

#[tokio::test]
async fn n13_the_brake_holds_at_its_limit_until_an_operator_orders_on() {
    let mut world = world().await;
    for n in 0..40 {
        world.sign_in(&member(&format!("p{n}"), Some(&["vip"]))).await.unwrap();
    }
    // The rule is taken out of the file.
    world.settings.organizations.pop();
    let provisioner = world.provisioner();
    let mut alarms = 0;
    for n in 0..40 {
        let who = member(&format!("p{n}"), Some(&["vip"]));
        let now = domain::Clock::now(&world.clock);
        let done = provisioner.provision(&crate::world::proof_of(&who), &who, now).await.unwrap();
        let stopped = |e: &&AuditEvent| matches!(e, AuditEvent::RemovalsStopped { limit: 20, .. });
        alarms += done.events.iter().filter(stopped).count();
    }
    assert_eq!(alarms, 1);
    assert_eq!(world.jsm.organization_members("VIP").len(), 20);
    let now = || domain::Clock::now(&world.clock);
    let queue = provisioner.queue(now()).await.unwrap();
    assert_eq!(queue.waiting.iter().filter(|waiting| waiting.held).count(), 20);
    assert!(queue.stopped.is_some());
    // Time alone opens nothing.
    world.clock.advance(Duration::from_secs(24 * 60 * 60));
    provisioner.drain(now()).await.unwrap();
    assert_eq!(world.jsm.organization_members("VIP").len(), 20);
    provisioner.release(now()).await.unwrap();
    assert_eq!(provisioner.drain(now()).await.unwrap().left, 0);
    assert!(world.jsm.organization_members("VIP").is_empty());
    assert_eq!(world.jsm.organization_members("Acme").len(), 40);
}

#[tokio::test]
async fn the_brake_holds_the_ending_of_dormant_accounts_too() {
    let mut world = world().await;
    world.settings.brake.removals = 2;
    for name in ["ann", "bob", "cleo"] {
        world.sign_in(&member(name, Some(&[]))).await.unwrap();
    }
    world.clock.advance(Duration::from_secs(730 * 24 * 60 * 60));
    let provisioner = world.provisioner();
    let end = async || {
        let done = world.end_dormant(&provisioner).await;
        let stopped = |event: &&AuditEvent| matches!(event, AuditEvent::RemovalsStopped { .. });
        let alarms = done.iter().flat_map(|(_, events)| events).filter(stopped).count();
        let count = |wanted| done.iter().filter(|(deed, _)| *deed == wanted).count();
        (count(Deed::Ended), count(Deed::Held), alarms)
    };
    assert_eq!(end().await, (2, 1, 1));
    assert_eq!(world.jsm.customers().iter().filter(|customer| customer.active).count(), 1);
    provisioner.release(world.clock.now()).await.unwrap();
    end().await;
    assert!(world.jsm.customers().iter().all(|customer| !customer.active));
}

#[tokio::test]
async fn an_organization_that_a_directory_took_over_is_left_alone_even_by_mirror() {
    let mut world = world().await;
    world.sign_in(&member("ann", Some(&["vip"]))).await.unwrap();
    world.jsm.take_over_by_scim("VIP");
    world.settings.organizations.pop();
    world.sign_in(&member("ann", Some(&["vip"]))).await.unwrap();
    assert_eq!(world.jsm.organization_members("VIP").len(), 1);
    assert_eq!(world.jsm.count(Operation::RemoveOrganizationUsers), 0);
}

#[tokio::test]
async fn desks_are_left_in_mirror_mode_and_open_ones_do_not_hold_anybody_up() {
    let mut world = World::new().await;
    world.settings.conduct.sync = SyncMode::Mirror;
    world.jsm.open_desk("3");
    world.sign_in(&member("ann", None)).await.unwrap();
    world.settings.desks.clear();
    let done = world.sign_in(&member("ann", None)).await.unwrap();
    assert_eq!(done.events.len(), 2, "{:?}", done.events);
    assert!(world.jsm.desk_members("1").is_empty());
    world.jsm.forget_calls();
    world.sign_in(&member("ann", None)).await.unwrap();
    assert_eq!(world.jsm.calls().len(), 0);
}

#[tokio::test]
async fn an_organization_that_was_renamed_in_jsm_stays_the_one_of_its_rule() {
    let world = world().await;
    world.sign_in(&member("ann", Some(&[]))).await.unwrap();
    let id = world.jsm.organizations()[0].id.clone();
    world.jsm.rename_organization(&id, "Acme Incorporated");
    world.sign_in(&member("bob", Some(&[]))).await.unwrap();
    assert_eq!(world.jsm.organizations().len(), 1);
    assert_eq!(world.jsm.organization_members("Acme Incorporated").len(), 2);
}

#[tokio::test]
async fn values_make_organizations_within_their_limit_and_hostile_ones_make_none() {
    let mut world = world().await;
    let source =
        Source { origin: Origin::Groups, allow: Some("org-[a-z]+".parse().unwrap()), rename: None };
    let gives = OrganizationGift::From { source, create_per_hour: 2 };
    world.settings.organizations = vec![OrganizationRule { whom: Whom::default(), gives }];
    let hostile = ["Acme", "org-a\u{202e}b", "org-", "ORG-X", "org-x; drop"];
    world.sign_in(&member("eve", Some(&hostile))).await.unwrap();
    assert!(world.jsm.organizations().is_empty());
    let done = world.sign_in(&member("ann", Some(&["org-a", "org-b", "org-c"]))).await.unwrap();
    assert_eq!(world.jsm.organizations().len(), 2);
    let refused = |e: &&AuditEvent| matches!(e, AuditEvent::Refused { refusal, .. } if refusal.cause == "jsm-organizations-too-many");
    assert_eq!(done.events.iter().filter(refused).count(), 1);
    // What is there is joined all the same, and an hour later a new one may be made.
    world.sign_in(&member("bob", Some(&["org-a"]))).await.unwrap();
    assert_eq!(world.jsm.organization_members("org-a").len(), 2);
    world.clock.advance(Duration::from_secs(60 * 60));
    world.sign_in(&member("ann", Some(&["org-a", "org-b", "org-c"]))).await.unwrap();
    assert_eq!(world.jsm.organizations().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_first_sign_ins_at_once_with_a_new_value_make_one_organization() {
    let mut world = world().await;
    let allow = Some("org-[a-z]+".parse().unwrap());
    let source = Source { origin: Origin::Groups, allow, rename: None };
    let gives = OrganizationGift::From { source, create_per_hour: 2 };
    world.settings.organizations = vec![OrganizationRule { whom: Whom::default(), gives }];
    let clock = Arc::new(Running::new());
    let groups: &[&str] = &["org-new", "org-new'; drop"];
    let (one, two) = (member("ann", Some(groups)), member("bob", Some(groups)));
    let replicas =
        [(); 2].map(|()| world.provisioner_over(Arc::clone(&world.store), clock.clone()));
    let (here, there) = (proof_of(&one), proof_of(&two));
    let (first, second) = tokio::join!(
        replicas[0].provision(&here, &one, clock.now()),
        replicas[1].provision(&there, &two, clock.now())
    );
    let events = [first.unwrap().events, second.unwrap().events].concat();
    let names: Vec<String> = world.jsm.organizations().into_iter().map(|o| o.name).collect();
    assert_eq!(names, ["org-new"]);
    assert_eq!(world.jsm.organization_members("org-new").len(), 2);
    let made = |event: &&AuditEvent| matches!(event, AuditEvent::OrganizationCreated { .. });
    assert_eq!(events.iter().filter(made).count(), 1, "{events:?}");
}

#[tokio::test]
async fn a_blocked_address_gets_nothing_known_or_not() {
    let mut world = world().await;
    world.sign_in(&member("ann", None)).await.unwrap();
    world.settings.blocked =
        vec![provisioning::AddressPattern::Domain("acme.example".parse().unwrap())];
    world.jsm.forget_calls();
    for who in ["ann", "bob"] {
        assert_eq!(world.refused(&member(who, None)).await, "address-blocked");
    }
    assert_eq!(world.jsm.calls().len(), 0);
}
