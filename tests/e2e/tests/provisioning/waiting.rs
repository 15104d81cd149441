//! The page of somebody whose account is being made, through the running gateway.

use std::time::Duration;

use e2e::{Scene, reference};
use fakes::http_client::Answer;
use fakes::jsm::Fault;
use http::Method;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_customer_of_a_jsm_in_trouble_sees_a_page_that_goes_on_by_itself() {
    let scene = Scene::start().await;
    scene.jsm.fail_all(Fault::Status(503));
    let mut visitor = scene.visitor();
    let path = "/servicedesk/customer/portal/1/SUP-7";
    let page = scene.sign_in(&mut visitor, "ann@acme.example", path).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Setting up your account"), "{}", page.text());
    assert!(!page.headers.contains_key("refresh"), "a reader's place is not taken away");
    // What a browser without script does after half a minute.
    let refresh = |page: &Answer| {
        let text = page.text();
        let (_, rest) = text.split_once("<noscript><meta http-equiv=\"refresh\"").unwrap();
        let (_, rest) = rest.split_once("url=").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let again = scene.url(&refresh(&page));
    let same = visitor.follow(&again).await;
    assert_eq!(scene.url(&refresh(&same)), again, "reloading keeps the address");
    assert_eq!(reference(&same), reference(&page), "one code for the whole wait");
    assert_eq!(visitor.cookie("__Host-vestibule"), None, "nobody is in yet");
    // Neither a stranger who has the address nor a second tab uses the attempt up.
    let stranger = scene.visitor().follow(&again).await;
    assert_ne!(stranger.status, 200, "{}", stranger.text());
    let (mut left, mut right) = (visitor.browser.clone(), visitor.browser.clone());
    let url = again.parse().unwrap();
    let looks = (left.step(Method::GET, &url, &[]), right.step(Method::GET, &url, &[]));
    let (one, two) = tokio::join!(looks.0, looks.1);
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.status, two.status), (200, 200), "{} {}", one.text(), two.text());
    scene.jsm.recover();
    for _ in 0..30 {
        scene.clock.advance(Duration::from_secs(1));
        let page = visitor.follow(&again).await;
        if page.status == 303 {
            assert_eq!(page.location().unwrap().path(), path, "the link is kept");
            assert!(visitor.cookie("__Host-vestibule").is_some());
            assert_eq!(scene.jsm.customers().len(), 1);
            assert_eq!(scene.jsm.organization_members("Acme").len(), 1);
            let late = visitor.follow(&again).await;
            assert!(late.status >= 400, "of two tabs one goes on: {}", late.text());
            return;
        }
        assert_eq!(page.status, 200, "{}", page.text());
    }
    panic!("the page does not go on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_screens_of_accounts_that_cannot_be_used_say_which_and_where_to_go() {
    let scene = Scene::start().await;
    scene.jsm.add_atlassian_account("ann@acme.example", fakes::jsm::Privacy::Shown);
    let mut visitor = scene.visitor();
    let page = scene.sign_in(&mut visitor, "ann@acme.example", "/").await;
    assert_eq!(page.status, 403);
    let text = page.text();
    assert!(text.contains("Use Atlassian’s sign-in for this address"), "{text}");
    let link = format!("{}/servicedesk/customer/user/login", scene.jsm.url);
    assert!(text.contains(&link), "{text}");
    let bob = scene.jsm.add_customer("bob@acme.example", "Bob");
    scene.jsm.put_on_desk("1", &bob);
    scene.jsm.revoke(&bob);
    let page = scene.sign_in(&mut scene.visitor(), "bob@acme.example", "/").await;
    assert_eq!(page.status, 403);
    assert!(page.text().contains("Your access was ended"), "{}", page.text());
}
