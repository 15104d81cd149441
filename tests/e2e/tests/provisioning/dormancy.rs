//! S48: customers who stay away are told by mail, and lose access when they still stay away.

use std::time::Duration;

use e2e::{Replicas, Scene, SceneOptions, until};
use fakes::jsm::{Fault, JsmCloud, Operation};
use fakes::smtp::{Mail, SmtpMood, SmtpServer, SmtpTls};
use gateway::control::{Answer, Command, DormantOrder};
use provisioning::{Deed, DormancyState, Dormant};

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);
pub(crate) const ANN: &str = "ann@acme.example";
pub(crate) const BOB: &str = "bob@acme.example";
const EVE: &str = "eve@acme.example";
pub(crate) const POLICY: &str =
    "dormancy: { after: 100d, notice: 30d, except: [eve@acme.example] }";
const DESKS: &str = "    desks: [{ join: [\"1\"] }]";

fn options(server: &SmtpServer, keys: &[&str]) -> SceneOptions {
    let lines: String = keys.iter().map(|key| format!("    {key}\n")).collect();
    let port = server.address.port();
    SceneOptions {
        instead: vec![(DESKS, format!("{lines}{DESKS}"))],
        more: format!(
            "mail: {{ server: 127.0.0.1, port: {port}, tls: none, from: no-reply@help.example }}\n"
        ),
        ..SceneOptions::default()
    }
}

pub(crate) async fn scene(keys: &[&str]) -> (Scene, SmtpServer) {
    let server = SmtpServer::start(SmtpTls::None).unwrap();
    (Scene::with(options(&server, keys)).await, server)
}

pub(crate) async fn signed_in(scene: &Scene, people: &[&str]) {
    for email in people {
        scene.signed_in(email).await;
    }
}

/// The mails once there are so many, by receiver.
pub(crate) async fn arrived(server: &SmtpServer, count: usize) -> Vec<Mail> {
    until(&format!("{count} mails arrive"), async || server.mails().len() >= count).await;
    let mut mails = server.mails();
    assert_eq!(mails.len(), count);
    mails.sort_by(|a, b| a.to.cmp(&b.to));
    mails
}

pub(crate) fn active(jsm: &JsmCloud) -> Vec<String> {
    let customers = jsm.customers().into_iter().filter(|customer| customer.active);
    let mut all: Vec<String> = customers.map(|customer| customer.email).collect();
    all.sort();
    all
}

async fn are_active(scene: &Scene, people: &[&str]) {
    until(&format!("{people:?} are active"), async || active(&scene.jsm) == people).await;
}

pub(crate) async fn ordered(scene: &Scene, days: Option<u32>, order: DormantOrder) -> Vec<Dormant> {
    match scene.order(&Command::DormantCustomers { jsm: None, days, order }).await {
        Answer::Dormant(found) => found,
        other => panic!("{other:?}"),
    }
}

async fn states(scene: &Scene) -> Vec<DormancyState> {
    ordered(scene, None, DormantOrder::List).await.into_iter().map(|found| found.state).collect()
}

/// Until every notice that is on its way was given.
pub(crate) async fn given(scene: &Scene) {
    let waits = async || states(scene).await.contains(&DormancyState::NoticeWaits);
    until("the notices are given", async || !waits().await).await;
}

