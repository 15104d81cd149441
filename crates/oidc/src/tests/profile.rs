//! What is said outside of the ID token: userinfo, groups elsewhere, providers without ID token.

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::{ACCESS, ISSUER, claims_with, good_claims, party, response, verify_claims};
use crate::{
    AuthorizationRequest, BearerToken, ClientAuthentication, ExchangeError, OAuth2Client,
    OAuth2Registration, OverageError, Profile, ProviderMetadata, TokenResponse, UserinfoError,
    VerifiedIdToken,
};

fn with_userinfo(claims: &Value, info: &Value) -> Result<VerifiedIdToken, UserinfoError> {
    let body = info.to_string();
    let verified = verify_claims(claims).unwrap();
    verified.with_userinfo(StatusCode::OK, &HeaderMap::new(), body.as_bytes())
}

#[test]
fn b26_google_vouches_for_its_own_addresses_and_those_of_workspaces() {
    let says = |iss: &str, email: &str, hd: Option<&str>| {
        let mut members = json!({"iss": iss, "sub": "s", "email": email, "email_verified": true});
        if let Some(hd) = hd {
            members["hd"] = json!(hd);
        }
        let verified = VerifiedIdToken::new(members.as_object().unwrap().clone(), false);
        verified.unwrap().email_verified()
    };
    let google = "https://accounts.google.com";
    // The address was this account's once; whose it is today, Google does not know.
    assert_eq!(says(google, "bob@acme.example", None), Some(false));
    assert_eq!(says(google, "bob@acme.example", Some("acme.example")), Some(true));
    assert_eq!(says(google, "bob@gmail.com", None), Some(true));
    assert_eq!(says(google, "bob@gmail.com.acme.example", None), Some(false));
    assert_eq!(says(ISSUER, "bob@acme.example", None), Some(true));
}

#[test]
fn c16_userinfo_fills_in_what_the_token_lacks_and_replaces_nothing() {
    let info = json!({"sub": "24400320", "email": "evil@acme.example", "email_verified": false,
        "groups": ["admins"], "name": "Ann", "address": {"country": "NO"}});
    let verified = with_userinfo(&good_claims(), &info).unwrap();
    assert_eq!(verified.claims()["email"], ["ann@acme.example"]);
    assert_eq!(verified.claims()["groups"], ["staff"]);
    assert_eq!(verified.claims()["name"], ["Ann"]);
    assert_eq!(verified.claims()["address.country"], ["NO"]);
    // The other address being unverified says nothing of this one.
    assert_eq!(verified.email_verified(), Some(true));
    assert_eq!(verified.subject().as_str(), "24400320");
}

#[test]
fn what_is_said_of_an_address_is_said_of_no_other() {
    let (mut bare, mut silent) = (good_claims(), good_claims());
    bare.as_object_mut().unwrap().remove("email");
    silent.as_object_mut().unwrap().remove("email_verified");
    let info = |email: &str, verified: Value| json!({"sub": "24400320", "email": email, "email_verified": verified});
    for (claims, info, wanted) in [
        // The token's word is about an address that it does not have.
        (&bare, info("ann@acme.example", json!(false)), Some(false)),
        (&bare, json!({"sub": "24400320", "email": "ann@acme.example"}), None),
        (&silent, info("ann@acme.example", json!(true)), Some(true)),
        (&silent, info("other@acme.example", json!(true)), None),
        (&bare, info("ann@acme.example", json!(1)), Some(false)),
    ] {
        assert_eq!(with_userinfo(claims, &info).unwrap().email_verified(), wanted, "{info}");
    }
}

#[test]
fn c16_userinfo_of_somebody_else_or_of_nobody_is_refused() {
    for sub in [json!("other"), json!(["24400320"]), json!(24_400_320), Value::Null, json!("")] {
        let result = with_userinfo(&good_claims(), &json!({"sub": sub, "email": "a@b.example"}));
        assert_eq!(result, Err(UserinfoError::Subject), "{sub}");
    }
    assert_eq!(with_userinfo(&good_claims(), &json!({})), Err(UserinfoError::Subject));
    for body in ["[]", r#"[{"sub":"24400320"}]"#, "", "null", r#"{"sub":"24400320","sub":"x"}"#] {
        let verified = verify_claims(&good_claims()).unwrap();
        let result = verified.with_userinfo(StatusCode::OK, &HeaderMap::new(), body.as_bytes());
        assert_eq!(result, Err(UserinfoError::Unreadable), "{body}");
    }
}

