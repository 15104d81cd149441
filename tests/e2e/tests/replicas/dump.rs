//! What somebody finds who can read Redis.

use e2e::Replicas;
use http::Method;

use crate::LINK;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_redis_shows_nobody_and_opens_nothing() {
    let replicas = Replicas::start().await;
    let mut visitor = replicas.scene.visitor();
    replicas.scene.sign_in(&mut visitor, "ann.planted@acme.example", LINK).await;
    let gil = replicas.scene.signed_in("gil@globex.example").await;
    // An attempt under way, a parked form and an ended session, too.
    let mut under_way = replicas.scene.visitor();
    let at_globex =
        under_way.begin("/planted-path?planted=query", "uma.planted@globex.example").await;
    let mut out = replicas.scene.signed_in("out.planted@acme.example").await;
    let page = out.open("/.vestibule/sign-out").await;
    out.step(&out.form(&page)).await;
    let origin = replicas.scene.url("");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", origin.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "navigate"),
    ];
    out.ask(Method::POST, LINK, &headers, "comment=planted-comment").await;

    let mut dump = Vec::new();
    for key in replicas.redis.cli(&["KEYS", "*"]).lines() {
        dump.extend(key.as_bytes());
        for command in [&["GET", key][..], &["HGETALL", key]] {
            dump.extend(replicas.redis.bytes(command));
        }
    }
    let holds = |text: &str| {
        let text = text.as_bytes();
        dump.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text))
    };
    assert!(dump.len() > 4_000 && holds("vestibule:s:"), "the search itself works");
    let mut forbidden: Vec<String> =
        ["planted", "acme.example", "globex.example", "gil@", "Tester", "SUP-1042"]
            .map(str::to_owned)
            .into();
    for visitor in [&visitor, &gil, &out, &under_way] {
        let cookies = visitor.cookies();
        let values = cookies.split("; ").filter_map(|pair| pair.split_once('=')).map(|(_, v)| v);
        for value in values {
            // Shorter ones say which identity provider was used last.
            forbidden.extend(Some(value.to_owned()).filter(|value| value.len() > 15));
            forbidden.extend(value.split(['.', '~']).map(str::to_owned).filter(|p| p.len() > 15));
        }
    }
    let url: http::Uri = at_globex.parse().unwrap();
    for pair in url.query().unwrap().split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        if ["state", "nonce", "code_challenge"].contains(&name) {
            forbidden.push(value.to_owned());
        }
    }
    forbidden.push(replicas.scene.jsm.token.clone());
    forbidden.push(replicas.scene.globex.client_secret.clone());
    assert!(forbidden.len() > 12, "{}", forbidden.len());
    let found: Vec<&String> = forbidden.iter().filter(|text| holds(text)).collect();
    assert!(found.is_empty(), "in clear: {found:?}");
}
