//! The operator's commands, given to the real program while it serves.

use std::time::{Duration, Instant};

use e2e::{Place, Scene, SceneOptions, Vestibule, until};
use fakes::jsm::{Fault, JsmCloud, Operation};

use crate::bulk;

async fn scene(instead: Vec<(&'static str, String)>) -> Scene {
    Scene::with(SceneOptions { gateway: Place::Process, instead, ..SceneOptions::default() }).await
}

/// Runs a command that succeeds; gives what it printed.
async fn said(scene: &Scene, arguments: &[&str]) -> String {
    let done = scene.command(arguments).await;
    assert_eq!(done.code, Some(0), "{arguments:?}: {}{}", done.out, done.err);
    done.out
}

/// Waits until JSM has so many customers, however long that takes as long as it goes on.
async fn grown(jsm: &JsmCloud, wanted: usize) {
    let (mut seen, mut since) = (0, Instant::now());
    while seen <= wanted {
        let now = jsm.customers().len();
        if now > seen {
            (seen, since) = (now, Instant::now());
        }
        assert!(since.elapsed() < Duration::from_secs(60), "it stands still at {seen}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Runs a command that succeeds and says what it cost.
#[expect(clippy::print_stdout, reason = "scripts/long shows the figures")]
async fn timed(scene: &Scene, arguments: &[&str]) -> String {
    let (began, before) = (Instant::now(), scene.jsm.calls().len());
    let out = said(scene, arguments).await;
    let (seconds, calls) = (began.elapsed().as_secs_f64(), scene.jsm.calls().len() - before);
    println!("{}: {seconds:.1} s, {calls} calls of JSM", arguments[1]);
    out
}

/// 120 rows in the suite; `scripts/long customers` gives the whole of S27.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s27_a_file_is_applied_by_a_program_that_is_killed_in_the_middle() {
    let given = std::env::args().find_map(|a| a.strip_prefix("rows=")?.parse().ok());
    let rows = given.unwrap_or(120);
    let scene = scene(vec![]).await;
    let gateway = Vestibule::run(&scene, "info").await;
    let old = scene.jsm.add_customer("c7@acme.example", "Here before");
    let team = scene.jsm.add_organization("Team 7");
    scene.jsm.put_in_organization(&team, &old);
    let before = bulk::state(&scene.jsm);
    scene.put_file("customers.csv", &bulk::file(rows));
    let path = scene.folder.path().join("customers.csv");
    let file = path.to_str().unwrap();
    let (plan, apply, undo) =
        (["customers", "plan", file], ["customers", "apply", file], ["customers", "undo", file]);

    let all = format!("{rows} rows: {rows} would change, 0 failed");
    assert!(timed(&scene, &plan).await.ends_with(&format!("{all}\n")));
    assert_eq!(bulk::state(&scene.jsm), before, "planning changes nothing");

    // The command is killed while it works, and another one's gateway; that one says so.
    let command = scene.begin(&apply);
    grown(&scene.jsm, rows / 3).await;
    command.kill();
    let first = scene.jsm.customers().len();
    let began = scene.command(&apply);
    let kill = async {
        grown(&scene.jsm, rows / 3 * 2).await;
        gateway.kill();
    };
    let (cut, ()) = tokio::join!(began, kill);
    assert_eq!(cut.code, Some(1), "{}", cut.out);
    let second = scene.jsm.customers().len();
    assert!(second < rows, "{second} of {rows}");
    println!("{rows} rows: the command killed after {first}, the gateway after {second}");

    let _gateway = Vestibule::run(&scene, "info").await;
    let resumed = timed(&scene, &apply).await;
    assert!(resumed.contains(&format!("{rows} rows: ")), "{resumed}");
    assert_eq!(scene.jsm.customers().len(), rows);
    assert_eq!(scene.jsm.organization_members("Everybody").len(), rows);
    scene.jsm.forget_calls();
    let again = timed(&scene, &apply).await;
    assert_eq!(again, format!("{rows} rows: 0 changed, 0 failed\n"), "the second run is a no-op");
    let writes = scene.jsm.calls().into_iter().filter(|call| call.method != http::Method::GET);
    assert_eq!(writes.count(), 0);

    timed(&scene, &undo).await;
    assert_eq!(bulk::state(&scene.jsm), before, "exactly as before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_and_what_drifts_is_shown_and_mended() {
    let scene = scene(vec![]).await;
    let _gateway = Vestibule::run(&scene, "info").await;
    scene.signed_in("ann@acme.example").await;
    assert!(said(&scene, &["provisioning", "queue"]).await.starts_with("support: 0 waiting"));
    assert!(said(&scene, &["provisioning", "drift"]).await.starts_with("JSM has everything"));

    // Somebody takes her out of her organization by hand.
    let organizations = scene.jsm.organizations();
    let acme = organizations.iter().find(|organization| organization.name == "Acme").unwrap();
    scene.jsm.empty_organization(&acme.id);
    let drift = said(&scene, &["provisioning", "drift"]).await;
    assert!(drift.contains("1 memberships are missing"), "{drift}");
    assert!(drift.contains("lacks organization Acme, granted by"), "{drift}");
    assert!(scene.jsm.organization_members("Acme").is_empty(), "only shown");
    let repaired = said(&scene, &["provisioning", "drift", "--repair"]).await;
    assert!(repaired.contains(", repaired"), "{repaired}");
    assert_eq!(scene.jsm.organization_members("Acme").len(), 1);

    // Somebody new, while JSM is down.
    scene.jsm.fail_all(Fault::Status(503));
    let page = scene.sign_in(&mut scene.visitor(), "bob@acme.example", "/").await;
    assert!(page.text().contains("Setting up your account"), "{}", page.text());
    until("the queue names the cause", async || {
        let queue = said(&scene, &["provisioning", "queue"]).await;
        queue.contains("bob@acme.example") && queue.contains("jsm-failing, next trial")
    })
    .await;
    scene.jsm.recover();
    until("the queue is empty", async || {
        said(&scene, &["provisioning", "queue"]).await.starts_with("support: 0 waiting")
    })
    .await;
    assert_eq!(scene.jsm.customers().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removals_that_the_brake_stopped_go_on_by_order() {
    let rule = "      - { domain: acme.example, organization: Acme }";
    let mirror = format!("{rule}\n    sync: mirror\n    brake: {{ removals: 1, window: 1h }}");
    let gone = "    sync: mirror\n    brake: { removals: 1, window: 1h }";
    let scene = scene(vec![
        ("      - { domain: globex.example, organization: Globex }", String::new()),
        (rule, mirror.clone()),
    ])
    .await;
    let gateway = Vestibule::run(&scene, "info").await;
    let people = ["ann@acme.example", "bob@acme.example", "cleo@acme.example"];
    for email in people {
        scene.signed_in(email).await;
    }
    assert_eq!(scene.jsm.organization_members("Acme").len(), 3);
    gateway.kill();
    scene.edit(&mirror, gone);
    scene.edit("    organizations:\n", "    organizations: []\n");
    let _gateway = Vestibule::run(&scene, "info").await;
    for email in people {
        scene.signed_in(email).await;
    }
    let queue = said(&scene, &["provisioning", "queue"]).await;
    assert!(queue.contains("removals stopped at"), "{queue}");
    assert!(queue.contains("removals wait for `release`"), "{queue}");
    assert_eq!(scene.jsm.organization_members("Acme").len(), 2, "one went, the brake holds two");
    assert!(said(&scene, &["provisioning", "release"]).await.contains("removals go on"));
    until("they are gone", async || scene.jsm.organization_members("Acme").is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_online_says_what_the_credential_may_do_and_what_a_missing_right_turns_off() {
    let scene = scene(vec![]).await;
    let good = said(&scene, &["check", "--online"]).await;
    for about in
        ["signed in as Bot", "may create customers", "may see organizations", "sees service desk 1"]
    {
        assert!(good.contains(about), "{about}: {good}");
    }
    assert!(
        scene.jsm.calls().iter().all(|call| call.method == http::Method::GET),
        "writes nothing"
    );
    scene.jsm.deny(Operation::CreateCustomer);
    let lacking = scene.command(&["check", "--online"]).await;
    assert_eq!(lacking.code, Some(1), "{}", lacking.out);
    assert!(
        (lacking.out.clone() + &lacking.err).contains("new customers are refused"),
        "{}{}",
        lacking.out,
        lacking.err
    );
    scene.jsm.recover();
    scene.put_file("token", "of-somebody-else");
    let refused = scene.command(&["check", "--online"]).await;
    assert_eq!(refused.code, Some(1));
    let all = refused.out + &refused.err;
    assert!(all.contains("nobody can be provisioned"), "{all}");
    assert!(!all.contains("of-somebody-else"));
}
