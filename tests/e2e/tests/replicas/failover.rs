//! A primary dies under load, through the gateway: what was acknowledged as revoked, as used or as
//! passed stays so. Sessions may be lost, and are counted.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::Clock as _;
use e2e::{Replicas, SceneOptions, Visitor, sets_session, until};
use fakes::Authenticator;
use fakes::http_client::Answer;
use fakes::saml::Form;
use gateway::control::{self, Command, Whose};
use redis_lab::{Cluster, Watched};
use tokio::sync::Mutex;

use crate::attacks::{brought, with_assertion};
use crate::{LINK, ask};

/// Between two of one kind.
const PACE: Duration = Duration::from_millis(40);

/// How many of each kind; `scripts/long failover` says `people=60`.
fn people() -> usize {
    let said = std::env::args().find_map(|a| a.strip_prefix("people=")?.parse().ok());
    said.unwrap_or(12)
}

/// Somebody with an app, and a page that waits for a code of it.
struct Owner {
    email: String,
    app: Authenticator,
    tab: Visitor,
    page: Answer,
}

/// What was prepared while all was well.
struct Prepared {
    steady: Vec<Visitor>,
    to_revoke: Vec<(String, Visitor)>,
    to_post: Vec<(Visitor, Form)>,
    owners: Vec<Owner>,
}

/// What was acknowledged while the primary died.
#[derive(Default)]
struct Done {
    revoked: Vec<Visitor>,
    /// By the number of the assertion.
    posted: Vec<(usize, Visitor)>,
    passed: Vec<(Owner, String)>,
    refused: usize,
    longest_wait: Duration,
}

impl Done {
    fn has_some(&self) -> bool {
        self.posted.len() > 2 && self.passed.len() > 2
    }
}

fn assertion(number: usize) -> String {
    format!("_assertion-of-{number}")
}

async fn prepare<R>(replicas: &Replicas<R>) -> Prepared {
    let scene = &replicas.scene;
    let mut prepared =
        Prepared { steady: vec![], to_revoke: vec![], to_post: vec![], owners: vec![] };
    for number in 0..people() {
        prepared.steady.push(scene.signed_in(&format!("steady{number}@acme.example")).await);
        let email = format!("revoked{number}@acme.example");
        prepared.to_revoke.push((email.clone(), scene.signed_in(&email).await));
        prepared.to_post.push(brought(replicas, with_assertion(&assertion(number))).await);
    }
    let mut apps = Vec::new();
    for number in 0..people() {
        let email = format!("owner{number}@globex.example");
        let (mut visitor, page) = asked(replicas, &email).await;
        let app = Authenticator::of_page(&page.text()).expect("a key on the page");
        let code = app.code(scene.clock.now().as_seconds());
        let shown = visitor.step(&visitor.form(&page).with("code", &code)).await;
        let text = shown.text();
        let codes = text.split_once("id=\"codes\">").unwrap().1.split("</pre>").next().unwrap();
        let end = codes.split_whitespace().nth(3).unwrap().rsplit('-').next().unwrap();
        let done = visitor.step(&visitor.form(&shown).with("end", end)).await;
        assert!(sets_session(&done), "{}", done.text());
        apps.push((email, app));
    }
    // The codes of the next thirty seconds are nobody's yet.
    scene.clock.advance(Duration::from_secs(30));
    for (email, app) in apps {
        let (tab, page) = asked(replicas, &email).await;
        prepared.owners.push(Owner { email, app, tab, page });
    }
    prepared
}

/// A browser on the page that asks for the second factor.
async fn asked<R>(replicas: &Replicas<R>, email: &str) -> (Visitor, Answer) {
    let mut visitor = replicas.scene.visitor();
    let answer = replicas.scene.sign_in(&mut visitor, email, LINK).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = visitor.open(answer.header("location").unwrap()).await;
    (visitor, page)
}

