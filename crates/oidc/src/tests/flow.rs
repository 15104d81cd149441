//! Registration, metadata, authentication request and token endpoint.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::Timestamp;
use http::StatusCode;
use serde_json::{Value, json};

use super::{ISSUER, NOW, party, registration};
use crate::{
    AuthorizationRequest, CallbackError, ClientAuthentication, DiscoveryError, ExchangeError,
    ProviderMetadata, Registration, RegistrationError, RelyingParty, TokenRequest, TokenResponse,
    opaque_value,
};

fn document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://idp.example/authorize?tenant=1",
        "token_endpoint": "https://idp.example/token",
        "jwks_uri": "https://keys.example/jwks",
    })
}

fn parse(document: &Value) -> Result<ProviderMetadata, DiscoveryError> {
    ProviderMetadata::parse(document.to_string().as_bytes(), &party())
}

fn parse_with(name: &str, value: Value) -> Result<ProviderMetadata, DiscoveryError> {
    let mut document = document();
    document[name] = value;
    parse(&document)
}

#[test]
fn registrations_that_cannot_be_safe_are_refused() {
    let with = |change: fn(&mut Registration)| {
        let mut changed = registration();
        change(&mut changed);
        RelyingParty::new(changed).err()
    };
    assert_eq!(with(|_| ()), None);
    assert_eq!(with(|r| r.issuer = "http://idp.example".into()), Some(RegistrationError::Issuer));
    assert_eq!(
        with(|r| r.issuer = "https://idp.example?x".into()),
        Some(RegistrationError::Issuer)
    );
    assert_eq!(
        with(|r| r.issuer = "https://idp.example#x".into()),
        Some(RegistrationError::Issuer)
    );
    assert_eq!(with(|r| r.client_id.clear()), Some(RegistrationError::ClientId));
    assert_eq!(with(|r| r.algorithms.clear()), Some(RegistrationError::NoAlgorithm));
    for name in ["none", "HS256", "HS512", "ES512", "RSA1_5", "rs256", ""] {
        let mut changed = registration();
        changed.algorithms.push(name.to_owned());
        let refused = RelyingParty::new(changed).err();
        assert_eq!(refused, Some(RegistrationError::Algorithm(name.to_owned())));
    }
    assert_eq!(with(|r| r.issuer = "http://localhost:4000".into()), None);
}

#[test]
fn the_metadata_is_looked_up_below_the_issuers_path() {
    for (issuer, url) in [
        ("https://idp.example", "https://idp.example/.well-known/openid-configuration"),
        ("https://idp.example/", "https://idp.example/.well-known/openid-configuration"),
        ("https://idp.example/a/b", "https://idp.example/a/b/.well-known/openid-configuration"),
        ("https://idp.example/a/", "https://idp.example/a/.well-known/openid-configuration"),
    ] {
        let party = RelyingParty::new(Registration { issuer: issuer.into(), ..registration() });
        assert_eq!(party.unwrap().discovery_url().as_str(), url);
    }
}

#[test]
fn c6_metadata_of_another_issuer_is_refused() {
    assert!(parse(&document()).is_ok());
    for issuer in ["https://idp.example/", "https://evil.example", "https://IDP.example", ""] {
        let result = parse_with("issuer", json!(issuer));
        assert_eq!(result, Err(DiscoveryError::Issuer), "{issuer:?}");
    }
    assert_eq!(parse_with("issuer", json!(1)), Err(DiscoveryError::Member("issuer")));
}

#[test]
fn c14_endpoints_outside_of_https_or_inside_this_network_are_refused() {
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        for url in ["http://idp.example/x", "http://127.0.0.1/x", "https://169.254.169.254/", "x"] {
            let result = parse_with(name, json!(url));
            assert_eq!(result, Err(DiscoveryError::Endpoint(name)), "{url}");
        }
        assert_eq!(parse_with(name, Value::Null), Err(DiscoveryError::Member(name)));
    }
}

