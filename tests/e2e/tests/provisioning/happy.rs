//! What happens when nothing goes wrong.

use std::sync::Arc;

use domain::{AuditEvent, Clock as _, JsmAccount};
use fakes::jsm::Operation;

use crate::world::{Running, World, ann, identity, of_domain, proof, proof_of};

#[tokio::test]
async fn a_first_sign_in_creates_the_customer_on_its_desks_and_in_its_organization() {
    let world = World::new().await;
    let done = world.sign_in(&ann()).await.unwrap();
    let id = world.assert_one_complete_customer();
    assert_eq!(done.account, JsmAccount(id));
    let customer = &world.jsm.customers()[0];
    assert_eq!((&*customer.email, &*customer.display_name), ("ann@acme.example", "Ann Lee"));
    let [created, first, second, new, shared @ .., organization] = done.events.as_slice() else {
        panic!("{:?}", done.events)
    };
    assert!(
        matches!(created, AuditEvent::CustomerCreated { person, .. } if *person == ann().person)
    );
    assert!(matches!(first, AuditEvent::DeskJoined { desk, .. } if desk == "1"));
    assert!(matches!(second, AuditEvent::DeskJoined { desk, .. } if desk == "3"));
    let made = |event: &AuditEvent| matches!(event, AuditEvent::OrganizationCreated { organization, .. } if organization.name == "Acme");
    let shared_on = |event: &AuditEvent| match event {
        AuditEvent::OrganizationAttached { desk, .. } => desk.clone(),
        other => panic!("{other:?}"),
    };
    assert!(made(new));
    assert_eq!(shared.iter().map(shared_on).collect::<Vec<_>>(), ["1", "3"]);
    assert!(
        matches!(organization, AuditEvent::OrganizationJoined { organization, .. } if organization.name == "Acme")
    );
}

#[tokio::test]
async fn a_repeat_sign_in_calls_nothing_also_in_another_process_and_after_a_new_address() {
    let world = World::new().await;
    let provisioner = world.provisioner();
    let first = provisioner.provision(&proof(), &ann(), world.clock.now()).await.unwrap();
    world.jsm.forget_calls();
    let moved = identity("acme", "ann", "ann.lee@acme.example");
    for who in [ann(), moved] {
        let here = provisioner.provision(&proof_of(&who), &who, world.clock.now()).await.unwrap();
        let there = world.sign_in(&who).await.unwrap();
        assert_eq!((&here.account, &there.account), (&first.account, &first.account));
        let said = [here.events, there.events].concat();
        // Cloud takes no new address: that is said once, and the account stays.
        let expected = usize::from(who.email != ann().email);
        assert_eq!(said.len(), expected, "{said:?}");
    }
    assert_eq!(world.jsm.calls().len(), 0);
}

#[tokio::test]
async fn every_call_carries_the_credential_and_nothing_of_a_browser() {
    let world = World::new().await;
    world.sign_in(&ann()).await.unwrap();
    let calls = world.jsm.calls();
    assert_eq!(calls.len(), 9, "{calls:#?}");
    for call in calls {
        let has = |name: &str| call.headers.contains_key(name);
        assert!(has("authorization") && call.headers["x-experimentalapi"] == "opt-in");
        assert!(!has("origin") && !has("referer") && !has("cookie"));
    }
}

