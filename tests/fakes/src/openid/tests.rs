//! The provider's flow, walked by a tiny client.

use aws_lc_rs::{digest, signature};
use serde_json::Value;

use super::*;
use crate::http_client::{self, Browser, Call};
use crate::people;
use crate::text::{base64url, from_base64url};

const REDIRECT: &str = "https://help.localhost/.vestibule/oidc/globex/callback";
const VERIFIER: &str = "0123456789012345678901234567890123456789012345678901";

fn authorization_url(op: &OpenIdProvider) -> String {
    let challenge = base64url(digest::digest(&digest::SHA256, VERIFIER.as_bytes()).as_ref());
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &op.client_id)
        .append_pair("redirect_uri", REDIRECT)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid email")
        .append_pair("state", "the-state")
        .append_pair("nonce", "the-nonce")
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    format!("{}/authorize?{query}", op.issuer)
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
}

async fn redeem(op: &OpenIdProvider, code: &str, verifier: &str) -> (u16, Value) {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", REDIRECT)
        .append_pair("code_verifier", verifier)
        .append_pair("client_id", &op.client_id)
        .append_pair("client_secret", &op.client_secret)
        .finish();
    let url = Url::parse(&format!("{}/token", op.issuer)).unwrap();
    let kind = "application/x-www-form-urlencoded".to_owned();
    let headers = vec![("content-type".to_owned(), kind)];
    let (method, body) = (http::Method::POST, body.into());
    let answer = http_client::call(Call { method, url: &url, headers, body, authority: None })
        .await
        .unwrap();
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

async fn id_token(op: &OpenIdProvider, answer: impl Into<OidcAnswer>) -> String {
    let callback = op.authorize(&authorization_url(op), &op.person("gil"), answer).unwrap();
    let code = parameter(&callback, "code").unwrap();
    let (status, tokens) = redeem(op, &code, VERIFIER).await;
    assert_eq!(status, 200, "{tokens}");
    tokens["id_token"].as_str().unwrap().to_owned()
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&from_base64url(part).unwrap()).unwrap()
}

/// Checks RS256 with nothing but the published key.
async fn verifies(op: &OpenIdProvider, token: &str) -> bool {
    let jwks = http_client::get(&format!("{}/jwks", op.issuer)).await.unwrap();
    let jwks: Value = serde_json::from_slice(&jwks.body).unwrap();
    let number = |name: &str| from_base64url(jwks["keys"][0][name].as_str().unwrap()).unwrap();
    let (n, e) = (number("n"), number("e"));
    let key = signature::RsaPublicKeyComponents { n: &n, e: &e };
    let (input, value) = token.rsplit_once('.').unwrap();
    let value = from_base64url(value).unwrap();
    key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &value).is_ok()
}

#[tokio::test]
async fn an_honest_sign_in_ends_with_a_token_that_verifies() {
    let op = OpenIdProvider::start(people::globex());
    op.register_redirect(REDIRECT);
    let mut browser = Browser::default();
    let page = browser.open(&authorization_url(&op)).await.unwrap();
    assert!(page.text().contains("Gil Garcia (gil@globex.example)"));
    let url = format!("{}&person=gil%40globex.example", authorization_url(&op));
    let url = Url::parse(&url).unwrap();
    let answer = browser.step(http::Method::GET, &url, &[]).await.unwrap();
    let callback = answer.location().unwrap();
    assert!(callback.as_str().starts_with(REDIRECT));
    assert_eq!(parameter(&callback, "state").as_deref(), Some("the-state"));
    assert_eq!(parameter(&callback, "iss").as_deref(), Some(op.issuer.as_str()));
    let code = parameter(&callback, "code").unwrap();
    let (status, tokens) = redeem(&op, &code, VERIFIER).await;
    let token = tokens["id_token"].as_str().unwrap();
    assert_eq!(status, 200);
    assert!(verifies(&op, token).await);
    assert_eq!(part(token, 1)["nonce"], "the-nonce");
    assert_eq!(part(token, 1)["email"], "gil@globex.example");
    assert_eq!(redeem(&op, &code, VERIFIER).await.0, 400, "a code is good once");
}

#[tokio::test]
async fn a_wrong_verifier_or_client_gets_no_token() {
    let op = OpenIdProvider::start(people::globex());
    let url = authorization_url(&op);
    let code = |callback: &Url| parameter(callback, "code").unwrap();
    let callback = op.authorize(&url, &op.person("gil"), OidcAnswer::default()).unwrap();
    let other = VERIFIER.replace('0', "9");
    assert_eq!(redeem(&op, &code(&callback), &other).await.0, 400);
    for (from, to) in [
        ("client_id=vestibule", "client_id=other"),
        ("S256", "plain"),
        ("openid", "profile"),
        ("response_type=code", "response_type=token"),
        ("state=the-state", "nonce=twice"),
    ] {
        let wrong = url.replace(from, to);
        assert!(op.authorize(&wrong, &op.person("gil"), OidcAnswer::default()).is_err(), "{to}");
    }
    op.register_redirect("https://other.example/callback");
    assert!(op.authorize(&url, &op.person("gil"), OidcAnswer::default()).is_err());
}

