//! Resets and trusted browsers.

use std::time::Duration;

use store::FaultyStore;

use super::*;
use crate::FactorError;

#[tokio::test]
async fn a_reset_kills_secret_codes_and_trusted_browsers() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    let (app, codes) = enrol(&factors, &ann).await;
    factors.trust_browser(&ann, &[4; 32], "Firefox", 30, NOW).await.unwrap();
    let then = NOW.plus(STEP);
    factors.reset(&ann, then).await.unwrap();
    let status = factors.status(&ann, then).await.unwrap();
    assert_eq!((status.totp, status.trusted_browsers), (None, 0));
    assert_eq!(status.fresh_sign_in_after, Some(then));
    let code = codes.iter().next().unwrap();
    let old = factors.check_code(&ann, &app.code(then), home(), then).await;
    assert!(matches!(old, Err(FactorError::NotEnrolled)));
    let old = factors.check_recovery(&ann, code.expose(), home(), then).await;
    assert!(matches!(old, Err(FactorError::NotEnrolled)));
    assert_eq!(factors.trusted_since(&ann, &[4; 32], then).await.unwrap(), None);
    // Enrolled anew: the old secret stays dead.
    let begun = factors.begin_enrolment(&ann, "Help", "ann", home(), then).await.unwrap();
    let new = App::of(begun.otpauth_url.expose());
    factors.confirm_enrolment(&ann, &new.code(then), home(), then).await.unwrap();
    assert_eq!(factors.status(&ann, then).await.unwrap().fresh_sign_in_after, None);
    let later = then.plus(STEP);
    let old = factors.check_code(&ann, &app.code(later), home(), later).await;
    assert!(matches!(old, Err(FactorError::Wrong { .. })));
    assert_eq!(factors.trusted_since(&ann, &[4; 32], later).await.unwrap(), None);
    factors.check_code(&ann, &new.code(later), home(), later).await.unwrap();
}

#[tokio::test]
async fn a_reset_that_was_asked_for_waits_and_is_done_once() {
    let store = memory();
    let (one, other, ann) = (replica(&store), replica(&store), person("ann"));
    assert!(matches!(one.request_reset(&ann, NOW).await, Err(FactorError::NotEnrolled)));
    enrol(&one, &ann).await;
    let due = one.request_reset(&ann, NOW).await.unwrap();
    assert_eq!(due.since(NOW), Duration::from_secs(24 * 60 * 60));
    let later = NOW.plus(Duration::from_secs(60));
    assert_eq!(one.request_reset(&ann, later).await.unwrap(), due, "asking again changes nothing");
    let early = due.minus(Duration::from_millis(1));
    assert_eq!(one.due_resets(early).await.unwrap(), []);
    assert!(!one.carry_out_reset(&ann, early).await.unwrap());
    assert_eq!(other.due_resets(due).await.unwrap(), std::slice::from_ref(&ann));
    let both = tokio::join!(one.carry_out_reset(&ann, due), other.carry_out_reset(&ann, due));
    assert_eq!([both.0.unwrap(), both.1.unwrap()].iter().filter(|did| **did).count(), 1);
    assert_eq!(one.due_resets(due).await.unwrap(), []);
    let status = one.status(&ann, due).await.unwrap();
    assert_eq!((status.totp, status.fresh_sign_in_after), (None, Some(due)));
}

