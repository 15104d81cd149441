//! How we prove at the token endpoint who we are, and what an authentication request asks for.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use domain::{Secret, Timestamp};
use serde_json::{Value, json};

use super::{NOW, registration};
use crate::{
    AuthorizationRequest, ClientAuthentication, ProviderMetadata, Registration, RegistrationError,
    RelyingParty, TokenRequest, opaque_value,
};

fn pem(pkcs8: &[u8]) -> Secret<Vec<u8>> {
    let body = BASE64_STANDARD.encode(pkcs8);
    let text = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    Secret::new(text.into_bytes())
}

fn with_key(key: Secret<Vec<u8>>, key_id: Option<&str>) -> Registration {
    let key_id = key_id.map(str::to_owned);
    Registration {
        client_authentication: ClientAuthentication::PrivateKeyJwt { key, key_id },
        ..registration()
    }
}

fn provider(party: &RelyingParty) -> ProviderMetadata {
    let document = json!({
        "issuer": party.issuer(), "authorization_endpoint": "https://idp.example/authorize",
        "token_endpoint": "https://idp.example/token", "jwks_uri": "https://idp.example/keys",
    });
    ProviderMetadata::parse(document.to_string().as_bytes(), party).unwrap()
}

/// The form of a token request that an assertion proves.
fn form(party: &RelyingParty, assertion_id: [u8; 32]) -> BTreeMap<String, String> {
    let verifier = opaque_value([7; 32]);
    let request =
        TokenRequest { code: "c", redirect_uri: "https://h/cb", verifier: &verifier, assertion_id };
    let message = party.token_request(&provider(party), &request, Timestamp::from_seconds(NOW));
    let message = message.unwrap();
    assert!(message.headers().get("authorization").is_none());
    form_urlencoded::parse(message.body()).into_owned().collect()
}

fn parts(assertion: &str) -> (Value, Value, String, Vec<u8>) {
    let (input, signature) = assertion.rsplit_once('.').unwrap();
    let (header, claims) = input.split_once('.').unwrap();
    let json =
        |part: &str| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    (json(header), json(claims), input.to_owned(), signature)
}

#[test]
fn a_private_key_signs_a_short_assertion_for_this_endpoint_alone() {
    let elliptic = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let pkcs8 = elliptic.to_pkcs8v1().unwrap();
    let party = RelyingParty::new(with_key(pem(pkcs8.as_ref()), Some("k-1"))).unwrap();
    let form = form(&party, [9; 32]);
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(form["client_assertion_type"], kind);
    assert_eq!(form["client_id"], "vestibule");
    assert!(!form.contains_key("client_secret"));
    let (header, claims, input, signature) = parts(&form["client_assertion"]);
    assert_eq!(header, json!({"alg": "ES256", "typ": "JWT", "kid": "k-1"}));
    let jti = BASE64_URL_SAFE_NO_PAD.encode([9; 32]);
    let wanted = json!({"iss": "vestibule", "sub": "vestibule", "aud": "https://idp.example/token",
        "jti": jti, "iat": NOW, "exp": NOW + 120});
    assert_eq!(claims, wanted);
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, elliptic.public_key().as_ref());
    assert!(public.verify(input.as_bytes(), &signature).is_ok());
}

#[test]
fn an_rsa_key_signs_with_rs256_and_without_key_id_when_none_is_given() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let party = RelyingParty::new(with_key(pem(der.as_ref()), None)).unwrap();
    let (header, _, input, signature) = parts(&form(&party, [1; 32])["client_assertion"]);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT"}));
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
    assert!(public.verify(input.as_bytes(), &signature).is_ok());
    assert!(!format!("{party:?}").contains("PRIVATE"));
}

#[test]
fn keys_that_are_none_are_refused_at_the_start() {
    let other = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let other = pem(other.to_pkcs8v1().unwrap().as_ref());
    let certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    for key in [other, Secret::new(Vec::new()), Secret::new(certificate), pem(b"no DER")] {
        let refused = RelyingParty::new(with_key(key, None)).err();
        assert_eq!(refused, Some(RegistrationError::ClientKey));
    }
}

#[test]
fn c13_the_file_alone_decides_what_a_request_asks_for() {
    let query = |registration: Registration| -> BTreeMap<String, String> {
        let party = RelyingParty::new(registration).unwrap();
        let request = AuthorizationRequest {
            redirect_uri: "https://h/cb",
            state: "s",
            nonce: "n",
            verifier: "v",
            login_hint: Some("a@b.example&prompt=none&acr_values=low"),
        };
        let url = party.authorization_url(&provider(&party), &request);
        assert_eq!(url.query_pairs().count(), url.query_pairs().collect::<BTreeMap<_, _>>().len());
        url.query_pairs().into_owned().collect()
    };
    let plain = query(registration());
    for name in ["acr_values", "max_age", "prompt"] {
        assert!(!plain.contains_key(name), "{name}");
    }
    let asking = query(Registration {
        acr_values: vec!["gold".to_owned(), "silver".to_owned()],
        max_age: Some(std::time::Duration::from_secs(900)),
        prompt: Some("login".to_owned()),
        ..registration()
    });
    assert_eq!(asking["acr_values"], "gold silver");
    assert_eq!((asking["max_age"].as_str(), asking["prompt"].as_str()), ("900", "login"));
}
