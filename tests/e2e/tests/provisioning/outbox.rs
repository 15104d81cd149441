//! JSM is slow, throttled or down: known customers get in, and nothing is lost.

use std::time::Duration;

use domain::{AuditEvent, Clock as _, Identity};
use fakes::jsm::Fault;
use fakes::server::Behaviour;
use provisioning::{DeskRule, Provisioner};

use crate::world::{World, identity, proof_of};

fn person(n: usize) -> Identity {
    identity("acme", &format!("p{n}"), &format!("p{n}@acme.example"))
}

async fn sign_in(world: &World, provisioner: &Provisioner, who: &Identity) -> Result<(), String> {
    let done = provisioner.provision(&proof_of(who), who, world.clock.now()).await;
    done.map(drop).map_err(|error| error.refusal().cause)
}

/// Rounds of the background until nothing waits.
async fn drain(world: &World, provisioner: &Provisioner) {
    for _ in 0..200 {
        let drained = provisioner.drain(world.clock.now()).await.unwrap();
        if drained.left == 0 {
            return;
        }
        world.clock.advance(Duration::from_secs(2));
    }
    panic!("the outbox does not drain: {:?}", provisioner.queue(world.clock.now()).await);
}

#[tokio::test]
async fn n12_ten_minutes_of_trouble_keep_no_known_customer_out_and_lose_nothing() {
    let mut world = World::new().await;
    for n in 0..20 {
        world.sign_in(&person(n)).await.unwrap();
    }
    world.jsm.add_desk("7", "LAB", "Laboratory");
    world.settings.desks.push(DeskRule { join: vec!["7".to_owned()], ..DeskRule::default() });
    let provisioner = world.provisioner();
    let began = world.clock.now();
    let troubles =
        [Fault::Throttled(30), Fault::Status(500), Fault::Cut, Fault::Busy(5), Fault::SignInPage];
    let mut turn = 0;
    while world.clock.now().since(began) < Duration::from_secs(600) {
        world.jsm.recover();
        world.jsm.fail_all(troubles[turn % troubles.len()].clone());
        sign_in(&world, &provisioner, &person(turn % 20)).await.unwrap();
        // New customers are told to wait, and nobody is told twice to begin.
        let new = sign_in(&world, &provisioner, &person(20 + turn % 5)).await;
        assert!(new.is_err());
        let drained = provisioner.drain(world.clock.now()).await.unwrap();
        let created = |e: &AuditEvent| matches!(e, AuditEvent::CustomerCreated { .. });
        assert!(!drained.events.iter().any(created));
        world.clock.advance(Duration::from_secs(10));
        turn += 1;
    }
    for n in 0..20 {
        sign_in(&world, &provisioner, &person(n)).await.unwrap();
    }
    assert_eq!(provisioner.queue(world.clock.now()).await.unwrap().waiting.len(), 25);
    world.jsm.recover();
    drain(&world, &provisioner).await;
    assert_eq!(world.jsm.customers().len(), 25, "nobody twice");
    for desk in ["1", "3", "7"] {
        assert_eq!(world.jsm.desk_members(desk).len(), 25, "desk {desk}");
    }
    assert_eq!(world.jsm.organization_members("Acme").len(), 25);
    // Exactly the wanted state: nothing is left to do for anybody.
    world.jsm.forget_calls();
    for n in 0..25 {
        sign_in(&world, &provisioner, &person(n)).await.unwrap();
    }
    assert_eq!(world.jsm.calls().len(), 0);
}

#[tokio::test]
async fn a_new_customer_waits_while_jsm_is_down_and_is_made_without_coming_back() {
    let world = World::new().await;
    world.jsm.behave(Behaviour::Unreachable);
    let provisioner = world.provisioner();
    let who = person(1);
    let error = provisioner.provision(&proof_of(&who), &who, world.clock.now()).await.unwrap_err();
    assert!(error.waits());
    assert_eq!(error.refusal().cause, "jsm-unreachable");
    let waiting = provisioner.queue(world.clock.now()).await.unwrap().waiting;
    assert_eq!((waiting.len(), waiting[0].cause.as_deref()), (1, Some("jsm-unreachable")));
    world.jsm.behave(Behaviour::Normal);
    world.clock.advance(Duration::from_secs(3));
    drain(&world, &provisioner).await;
    world.assert_one_complete_customer();
    sign_in(&world, &provisioner, &who).await.unwrap();
}

#[tokio::test]
async fn the_newest_sign_in_counts_and_an_outbox_holds_nobody_twice() {
    let mut world = World::new().await;
    world.sign_in(&person(1)).await.unwrap();
    world.settings.organizations.push(crate::world::of_domain("acme.example", "Second"));
    world.jsm.fail_all(Fault::Status(503));
    let provisioner = world.provisioner();
    for name in ["First Name", "Second Name"] {
        let who = Identity { display_name: name.to_owned(), ..person(1) };
        sign_in(&world, &provisioner, &who).await.unwrap();
    }
    let waiting = provisioner.queue(world.clock.now()).await.unwrap().waiting;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].identity.display_name, "Second Name");
    world.jsm.recover();
    drain(&world, &provisioner).await;
    assert_eq!(world.jsm.organization_members("Second").len(), 1);
}

#[tokio::test]
async fn one_replica_drains_and_another_takes_over() {
    let world = World::new().await;
    world.jsm.behave(Behaviour::Unreachable);
    let (one, two) = (world.provisioner(), world.provisioner());
    for n in 0..3 {
        assert!(sign_in(&world, &one, &person(n)).await.is_err());
    }
    world.jsm.behave(Behaviour::Normal);
    world.clock.advance(Duration::from_secs(60));
    let now = world.clock.now();
    let (first, second) = tokio::join!(one.drain(now), two.drain(now));
    let _ = (first.unwrap(), second.unwrap());
    drain(&world, &two).await;
    assert_eq!(world.jsm.customers().len(), 3);
}

#[tokio::test]
async fn what_waits_is_sealed() {
    let world = World::new().await;
    world.jsm.behave(Behaviour::Unreachable);
    assert!(sign_in(&world, &world.provisioner(), &person(1)).await.is_err());
    let area = store::Area::Records;
    let group = "jsm/support/outbox/all";
    let entries = world.store.group(area, group, world.clock.now()).await.unwrap();
    let [(key, value)] = entries.as_slice() else { panic!("one entry") };
    assert!(!key.contains('@') && !String::from_utf8_lossy(value).contains("acme.example"));
}