/// Asks again while the store does not answer; the longest wait is noted.
async fn insist<T>(done: &Mutex<Done>, mut ask: impl AsyncFnMut() -> ControlFlow<T>) -> T {
    let began = Instant::now();
    loop {
        if let ControlFlow::Break(end) = ask().await {
            let mut done = done.lock().await;
            done.longest_wait = done.longest_wait.max(began.elapsed());
            return end;
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Revokes, signs in and types codes while `die` runs, which begins at half of it.
async fn under_load<R>(
    replicas: &Replicas<R>,
    prepared: Prepared,
    die: impl FnOnce() + Send + 'static,
) -> (Done, Vec<Visitor>) {
    let Prepared { mut steady, to_revoke, to_post, owners } = prepared;
    let (done, dying) = (Mutex::new(Done::default()), AtomicBool::new(false));
    let half = people() / 2;
    let revoking = async {
        for (number, (email, visitor)) in to_revoke.into_iter().enumerate() {
            let order = Command::RevokeSessions { whose: Whose::Person(email) };
            insist(&done, async || match replicas.order(number % 2, &order).await {
                control::Answer::Revoked { .. } => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            })
            .await;
            done.lock().await.revoked.push(visitor);
            dying.fetch_or(number >= half, Ordering::Relaxed);
            tokio::time::sleep(PACE).await;
        }
    };
    let posting = async {
        for (number, (mut visitor, form)) in to_post.into_iter().enumerate() {
            let answer = visitor.post_response(&form).await;
            let mut done = done.lock().await;
            if sets_session(&answer) {
                done.posted.push((number, visitor));
            } else {
                assert!((400..=503).contains(&answer.status), "{}", answer.text());
                done.refused += 1;
            }
            drop(done);
            tokio::time::sleep(PACE).await;
        }
    };
    let typing = async {
        for mut owner in owners {
            let code = owner.app.code(replicas.scene.clock.now().as_seconds());
            let form = owner.tab.form(&owner.page).with("code", &code);
            let passed = insist(&done, async || {
                let answer = owner.tab.step(&form).await;
                if !is_settled(replicas, &answer) {
                    return ControlFlow::Continue(());
                }
                assert!([303, 403, 400].contains(&answer.status), "{}", answer.text());
                ControlFlow::Break(sets_session(&answer))
            })
            .await;
            let mut done = done.lock().await;
            if passed {
                done.passed.push((owner, code));
            } else {
                done.refused += 1;
            }
            drop(done);
            tokio::time::sleep(PACE).await;
        }
    };
    let looking = async {
        // Not before something of each kind was acknowledged.
        while !dying.load(Ordering::Relaxed) || !done.lock().await.has_some() {
            look(&mut steady).await;
        }
        let mut death = tokio::task::spawn_blocking(die);
        loop {
            look(&mut steady).await;
            // As long as the death takes, time goes on: what is in the cache must not be enough.
            replicas.scene.clock.advance(Duration::from_millis(100));
            if let Ok(died) = tokio::time::timeout(Duration::from_millis(100), &mut death).await {
                died.expect("no panic");
                break;
            }
        }
    };
    tokio::join!(revoking, posting, typing, looking);
    (done.into_inner(), steady)
}

/// Nobody gets a wrong answer meanwhile.
async fn look(steady: &mut [Visitor]) {
    for visitor in steady.iter_mut().take(4) {
        let status = ask(visitor).await.status;
        assert!([200, 302, 503].contains(&status), "{status}");
    }
}

async fn dies<R>(
    what: &str,
    replicas: Replicas<R>,
    settings: store::RedisSettings,
    die: impl FnOnce() + Send + 'static,
) {
    let prepared = prepare(&replicas).await;
    let (done, steady) = under_load(&replicas, prepared, die).await;
    until("the store takes records again", async || {
        let order = Command::RevokeSessions { whose: Whose::Network("192.0.2.0/24".to_owned()) };
        let mut all = true;
        for number in [0, 1] {
            let answer = replicas.order(number, &order).await;
            all &= matches!(answer, control::Answer::Revoked { .. });
        }
        all
    })
    .await;
    let Done { revoked, posted, passed, refused, longest_wait } = done;
    let (revocations, used, codes) = (revoked.len(), posted.len(), passed.len());
    for mut visitor in revoked {
        for number in [0, 1] {
            replicas.only(number);
            until("it is settled", async || ask(&mut visitor).await.status != 503).await;
            assert_eq!(ask(&mut visitor).await.status, 302, "{what}: a revocation is lost");
        }
    }
    replicas.in_turn();
    let marks = count_marks(settings, &replicas).await;
    assert!(marks > revocations, "{what}: {marks} marks of {revocations} revocations");
    let mut sessions = steady;
    for (number, visitor) in posted {
        let answer = settled(&replicas, async || {
            let (mut again, form) = brought(&replicas, with_assertion(&assertion(number))).await;
            again.post_response(&form).await
        });
        assert_eq!(replicas.cause(&answer.await), "saml-assertion-replayed", "{what}");
        sessions.push(visitor);
    }
    for (owner, code) in passed {
        let answer = settled(&replicas, async || {
            let (mut again, page) = asked(&replicas, &owner.email).await;
            again.step(&again.form(&page).with("code", &code)).await
        });
        let answer = answer.await;
        assert_eq!(answer.status, 403, "{what}: a code passes twice: {}", answer.text());
        assert!(answer.text().contains("used before") && !sets_session(&answer));
        sessions.push(owner.tab);
    }
    let (all, mut lost) = (sessions.len(), 0);
    for mut visitor in sessions {
        match ask(&mut visitor).await.status {
            200 => {}
            302 => lost += 1,
            other => panic!("{what}: {other}"),
        }
    }
    println!(
        "{what}: {revocations} revocations, {used} assertions and {codes} codes acknowledged while \
         the primary died, none lost; {refused} sign-ins to begin again; of {all} sessions {lost} \
         lost; longest wait {longest_wait:?}"
    );
    assert!(revocations == people() && used > 2 && codes > 2);
}

/// An answer that says how it ended: a node that has just become the primary may be slow.
async fn settled<R>(replicas: &Replicas<R>, mut ask: impl AsyncFnMut() -> Answer) -> Answer {
    for _ in 0..20 {
        let answer = ask().await;
        if is_settled(replicas, &answer) {
            return answer;
        }
        tokio::time::sleep(PACE).await;
    }
    panic!("the store does not settle");
}

/// Not where the store was away, and not where a guess is not looked at: a code whose answer was
/// lost may have been counted, and from the fourth on its owner waits.
fn is_settled<R>(replicas: &Replicas<R>, answer: &Answer) -> bool {
    if answer.status == 429 {
        replicas.scene.clock.advance(Duration::from_secs(1));
    }
    ![429, 503].contains(&answer.status)
}

/// How many not-before marks lie in Redis now.
async fn count_marks<R>(settings: store::RedisSettings, replicas: &Replicas<R>) -> usize {
    let store = store::RedisStore::open(settings, None, session::FOLLOWED).unwrap();
    store::conformance::until_heard(&store).await;
    let now = replicas.scene.clock.now();
    let marks = store::Store::group(&store, store::Area::Records, "not-before", now).await;
    marks.unwrap().len()
}

fn options() -> SceneOptions {
    let more = "second_factor: [{ idp: globex, require: totp }]\n".to_owned();
    SceneOptions { more, ..SceneOptions::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_a_sentinel_fail_over_under_load_loses_nothing_that_was_acknowledged() {
    let watched = Watched::start();
    let (line, settings) = (watched.line(), watched.settings());
    let watched = Arc::new(std::sync::Mutex::new(watched));
    let replicas = Replicas::over(Arc::clone(&watched), line, options()).await;
    dies("Sentinel fails over", replicas, settings, move || watched.lock().unwrap().fail_over())
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_a_cluster_that_loses_a_node_under_load_loses_nothing_that_was_acknowledged() {
    let cluster = Cluster::start(1);
    let (line, settings) = (cluster.line(), cluster.settings());
    let cluster = Arc::new(std::sync::Mutex::new(cluster));
    let replicas = Replicas::over(Arc::clone(&cluster), line, options()).await;
    dies("a cluster's node dies", replicas, settings, move || {
        cluster.lock().unwrap().lose_a_node();
    })
    .await;
}
