//! What the operator's file may ask of an ID token beyond the ordinary: authentication context,
//! age, further audiences, one of many tenants.

use std::time::Duration;

use domain::Timestamp;
use serde_json::{Value, json};

use super::signer::Signer;
use super::{CODE, NONCE, NOW, claims_with, good_claims, registration, response};
use crate::{
    DiscoveryError, Expected, IdTokenError, KeySet, ProviderMetadata, Registration,
    RegistrationError, RelyingParty, VerifiedIdToken,
};

const HEADER: &str = r#"{"alg":"ES256","kid":"k1"}"#;

fn verify(registration: Registration, claims: &Value) -> Result<VerifiedIdToken, IdTokenError> {
    let signer = Signer::ec();
    let keys = super::key_set(&[signer.jwk("k1")]);
    verify_with(registration, &keys, &signer.token(HEADER, &claims.to_string()))
}

fn verify_with(
    registration: Registration,
    keys: &KeySet,
    token: &str,
) -> Result<VerifiedIdToken, IdTokenError> {
    let party = RelyingParty::new(registration).unwrap();
    let expected = Expected { nonce: NONCE, code: CODE };
    party.verify_id_token(keys, &response(token), &expected, Timestamp::from_seconds(NOW))
}

#[test]
fn an_authentication_context_that_is_not_acceptable_is_refused() {
    let asking = || Registration {
        acr_values: vec!["gold".to_owned(), "silver".to_owned()],
        ..registration()
    };
    for acr in ["gold", "silver"] {
        assert!(verify(asking(), &claims_with("acr", json!(acr))).is_ok());
    }
    for acr in [json!("bronze"), json!("Gold"), Value::Null, json!(""), json!("gold silver")] {
        let result = verify(asking(), &claims_with("acr", acr));
        assert_eq!(result, Err(IdTokenError::AuthenticationContext));
    }
    assert!(verify(registration(), &claims_with("acr", json!("bronze"))).is_ok());
}

#[test]
fn a_sign_in_at_the_provider_is_no_older_than_max_age() {
    let asking = || Registration { max_age: Some(Duration::from_secs(900)), ..registration() };
    let at = |seconds: i64| verify(asking(), &claims_with("auth_time", json!(NOW + seconds)));
    assert!(at(0).is_ok() && at(-960).is_ok() && at(60).is_ok());
    assert_eq!(at(-961), Err(IdTokenError::SignedInLongAgo));
    assert_eq!(at(61), Err(IdTokenError::SignedInAhead));
    let missing = verify(asking(), &good_claims());
    assert_eq!(missing, Err(IdTokenError::ClaimMissing("auth_time")));
    let absurd = verify(asking(), &claims_with("auth_time", json!(-1)));
    assert_eq!(absurd, Err(IdTokenError::Time("auth_time")));
    assert!(verify(registration(), &claims_with("auth_time", json!(1))).is_ok());
}

#[test]
fn a_further_audience_must_be_trusted_and_the_token_issued_to_us() {
    let trusting = || Registration { trusted_audiences: vec!["api".to_owned()], ..registration() };
    let with = |aud: Value, azp: Option<&str>| {
        let mut claims = claims_with("aud", aud);
        if let Some(azp) = azp {
            claims["azp"] = json!(azp);
        }
        verify(trusting(), &claims)
    };
    assert!(with(json!(["vestibule", "api"]), Some("vestibule")).is_ok());
    let party = Err(IdTokenError::AuthorizedParty);
    assert_eq!(with(json!(["vestibule", "api"]), None), party);
    assert_eq!(with(json!(["vestibule", "api"]), Some("api")), party);
    for aud in [json!(["vestibule", "api", "other"]), json!(["api"]), json!("api")] {
        assert_eq!(with(aud, Some("vestibule")), Err(IdTokenError::Audience));
    }
    assert!(with(json!("vestibule"), None).is_ok());
}

const TEMPLATE: &str = "https://login.example/{tenantid}/v2.0";
const OURS: &str = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";
const OTHER: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

fn multi_tenant() -> Registration {
    let tenants = vec![OURS.to_owned(), "acme.example".to_owned()];
    Registration { issuer: TEMPLATE.to_owned(), tenants, ..registration() }
}

fn tenant_claims(tid: &str) -> Value {
    let mut claims = claims_with("iss", json!(TEMPLATE.replace("{tenantid}", tid)));
    claims["tid"] = json!(tid);
    claims["oid"] = json!("o-1");
    claims
}

