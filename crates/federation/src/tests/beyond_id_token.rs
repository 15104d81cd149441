//! Userinfo, groups elsewhere, providers without ID token, and signing out.

use serde_json::{Value, json};

use super::op::{Key, Op};
use super::{after, cause, claims, federation, globex, name, now, oidc_settings, redeem, settings};
use crate::{
    ClientAuthentication, Federation, GroupOverage, IdpSettings, OAuth2Settings, OidcSettings,
    Protocol,
};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Globex with other settings.
fn with(op: &Op, change: impl FnOnce(&mut OidcSettings)) -> Federation {
    let mut settings = oidc_settings("globex", &op.issuer);
    if let Protocol::Oidc(oidc) = &mut settings.protocol {
        change(oidc);
    }
    federation(vec![settings])
}

fn answers(op: &Op, path: &str, answer: Value) {
    op.change(|state| state.others.insert(path.to_owned(), answer));
}

#[tokio::test]
async fn c16_userinfo_is_asked_when_the_file_says_so_and_must_be_about_the_same_person() {
    let key = Key::new("k1");
    let op = Op::start(&[&key]).await;
    op.issue(&key, &claims(&op));
    let endpoint = format!("{}/me", op.issuer);
    op.change(|state| state.document["userinfo_endpoint"] = json!(endpoint));
    assert!(redeem(&globex(&op), now()).await.is_ok());
    assert_eq!(op.calls("/me"), 0);

    let asking = with(&op, |oidc| oidc.userinfo = true);
    answers(&op, "/me", json!({"sub": "ann", "name": "Ann", "email": "other@globex.example"}));
    let redeemed = redeem(&asking, now()).await.unwrap();
    assert_eq!(redeemed.claims["name"], ["Ann"]);
    assert_eq!(redeemed.claims["email"], ["ann@globex.example"]);
    for (answer, wanted) in [
        (json!({"sub": "bob"}), "oidc-userinfo-subject-foreign"),
        (json!([{"sub": "ann"}]), "oidc-userinfo-unreadable"),
    ] {
        answers(&op, "/me", answer);
        assert_eq!(cause(redeem(&asking, now()).await), wanted);
    }
    op.change(|state| state.others.clear());
    assert_eq!(cause(redeem(&asking, now()).await), "oidc-userinfo-failed");
}

/// Claims with a reference in place of groups.
fn overage(op: &Op) -> Value {
    let mut claims = claims(op);
    claims["_claim_names"] = json!({"groups": "s"});
    claims["_claim_sources"] = json!({"s": {"endpoint": format!("{}/groups", op.issuer)}});
    claims
}

#[tokio::test]
async fn n14_groups_elsewhere_are_fetched_page_by_page_and_remembered() {
    let key = Key::new("k1");
    let op = Op::start(&[&key]).await;
    op.issue(&key, &overage(&op));
    let next = format!("{}/groups?page=2", op.issuer);
    answers(&op, "/groups", json!({"value": ["a", "b"], "@odata.nextLink": next}));
    answers(&op, "/groups?page=2", json!({"value": [{"id": "c"}]}));
    let federation = globex(&op);
    for at in [0, 299] {
        let redeemed = redeem(&federation, after(at)).await.unwrap();
        assert_eq!(redeemed.claims["groups"], ["a", "b", "c"]);
        assert!(!redeemed.groups_overage_unresolved);
        assert_eq!(op.calls("/groups"), 1);
    }
    redeem(&federation, after(300)).await.unwrap();
    assert_eq!(op.calls("/groups"), 2);
}

#[tokio::test]
async fn n14_groups_that_cannot_be_had_stay_unknown_or_refuse_the_sign_in() {
    let key = Key::new("k1");
    let op = Op::start(&[&key]).await;
    op.issue(&key, &overage(&op));
    let unknown = |redeemed: crate::Redeemed| {
        assert!(redeemed.groups_overage_unresolved);
        assert!(!redeemed.claims.contains_key("groups"), "absent is not empty");
    };
    // Refused there, without end, elsewhere.
    let endless = json!({"value": ["a"], "@odata.nextLink": format!("{}/groups", op.issuer)});
    for answer in [None, Some(endless), Some(json!({"value": {}}))] {
        op.change(|state| state.others.clear());
        if let Some(answer) = answer {
            answers(&op, "/groups", answer);
        }
        unknown(redeem(&globex(&op), now()).await.unwrap());
    }
    let called = op.calls("/groups");
    let evil = Op::start(&[&key]).await;
    let mut claims = overage(&op);
    claims["_claim_sources"]["s"]["endpoint"] = json!(format!("{}/groups", evil.issuer));
    op.issue(&key, &claims);
    unknown(redeem(&globex(&op), now()).await.unwrap());
    assert_eq!(evil.change(|state| state.calls.len()), 0, "our token went elsewhere");

    op.issue(&key, &overage(&op));
    let keeping = with(&op, |oidc| oidc.group_overage = GroupOverage::Keep);
    unknown(redeem(&keeping, now()).await.unwrap());
    let denying = with(&op, |oidc| oidc.group_overage = GroupOverage::Deny);
    assert_eq!(cause(redeem(&denying, now()).await), "oidc-groups-not-listed");
    assert_eq!(op.calls("/groups"), called);
}

