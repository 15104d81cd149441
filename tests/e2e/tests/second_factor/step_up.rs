//! A factor in a session that goes on (capabilities T24, N15).

use std::time::Duration;

use e2e::{open_websocket, reference, sets_session};
use fakes::http_client::PageForm;
use futures_util::{SinkExt as _, StreamExt as _};
use http::Method;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::world::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn portal_3_wants_a_factor_of_at_most_a_quarter_of_an_hour_and_portal_1_none() {
    let scene = scene(&[PORTAL]).await;
    let (owner, mut ann) = enrolled(&scene, ANN, PORTAL_3).await;
    assert_eq!(ask(&mut ann, PORTAL_3).await.status, 200);
    scene.clock.advance(Duration::from_secs(899));
    assert_eq!(ask(&mut ann, PORTAL_3).await.status, 200);
    scene.clock.advance(Duration::from_secs(1));
    let before = scene.traces();
    let link = format!("{PORTAL_3}/SUP-1044?x=1");
    let stopped = ask(&mut ann, &link).await;
    assert_eq!(stopped.status, 302);
    assert_eq!(scene.traces(), before, "nothing reached the upstream");
    assert_eq!(ask(&mut ann, LINK).await.status, 200, "portal 1 goes on");
    let page = ann.open(&location(&stopped)).await;
    assert!(page.text().contains("before this page opens"), "{}", page.text());
    let fields = [("code", owner.code(&scene)), ("fragment", "#comment-7".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let done = submit(&mut ann, &page, &fields).await;
    assert_eq!((done.status, location(&done)), (303, format!("{link}#comment-7")));
    assert!(sets_session(&done), "a new id");
    assert_eq!(ask(&mut ann, &link).await.status, 200);
}

/// Capabilities N15: however the path is written, portal 3 stays closed and the upstream unasked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n15_no_spelling_of_a_path_leads_around_the_step() {
    let scene = scene(&[PORTAL]).await;
    let mut ann = scene.signed_in(ANN).await;
    assert_eq!(ask(&mut ann, LINK).await.status, 200, "control");
    let before = scene.traces();
    for path in [
        "/servicedesk/customer/portal/3",
        "/servicedesk/customer/portal/3/SUP-1044",
        "/servicedesk/customer/portal/03",
        "/servicedesk/customer/portal/%33",
        "/servicedesk/customer/port%61l/3",
        "/servicedesk/customer/portal/3;x=1",
        "/servicedesk;jsessionid=1/customer/portal/3",
        "/SERVICEDESK/customer/portal/3",
        "/jira/servicedesk/customer/portal/3",
        "/servicedesk/customer/portal/+3",
        "/servicedesk/customer/portal/3.",
        "/rest/servicedeskapi/request/SUP-1044",
        "/rest/api/2/issue/SUP-1044",
        "/secure/attachment/10001/plan.pdf",
        "/browse/SUP-1044",
        "/servicedesk/customer/user/requests",
        "/echo",
    ] {
        let navigated = ask(&mut ann, path).await;
        assert!(location(&navigated).starts_with(PAGE), "{path}: {}", navigated.status);
        let fetched = fetch(&mut ann, path).await;
        assert_eq!(fetched.status, 401, "{path}");
        assert!(fetched.text().contains("\"error\":\"step_up_required\""), "{}", fetched.text());
    }
    for path in ["//servicedesk/customer/portal/3", "/servicedesk/customer/portal%2f3"] {
        let refused = ask(&mut ann, path).await;
        assert_eq!(refused.status, 400, "{path}");
    }
    assert_eq!(scene.traces(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_is_told_and_its_page_comes_back_where_it_was() {
    let scene = scene(&[PORTAL]).await;
    let (owner, mut ann) = enrolled(&scene, ANN, PORTAL_3).await;
    scene.clock.advance(Duration::from_secs(900));
    let before = scene.traces();
    let told = fetch(&mut ann, "/rest/servicedeskapi/request/SUP-1044").await;
    assert_eq!(told.status, 401);
    let json: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!(json["error"], "step_up_required");
    assert_eq!(json["step_up"], PAGE);
    assert_eq!(scene.cause(&before, &told), "step-up-required");
    assert_eq!(json["reference"], reference(&told));
    // The page's script sends the customer there; the browser says where it was.
    let referer = scene.url(LINK);
    let headers = [("accept", "text/html"), ("referer", referer.as_str())];
    let to_page = ann.ask(Method::GET, PAGE, &headers, "").await;
    let page = ann.open(&location(&to_page)).await;
    let done = submit(&mut ann, &page, &[("code", &owner.code(&scene))]).await;
    assert_eq!((done.status, location(&done).as_str()), (303, LINK));
    assert_eq!(fetch(&mut ann, "/rest/servicedeskapi/request/SUP-1044").await.status, 404);
    // A page of elsewhere is nowhere to go back to.
    scene.clock.advance(Duration::from_secs(900));
    let headers = [("accept", "text/html"), ("referer", "https://evil.example/x")];
    let to_page = ann.ask(Method::GET, PAGE, &headers, "").await;
    let page = ann.open(&location(&to_page)).await;
    let done = submit(&mut ann, &page, &[("code", &owner.code(&scene))]).await;
    assert_eq!(location(&done), "/");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_kept_and_sent_once_after_the_step() {
    let scene = scene(&[PORTAL]).await;
    let (owner, mut ann) = enrolled(&scene, ANN, PORTAL_3).await;
    let form = ann.open(&format!("{PORTAL_3}/create")).await;
    scene.clock.advance(Duration::from_secs(900));
    let before = scene.traces();
    let fields = |form: &PageForm| form.fields.iter().any(|(name, _)| name == "summary");
    let form = PageForm::all(&form).into_iter().find(fields).expect("a form");
    let parked = ann.step(&form.with("summary", "Door left open")).await;
    assert_eq!(parked.status, 303, "{}", parked.text());
    assert_eq!(scene.traces(), before, "it waits");
    let page = ann.open(&location(&parked)).await;
    assert!(page.text().contains("Confirm that it is you"), "{}", page.text());
    let done = submit(&mut ann, &page, &[("code", &owner.code(&scene))]).await;
    assert!(location(&done).starts_with("/.vestibule/resume/"), "{}", location(&done));
    let resume = ann.open(&location(&done)).await;
    let sent = submit(&mut ann, &resume, &[("do", "send")]).await;
    assert!(sent.status < 400, "{}", sent.text());
    let posts = scene.helpcenter.requests().into_iter().filter(|r| r.method == "POST").count();
    assert_eq!(posts, 1);
    assert!(ann.open(PORTAL_3).await.text().contains("Door left open"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tabs_that_step_up_need_one_code() {
    let scene = scene(&[PORTAL]).await;
    let (owner, mut ann) = enrolled(&scene, ANN, PORTAL_3).await;
    scene.clock.advance(Duration::from_secs(900));
    let one = ann.open(PORTAL_3).await;
    let other = ann.open(&format!("{PORTAL_3}/SUP-1044")).await;
    let done = submit(&mut ann, &one, &[("code", &owner.code(&scene))]).await;
    assert_eq!(location(&done), PORTAL_3);
    // The other tab asks again, or posts a code: it goes on either way, with the session there is.
    let again = ann.follow(other.url.as_str()).await;
    assert_eq!(location(&again), format!("{PORTAL_3}/SUP-1044"));
    let posted = submit(&mut ann, &other, &[("code", "000000")]).await;
    assert_eq!((posted.status, sets_session(&posted)), (303, false));
    assert_eq!(location(&posted), format!("{PORTAL_3}/SUP-1044"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_up_is_of_its_own_person_and_session() {
    let scene = scene(&[PORTAL]).await;
    let (owner, mut ann) = enrolled(&scene, ANN, PORTAL_3).await;
    let (_, mut bob) = enrolled(&scene, BOB, PORTAL_3).await;
    scene.clock.advance(Duration::from_secs(900));
    let page = ann.open(PORTAL_3).await;
    // Bob, and a browser without a session, cannot go on with it, whatever code they have.
    let code = owner.code(&scene);
    for visitor in [&mut bob, &mut scene.visitor()] {
        let form = visitor.form(&page).with("code", &code);
        let before = visitor.cookie(SESSION).map(str::to_owned);
        let answer = visitor.step(&form).await;
        assert!(!sets_session(&answer), "{}", answer.text());
        assert_eq!(visitor.cookie(SESSION).map(str::to_owned), before);
        let asked = ask(visitor, PORTAL_3).await;
        assert_ne!(asked.status, 200);
    }
    let done = submit(&mut ann, &page, &[("code", &code)]).await;
    assert_eq!(location(&done), PORTAL_3, "the code was not spent");
    // A session that ended meanwhile: its page is reached by signing in.
    scene.clock.advance(Duration::from_secs(900));
    let page = ann.open(PORTAL_3).await;
    scene.clock.advance(Duration::from_secs(1000));
    let out = ann.open("/.vestibule/sign-out").await;
    submit(&mut ann, &out, &[]).await;
    let late = submit(&mut ann, &page, &[("code", &owner.code(&scene))]).await;
    assert!(location(&late).starts_with("/.vestibule/sign-in?attempt="), "{}", location(&late));
}

/// What is pushed where a factor must be fresh ends with its freshness; elsewhere it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_ends_when_the_factor_is_not_fresh_any_more() {
    let scene = scene(&["{ idp: acme, portal: \"3\", require: totp, fresh: 15m }"]).await;
    let (_, ann) = enrolled(&scene, ANN, PORTAL_3).await;
    let bob = scene.signed_in(BOB).await;
    let (hers, his) = (ann.cookies(), bob.cookies());
    let mut her_socket = open_websocket(&scene, "/ws", &[("cookie", &hers)]).await.unwrap();
    let mut his_socket = open_websocket(&scene, "/ws", &[("cookie", &his)]).await.unwrap();
    scene.clock.advance(Duration::from_secs(899));
    let hello = Message::text("still here?");
    for socket in [&mut her_socket, &mut his_socket] {
        socket.send(hello.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), hello, "fresh");
    }
    let ends = async { while let Some(Ok(_)) = her_socket.next().await {} };
    scene.as_time_passes(ends).await;
    let again = open_websocket(&scene, "/ws", &[("cookie", &hers)]).await;
    let refused = again.expect_err("no WebSocket with a factor that is not fresh");
    assert!(matches!(*refused, Error::Http(answer) if answer.status() == 401));
    his_socket.send(hello.clone()).await.unwrap();
    assert_eq!(his_socket.next().await.unwrap().unwrap(), hello, "nothing is demanded of Bob");
}