#[tokio::test]
async fn fifty_parallel_first_sign_ins_create_one_customer() {
    let world = World::new().await;
    let provisioner = world.provisioner();
    let sign_ins: Vec<_> = (0..50)
        .map(|_| {
            let (provisioner, now) = (provisioner.clone(), world.clock.now());
            tokio::spawn(async move { provisioner.provision(&proof(), &ann(), now).await })
        })
        .collect();
    let mut events = 0;
    let mut accounts = Vec::new();
    for sign_in in sign_ins {
        let done = sign_in.await.unwrap().unwrap();
        events += done.events.len();
        accounts.push(done.account.0);
    }
    let id = world.assert_one_complete_customer();
    assert!(accounts.iter().all(|account| *account == id));
    assert_eq!(events, 7, "one of the fifty did the work");
    assert_eq!(world.jsm.calls().len(), 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_with_parallel_first_sign_ins_create_one_customer() {
    let world = World::new().await;
    let clock = Arc::new(Running::new());
    let mut sign_ins = Vec::new();
    for _ in 0..2 {
        let replica = world.provisioner_over(Arc::clone(&world.store), clock.clone());
        for _ in 0..25 {
            let (replica, now) = (replica.clone(), clock.now());
            sign_ins
                .push(tokio::spawn(async move { replica.provision(&proof(), &ann(), now).await }));
        }
    }
    for sign_in in sign_ins {
        sign_in.await.unwrap().unwrap();
    }
    world.assert_one_complete_customer();
    assert_eq!(world.jsm.count(Operation::CreateCustomer), 1);
}

#[tokio::test]
async fn two_first_sign_ins_of_a_new_organization_create_it_once_and_put_it_on_its_desks() {
    let world = World::new().await;
    let provisioner = world.provisioner();
    let bob = identity("acme", "bob", "bob@acme.example");
    let (proof, other) = (proof(), proof_of(&bob));
    let (ann, now) = (ann(), world.clock.now());
    let (one, two) = tokio::join!(
        provisioner.provision(&proof, &ann, now),
        provisioner.provision(&other, &bob, now)
    );
    assert_ne!(one.unwrap().account, two.unwrap().account);
    assert_eq!(world.jsm.organizations().len(), 1);
    assert_eq!(world.jsm.organization_members("Acme").len(), 2);
    assert_eq!(world.jsm.desk_organizations("1"), ["Acme"]);
    assert_eq!(world.jsm.desk_organizations("3"), ["Acme"]);
}

#[tokio::test]
async fn an_organization_that_was_there_is_joined_but_not_put_on_desks() {
    let world = World::new().await;
    world.jsm.add_organization("Acme");
    world.sign_in(&ann()).await.unwrap();
    world.assert_one_complete_customer();
    assert!(world.jsm.desk_organizations("1").is_empty());
    assert_eq!(world.jsm.count(Operation::CreateOrganization), 0);
    assert_eq!(world.jsm.count(Operation::AddDeskOrganization), 0);
}

#[tokio::test]
async fn an_organization_on_the_third_page_of_120_is_found() {
    let world = World::new().await;
    for number in 0..119 {
        world.jsm.add_organization(&format!("Organization {number}"));
    }
    world.jsm.add_organization("Acme");
    let provisioner = world.provisioner();
    provisioner.provision(&proof(), &ann(), world.clock.now()).await.unwrap();
    world.assert_one_complete_customer();
    assert_eq!(world.jsm.count(Operation::ListOrganizations), 3);
    let bob = identity("acme", "bob", "bob@acme.example");
    provisioner.provision(&proof_of(&bob), &bob, world.clock.now()).await.unwrap();
    assert_eq!(world.jsm.count(Operation::ListOrganizations), 3, "the listing is remembered");
    assert_eq!(world.jsm.organizations().len(), 120);
}

#[tokio::test]
async fn a_scim_managed_organization_is_never_written() {
    let mut world = World::new().await;
    world.jsm.add_scim_organization("Acme");
    let done = world.sign_in(&ann()).await.unwrap();
    assert!(world.jsm.organization_members("Acme").is_empty());
    assert_eq!(world.jsm.desk_members("3").len(), 1, "the rest is done");
    assert!(!done.events.iter().any(|e| matches!(e, AuditEvent::OrganizationJoined { .. })));
    world.jsm.forget_calls();
    world.sign_in(&ann()).await.unwrap();
    assert_eq!(world.jsm.calls().len(), 0, "nothing to do the next time");
    // Another rule's organization is written all the same.
    world.settings.organizations.push(of_domain("acme.example", "Everybody"));
    world.sign_in(&ann()).await.unwrap();
    assert_eq!(world.jsm.organization_members("Everybody").len(), 1);
    assert!(world.jsm.organization_members("Acme").is_empty());
}

#[tokio::test]
async fn a_new_rule_reaches_known_customers_with_only_the_missing_write() {
    let mut world = World::new().await;
    world.sign_in(&ann()).await.unwrap();
    world.jsm.add_desk("7", "LAB", "Laboratory");
    world.jsm.forget_calls();
    world.settings.desks[0].join.push("7".to_owned());
    let done = world.sign_in(&ann()).await.unwrap();
    assert!(matches!(&done.events[..], [AuditEvent::DeskJoined { desk, .. }] if desk == "7"));
    assert_eq!(world.jsm.calls().len(), 1);
    assert_eq!(world.jsm.desk_members("7").len(), 1);
}

#[tokio::test]
async fn a_customer_whom_jsm_has_already_is_linked_not_created() {
    let world = World::new().await;
    let old = world.jsm.add_customer("Ann@Acme.example", "Ann, added by an agent");
    world.jsm.add_customer("ann@acme.example.other.example", "Somebody else");
    let done = world.sign_in(&ann()).await.unwrap();
    assert_eq!(done.account, JsmAccount(old));
    assert!(matches!(done.events[0], AuditEvent::CustomerLinked { .. }));
    assert_eq!(world.jsm.count(Operation::CreateCustomer), 0);
}
