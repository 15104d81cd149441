//! The provider's flow, walked by a tiny client.

use super::*;
use crate::http_client::{self, Call};
use crate::people;

const REDIRECT: &str = "https://help.localhost/.vestibule/oidc/hooli/callback";

fn authorization_url(provider: &OAuth2Provider) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", REDIRECT)
        .append_pair("response_type", "code")
        .append_pair("state", "the-state")
        .finish();
    format!("{}?{query}", provider.authorization_endpoint)
}

fn code(url: &Url) -> String {
    url.query_pairs().find(|(n, _)| n == "code").unwrap().1.into_owned()
}

async fn redeem(provider: &OAuth2Provider, code: &str) -> (u16, Value) {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", code)
        .append_pair("client_id", &provider.client_id)
        .append_pair("client_secret", &provider.client_secret)
        .finish();
    let kind = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
    let headers = vec![kind, ("accept".to_owned(), "application/json".to_owned())];
    ask(&provider.token_endpoint, http::Method::POST, headers, body).await
}

async fn ask(
    url: &str,
    method: http::Method,
    headers: Vec<(String, String)>,
    body: String,
) -> (u16, Value) {
    let url = Url::parse(url).unwrap();
    let call = Call { method, url: &url, headers, body: body.into(), authority: None };
    let answer = http_client::call(call).await.unwrap();
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

async fn read(url: &str, token: &str) -> (u16, Value) {
    let headers = vec![
        ("authorization".to_owned(), format!("Bearer {token}")),
        ("user-agent".to_owned(), "test".to_owned()),
    ];
    ask(url, http::Method::GET, headers, String::new()).await
}

#[tokio::test]
async fn an_honest_sign_in_ends_with_a_person_and_verified_addresses() {
    let provider = OAuth2Provider::start(people::hooli());
    let hal = provider.person("hal");
    let back = provider.authorize(&authorization_url(&provider), &hal, None).unwrap();
    let (status, tokens) = redeem(&provider, &code(&back)).await;
    assert_eq!(status, 200, "{tokens}");
    let token = tokens["access_token"].as_str().unwrap();
    let (_, user) = read(&provider.user_endpoint, token).await;
    assert_eq!(user["id"], number_of(&hal));
    assert!(user["email"].is_null());
    let (_, emails) = read(&provider.emails_endpoint, token).await;
    assert_eq!(emails[1]["email"], "hal@hooli.example");
    assert_eq!(emails[1]["verified"], true);
    let (status, again) = redeem(&provider, &code(&back)).await;
    assert_eq!((status, &again["error"]), (200, &json!("bad_verification_code")));
}

#[tokio::test]
async fn nobody_is_read_without_a_token_or_a_name() {
    let provider = OAuth2Provider::start(people::hooli());
    assert_eq!(read(&provider.user_endpoint, "guessed").await.0, 401);
    assert_eq!(http_client::get(&provider.user_endpoint).await.unwrap().status, 403);
}

#[tokio::test]
async fn each_flaw_is_where_it_says() {
    let provider = OAuth2Provider::start(people::hooli());
    let hal = provider.person("hal");
    let back = |flaw| provider.authorize(&authorization_url(&provider), &hal, Some(flaw)).unwrap();
    assert!(back(OAuth2Flaw::AccessDenied).as_str().contains("error=access_denied"));
    assert!(!back(OAuth2Flaw::NoState).as_str().contains("state="));
    assert_eq!(back(OAuth2Flaw::DuplicateCode).as_str().matches("code=").count(), 2);
    let (status, tokens) = redeem(&provider, &code(&back(OAuth2Flaw::TokenErrorWith200))).await;
    assert_eq!((status, &tokens["error"]), (200, &json!("bad_verification_code")));
    let (_, tokens) = redeem(&provider, &code(&back(OAuth2Flaw::PrimaryUnverified))).await;
    let token = tokens["access_token"].as_str().unwrap();
    let (_, emails) = read(&provider.emails_endpoint, token).await;
    assert_eq!((&emails[1]["primary"], &emails[1]["verified"]), (&json!(true), &json!(false)));
    let (_, tokens) = redeem(&provider, &code(&back(OAuth2Flaw::NoId))).await;
    let (_, user) = read(&provider.user_endpoint, tokens["access_token"].as_str().unwrap()).await;
    assert!(user.get("id").is_none() && user["name"] == "Hal Hopper");
}
