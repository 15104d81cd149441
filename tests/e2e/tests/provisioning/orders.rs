//! What an operator orders about customers who stay away, and rounds in which some of it fails.

use e2e::until;
use fakes::jsm::{Fault, Operation};
use gateway::control::{Answer, Command, DormantOrder};
use provisioning::Deed;

use crate::dormancy::{
    ANN, BOB, DAY, HOUR, POLICY, active, arrived, given, ordered, scene, signed_in, told,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s48_an_operator_ends_by_hand_those_who_were_told_or_says_that_they_need_not_be() {
    let (scene, server) = scene(&[]).await;
    signed_in(&scene, &[ANN]).await;
    let deeds = async |order| {
        let found = ordered(&scene, Some(100), order).await;
        found.into_iter().map(|found| found.done).collect::<Vec<_>>()
    };
    scene.clock.advance(100 * DAY);
    assert_eq!(deeds(DormantOrder::End).await, [Deed::Nothing], "nobody told her");
    assert_eq!(deeds(DormantOrder::Notify).await, [Deed::Written]);
    assert_eq!(deeds(DormantOrder::Notify).await, [Deed::Nothing], "once");
    arrived(&server, 1).await;
    given(&scene).await;
    scene.clock.advance(29 * DAY);
    assert_eq!(deeds(DormantOrder::End).await, [Deed::Nothing], "too early");
    signed_in(&scene, &[BOB]).await;
    scene.clock.advance(DAY);
    let ended = scene.command(&["customers", "dormant", "--days", "100", "--end"]).await;
    assert!(
        ended.out.contains("1 customers stay away") && ended.out.contains("; access ended now"),
        "{}{}",
        ended.out,
        ended.err
    );
    assert_eq!(active(&scene.jsm), [BOB]);
    // Bob is not told, and the audit log has whose word that was.
    scene.clock.advance(101 * DAY);
    let days = ["customers", "dormant", "--days", "100"];
    let without = [&days[..], &["--end", "--without-notice"]].concat();
    assert_eq!(scene.command(&[&days[..], &["--without-notice"]].concat()).await.code, Some(64));
    assert!(scene.command(&without).await.out.contains("; access ended now"));
    assert_eq!(active(&scene.jsm), <[&str; 0]>::default());
    let log = scene.audit_log();
    assert_eq!(told(&log, "dormant_ordered"), 4);
    assert!(log.contains("\"without_notice\":true"), "{log}");
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_leaves_time_for_the_notice_and_ends_nobody_who_was_here_today() {
    let (scene, server) = scene(&[]).await;
    signed_in(&scene, &[ANN]).await;
    for order in [DormantOrder::Notify, DormantOrder::End] {
        for (days, good) in [(1, false), (30, false), (31, true)] {
            let order = Command::DormantCustomers { jsm: None, days: Some(days), order };
            match scene.order(&order).await {
                Answer::Failed(why) => assert!(!good && why.contains("no time for"), "{why}"),
                Answer::Dormant(found) => assert!(good && found.is_empty(), "{days}: {found:?}"),
                other => panic!("{other:?}"),
            }
        }
    }
    // The second sign-in of a day is not noted.
    scene.clock.advance(23 * HOUR);
    signed_in(&scene, &[ANN]).await;
    scene.clock.advance(HOUR);
    assert_eq!(ordered(&scene, Some(1), DormantOrder::List).await.len(), 1);
    let deed = async || ordered(&scene, Some(1), DormantOrder::EndWithoutNotice).await[0].done;
    assert_eq!(deed().await, Deed::Nothing);
    assert_eq!(active(&scene.jsm), [ANN]);
    scene.clock.advance(DAY);
    assert_eq!(deed().await, Deed::Ended);
    assert_eq!(server.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_jsm_will_not_end_is_reported_and_the_order_goes_on() {
    let (scene, _server) = scene(&[]).await;
    signed_in(&scene, &[ANN]).await;
    scene.clock.advance(DAY);
    signed_in(&scene, &[BOB]).await;
    scene.clock.advance(101 * DAY);
    scene.jsm.fail_next(Operation::RevokeCustomer, Fault::Status(400));
    let order = ["customers", "dormant", "--days", "100", "--end", "--without-notice"];
    let done = scene.command(&order).await;
    assert_eq!(done.code, Some(1), "{}{}", done.out, done.err);
    assert!(
        done.out.contains("; failed: ") && done.out.contains("; access ended now"),
        "{}",
        done.out
    );
    assert_eq!(active(&scene.jsm), [ANN]);
    assert_eq!(told(&scene.audit_log(), "customer_ended"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_fails_keeps_nobody_from_being_told() {
    let (scene, server) = scene(&[POLICY, "reactivation: ask"]).await;
    signed_in(&scene, &[ANN]).await;
    scene.clock.advance(30 * DAY);
    signed_in(&scene, &[BOB]).await;
    scene.clock.advance(40 * DAY);
    arrived(&server, 1).await;
    given(&scene).await;
    scene.jsm.deny(Operation::RevokeCustomer);
    scene.clock.advance(30 * DAY + HOUR);
    assert_eq!(arrived(&server, 2).await[1].to, BOB);
    until("the end is tried", async || scene.jsm.count(Operation::RevokeCustomer) > 0).await;
    assert_eq!(active(&scene.jsm), [ANN, BOB]);
    scene.jsm.recover();
    scene.clock.advance(HOUR);
    until("she is ended an hour later", async || active(&scene.jsm) == [BOB]).await;
}