#[test]
fn a_signed_or_missing_userinfo_answer_is_refused() {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("Application/JWT; charset=utf-8"));
    let read = |status, headers: &HeaderMap| {
        verify_claims(&good_claims()).unwrap().with_userinfo(status, headers, b"{}")
    };
    assert_eq!(read(StatusCode::OK, &headers), Err(UserinfoError::Signed));
    let refused = read(StatusCode::UNAUTHORIZED, &HeaderMap::new());
    assert_eq!(refused, Err(UserinfoError::Status(401)));
    let bare = metadata(&json!({}));
    assert_eq!(bare.userinfo_request(&tokens()).err(), Some(UserinfoError::Unavailable));
    let usable = metadata(&json!({"userinfo_endpoint": "https://idp.example/me"}));
    let request = usable.userinfo_request(&tokens()).unwrap();
    assert_eq!(request.headers()["authorization"], format!("Bearer {ACCESS}"));
    assert!(request.headers()["authorization"].is_sensitive());
    assert!(!format!("{request:?}").contains(ACCESS));
}

fn tokens() -> TokenResponse {
    response("not.read.here")
}

fn metadata(more: &Value) -> ProviderMetadata {
    let mut document = json!({"issuer": ISSUER, "authorization_endpoint": "https://idp.example/a",
        "token_endpoint": "https://idp.example/t", "jwks_uri": "https://keys.example/k"});
    for (name, value) in more.as_object().unwrap() {
        document[name] = value.clone();
    }
    ProviderMetadata::parse(document.to_string().as_bytes(), &party()).unwrap()
}

/// A token whose groups are elsewhere.
fn overage(endpoint: &str) -> VerifiedIdToken {
    let mut claims = claims_with("groups", Value::Null);
    claims["_claim_names"] = json!({"groups": "src1"});
    claims["_claim_sources"] = json!({"src1": {"endpoint": endpoint}});
    verify_claims(&claims).unwrap()
}

#[test]
fn groups_elsewhere_are_unknown_groups_and_never_none() {
    let old = "https://graph.windows.net/t/users/u/getMemberObjects";
    for verified in [
        overage(old),
        verify_claims(&with_has_groups(json!(true))).unwrap(),
        verify_claims(&with_has_groups(json!("true"))).unwrap(),
    ] {
        assert!(verified.lacks_groups());
        assert!(!verified.claims().contains_key("groups"));
        let resolved = verified.with_groups(&["a".to_owned(), "b".to_owned()]);
        assert!(!resolved.lacks_groups());
        assert_eq!(resolved.claims()["groups"], ["a", "b"]);
    }
    for present in
        [good_claims(), claims_with("groups", json!([])), claims_with("groups", Value::Null)]
    {
        assert!(!verify_claims(&present).unwrap().lacks_groups(), "{present}");
    }
    assert!(!verify_claims(&with_has_groups(json!(false))).unwrap().lacks_groups());
}

fn with_has_groups(value: Value) -> Value {
    let mut claims = claims_with("groups", Value::Null);
    claims["hasgroups"] = value;
    claims
}