#[test]
fn a_template_takes_tokens_of_the_listed_tenants_only() {
    let verified = verify(multi_tenant(), &tenant_claims(OURS)).unwrap();
    assert_eq!(verified.subject().as_str(), format!("{OURS}/o-1"));
    // What logout tokens and userinfo say.
    assert_eq!(verified.sub(), "24400320");
    let mut without_oid = tenant_claims(OURS);
    without_oid.as_object_mut().unwrap().remove("oid");
    let verified = verify(multi_tenant(), &without_oid).unwrap();
    assert_eq!(verified.subject().as_str(), format!("{OURS}/24400320"));

    assert_eq!(verify(multi_tenant(), &tenant_claims(OTHER)), Err(IdTokenError::Tenant));
    let mut nameless = tenant_claims(OURS);
    nameless.as_object_mut().unwrap().remove("tid");
    let result = verify(multi_tenant(), &nameless);
    assert_eq!(result, Err(IdTokenError::ClaimMissing("tid")));
    // A tenant says that it is ours, and its issuer that it is not; and the other way round.
    let mut lying = tenant_claims(OTHER);
    lying["tid"] = json!(OURS);
    assert_eq!(verify(multi_tenant(), &lying), Err(IdTokenError::Issuer));
    let mut lying = tenant_claims(OURS);
    lying["tid"] = json!(OTHER);
    assert_eq!(verify(multi_tenant(), &lying), Err(IdTokenError::Tenant));
    let mut literal = tenant_claims(OURS);
    literal["iss"] = json!(TEMPLATE);
    assert_eq!(verify(multi_tenant(), &literal), Err(IdTokenError::Issuer));
}

#[test]
fn a_key_of_one_tenants_own_signs_for_no_other() {
    let signer = Signer::ec();
    let token = signer.token(HEADER, &tenant_claims(OURS).to_string());
    for (issuer, wanted) in [
        (json!(TEMPLATE), None),
        (json!(TEMPLATE.replace("{tenantid}", OURS)), None),
        (json!(TEMPLATE.replace("{tenantid}", OTHER)), Some(IdTokenError::KeyUnknown)),
    ] {
        let mut jwk = signer.jwk("k1");
        jwk["issuer"] = issuer;
        let result = verify_with(multi_tenant(), &super::key_set(&[jwk]), &token);
        assert_eq!(result.err(), wanted);
    }
}

#[test]
fn the_documents_of_a_template_are_those_of_all_tenants() {
    let party = RelyingParty::new(multi_tenant()).unwrap();
    let url = "https://login.example/common/v2.0/.well-known/openid-configuration";
    assert_eq!(party.discovery_url().as_str(), url);
    let document = |issuer: &str| {
        json!({"issuer": issuer, "authorization_endpoint": "https://login.example/authorize",
            "token_endpoint": "https://login.example/token", "jwks_uri": "https://login.example/k"})
        .to_string()
    };
    let metadata = ProviderMetadata::parse(document(TEMPLATE).as_bytes(), &party).unwrap();
    let ours = TEMPLATE.replace("{tenantid}", OURS);
    let refused = ProviderMetadata::parse(document(&ours).as_bytes(), &party);
    assert_eq!(refused, Err(DiscoveryError::Issuer));
    assert!(party.check_callback_issuer(&metadata, Some(&ours)).is_ok());
    let other = TEMPLATE.replace("{tenantid}", OTHER);
    assert!(party.check_callback_issuer(&metadata, Some(&other)).is_err());
}

#[test]
fn a_template_and_tenants_come_together() {
    let with = |issuer: &str, tenants: &[&str]| {
        let tenants = tenants.iter().map(|&t| t.to_owned()).collect();
        let registration = Registration { issuer: issuer.to_owned(), tenants, ..registration() };
        RelyingParty::new(registration).err()
    };
    assert_eq!(with(TEMPLATE, &[OURS]), None);
    for (issuer, tenants) in [
        (TEMPLATE, &[][..]),
        ("https://login.example/v2.0", &[OURS]),
        ("https://login.example/{tenantid}/{tenantid}", &[OURS]),
        (TEMPLATE, &[""]),
        (TEMPLATE, &["a/../b"]),
        (TEMPLATE, &["*"]),
    ] {
        assert_eq!(with(issuer, tenants), Some(RegistrationError::Tenants), "{issuer} {tenants:?}");
    }
}