#[tokio::test]
async fn flaws_of_claims_are_validly_signed_and_flaws_of_signatures_are_not() {
    let op = OpenIdProvider::start(people::globex());
    for flaw in OidcFlaw::ID_TOKEN.iter().take_while(|f| **f != OidcFlaw::AlgorithmNone) {
        let token = id_token(&op, *flaw).await;
        assert!(verifies(&op, &token).await, "{flaw:?}");
    }
    for flaw in [OidcFlaw::BadSignature, OidcFlaw::Tampered, OidcFlaw::ForeignKey] {
        let token = id_token(&op, flaw).await;
        assert!(!verifies(&op, &token).await, "{flaw:?}");
    }
    let none = id_token(&op, OidcFlaw::AlgorithmNone).await;
    assert!(none.ends_with('.') && part(&none, 0)["alg"] == "none");
    let changed = OidcAnswer::changed(|claims| claims["team"] = "red".into());
    let token = id_token(&op, changed).await;
    assert!(verifies(&op, &token).await && part(&token, 1)["team"] == "red");
}

#[tokio::test]
async fn a_rotated_key_signs_at_once_and_is_published() {
    let op = OpenIdProvider::start(people::globex());
    let old = id_token(&op, OidcAnswer::default()).await;
    op.rotate_key();
    let new = id_token(&op, OidcAnswer::default()).await;
    assert_ne!(part(&old, 0)["kid"], part(&new, 0)["kid"]);
    assert!(verifies(&op, &new).await && !verifies(&op, &old).await);
}

#[test]
fn flaws_of_the_redirect_are_in_the_redirect() {
    let op = OpenIdProvider::start(people::globex());
    let url =
        |flaw| op.authorize(&authorization_url(&op), &op.person("gil"), flaw).unwrap().to_string();
    assert!(url(OidcFlaw::AccessDenied).contains("error=access_denied"));
    assert!(!url(OidcFlaw::AccessDenied).contains("code="));
    assert!(url(OidcFlaw::WrongIssParameter).contains("iss=https%3A%2F%2Fevil.example"));
    assert!(!url(OidcFlaw::NoIssParameter).contains("iss="));
    assert_eq!(url(OidcFlaw::DuplicateCode).matches("code=").count(), 2);
    assert_eq!(url(OidcFlaw::DuplicateState).matches("state=").count(), 2);
    assert!(!url(OidcFlaw::NoState).contains("state="));
}

#[tokio::test]
async fn a_logout_token_is_signed_as_its_flaw_wants() {
    let op = OpenIdProvider::start(people::globex());
    id_token(&op, OidcAnswer::default()).await;
    let session = op.session_of(&op.person("gil"));
    let honest = op.logout_token(&session, Named::Both, None);
    assert!(verifies(&op, &honest).await);
    assert_eq!(part(&honest, 1)["sid"], session.sid.as_str());
    assert_eq!(part(&honest, 0)["typ"], "logout+jwt");
    assert!(part(&op.logout_token(&session, Named::Session, None), 1).get("sub").is_none());
    for flaw in LogoutTokenFlaw::ALL {
        let token = op.logout_token(&session, Named::Both, Some(*flaw));
        let signed = !matches!(
            flaw,
            LogoutTokenFlaw::AlgorithmNone
                | LogoutTokenFlaw::HmacWithSecret
                | LogoutTokenFlaw::ForeignKey
                | LogoutTokenFlaw::BadSignature
                | LogoutTokenFlaw::Tampered
                | LogoutTokenFlaw::TwoParts
        );
        let valid = token.matches('.').count() == 2 && verifies(&op, &token).await;
        assert_eq!(valid, signed, "{flaw:?}");
    }
}

#[tokio::test]
async fn an_end_session_request_ends_the_session_of_its_hint_and_goes_back() {
    let op = OpenIdProvider::start(people::globex());
    let token = id_token(&op, OidcAnswer::default()).await;
    id_token(&op, OidcAnswer::default()).await;
    op.register_post_logout_redirect("https://help.localhost/after");
    let url = |hint: &str, back: &str| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("id_token_hint", hint)
            .append_pair("post_logout_redirect_uri", back)
            .append_pair("state", "s1")
            .finish();
        format!("{}/logout?{query}", op.issuer)
    };
    assert!(op.end_session(&url("a.b.c", "https://help.localhost/after")).is_err());
    assert!(op.end_session(&url(&token, "https://evil.example/")).is_err());
    assert_eq!(op.sessions().len(), 2);
    let back = op.end_session(&url(&token, "https://help.localhost/after")).unwrap().unwrap();
    assert_eq!(back.as_str(), "https://help.localhost/after?state=s1");
    assert_eq!(op.sessions().len(), 1);
    assert_eq!(op.end_sessions()[0].ended, 1);
}