pub(crate) fn told(log: &str, what: &str) -> usize {
    log.lines().filter(|line| line.contains(&format!("\"{what}\""))).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s48_whoever_stays_away_after_a_notice_is_ended_and_whoever_comes_is_not() {
    let (mut scene, server) = scene(&[POLICY, "reactivation: ask"]).await;
    signed_in(&scene, &[ANN, BOB, EVE]).await;
    scene.clock.advance(69 * DAY);
    assert_eq!(states(&scene).await, []);
    scene.clock.advance(DAY);
    let mails = arrived(&server, 2).await;
    assert_eq!((&*mails[0].to, &*mails[1].to), (ANN, BOB));
    for part in ["Your access ends on", "2027", "only support can open it again", &scene.url("/")] {
        assert!(mails[1].data.replace("=\r\n", "").contains(part), "{part}: {}", mails[1].data);
    }
    given(&scene).await;
    assert_eq!(told(&scene.audit_log(), "dormancy_noticed"), 2);
    assert_eq!(states(&scene).await.len(), 3, "Eve is listed, too");
    let listed = scene.command(&["customers", "dormant"]).await;
    for part in ["3 customers stay away", "notice on 20", ", ends at 20", "never ends: excepted"] {
        assert!(listed.out.contains(part), "{part}: {}{}", listed.out, listed.err);
    }

    // Ann comes, the gateway is started again, Bob stays away.
    scene.clock.advance(10 * DAY);
    signed_in(&scene, &[ANN]).await;
    scene.restart_gateway().await;
    scene.clock.advance(19 * DAY);
    assert_eq!(
        ordered(&scene, None, DormantOrder::End).await[0].done,
        Deed::Nothing,
        "a day early"
    );
    scene.clock.advance(DAY + HOUR);
    are_active(&scene, &[ANN, EVE]).await;
    until("it is recorded", async || told(&scene.audit_log(), "customer_ended") == 1).await;
    let log = scene.audit_log();
    assert!(
        log.contains("\"rule\":\"jsm.support.dormancy\"") && log.contains("\"notice\":"),
        "{log}"
    );

    // No API of Cloud grants access again: an administrator is asked, once.
    for _ in 0..2 {
        let page = scene.sign_in(&mut scene.visitor(), BOB, "/").await;
        assert_eq!(page.status, 403, "{}", page.text());
    }
    let Answer::Queues(queues) = scene.order(&Command::ProvisioningQueue).await else { panic!() };
    assert_eq!(queues[0].1.tasks.len(), 1, "{queues:?}");
    scene.jsm.grant_access(BOB);
    signed_in(&scene, &[BOB]).await;
    let Answer::Queues(queues) = scene.order(&Command::ProvisioningQueue).await else { panic!() };
    assert_eq!(queues[0].1.tasks.len(), 0, "{queues:?}");

    // A later absence is another one.
    scene.clock.advance(50 * DAY);
    assert_eq!(arrived(&server, 3).await[1].to, ANN, "seventy days after she came");
    assert_eq!(active(&scene.jsm), [ANN, BOB, EVE]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s48_without_a_notice_that_the_mail_server_took_nobody_is_ended() {
    let (scene, server) = scene(&[POLICY, "reactivation: ask"]).await;
    signed_in(&scene, &[ANN]).await;
    server.set_mood(SmtpMood::Busy);
    scene.clock.advance(70 * DAY);
    until("it is tried", async || server.connections() > 0).await;
    // Letters are given up after some days, and written anew: none of it is a notice.
    for _ in 0..20 {
        let before = server.connections();
        scene.clock.advance(5 * DAY);
        until("it is tried again", async || server.connections() > before).await;
        let state = states(&scene).await[0];
        assert!(
            matches!(state, DormancyState::NoticeWaits | DormancyState::NoticeDue),
            "{state:?}"
        );
    }
    server.set_mood(SmtpMood::Refuses);
    scene.clock.advance(5 * DAY);
    until("it is refused", async || states(&scene).await == [DormancyState::Undeliverable]).await;
    assert_eq!(server.mails(), []);
    assert_eq!(scene.jsm.count(Operation::RevokeCustomer), 0);

    // Another month later it is taken at last, and counts from then.
    server.set_mood(SmtpMood::Takes);
    scene.clock.advance(30 * DAY);
    arrived(&server, 1).await;
    given(&scene).await;
    scene.clock.advance(29 * DAY);
    assert!(matches!(states(&scene).await[..], [DormancyState::Noticed { .. }]));
    scene.clock.advance(DAY + HOUR);
    are_active(&scene, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s48_whoever_is_back_before_the_mail_server_is_told_nothing() {
    let (scene, server) = scene(&[POLICY, "reactivation: ask"]).await;
    signed_in(&scene, &[ANN, BOB]).await;
    server.set_mood(SmtpMood::Busy);
    scene.clock.advance(70 * DAY);
    until("both letters wait", async || {
        states(&scene).await == [DormancyState::NoticeWaits, DormancyState::NoticeWaits]
    })
    .await;
    scene.clock.advance(DAY);
    signed_in(&scene, &[ANN]).await;
    server.set_mood(SmtpMood::Takes);
    scene.clock.advance(DAY);
    assert_eq!(arrived(&server, 1).await[0].to, BOB);
    given(&scene).await;
    // Her next one shows that the one before was not only late.
    scene.clock.advance(70 * DAY);
    let mails = arrived(&server, 2).await;
    assert_eq!((&*mails[0].to, &*mails[1].to), (ANN, BOB));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s48_the_brake_holds_and_an_order_lets_it_go_on() {
    let keys = [POLICY, "reactivation: ask", "brake: { removals: 1, window: 1h }"];
    let (scene, server) = scene(&keys).await;
    let people = [ANN, BOB, "cleo@acme.example"];
    signed_in(&scene, &people).await;
    scene.clock.advance(40 * DAY);
    let later = ["dan@acme.example", "dora@acme.example"];
    for email in later {
        signed_in(&scene, &[email]).await;
        scene.clock.advance(DAY);
    }
    scene.clock.advance(28 * DAY);
    arrived(&server, 3).await;
    given(&scene).await;
    scene.clock.advance(30 * DAY + HOUR);
    until("one is ended", async || active(&scene.jsm).len() == 4).await;
    until("it stopped", async || told(&scene.audit_log(), "removals_stopped") == 1).await;
    // A round that writes to Dan, and a later one that writes to Dora: in the first everybody was tried.
    scene.clock.advance(10 * DAY);
    arrived(&server, 4).await;
    scene.clock.advance(DAY);
    arrived(&server, 5).await;
    assert_eq!(active(&scene.jsm).len(), 4);
    assert!(matches!(
        scene.order(&Command::ProvisioningRelease { jsm: None }).await,
        Answer::Released(_)
    ));
    scene.clock.advance(HOUR);
    are_active(&scene, &later).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s48_an_account_that_jsm_will_not_end_holds_up_nobody_else() {
    let (scene, server) = scene(&[POLICY, "reactivation: ask"]).await;
    signed_in(&scene, &[ANN, BOB]).await;
    scene.clock.advance(70 * DAY);
    arrived(&server, 2).await;
    given(&scene).await;
    scene.jsm.fail_next(Operation::RevokeCustomer, Fault::Status(400));
    scene.clock.advance(30 * DAY + HOUR);
    until("one is ended", async || active(&scene.jsm).len() == 1).await;
    scene.clock.advance(DAY);
    are_active(&scene, &[]).await;
    assert_eq!(scene.jsm.count(Operation::RevokeCustomer), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s48_two_replicas_write_one_mail_and_end_one_access() {
    let server = SmtpServer::start(SmtpTls::None).unwrap();
    let options = options(&server, &[POLICY, "reactivation: ask"]);
    let replicas = Replicas::with(options, |redis| redis.line()).await;
    let scene = &replicas.scene;
    signed_in(scene, &[ANN, BOB]).await;
    for _ in 0..2 {
        scene.clock.advance(35 * DAY);
    }
    arrived(&server, 2).await;
    let list = Command::DormantCustomers { jsm: None, days: None, order: DormantOrder::List };
    until("the notices are given", async || {
        let Answer::Dormant(found) = replicas.order(0, &list).await else { return false };
        found.iter().all(|found| matches!(found.state, DormancyState::Noticed { .. }))
    })
    .await;
    for _ in 0..31 {
        scene.clock.advance(DAY);
        tokio::task::yield_now().await;
    }
    are_active(scene, &[]).await;
    scene.clock.advance(DAY);
    until("the ends are recorded", async || told(&replicas.audit_log(), "customer_ended") == 2)
        .await;
    assert_eq!(told(&replicas.audit_log(), "dormancy_noticed"), 2);
    assert_eq!(arrived(&server, 2).await.len(), 2);
    assert_eq!(scene.jsm.count(Operation::RevokeCustomer), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s48_report_only_tells_the_audit_log_once_and_nobody_else() {
    let policy = "dormancy: { after: 100d, notice: 30d, report_only: true }";
    let (scene, server) = scene(&[policy]).await;
    signed_in(&scene, &[ANN]).await;
    scene.clock.advance(70 * DAY);
    let reported = async |count: usize| {
        let what = format!("{count} are reported");
        until(&what, async || told(&scene.audit_log(), "dormancy_reported") == count).await;
    };
    reported(1).await;
    scene.clock.advance(30 * DAY + HOUR);
    reported(2).await;
    let log = scene.audit_log();
    assert!(log.contains("\"would\":\"notice\"") && log.contains("\"would\":\"end\""), "{log}");
    // Bob is reported in a round that looks at Ann before.
    signed_in(&scene, &[BOB]).await;
    scene.clock.advance(70 * DAY);
    reported(3).await;
    assert_eq!(states(&scene).await, [DormancyState::NoticeDue; 2], "as if nothing had been");
    let customers = scene.jsm.customers();
    let bob = &customers.iter().find(|customer| customer.email == BOB).unwrap().id;
    let log = scene.audit_log();
    let reports = log.lines().filter(|line| line.contains("dormancy_reported"));
    assert_eq!(reports.filter(|line| line.contains(&**bob)).count(), 1, "{log}");
    assert_eq!((server.connections(), active(&scene.jsm).len()), (0, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s48_on_data_center_the_mail_says_that_a_sign_in_opens_the_account_and_it_does() {
    let server = SmtpServer::start(SmtpTls::None).unwrap();
    let jira = JsmCloud::start_data_center().await;
    jira.add_desk("1", "SUP", "Support");
    let mut options = options(&server, &[POLICY, "reactivation: always"]);
    let site = format!("data_center: {{ url: \"{}\", token: {{ file: token }} }} # ", jira.url);
    options.instead.push(("cloud: {", site));
    let scene = Scene::with(options).await;
    signed_in(&scene, &[ANN]).await;
    scene.clock.advance(70 * DAY);
    let mails = arrived(&server, 1).await;
    assert!(mails[0].data.replace("=\r\n", "").contains("opens it again"), "{}", mails[0].data);
    given(&scene).await;
    scene.clock.advance(30 * DAY + HOUR);
    until("she is ended", async || active(&jira).is_empty()).await;
    until("it is noted", async || told(&scene.audit_log(), "customer_ended") == 1).await;
    signed_in(&scene, &[ANN]).await;
    assert_eq!(active(&jira), [ANN]);
    assert_eq!(told(&scene.audit_log(), "customer_reactivated"), 1);
    assert_eq!(states(&scene).await, []);
}
