//! A sign-in and the end of the same access, in every order; and a crash between the steps of an end.

use std::sync::Arc;
use std::time::Duration;

use domain::{AuditEvent, Clock as _, JsmAccount};
use fakes::jsm::{Fault, Operation};
use provisioning::{
    Contact, Deed, DormancyMode, DormancySettings, DormancyState, Posted, Provisioner,
    Reactivation, Receipt, Warrant,
};

use crate::crash::Stopping;
use crate::world::{Running, World, ann, proof};

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn policy() -> DormancySettings {
    DormancySettings { after: 100 * DAY, notice: 30 * DAY, mode: DormancyMode::End, except: vec![] }
}

pub(crate) fn contact(email: &str) -> Contact {
    Contact {
        email: email.parse().unwrap(),
        name: ann().display_name,
        language: "en".to_owned(),
        site: "help".parse().unwrap(),
    }
}

/// Ann, who was told long ago that her access ends now.
pub(crate) async fn noticed(world: &World) -> JsmAccount {
    let provisioner = world.provisioner();
    let account = world.sign_in(&ann()).await.unwrap().account;
    provisioner
        .keep_contact(&account, &contact(ann().email.as_str()), world.clock.now())
        .await
        .unwrap();
    world.clock.advance(70 * DAY);
    let due =
        provisioner.due_notice(&account, &policy(), world.clock.now()).await.unwrap().unwrap();
    // The mail server is faster than our own note.
    for posted in [Posted::Taken, Posted::Queued] {
        let now = world.clock.now();
        provisioner.note_notice(&account, due.receipt, posted, now).await.unwrap();
    }
    world.clock.advance(30 * DAY);
    account
}

pub(crate) async fn end(world: &World, by: &Provisioner, account: &JsmAccount) -> Deed {
    ended(world, by, account).await.0
}

/// The same, with what the audit log is told.
async fn ended(world: &World, by: &Provisioner, account: &JsmAccount) -> (Deed, Vec<AuditEvent>) {
    let now = world.clock.now();
    let done = by.end_dormant(account, &policy(), Warrant::Policy, now).await.unwrap();
    if done.0 == Deed::Ended {
        by.note_ended(account, now).await.unwrap();
    }
    done
}

pub(crate) async fn state(world: &World) -> Option<DormancyState> {
    let found = world.provisioner().dormant(&policy(), world.clock.now()).await.unwrap();
    found.first().map(|found| found.state)
}

#[tokio::test]
async fn a_sign_in_after_the_list_was_made_wins() {
    for world in [World::new().await, World::data_center().await] {
        let account = noticed(&world).await;
        assert!(matches!(state(&world).await, Some(DormancyState::Over { .. })));
        world.sign_in(&ann()).await.unwrap();
        assert_eq!(end(&world, &world.provisioner(), &account).await, Deed::Nothing);
        assert_eq!(world.jsm.count(Operation::RevokeCustomer), 0);
        assert_eq!(state(&world).await, None);
        assert!(world.jsm.customers()[0].active);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_while_the_access_is_ended_on_another_replica_opens_it_again() {
    let mut world = World::data_center().await;
    world.settings.conduct.reactivation = Reactivation::Always;
    let account = noticed(&world).await;
    let clock = Arc::new(Running::since(world.clock.now()));
    let [here, there] =
        [(); 2].map(|()| world.provisioner_over(Arc::clone(&world.store), clock.clone()));
    world.jsm.fail_all(Fault::Slow(Duration::from_millis(200)));
    world.jsm.forget_calls();
    let signing_in = async {
        while world.jsm.calls().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        there.provision(&proof(), &ann(), clock.now()).await
    };
    let (ended, signed_in) = tokio::join!(end(&world, &here, &account), signing_in);
    assert_eq!(ended, Deed::Ended);
    assert_eq!(signed_in.unwrap().account, account);
    assert!(world.jsm.customers()[0].active, "whoever is here may work");
    assert_eq!(state(&world).await, None);
}

#[tokio::test]
async fn an_end_that_jsm_refused_is_none_and_comes_with_the_next_round() {
    let world = World::new().await;
    let account = noticed(&world).await;
    world.jsm.deny(Operation::RevokeCustomer);
    let (provisioner, now) = (world.provisioner(), world.clock.now());
    let refused = provisioner.end_dormant(&account, &policy(), Warrant::Policy, now).await;
    assert_eq!(refused.unwrap_err().refusal().cause, "jsm-right-missing");
    assert!(matches!(state(&world).await, Some(DormancyState::Over { .. })));
    world.jsm.recover();
    assert_eq!(end(&world, &provisioner, &account).await, Deed::Ended);
    assert!(matches!(state(&world).await, Some(DormancyState::Ended { .. })));
    assert_eq!(end(&world, &provisioner, &account).await, Deed::Nothing, "once");
}

#[tokio::test]
async fn an_end_that_jsm_did_and_did_not_answer_is_seen_to_when_its_owner_comes() {
    let mut world = World::data_center().await;
    world.settings.conduct.reactivation = Reactivation::Always;
    let account = noticed(&world).await;
    world.jsm.fail_all(Fault::Status(503));
    let (provisioner, now) = (world.provisioner(), world.clock.now());
    let failed = provisioner.end_dormant(&account, &policy(), Warrant::Policy, now).await;
    assert!(failed.unwrap_err().waits());
    world.jsm.recover();
    world.jsm.revoke(&account.0);
    world.sign_in(&ann()).await.unwrap();
    assert!(world.jsm.customers()[0].active);
    assert_eq!(state(&world).await, None);
}

#[test]
fn a_crash_between_any_two_steps_of_an_end_is_taken_up() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut steps = 0;
    let is_end = |event: &&AuditEvent| matches!(event, AuditEvent::CustomerEnded { .. });
    loop {
        let world = runtime.block_on(World::new());
        let account = runtime.block_on(noticed(&world));
        let store = Arc::new(Stopping::after(&world, steps));
        let provisioner = world.provisioner_over(store.clone(), Arc::new(world.clock.clone()));
        let process = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let done = process.block_on(async {
            tokio::select! {
                done = ended(&world, &provisioner, &account) => Some(done.1),
                () = store.has_stopped() => None,
            }
        });
        drop(process);
        world.clock.advance(DAY);
        let again = runtime.block_on(ended(&world, &world.provisioner(), &account)).1;
        let recorded = done.iter().flatten().chain(&again).filter(is_end).count();
        assert_eq!(recorded, 1, "after {steps} steps");
        assert!(!world.jsm.customers()[0].active, "after {steps} steps");
        let stands = runtime.block_on(state(&world));
        assert!(
            matches!(stands, Some(DormancyState::Ended { .. })),
            "{stands:?} after {steps} steps"
        );
        if done.is_some() {
            break;
        }
        steps += 1;
    }
    assert!(steps > 6, "every step was tried, {steps} of them");
}

#[tokio::test]
async fn a_late_word_of_the_mail_server_about_an_older_letter_is_no_notice() {
    let world = World::new().await;
    let account = noticed(&world).await;
    world.sign_in(&ann()).await.unwrap();
    let provisioner = world.provisioner();
    let old = Receipt { written: world.clock.now(), until: world.clock.now() };
    world.clock.advance(80 * DAY);
    provisioner.note_notice(&account, old, Posted::Taken, world.clock.now()).await.unwrap();
    assert_eq!(state(&world).await, Some(DormancyState::NoticeDue));
}