fn github(op: &Op, change: impl FnOnce(&mut OAuth2Settings)) -> Federation {
    let url = |path: &str| format!("{}{path}", op.issuer).parse().unwrap();
    let mut oauth2 = OAuth2Settings {
        authorization_endpoint: url("/login/oauth/authorize"),
        token_endpoint: url("/token"),
        userinfo_endpoint: url("/user"),
        emails_endpoint: None,
        client_id: "vestibule".to_owned(),
        client_authentication: ClientAuthentication::None,
        scopes: vec!["user:email".to_owned()],
        email_verified: "email_verified".to_owned(),
        accept_unverified_email: false,
    };
    change(&mut oauth2);
    let idp: IdpSettings = settings("globex", Protocol::OAuth2(oauth2));
    federation(vec![idp])
}

#[tokio::test]
async fn t04_without_id_token_userinfo_says_who_it_is_and_silence_is_no_verified_address() {
    let op = Op::start(&[]).await;
    op.change(|state| state.token = json!({"access_token": "at", "token_type": "bearer"}));
    answers(&op, "/user", json!({"id": 7, "login": "ann", "email": "shown@evil.example"}));
    let list = json!([{"email": "ann@globex.example", "primary": true, "verified": true}]);
    answers(&op, "/emails", list);
    let emails = || Some(format!("{}/emails", op.issuer).parse().unwrap());

    let plain = redeem(&github(&op, |_| {}), now()).await.unwrap();
    assert_eq!((plain.subject, plain.sub, plain.email_verified), (None, None, Some(false)));
    assert_eq!(plain.claims["id"], ["7"]);
    let risky = github(&op, |oauth2| oauth2.accept_unverified_email = true);
    assert_eq!(redeem(&risky, now()).await.unwrap().email_verified, None);
    let listed = github(&op, |oauth2| oauth2.emails_endpoint = emails());
    let listed = redeem(&listed, now()).await.unwrap();
    assert_eq!(listed.claims["email"], ["ann@globex.example"]);
    assert_eq!(listed.email_verified, Some(true));
    let other_path = github(&op, |oauth2| oauth2.email_verified = "proofs.email".to_owned());
    for (value, verified) in [
        (json!(true), true),
        (json!("true"), true),
        (json!([true, true]), false),
        (json!(1), false),
    ] {
        answers(&op, "/user", json!({"id": 7, "proofs": {"email": value}}));
        let redeemed = redeem(&other_path, now()).await.unwrap();
        assert_eq!(redeemed.email_verified, Some(verified), "{value}");
    }
    answers(&op, "/user", json!([{"id": 7}]));
    let array = redeem(&github(&op, |_| {}), now()).await;
    assert_eq!(cause(array), "oidc-userinfo-unreadable");
    // As GitHub says it: an error with status 200 would be here, 400 is taken as well.
    op.change(|state| state.token = json!({"error": "bad_verification_code"}));
    assert_eq!(cause(redeem(&github(&op, |_| {}), now()).await), "oidc-code-refused");
    // There is nothing to fetch and nothing to sign out of.
    let federation = github(&op, |_| {});
    assert!(federation.refresh_due(now()).await.is_empty());
    let out = federation.oidc_logout_url(&name("globex"), None, "https://h/", "s", now()).await;
    assert_eq!(out.unwrap(), None);
}

#[tokio::test]
async fn n09_a_logout_token_is_verified_with_keys_fetched_once_more() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let op = Op::start(&[&old]).await;
    let token = |key: &Key| {
        key.sign(&json!({"iss": op.issuer, "aud": "vestibule", "sub": "ann", "iat": super::NOW,
            "exp": super::NOW + 60, "jti": "j", "events": {EVENT: {}}}))
    };
    let federation = globex(&op);
    let idp = name("globex");
    let verified = federation.verify_logout_token(&idp, &token(&old), now()).await.unwrap();
    assert_eq!(verified.sub(), Some("ann"));
    let forged = federation.verify_logout_token(&idp, &token(&new), now()).await;
    assert_eq!(cause(forged), "oidc-logout-token-key-unknown");
    op.change(|state| state.keys = vec![new.jwk()]);
    // C8 holds here too: no second fetch within the minute.
    let early = federation.verify_logout_token(&idp, &token(&new), after(10)).await;
    assert_eq!(cause(early), "oidc-logout-token-key-unknown");
    assert!(federation.verify_logout_token(&idp, &token(&new), after(60)).await.is_ok());
    assert_eq!(op.calls("/keys"), 3);

    let refused = federation.check_front_channel(&idp, Some("https://evil.example"), Some("s"));
    assert_eq!(cause(refused.await), "oidc-front-channel-issuer-foreign");
    assert!(federation.check_front_channel(&idp, Some(&op.issuer), Some("s")).await.is_ok());
    let off = with(&op, |oidc| oidc.single_logout = false);
    let refused = off.verify_logout_token(&idp, &token(&new), now()).await;
    assert_eq!(cause(refused), "idp-single-logout-off");
    assert_eq!(cause(off.check_front_channel(&idp, None, None).await), "idp-single-logout-off");
}

#[tokio::test]
async fn n08_the_browser_is_sent_out_where_the_provider_says() {
    let op = Op::start(&[&Key::new("k1")]).await;
    let end = format!("{}/end", op.issuer);
    op.change(|state| state.document["end_session_endpoint"] = json!(end));
    let out = |federation: Federation| async move {
        let (idp, hint) = (name("globex"), Some("a.b.c"));
        federation.oidc_logout_url(&idp, hint, "https://h/", "s", now()).await.unwrap()
    };
    let url = out(globex(&op)).await.unwrap();
    assert!(url.as_str().starts_with(&format!("{end}?id_token_hint=a.b.c&")), "{url}");
    assert_eq!(out(with(&op, |oidc| oidc.single_logout = false)).await, None);
    op.change(|state| state.document["end_session_endpoint"] = Value::Null);
    assert_eq!(out(globex(&op)).await, None);
}
