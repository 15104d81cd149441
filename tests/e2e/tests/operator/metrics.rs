//! `/metrics`: counts and dates, never who somebody is.

use e2e::Scene;
use fakes::http_client::get;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_count_sign_ins_and_refusals_and_name_nobody() {
    let scene = Scene::start().await;
    drop(scene.signed_in("ann@acme.example").await);
    let mut stranger = scene.visitor();
    assert_eq!(stranger.open("/.vestibule/sign-in/no-such-provider").await.status, 404);
    let operations = scene.gateway.as_ref().map(|gateway| gateway.operations).unwrap();
    let text = get(&format!("http://{operations}/metrics")).await.unwrap().text();
    let has = |line: &str| text.lines().any(|found| found == line);
    assert!(has("vestibule_sign_ins_total{site=\"help\",idp=\"acme\"} 1"), "{text}");
    assert!(has("vestibule_refusals_total{cause=\"idp-unknown\",idp=\"\"} 1"), "{text}");
    for planted in ["ann@acme.example", "Ann", "no-such-provider"] {
        assert!(!text.contains(planted), "{planted} is in: {text}");
    }
    // Never on the customers' side.
    assert!(!stranger.open("/metrics").await.text().contains("vestibule_sign_ins"));
}