#[test]
fn c14_groups_are_asked_for_at_the_providers_own_addresses_only() {
    let ask = |verified: &VerifiedIdToken, more: Value| {
        let query = verified.group_query(&metadata(&more), &tokens());
        query.map(|query| query.request().unwrap())
    };
    // Entra: its old address is replaced by the one that its metadata names.
    let old = overage("https://graph.windows.net/t/users/u/getMemberObjects");
    let graph = json!({"msgraph_host": "graph.example"});
    let request = ask(&old, graph.clone()).unwrap();
    assert_eq!(
        request.uri(),
        "https://graph.example/v1.0/me/transitiveMemberOf/microsoft.graph.group?$count=true&$select=id&$top=999"
    );
    assert_eq!(request.headers()["consistencylevel"], "eventual");
    assert_eq!(request.headers()["authorization"], format!("Bearer {ACCESS}"));
    let implicit = verify_claims(&with_has_groups(json!(true))).unwrap();
    assert!(ask(&implicit, graph).is_ok());

    let own = ask(&overage("https://idp.example/groups"), json!({})).unwrap();
    assert_eq!((own.method().as_str(), own.body().len()), ("GET", 0));
    let action = ask(&overage("https://idp.example/me/getMemberObjects"), json!({})).unwrap();
    assert_eq!(action.method(), "POST");
    for endpoint in [
        "https://evil.example/groups",
        "https://idp.example:8443/groups",
        "http://idp.example/groups",
        "https://idp.example.evil.example/",
        "https://idp.example@evil.example/",
        "https://169.254.169.254/",
        "file:///etc/passwd",
        "",
    ] {
        let result = ask(&overage(endpoint), json!({}));
        assert_eq!(result.err(), Some(OverageError::Elsewhere), "{endpoint}");
    }
    assert_eq!(ask(&implicit, json!({})).err(), Some(OverageError::Elsewhere));
    let inside = json!({"msgraph_host": "127.0.0.1"});
    assert_eq!(ask(&implicit, inside).err(), Some(OverageError::Elsewhere));
}

#[test]
fn pages_of_groups_are_read_strictly_and_lead_nowhere_else() {
    let verified = overage("https://idp.example/groups");
    let query = verified.group_query(&metadata(&json!({})), &tokens()).unwrap();
    let read = |body: Value| query.read(StatusCode::OK, body.to_string().as_bytes());
    let page = read(json!({"value": ["a", {"id": "b", "displayName": "B"}],
        "@odata.nextLink": "https://idp.example/groups?page=2"}))
    .unwrap();
    assert_eq!(page.groups, ["a", "b"]);
    assert_eq!(page.next.unwrap().query(), Some("page=2"));
    assert_eq!(read(json!({"groups": []})).unwrap().groups, [""; 0]);
    for body in
        [json!({}), json!([]), json!({"value": "a"}), json!({"value": [7]}), json!({"value": [{}]})]
    {
        assert_eq!(read(body), Err(OverageError::Unreadable));
    }
    for elsewhere in
        ["https://evil.example/", "https://x@idp.example/groups", "https://:x@idp.example/"]
    {
        let away = read(json!({"value": [], "@odata.nextLink": elsewhere}));
        assert_eq!(away, Err(OverageError::Elsewhere), "{elsewhere}");
    }
    assert_eq!(query.read(StatusCode::FORBIDDEN, b"{}"), Err(OverageError::Status(403)));
}

fn github() -> OAuth2Client {
    OAuth2Client::new(OAuth2Registration {
        authorization_endpoint: "https://github.example/login/oauth/authorize?x=1".parse().unwrap(),
        token_endpoint: "https://github.example/login/oauth/access_token".parse().unwrap(),
        client_id: "vestibule".to_owned(),
        client_authentication: ClientAuthentication::Secret(domain::Secret::new("s".to_owned())),
        scopes: vec!["read:user".to_owned(), "user:email".to_owned()],
    })
    .unwrap()
}

#[test]
fn a_provider_without_openid_connect_gets_state_and_challenge_too() {
    let request = AuthorizationRequest {
        redirect_uri: "https://h/cb",
        state: "st",
        nonce: "no",
        verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        login_hint: None,
    };
    let url = github().authorization_url(&request);
    assert_eq!(
        url.as_str(),
        "https://github.example/login/oauth/authorize?x=1&response_type=code&client_id=vestibule\
         &redirect_uri=https%3A%2F%2Fh%2Fcb&state=st\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
         &scope=read%3Auser+user%3Aemail"
    );
    let token = crate::TokenRequest {
        code: "c",
        redirect_uri: "https://h/cb",
        verifier: request.verifier,
        assertion_id: [0; 32],
    };
    let message = github().token_request(&token, domain::Timestamp::from_seconds(0)).unwrap();
    assert_eq!(message.headers()["accept"], "application/json");
    let form = String::from_utf8(message.into_body()).unwrap();
    assert!(form.contains("client_secret=s&client_id=vestibule"), "{form}");
}

