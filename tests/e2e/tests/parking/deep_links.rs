//! Forty tabs at once, and which request is answered how.

use e2e::Scene;
use http::Method;

use crate::*;

/// Forty pages with a fragment, which the browser itself carries through redirects.
fn links() -> Vec<String> {
    (0..40).map(|n| format!("/servicedesk/customer/portal/1/SUP-{}?tab={n}", 1100 + n)).collect()
}

fn cookies_fit(visitor: &Visitor) {
    let cookies = visitor.cookies();
    assert!(cookies.len() < 4096, "{} bytes of cookies", cookies.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_tabs_reach_their_own_page_after_one_sign_in() {
    let scene = Scene::start().await;
    let mut browser = scene.visitor();
    let mut tabs = Vec::new();
    for link in links() {
        tabs.push(browser.open(&link).await);
        cookies_fit(&browser);
    }
    let at_provider = browser.type_address(&tabs[17], ANN).await;
    let answer = scene.come_back(&mut browser, ANN, &at_provider).await;
    assert_eq!(answer.header("location"), Some(links()[17].as_str()));
    for (tab, link) in tabs.iter().zip(links()) {
        // What the page's script does when it notices, and what a typed address does.
        let noticed = browser.follow(tab.url.as_str()).await;
        assert_eq!((noticed.status, noticed.header("location")), (302, Some(link.as_str())));
        let typed = browser.step(&browser.form(tab).with("email", ANN)).await;
        assert_eq!((typed.status, typed.header("location")), (303, Some(link.as_str())));
        assert_eq!(browser.open(&link).await.status, 200);
        cookies_fit(&browser);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_tabs_may_be_at_the_provider_at_once() {
    let scene = Scene::start().await;
    let mut browser = scene.visitor();
    let mut at_provider = Vec::new();
    for (link, n) in links().iter().zip(0..) {
        let page = browser.open(link).await;
        let form = browser.form(&page).with("email", ANN).with("fragment", &format!("#note-{n}"));
        at_provider.push(browser.step(&form).await.location().unwrap());
        cookies_fit(&browser);
    }
    for (n, link) in links().iter().enumerate().rev() {
        let answer = scene.come_back(&mut browser, ANN, at_provider[n].as_str()).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        assert_eq!(answer.header("location"), Some(format!("{link}#note-{n}").as_str()));
        cookies_fit(&browser);
    }
}

/// A request's outcome without a session.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// 302 to the sign-in page.
    Found,
    /// 303 to the sign-in page.
    SeeOther,
    /// 401 as JSON that names the sign-in page.
    Json,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn navigations_are_redirected_forms_sent_elsewhere_and_scripts_told() {
    use Outcome::{Found, Json, SeeOther};
    let scene = Scene::start().await;
    let mut stranger = scene.visitor();
    let html = ("accept", "text/html,application/xhtml+xml");
    let any = ("accept", "*/*");
    let mode = |mode| ("sec-fetch-mode", mode);
    let dest = |dest| ("sec-fetch-dest", dest);
    // Fetch Metadata decides where it is there, whatever `Accept` says; else `Accept` does.
    for (headers, get, post) in [
        (vec![html, mode("navigate"), dest("document")], Found, SeeOther),
        (vec![any, mode("navigate"), dest("document")], Found, SeeOther),
        (vec![mode("navigate")], Found, SeeOther),
        (vec![html, mode("navigate"), dest("iframe")], Found, SeeOther),
        (vec![html, mode("cors"), dest("empty")], Json, Json),
        (vec![html, mode("same-origin"), dest("empty")], Json, Json),
        (vec![html, mode("no-cors"), dest("image")], Json, Json),
        (vec![html, mode("navigate"), dest("object")], Json, Json),
        (vec![html, mode("navigate"), dest("embed")], Json, Json),
        (vec![html, mode("websocket")], Json, Json),
        (vec![html], Found, SeeOther),
        (vec![("accept", "application/json, text/html;q=0.5")], Found, SeeOther),
        (vec![html, ("x-requested-with", "XMLHttpRequest")], Json, Json),
        (vec![any], Json, Json),
        (vec![("accept", "application/json")], Json, Json),
        (vec![], Json, Json),
    ] {
        for (method, wanted) in [
            (Method::GET, &get),
            (Method::HEAD, &get),
            (Method::POST, &post),
            (Method::PUT, &Json),
            (Method::PATCH, &Json),
            (Method::DELETE, &Json),
            (Method::OPTIONS, &Json),
        ] {
            let body = if method == Method::POST { "a=b" } else { "" };
            let answer = stranger.ask(method.clone(), "/echo", &headers, body).await;
            let outcome = match (answer.status, answer.header("location")) {
                (302, Some(to)) if to.starts_with("/.vestibule/sign-in?attempt=") => Found,
                (303, Some(to)) if to.starts_with("/.vestibule/sign-in?attempt=") => SeeOther,
                (401, None) => Json,
                other => panic!("{method} {headers:?}: {other:?}"),
            };
            assert_eq!(outcome, *wanted, "{method} {headers:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            if outcome == Json && method != Method::HEAD {
                let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                assert_eq!(said["error"], "sign_in_required", "{method} {headers:?}");
                assert!(said["sign_in"].as_str().unwrap().starts_with("/.vestibule/sign-in"));
            }
        }
    }
    assert_eq!(scene.helpcenter.requests().len(), 0);
}
