//! JSM in trouble.

use std::time::Duration;

use domain::{AuditEvent, Clock as _, Notice};
use fakes::jsm::{Fault, Operation, Privacy};
use fakes::server::Behaviour;

use crate::world::{World, ann, proof, proof_of};

/// One more desk for everybody: a write that a known customer lacks.
fn want_one_more_desk(world: &mut World) {
    world.jsm.add_desk("7", "LAB", "Laboratory");
    world.settings.desks[0].join.push("7".to_owned());
}

#[tokio::test]
async fn a_conflict_while_the_index_lags_is_waited_out() {
    let world = World::new().await;
    let account = world.jsm.add_customer("ann@acme.example", "Ann");
    world.jsm.hide_from_searches(&account, 3);
    let done = world.sign_in(&ann()).await.unwrap();
    assert_eq!(done.account.0, account);
    assert_eq!(world.jsm.count(Operation::CreateCustomer), 1, "answered 409");
    assert_eq!(world.assert_one_complete_customer(), account);
}

#[tokio::test]
async fn an_account_that_only_a_desk_shows_is_found_there() {
    let world = World::new().await;
    let account = world.jsm.add_customer("ann@acme.example", "Ann");
    world.jsm.hide_from_searches(&account, 2);
    world.jsm.put_on_desk("3", &account);
    assert_eq!(world.sign_in(&ann()).await.unwrap().account.0, account);
    assert_eq!(world.jsm.count(Operation::SearchUsers), 2);
}

#[tokio::test]
async fn an_account_that_stays_invisible_is_refused_in_words_of_its_own() {
    let world = World::new().await;
    let account = world.jsm.add_customer("ann@acme.example", "Ann");
    world.jsm.revoke(&account);
    let error = world.sign_in(&ann()).await.unwrap_err();
    assert_eq!(error.refusal().cause, "jsm-account-invisible");
    assert_eq!(error.refusal().notice, Notice::AccountUnusable);
    world.jsm.put_on_desk("1", &account);
    let ended = world.sign_in(&ann()).await.unwrap_err().refusal();
    assert_eq!((&*ended.cause, ended.notice), ("jsm-account-revoked", Notice::AccountEnded));
    assert!(world.jsm.organization_members("Acme").is_empty());
}

#[tokio::test]
async fn an_atlassian_account_of_the_address_is_told_apart_shown_or_hidden() {
    for privacy in [Privacy::Shown, Privacy::Hidden] {
        let world = World::new().await;
        world.jsm.add_atlassian_account("ann@acme.example", privacy);
        let error = world.sign_in(&ann()).await.unwrap_err();
        assert_eq!(error.refusal().cause, "jsm-atlassian-account", "{privacy:?}");
        assert_eq!(error.refusal().notice, Notice::AtlassianAccount);
        assert!(world.jsm.customers().is_empty() && world.jsm.organizations().is_empty());
    }
}

#[tokio::test]
async fn a_fresh_account_that_desks_do_not_know_yet_is_added_a_little_later() {
    let world = World::new().await;
    world.jsm.lag_accounts(2);
    world.sign_in(&ann()).await.unwrap();
    world.assert_one_complete_customer();
    assert!(world.jsm.count(Operation::AddDeskCustomers) > 2);
}

#[tokio::test]
async fn a_throttled_call_waits_as_long_as_jsm_says_and_then_succeeds() {
    let world = World::new().await;
    world.jsm.fail_next(Operation::CreateCustomer, Fault::Throttled(4));
    world.jsm.fail_next(Operation::AddDeskCustomers, Fault::Busy(2));
    world.jsm.fail_next(Operation::AddDeskCustomers, Fault::ThrottledSilently);
    let before = world.clock.now();
    world.sign_in(&ann()).await.unwrap();
    world.assert_one_complete_customer();
    assert!(world.clock.now().since(before) >= Duration::from_secs(6));
}

#[tokio::test]
async fn a_throttle_beyond_the_customers_patience_is_refused_and_not_hammered() {
    let world = World::new().await;
    world.jsm.fail_next(Operation::CreateCustomer, Fault::Throttled(60));
    let provisioner = world.provisioner();
    for _ in 0..3 {
        let error = provisioner.provision(&proof(), &ann(), world.clock.now()).await.unwrap_err();
        assert_eq!(error.refusal().cause, "jsm-throttled");
        assert_eq!(error.refusal().notice, Notice::SupportUnavailable);
    }
    assert_eq!(world.jsm.count(Operation::CreateCustomer), 1, "calling earlier lengthens the wait");
    world.clock.advance(Duration::from_secs(61));
    provisioner.provision(&proof(), &ann(), world.clock.now()).await.unwrap();
    world.assert_one_complete_customer();
}