#[test]
fn errors_that_come_with_status_200_are_errors() {
    let parse = |text: &str| BearerToken::parse(StatusCode::OK, text.as_bytes()).err();
    assert_eq!(parse(r#"{"access_token":"t","token_type":"bearer","scope":""}"#), None);
    for (text, error) in [
        (r#"{"error":"bad_verification_code"}"#, ExchangeError::CodeRefused),
        (r#"{"error":"incorrect_client_credentials"}"#, ExchangeError::ClientRefused),
        (r#"{"error":"redirect_uri_mismatch"}"#, ExchangeError::RequestRefused),
        (r#"{"token_type":"bearer"}"#, ExchangeError::AccessTokenMissing),
        (r#"{"access_token":"","token_type":"bearer"}"#, ExchangeError::AccessTokenMissing),
        (r#"{"access_token":"t"}"#, ExchangeError::TokenType),
        ("access_token=t&token_type=bearer", ExchangeError::Unreadable),
    ] {
        assert_eq!(parse(text), Some(error), "{text}");
    }
}

fn profile() -> Profile {
    let body = json!({"id": 583_231, "login": "ann", "email": "shown@evil.example",
        "email_verified": true, "plan": {"name": "pro"}});
    Profile::parse(StatusCode::OK, &HeaderMap::new(), body.to_string().as_bytes()).unwrap()
}

#[test]
fn the_primary_address_of_a_list_takes_the_place_of_a_shown_one() {
    assert_eq!(profile().claims()["id"], ["583231"]);
    assert_eq!(profile().claims()["plan.name"], ["pro"]);
    let listed =
        |list: Value| profile().with_addresses(StatusCode::OK, list.to_string().as_bytes());
    let good = listed(json!([
        {"email": "old@acme.example", "primary": false, "verified": true},
        {"email": "ann@acme.example", "primary": true, "verified": true, "visibility": null},
    ]));
    let claims = good.unwrap().claims();
    assert_eq!(
        (&claims["email"], &claims["email_verified"]),
        (&vec!["ann@acme.example".to_owned()], &vec!["true".to_owned()])
    );
    for (list, verified) in [
        (json!([{"email": "a@acme.example", "primary": true, "verified": false}]), Some("false")),
        (json!([{"email": "a@acme.example", "primary": true}]), Some("false")),
        (json!([{"email": "a@acme.example", "primary": true, "verified": "true"}]), Some("false")),
        (json!([{"email": "a@acme.example", "primary": false, "verified": true}]), None),
        (json!([{"primary": true, "verified": true}]), None),
        (json!([]), None),
    ] {
        let claims = listed(list.clone()).unwrap().claims();
        let said = claims.get("email_verified").map(|v| v[0].as_str());
        assert_eq!((said, claims.contains_key("email")), (verified, verified.is_some()), "{list}");
    }
    let two = json!([{"email": "a@acme.example", "primary": true, "verified": true},
        {"email": "b@acme.example", "primary": true, "verified": true}]);
    for unusable in [two, json!({}), json!("x")] {
        assert_eq!(listed(unusable), Err(UserinfoError::Unreadable));
    }
    let missing = profile().with_addresses(StatusCode::NOT_FOUND, b"[]");
    assert_eq!(missing, Err(UserinfoError::Status(404)));
}

#[test]
fn c16_a_profile_is_one_object() {
    for body in ["[]", r#"[{"id":1}]"#, "", "1", r#"{"id":1,"id":2}"#] {
        let result = Profile::parse(StatusCode::OK, &HeaderMap::new(), body.as_bytes());
        assert_eq!(result, Err(UserinfoError::Unreadable), "{body}");
    }
}
