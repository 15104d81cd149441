//! Keeping what is good, and whose failure hurts whom.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::op::{Key, Op};
use super::{
    after, authorize, cause, claims, federation, globex, now, oidc_settings, redeem, shown,
};

const DOCUMENT: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn documents_are_fetched_at_start_and_then_about_each_hour() {
    let op = Op::start(&[&Key::new("k1")]).await;
    let federation = globex(&op);
    assert_eq!(shown(federation.refresh_due(now()).await), ["+globex"]);
    assert!(shown(federation.refresh_due(after(2999)).await).is_empty());
    assert_eq!(op.calls(DOCUMENT), 1);
    // The same documents again are no news.
    assert!(shown(federation.refresh_due(after(3600)).await).is_empty());
    assert_eq!(op.calls(DOCUMENT), 2);
    op.change(|state| state.keys.push(Key::new("k2").jwk()));
    assert_eq!(shown(federation.refresh_due(after(7200)).await), ["+globex"]);
}

#[tokio::test]
async fn what_a_customer_or_a_new_key_caused_is_told_in_the_next_round() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let op = Op::start(&[&old]).await;
    let federation = globex(&op);
    authorize(&federation, now()).await.unwrap();
    assert_eq!(shown(federation.refresh_due(after(1)).await), ["+globex"]);
    op.change(|state| state.keys = vec![new.jwk()]);
    op.issue(&new, &claims(&op));
    redeem(&federation, after(2)).await.unwrap();
    assert_eq!(shown(federation.refresh_due(after(3)).await), ["+globex"]);
    assert!(shown(federation.refresh_due(after(4)).await).is_empty());
}

#[tokio::test]
async fn an_outage_is_told_once_and_the_last_good_stays() {
    let key = Key::new("k1");
    let op = Op::start(&[&key]).await;
    op.issue(&key, &claims(&op));
    let federation = globex(&op);
    federation.refresh_due(now()).await;
    op.change(|state| state.broken = 500);
    let due = after(3600);
    assert_eq!(shown(federation.refresh_due(due).await), ["-globex idp-document-missing"]);
    assert!(shown(federation.refresh_due(after(3660)).await).is_empty());
    assert!(authorize(&federation, after(3660)).await.is_ok());
    assert_eq!(shown(federation.refresh_due(after(7200)).await), ["-globex idp-document-missing"]);
    op.change(|state| state.broken = 0);
    assert_eq!(shown(federation.refresh_due(after(7260)).await), ["+globex"]);
    assert!(redeem(&federation, now()).await.is_ok());
}

#[tokio::test]
async fn a26_metadata_that_got_worse_does_not_replace_the_last_good() {
    let key = Key::new("k1");
    let op = Op::start(&[&key]).await;
    op.issue(&key, &claims(&op));
    let federation = globex(&op);
    federation.refresh_due(now()).await;
    let good = op.change(|state| state.document.clone());
    for (member, value, wanted) in [
        ("issuer", json!("https://evil.example"), "oidc-metadata-issuer-foreign"),
        ("token_endpoint", json!("http://idp.example/token"), "oidc-metadata-endpoint-refused"),
        ("token_endpoint", json!(null), "oidc-metadata-incomplete"),
    ] {
        op.change(|state| {
            state.document = good.clone();
            state.document[member] = value;
        });
        let told = shown(federation.refresh_due(after(4000)).await);
        assert_eq!(told, [format!("-globex {wanted}")]);
        assert!(redeem(&federation, now()).await.is_ok());
    }
    // A25: a key set that lost its keys is no better.
    op.change(|state| {
        state.document = good;
        state.keys.clear();
    });
    let told = shown(federation.refresh_due(after(4000)).await);
    assert_eq!(told, ["-globex oidc-keys-missing"]);
    assert!(redeem(&federation, now()).await.is_ok());
}

#[tokio::test]
async fn many_customers_cause_one_fetch() {
    let op = Op::start(&[&Key::new("k1")]).await;
    let federation = globex(&op);
    for result in join_all((0..50).map(|_| authorize(&federation, now()))).await {
        assert!(result.is_ok());
    }
    assert_eq!((op.calls(DOCUMENT), op.calls("/keys")), (1, 1));
}

#[tokio::test]
async fn a_failed_fetch_is_not_repeated_for_each_customer() {
    let op = Op::start(&[&Key::new("k1")]).await;
    op.change(|state| state.broken = 503);
    let federation = globex(&op);
    for result in join_all((0..50).map(|_| authorize(&federation, now()))).await {
        assert_eq!(cause(result), "idp-document-missing");
    }
    assert_eq!(op.calls(DOCUMENT), 1);
    op.change(|state| state.broken = 0);
    assert_eq!(cause(authorize(&federation, after(9)).await), "idp-document-missing");
    assert!(authorize(&federation, after(10)).await.is_ok());
}

#[tokio::test]
async fn n16_a_silent_provider_costs_its_own_people_three_seconds_and_others_nothing() {
    let key = Key::new("k1");
    let (well, silent) = (Op::start(&[&key]).await, Op::start(&[&key]).await);
    silent.change(|state| state.silent = true);
    well.issue(&key, &claims(&well));
    let idps = vec![oidc_settings("globex", &well.issuer), oidc_settings("silent", &silent.issuer)];
    let federation = federation(idps);
    let parameters = crate::AuthorizationRequest {
        redirect_uri: super::REDIRECT,
        state: "s",
        nonce: "n",
        verifier: super::VERIFIER,
        login_hint: None,
    };
    let silent_name = super::name("silent");
    let waiting = async {
        let began = Instant::now();
        let asked =
            (0..10).map(|_| federation.oidc_authorization(&silent_name, &parameters, now()));
        let results = join_all(asked).await;
        (results, began.elapsed())
    };
    let signing_in = async {
        let began = Instant::now();
        let result = redeem(&federation, now()).await;
        (result, began.elapsed())
    };
    let ((results, waited), (signed_in, took)) = tokio::join!(waiting, signing_in);
    for result in results {
        assert_eq!(cause(result), "idp-unreachable");
    }
    assert!(signed_in.is_ok());
    // Far apart from each other, so that a busy machine does not blur them.
    assert!(took < waited && waited < Duration::from_secs(30), "{took:?} {waited:?}");
    assert_eq!(silent.calls(DOCUMENT), 1);
}