#[tokio::test]
async fn the_owner_withdraws_a_reset_by_passing_a_factor_or_by_saying_so() {
    let store = memory();
    let (factors, ann) = (replica(&store), person("ann"));
    let (app, _) = enrol(&factors, &ann).await;
    let due = factors.request_reset(&ann, NOW).await.unwrap();
    let then = NOW.plus(STEP);
    factors.check_code(&ann, &app.code(then), home(), then).await.unwrap();
    assert_eq!(factors.status(&ann, then).await.unwrap().reset_due, None);
    assert!(!factors.carry_out_reset(&ann, due).await.unwrap());
    factors.request_reset(&ann, then).await.unwrap();
    assert!(factors.withdraw_reset(&ann, then).await.unwrap());
    assert!(!factors.withdraw_reset(&ann, then).await.unwrap());
    assert_eq!(factors.due_resets(due.plus(STEP)).await.unwrap(), []);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_an_error_until_it_is_reset() {
    let plain = Arc::new(Memory::default());
    let store: Arc<dyn Store> = plain.clone();
    let (factors, ann) = (replica(&store), person("ann"));
    enrol(&factors, &ann).await;
    let other_key = Arc::new(Sealer::new(&[Secret::new(vec![8; 32])]).unwrap());
    let without = Factors::new(Arc::clone(&store), other_key, FactorSettings::default());
    without.status(&ann, NOW).await.unwrap_err();
    let begun = without.begin_enrolment(&ann, "Help", "ann", home(), NOW).await;
    assert!(matches!(begun, Err(FactorError::Store(_))), "nobody enrols over what is unread");
    plain.spoil("factor/");
    factors.status(&ann, NOW).await.unwrap_err();
    factors.reset(&ann, NOW).await.unwrap();
    assert_eq!(factors.status(&ann, NOW).await.unwrap().totp, None);
}

#[tokio::test]
async fn a_trusted_browser_is_the_persons_own_listed_and_revocable() {
    let store = memory();
    let (factors, ann, bob) = (replica(&store), person("ann"), person("bob"));
    let none = factors.trust_browser(&ann, &[1; 32], "x", 30, NOW).await;
    assert!(matches!(none, Err(FactorError::NotEnrolled)));
    enrol(&factors, &ann).await;
    enrol(&factors, &bob).await;
    let until = factors.trust_browser(&ann, &[1; 32], "Fire\nfox", 30, NOW).await.unwrap();
    assert_eq!(until.since(NOW), Duration::from_secs(30 * 24 * 60 * 60));
    assert_eq!(factors.trusted_since(&bob, &[1; 32], NOW).await.unwrap(), None, "another person");
    assert_eq!(factors.trusted_since(&ann, &[2; 32], NOW).await.unwrap(), None, "another browser");
    let since = factors.trusted_since(&ann, &[1; 32], NOW).await.unwrap();
    assert_eq!(since, Some(NOW));
    assert_eq!(factors.trusted_since(&ann, &[1; 32], until).await.unwrap(), None, "at its end");
    factors.trust_browser(&ann, &[2; 32], "Chromium", 1, NOW).await.unwrap();
    let listed = factors.list_trusted(&ann, NOW).await.unwrap();
    let labels: Vec<&str> = listed.iter().map(|browser| browser.label.as_str()).collect();
    assert_eq!(labels, ["Firefox", "Chromium"]);
    assert_eq!((listed[0].since, listed[0].until), (NOW, until));
    assert!(factors.forget_trusted(&ann, &listed[0].id, NOW).await.unwrap());
    assert!(!factors.forget_trusted(&ann, &listed[0].id, NOW).await.unwrap());
    assert_eq!(factors.trusted_since(&ann, &[1; 32], NOW).await.unwrap(), None);
    assert!(factors.trusted_since(&ann, &[2; 32], NOW).await.unwrap().is_some());
    for browser in 10..30 {
        factors.trust_browser(&ann, &[browser; 32], "x", 30, NOW).await.unwrap();
    }
    assert_eq!(factors.list_trusted(&ann, NOW).await.unwrap().len(), 10, "bounded");
}

#[tokio::test]
async fn a_failing_store_trusts_no_browser() {
    let faulty = Arc::new(FaultyStore::new(memory()));
    let store: Arc<dyn Store> = faulty.clone();
    let (factors, ann) = (replica(&store), person("ann"));
    enrol(&factors, &ann).await;
    factors.trust_browser(&ann, &[1; 32], "x", 30, NOW).await.unwrap();
    faulty.fail(store::fault::Operation::Get, store::fault::Fault::Unavailable);
    factors.trusted_since(&ann, &[1; 32], NOW).await.unwrap_err();
}
