//! Whether a provider answers, and what outlives a restart.

use std::time::Instant;

use futures_util::future::join_all;

use super::op::{Key, Op};
use super::{
    after, authorize, cause, claims, federation, globex, name, now, oidc_settings, redeem,
};
use crate::{Document, Federation, FederationError};

const DOCUMENT: &str = "/.well-known/openid-configuration";

async fn reachable(federation: &Federation, seconds: u64) -> Result<(), FederationError> {
    federation.reachable(&name("globex"), after(seconds)).await
}

fn since(result: Result<(), FederationError>) -> Option<domain::Timestamp> {
    result.err().and_then(|error| error.refusal().since)
}

#[tokio::test]
async fn n16_a_provider_is_asked_at_most_twice_a_minute_while_it_is_well() {
    let op = Op::start(&[&Key::new("k1")]).await;
    let federation = globex(&op);
    // What it publishes answers for it the first time.
    assert!(reachable(&federation, 0).await.is_ok());
    assert_eq!((op.calls(DOCUMENT), op.calls("/authorize")), (1, 0));
    assert!(reachable(&federation, 29).await.is_ok());
    assert_eq!(op.calls("/authorize"), 0);
    // Any answer counts, this one with 404 too.
    for result in join_all((0..20).map(|_| reachable(&federation, 30))).await {
        assert!(result.is_ok());
    }
    assert_eq!((op.calls(DOCUMENT), op.calls("/authorize")), (1, 1));
}

#[tokio::test]
async fn n16_a_silent_provider_is_noticed_in_time_and_since_when_is_said() {
    let op = Op::start(&[&Key::new("k1")]).await;
    let federation = globex(&op);
    assert!(reachable(&federation, 0).await.is_ok());
    op.change(|state| state.silent = true);
    let began = Instant::now();
    for result in join_all((0..10).map(|_| reachable(&federation, 40))).await {
        assert_eq!(since(result), Some(after(40)));
    }
    // Far from both ends, so that a busy machine does not blur it.
    assert!(began.elapsed() < std::time::Duration::from_secs(20));
    assert_eq!(op.calls("/authorize"), 1);
    let result = reachable(&federation, 49).await;
    assert_eq!(result.as_ref().err().unwrap().refusal().cause, "idp-unreachable");
    assert_eq!((since(result), op.calls("/authorize")), (Some(after(40)), 1));
    // The same outage, asked again.
    assert_eq!(since(reachable(&federation, 50).await), Some(after(40)));
    assert_eq!(op.calls("/authorize"), 2);
    op.change(|state| state.silent = false);
    assert!(reachable(&federation, 60).await.is_ok());
    op.change(|state| state.silent = true);
    assert_eq!(since(reachable(&federation, 90).await), Some(after(90)));
}

#[tokio::test]
async fn n16_a_sign_in_page_elsewhere_is_asked_only_when_the_operator_says_so() {
    let (op, elsewhere) = (Op::start(&[&Key::new("k1")]).await, Op::start(&[]).await);
    let page = elsewhere.issuer.replace("127.0.0.1", "localhost");
    op.change(|state| {
        state.document["authorization_endpoint"] = format!("{page}/authorize").into();
    });
    for (probe, calls) in [(None, 0), (Some(false), 0), (Some(true), 1)] {
        let mut settings = oidc_settings("globex", &op.issuer);
        settings.probe = probe;
        let federation = federation(vec![settings]);
        assert!(reachable(&federation, 0).await.is_ok());
        assert!(reachable(&federation, 30).await.is_ok());
        assert_eq!(elsewhere.calls("/authorize"), calls, "{probe:?}");
    }
}

#[tokio::test]
async fn n16_a_sign_in_that_finds_nobody_tells_the_next_one_at_once() {
    let key = Key::new("k1");
    let op = Op::start(&[&key]).await;
    op.issue(&key, &claims(&op));
    let federation = globex(&op);
    authorize(&federation, now()).await.unwrap();
    op.change(|state| state.silent = true);
    let error = redeem(&federation, after(5)).await.unwrap_err();
    assert_eq!(error.refusal().since, Some(after(5)));
    assert_eq!(since(reachable(&federation, 6).await), Some(after(5)));
    assert_eq!(op.calls("/authorize"), 0);
}

#[tokio::test]
async fn n05_what_was_last_good_outlives_a_restart_and_is_checked_again() {
    let (key, other) = (Key::new("k1"), Key::new("k2"));
    let op = Op::start(&[&key]).await;
    op.issue(&key, &claims(&op));
    let first = globex(&op);
    let idp = name("globex");
    assert_eq!(first.last_good(&idp), None);
    authorize(&first, now()).await.unwrap();
    let kept = first.last_good(&idp).unwrap();
    assert_eq!(kept.fetched, now());

    // After a restart in which the documents cannot be had.
    let second = globex(&op);
    op.change(|state| state.document = "no".into());
    second.restore(&idp, kept.clone(), after(60)).await.unwrap();
    assert!(redeem(&second, after(60)).await.is_ok());
    assert_eq!(op.calls(DOCUMENT), 1);
    assert_eq!(second.last_good(&idp), Some(kept.clone()));
    // An hour after they were fetched, not after the restart, they are fetched again.
    assert!(!second.refresh_due(after(3600)).await.is_empty());

    // Another issuer in the file; a document that somebody changed; and nothing newer is replaced.
    let moved = federation(vec![oidc_settings("globex", "https://login.globex.example")]);
    let refused = moved.restore(&idp, kept.clone(), now()).await;
    assert_eq!(cause(refused), "oidc-metadata-issuer-foreign");
    let broken = Document { bytes: b"{}".to_vec(), fetched: now() };
    let refused = moved.restore(&idp, broken, now()).await;
    assert_eq!(cause(refused), "oidc-metadata-unreadable");
    let newer = Op::start(&[&other]).await;
    let current = globex(&newer);
    authorize(&current, after(100)).await.unwrap();
    let own = current.last_good(&idp);
    assert!(current.restore(&idp, kept, after(100)).await.is_err());
    assert_eq!(current.last_good(&idp), own);
}

#[tokio::test]
async fn a_key_that_was_fetched_on_demand_is_kept_too() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let op = Op::start(&[&old]).await;
    let federation = globex(&op);
    authorize(&federation, now()).await.unwrap();
    op.change(|state| state.keys = vec![new.jwk()]);
    op.issue(&new, &claims(&op));
    redeem(&federation, after(1)).await.unwrap();
    let kept = federation.last_good(&name("globex")).unwrap();
    assert!(String::from_utf8(kept.bytes).unwrap().contains(r#"\"new\""#));
}