#[test]
fn metadata_that_is_no_document_is_refused() {
    let party = party();
    for text in ["", "null", "[]", "<html>", "{"] {
        let result = ProviderMetadata::parse(text.as_bytes(), &party);
        assert_eq!(result, Err(DiscoveryError::Unreadable), "{text}");
    }
    let twice = document().to_string().replacen('{', r#"{"issuer":"https://evil.example","#, 1);
    let result = ProviderMetadata::parse(twice.as_bytes(), &party);
    assert_eq!(result, Err(DiscoveryError::DuplicateMember));
}

#[test]
fn c6_the_issuer_parameter_is_required_when_promised_and_always_compared() {
    let name = "authorization_response_iss_parameter_supported";
    let silent = parse(&document()).unwrap();
    let promising = parse_with(name, json!(true)).unwrap();
    for provider in [&silent, &promising] {
        assert_eq!(party().check_callback_issuer(provider, Some(ISSUER)), Ok(()));
        for foreign in ["https://evil.example", "https://idp.example/", ""] {
            let result = party().check_callback_issuer(provider, Some(foreign));
            assert_eq!(result, Err(CallbackError::IssuerForeign), "{foreign:?}");
        }
    }
    assert_eq!(party().check_callback_issuer(&silent, None), Ok(()));
    assert_eq!(party().check_callback_issuer(&promising, None), Err(CallbackError::IssuerMissing));
    assert_eq!(parse_with(name, json!("true")), Err(DiscoveryError::Member(name)));
}

#[test]
fn c5_every_authentication_request_has_an_s256_challenge() {
    let verifier = opaque_value([7; 32]);
    let request = AuthorizationRequest {
        redirect_uri: "https://help.example/.vestibule/oidc/globex/callback",
        state: "st",
        nonce: "no",
        verifier: &verifier,
        login_hint: Some("ann+x@acme.example&scope=evil"),
    };
    // A provider that claims to know only `plain` changes nothing.
    let provider = parse_with("code_challenge_methods_supported", json!(["plain"])).unwrap();
    let url = party().authorization_url(&provider, &request);
    let mut query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(url.query_pairs().count(), query.len());
    let challenge = query.remove("code_challenge").unwrap();
    assert_eq!(challenge.len(), 43);
    assert_ne!(challenge, verifier);
    let wanted = [
        ("client_id", "vestibule"),
        ("code_challenge_method", "S256"),
        ("login_hint", "ann+x@acme.example&scope=evil"),
        ("nonce", "no"),
        ("redirect_uri", "https://help.example/.vestibule/oidc/globex/callback"),
        ("response_type", "code"),
        ("scope", "openid email profile"),
        ("state", "st"),
        ("tenant", "1"),
    ];
    let wanted: BTreeMap<_, _> = wanted.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    assert_eq!(query, wanted);
    assert!(!url.as_str().contains(&verifier));
}

fn token_request(
    party: &RelyingParty,
    methods: Value,
    verifier: &str,
) -> Result<(Option<String>, BTreeMap<String, String>), ExchangeError> {
    let provider = parse_with("token_endpoint_auth_methods_supported", methods).unwrap();
    let redirect_uri = "https://help.example/cb";
    let request = TokenRequest { code: "c/1", redirect_uri, verifier, assertion_id: [5; 32] };
    let message = party.token_request(&provider, &request, Timestamp::from_seconds(NOW))?;
    assert_eq!((message.method().as_str(), message.uri().path()), ("POST", "/token"));
    let header = message.headers().get("authorization");
    let header = header.map(|value| value.to_str().unwrap().to_owned());
    Ok((header, form_urlencoded::parse(message.body()).into_owned().collect()))
}

#[test]
fn c5_the_verifier_is_always_sent_and_must_be_one() {
    let verifier = opaque_value([7; 32]);
    let (_, form) = token_request(&party(), Value::Null, &verifier).unwrap();
    assert_eq!(form["code_verifier"], verifier);
    assert_eq!((form["code"].as_str(), form["grant_type"].as_str()), ("c/1", "authorization_code"));
    for bad in ["", &"a".repeat(42), &"a".repeat(129), &format!("{} ", "a".repeat(43))] {
        let result = token_request(&party(), Value::Null, bad);
        assert_eq!(result, Err(ExchangeError::Verifier), "{bad:?}");
    }
}

#[test]
fn the_client_authenticates_as_the_metadata_allows() {
    let verifier = opaque_value([7; 32]);
    let mut changed = registration();
    let secret = || domain::Secret::new("p:ss wörd".to_owned());
    changed.client_authentication = ClientAuthentication::Secret(secret());
    let confidential = RelyingParty::new(changed.clone()).unwrap();
    let basic = format!("Basic {}", BASE64_STANDARD.encode("vestibule:p%3Ass+w%C3%B6rd"));
    for methods in [Value::Null, json!(["client_secret_post", "client_secret_basic"])] {
        let (header, form) = token_request(&confidential, methods, &verifier).unwrap();
        assert_eq!(header.as_deref(), Some(basic.as_str()));
        assert!(!form.contains_key("client_secret"));
    }
    let post = json!(["private_key_jwt", "client_secret_post"]);
    let (header, form) = token_request(&confidential, post, &verifier).unwrap();
    assert_eq!(header, None);
    let sent = (form["client_id"].as_str(), form["client_secret"].as_str());
    assert_eq!(sent, ("vestibule", "p:ss wörd"));

    let other = token_request(&confidential, json!(["private_key_jwt"]), &verifier);
    assert_eq!(other, Err(ExchangeError::ClientAuthentication));
    changed.client_authentication = ClientAuthentication::SecretPost(secret());
    let posting = RelyingParty::new(changed.clone()).unwrap();
    let (header, form) =
        token_request(&posting, json!(["client_secret_basic"]), &verifier).unwrap();
    assert_eq!((header, form["client_secret"].as_str()), (None, "p:ss wörd"));
    changed.client_authentication = ClientAuthentication::SecretBasic(secret());
    let insisting = RelyingParty::new(changed.clone()).unwrap();
    let (header, _) = token_request(&insisting, json!(["client_secret_post"]), &verifier).unwrap();
    assert_eq!(header, Some(basic));

    changed.client_authentication = ClientAuthentication::None;
    let public = RelyingParty::new(changed).unwrap();
    let (header, form) = token_request(&public, json!(["none"]), &verifier).unwrap();
    assert_eq!((header, form["client_id"].as_str()), (None, "vestibule"));
}

#[test]
fn token_responses_are_read_strictly() {
    let parse = |text: &str| TokenResponse::parse(StatusCode::OK, text.as_bytes()).err();
    let good = r#"{"token_type":"bearer","id_token":"t","access_token":"a","expires_in":60}"#;
    assert_eq!(parse(good), None);
    for (text, error) in [
        ("", ExchangeError::Unreadable),
        ("id_token=x", ExchangeError::Unreadable),
        (r#"{"token_type":"Bearer","id_token":"a","id_token":"b"}"#, ExchangeError::Unreadable),
        (r#"{"token_type":"Bearer","id_token":7}"#, ExchangeError::Unreadable),
        (r#"{"token_type":"Bearer"}"#, ExchangeError::IdTokenMissing),
        (r#"{"id_token":"t"}"#, ExchangeError::TokenType),
        (r#"{"token_type":"mac","id_token":"t"}"#, ExchangeError::TokenType),
        (r#"{"error":"invalid_grant","id_token":"t"}"#, ExchangeError::CodeRefused),
    ] {
        assert_eq!(parse(text), Some(error), "{text}");
    }
}

#[test]
fn c15_error_answers_are_read_by_their_code_alone() {
    let parse = |status: u16, text: &str| {
        TokenResponse::parse(StatusCode::from_u16(status).unwrap(), text.as_bytes()).unwrap_err()
    };
    let described = r#"{"error":"invalid_client","error_description":"<script>alert(1)</script>"}"#;
    let error = parse(401, described);
    assert_eq!(error, ExchangeError::ClientRefused);
    assert!(!format!("{error:?}{:?}", error.refusal()).contains("script"));
    assert_eq!(parse(400, r#"{"error":"invalid_grant"}"#), ExchangeError::CodeRefused);
    assert_eq!(parse(400, r#"{"error":"<b>"}"#), ExchangeError::RequestRefused);
    assert_eq!(parse(401, "no"), ExchangeError::ClientRefused);
    assert_eq!(parse(302, ""), ExchangeError::Status(302));
    assert_eq!(parse(503, "<html>"), ExchangeError::Status(503));
}

#[test]
fn token_responses_do_not_print_their_tokens() {
    let body = br#"{"token_type":"Bearer","id_token":"TOKEN","access_token":"TOKEN"}"#;
    let response = TokenResponse::parse(StatusCode::OK, body).unwrap();
    assert!(!format!("{response:?} {:?}", registration()).contains("TOKEN"));
    assert!(!format!("{:?}", registration()).contains("s3cret"));
}