#[tokio::test]
async fn each_way_to_fail_has_a_cause_and_leaves_the_next_sign_in_whole() {
    use Fault::{Cut, EndlessBody, NoSuchSite, SignInPage, SignInRedirect, Status, StrangeJson};
    for (fault, operation, cause) in [
        (Status(401), Operation::SearchUsers, "jsm-credential-refused"),
        (SignInPage, Operation::SearchUsers, "jsm-credential-refused"),
        (SignInRedirect, Operation::SearchUsers, "jsm-credential-refused"),
        (NoSuchSite, Operation::SearchUsers, "jsm-site-unknown"),
        (Status(403), Operation::SearchUsers, "jsm-right-missing"),
        (Status(403), Operation::CreateCustomer, "jsm-right-missing"),
        (Status(403), Operation::AddDeskCustomers, "jsm-right-missing"),
        (Status(403), Operation::AddOrganizationUsers, "jsm-right-missing"),
        (Status(500), Operation::SearchUsers, "jsm-failing"),
        (Status(503), Operation::CreateCustomer, "jsm-failing"),
        (Status(418), Operation::CreateCustomer, "jsm-call-refused"),
        (Status(412), Operation::ListOrganizations, "jsm-call-refused"),
        (StrangeJson, Operation::SearchUsers, "jsm-answer-unreadable"),
        (StrangeJson, Operation::CreateCustomer, "jsm-answer-unreadable"),
        (StrangeJson, Operation::ListOrganizations, "jsm-answer-unreadable"),
        (StrangeJson, Operation::CreateOrganization, "jsm-answer-unreadable"),
        (SignInPage, Operation::AddDeskCustomers, "jsm-credential-refused"),
        (EndlessBody, Operation::SearchUsers, "jsm-unreachable"),
        (Cut, Operation::CreateCustomer, "jsm-unreachable"),
        (Status(400), Operation::CreateCustomer, "jsm-address-refused"),
        (Status(404), Operation::AddDeskCustomers, "jsm-desk-unknown"),
        (Status(400), Operation::AddDeskCustomers, "jsm-account-unknown"),
        (Status(404), Operation::AddOrganizationUsers, "jsm-organization-unknown"),
    ] {
        let world = World::new().await;
        world.jsm.fail_times(operation, usize::MAX, fault.clone());
        let refusal = world.sign_in(&ann()).await.unwrap_err().refusal();
        assert_eq!(refusal.cause, cause, "{fault:?} at {operation:?}");
        let words = format!("{} {}", refusal.explanation, refusal.remedy);
        assert!(!words.contains(&world.jsm.token) && !words.contains("ann@"), "{words}");
        world.jsm.recover();
        world.sign_in(&ann()).await.unwrap();
        world.assert_one_complete_customer();
    }
}

#[tokio::test]
async fn a_missing_right_is_named() {
    for (operation, right) in [
        (Operation::SearchUsers, "Browse users and groups"),
        (Operation::CreateCustomer, "Administer Jira"),
        (Operation::AddDeskCustomers, "administrator of the service desk's project"),
        (Operation::AddOrganizationUsers, "agent"),
    ] {
        let world = World::new().await;
        world.jsm.deny(operation);
        let refusal = world.sign_in(&ann()).await.unwrap_err().refusal();
        assert_eq!(refusal.cause, "jsm-right-missing");
        assert!(refusal.remedy.contains(right), "{}", refusal.remedy);
    }
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_is_found_again() {
    let world = World::new().await;
    world.jsm.fail_next(Operation::CreateCustomer, Fault::CutAfterwards);
    world.sign_in(&ann()).await.unwrap();
    world.assert_one_complete_customer();
}

#[tokio::test]
async fn writes_before_a_failure_are_told_for_the_audit() {
    let world = World::new().await;
    world.jsm.deny(Operation::AddOrganizationUsers);
    let error = world.sign_in(&ann()).await.unwrap_err();
    let [
        AuditEvent::CustomerCreated { .. },
        AuditEvent::DeskJoined { .. },
        AuditEvent::DeskJoined { .. },
        AuditEvent::OrganizationCreated { .. },
    ] = error.events()
    else {
        panic!("{:?}", error.events())
    };
}

#[tokio::test]
async fn a_known_customer_with_nothing_to_change_gets_in_while_jsm_is_down() {
    let world = World::new().await;
    let first = world.sign_in(&ann()).await.unwrap();
    world.jsm.behave(Behaviour::Unreachable);
    assert_eq!(world.sign_in(&ann()).await.unwrap().account, first.account);
}

#[tokio::test]
async fn a_known_customer_gets_in_without_the_missing_write_which_follows_later() {
    for fault in [Fault::Status(500), Fault::Status(401), Fault::Throttled(600), Fault::Cut] {
        let mut world = World::new().await;
        world.sign_in(&ann()).await.unwrap();
        want_one_more_desk(&mut world);
        world.jsm.fail_all(fault);
        let done = world.sign_in(&ann()).await.unwrap();
        assert!(matches!(&done.events[..], [AuditEvent::Refused { .. }]), "{:?}", done.events);
        world.jsm.recover();
        world.sign_in(&ann()).await.unwrap();
        assert_eq!(world.jsm.desk_members("7").len(), 1);
    }
}

#[tokio::test]
async fn a_new_customer_is_refused_while_jsm_is_down() {
    let world = World::new().await;
    world.jsm.behave(Behaviour::Unreachable);
    let refusal = world.sign_in(&ann()).await.unwrap_err().refusal();
    assert_eq!(refusal.cause, "jsm-unreachable");
    assert_eq!(refusal.notice, Notice::SupportUnavailable);
}

#[tokio::test]
async fn an_organization_that_was_deleted_since_it_was_seen_is_looked_up_again() {
    let world = World::new().await;
    let old = world.jsm.add_organization("Acme");
    let provisioner = world.provisioner();
    provisioner.provision(&proof(), &ann(), world.clock.now()).await.unwrap();
    world.jsm.remove_organization(&old);
    let bob = crate::world::identity("acme", "bob", "bob@acme.example");
    provisioner.provision(&proof_of(&bob), &bob, world.clock.now()).await.unwrap();
    assert_eq!(world.jsm.organization_members("Acme").len(), 1);
}