#[tokio::test]
async fn a_client_assertion_is_good_once_and_only_by_the_registered_key() {
    let client = SigningKey::first(KeyKind::P256, "client");
    let options = ProviderOptions {
        proof: ClientProof::PrivateKeyJwt(client.public_key_pem()),
        ..ProviderOptions::of(people::globex())
    };
    let op = OpenIdProvider::start_with(options).unwrap();
    let now = FakeClock::system().now();
    let assertion = |key: &SigningKey, aud: &str, jti: &str| {
        let claims = serde_json::json!({
            "iss": op.client_id, "sub": op.client_id, "aud": aud, "jti": jti, "exp": now + 60
        });
        let input = id_token::input(&serde_json::json!({ "alg": "ES256" }), &claims);
        let signature = base64url(&key.sign(key.algorithm(), input.as_bytes()));
        vec![
            (
                "client_assertion_type".to_owned(),
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
            ),
            ("client_assertion".to_owned(), format!("{input}.{signature}")),
        ]
    };
    let judge = |form: &[(String, String)]| op.core.authenticate_client(None, form);
    let good = assertion(&client, &op.issuer, "j1");
    assert!(judge(&good).is_ok());
    assert!(judge(&good).is_err(), "used twice");
    assert!(judge(&assertion(&client, "https://evil.example", "j2")).is_err());
    assert!(judge(&assertion(&SigningKey::p256("other"), &op.issuer, "j3")).is_err());
    assert!(judge(&[]).is_err());
}

#[tokio::test]
async fn groups_that_are_elsewhere_come_in_pages() {
    let mut company = people::globex();
    let groups: Vec<String> = (0..7).map(|n| format!("group-{n}")).collect();
    company.people[0].groups = groups.clone();
    let op = OpenIdProvider::start(company);
    let callback = op.authorize(&authorization_url(&op), &op.person("gil"), Overage::ClaimNames);
    let code = parameter(&callback.unwrap(), "code").unwrap();
    let (_, tokens) = redeem(&op, &code, VERIFIER).await;
    let claims = part(tokens["id_token"].as_str().unwrap(), 1);
    assert!(claims.get("groups").is_none());
    let mut next = claims["_claim_sources"]["src1"]["endpoint"].as_str().map(str::to_owned);
    let mut found = Vec::new();
    while let Some(endpoint) = next {
        let url = Url::parse(&endpoint).unwrap();
        let token = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let headers = vec![("authorization".to_owned(), token)];
        let (method, body) = (http::Method::GET, bytes::Bytes::new());
        let call = Call { method, url: &url, headers, body, authority: None };
        let page: Value =
            serde_json::from_slice(&http_client::call(call).await.unwrap().body).unwrap();
        found.extend(
            page["value"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()),
        );
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(found, groups);
    assert_eq!(op.group_calls(), 3);
}

#[tokio::test]
async fn a_provider_of_many_tenants_issues_under_each_of_them() {
    let tenants = vec!["11111111-1111-4111-8111-111111111111".to_owned(), "second".to_owned()];
    let options = ProviderOptions { tenants, ..ProviderOptions::of(people::globex()) };
    let op = OpenIdProvider::start_with(options).unwrap();
    let base = op.issuer.strip_suffix("/{tenantid}/v2.0").unwrap().to_owned();
    for (path, issuer) in [("common", "{tenantid}"), ("second", "second")] {
        let url = format!("{base}/{path}/v2.0/.well-known/openid-configuration");
        let found: Value =
            serde_json::from_slice(&http_client::get(&url).await.unwrap().body).unwrap();
        assert_eq!(found["issuer"], format!("{base}/{issuer}/v2.0"));
    }
    let url = authorization_url(&op).replace("{tenantid}/v2.0/", "");
    let answer = OidcAnswer { tenant: Some("second".to_owned()), ..OidcAnswer::default() };
    let callback = op.authorize(&url, &op.person("gil"), answer).unwrap();
    assert_eq!(parameter(&callback, "iss"), None);
    let code = parameter(&callback, "code").unwrap();
    let token_url = op.core.exchange(
        None,
        &[
            ("grant_type".to_owned(), "authorization_code".to_owned()),
            ("code".to_owned(), code),
            ("redirect_uri".to_owned(), REDIRECT.to_owned()),
            ("code_verifier".to_owned(), VERIFIER.to_owned()),
            ("client_id".to_owned(), op.client_id.clone()),
            ("client_secret".to_owned(), op.client_secret.clone()),
        ],
    );
    let (tokens, _) = token_url.unwrap();
    let claims = part(tokens["id_token"].as_str().unwrap(), 1);
    assert_eq!(claims["tid"], "second");
    assert_eq!(claims["iss"], format!("{base}/second/v2.0"));
}
