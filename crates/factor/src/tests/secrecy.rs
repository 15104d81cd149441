//! What a thief of the store learns, and what a reader of the logs does.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::*;

/// Every writing in which secret and codes of somebody could show.
async fn planted(factors: &Factors, person: &PersonKey) -> Vec<String> {
    let enrolment = factors.begin_enrolment(person, "Help", "ann", home(), NOW).await.unwrap();
    let base32 = secret_in(enrolment.otpauth_url.expose());
    let raw = totp_rs::Secret::try_from_base32(&base32).unwrap();
    let app = App::of(enrolment.otpauth_url.expose());
    let codes = factors.confirm_enrolment(person, &app.code(NOW), home(), NOW).await.unwrap();
    let mut planted = vec![
        enrolment.key_text.expose().clone(),
        STANDARD_NO_PAD.encode(raw.as_bytes()),
        raw.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect(),
        base32,
    ];
    for code in codes.iter() {
        planted.push(code.expose().replace('-', ""));
        planted.push(code.expose().clone());
    }
    planted
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
}

#[tokio::test]
async fn a_dump_of_the_store_yields_no_secret_and_no_code() {
    let plain = Arc::new(Memory::default());
    let store: Arc<dyn Store> = plain.clone();
    let (factors, ann) = (replica(&store), person("ann-the-customer"));
    let planted = planted(&factors, &ann).await;
    factors.check_code(&ann, "000000", at("10.9.8.7", 1), NOW).await.unwrap_err();
    factors.request_reset(&ann, NOW).await.unwrap();
    let dump = plain.dump();
    assert!(holds(&dump, "factor/"), "the dump is one");
    for secret in planted.iter().map(String::as_str).chain(["ann-the-customer", "10.9.8.7"]) {
        assert!(!holds(&dump, secret), "{secret}");
    }
}

#[tokio::test]
async fn d16_debug_and_errors_show_no_secret_and_no_code() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    let enrolment = factors.begin_enrolment(&ann, "Help", "ann", home(), NOW).await.unwrap();
    let app = App::of(enrolment.otpauth_url.expose());
    let codes = factors.confirm_enrolment(&ann, &app.code(NOW), home(), NOW).await.unwrap();
    let record = factors.records.read(&ann, NOW).await.unwrap();
    let mut shown = format!("{enrolment:?} {codes:?} {:?}", record.totp);
    for code in [app.code(NOW), app.code(NOW.plus(STEP)), "123456".to_owned()] {
        let error = factors.check_code(&ann, &code, home(), NOW).await;
        shown += &format!("{error:?}");
        if let Err(error) = error {
            shown += &format!("{error} {:?}", error.refusal());
        }
    }
    let secret = secret_in(enrolment.otpauth_url.expose());
    let codes: Vec<String> = codes.iter().map(|code| code.expose().clone()).collect();
    for secret in codes.iter().chain([&secret, &app.code(NOW)]) {
        assert!(!shown.contains(secret.as_str()), "{shown}");
    }
    assert!(shown.contains("[secret]"));
}
