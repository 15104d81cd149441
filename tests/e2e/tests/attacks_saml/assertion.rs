//! Assertions for somebody else, from another time, or confirmed in another way.

use std::time::Duration;

use domain::{Clock, Timestamp};
use fakes::clock::date_time;
use fakes::saml::{Answer, Flaw, Sign};

use crate::stage::{Stage, attribute, enters};

/// Sets an attribute of the Assertion, its first of this name, before it is signed.
fn with_attribute(name: &'static str, value: String) -> Answer {
    Answer::changed_before_signing(move |assertion| {
        let old = format!(" {name}=\"{}\"", attribute(&assertion, name));
        assertion.replacen(&old, &format!(" {name}=\"{value}\""), 1)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b8_an_assertion_must_be_meant_for_us() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::WrongAudience, "saml-audience-foreign"),
            (Flaw::NoAudience, "saml-audience-missing"),
            (Flaw::TwoAudienceRestrictions, "saml-audience-foreign"),
        ])
        .await;
    // Within one restriction one audience suffices.
    let other = "<saml:Audience>https://other.example</saml:Audience><saml:Audience>";
    let two = Answer::changed_before_signing(move |a| a.replacen("<saml:Audience>", other, 1));
    stage.passes(two).await;
    let longer =
        Answer::changed_before_signing(|a| a.replacen("</saml:Audience>", "/</saml:Audience>", 1));
    assert_eq!(stage.cause_of(longer).await, "saml-audience-foreign");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b9_an_assertion_counts_in_its_time_only() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::Expired, "saml-expired"),
            (Flaw::NotYetValid, "saml-not-yet-valid"),
            (Flaw::NoConditions, "saml-conditions-missing"),
            (Flaw::NoConditionsEnd, "saml-moment-unreadable"),
            (Flaw::TenYears, "saml-valid-too-long"),
            (Flaw::IssuedTomorrow, "saml-issued-in-future"),
        ])
        .await;
}

/// The skew is 60 seconds, in both directions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b9_the_skew_ends_on_the_second() {
    let stage = Stage::start().await;
    let now = stage.clock.now();
    let at = |seconds: u64| date_time(now.plus(Duration::from_secs(seconds)).as_seconds());
    stage.passes(with_attribute("NotBefore", at(60))).await;
    assert_eq!(stage.cause_of(with_attribute("NotBefore", at(61))).await, "saml-not-yet-valid");
    let past = |seconds: u64| before(now, seconds);
    let ended = |seconds| with_attribute("NotBefore", past(200)).also_ending(past(seconds));
    stage.passes(ended(59)).await;
    assert_eq!(stage.cause_of(ended(60)).await, "saml-expired");
    // As it is when the customer is slow: valid for 300 seconds, and 60 more.
    let ann = stage.acme.person("ann");
    for (waits, cause) in [(359, None), (360, Some("saml-expired"))] {
        let (mut browser, form) = stage.brought(&stage.acme, &ann, Sign::Both).await;
        stage.advance(Duration::from_secs(waits));
        match cause {
            None => enters(&mut browser, &form, &ann).await,
            Some(cause) => assert_eq!(stage.cause_of_form(&mut browser, &form).await, cause),
        }
    }
}

fn before(now: Timestamp, seconds: u64) -> String {
    date_time(now.minus(Duration::from_secs(seconds)).as_seconds())
}

trait Ending {
    /// The same with another end of Conditions.
    fn also_ending(self, moment: String) -> Answer;
}

impl Ending for Answer {
    fn also_ending(self, moment: String) -> Answer {
        let first = self.before_signing.unwrap();
        Answer::changed_before_signing(move |assertion| {
            let assertion = first(assertion);
            let conditions = assertion.find("<saml:Conditions").unwrap();
            let (head, tail) = assertion.split_at(conditions);
            let old = attribute(tail, "NotOnOrAfter");
            format!("{head}{}", tail.replacen(&old, &moment, 1))
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_the_confirmation_must_name_our_endpoint_and_an_end() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::NoRecipient, "saml-confirmation-incomplete"),
            (Flaw::WrongRecipient, "saml-recipient-foreign"),
            (Flaw::NoConfirmationEnd, "saml-confirmation-incomplete"),
            (Flaw::ConfirmationExpired, "saml-confirmation-expired"),
            (Flaw::WrongConfirmationInResponseTo, "saml-request-foreign"),
        ])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b11_only_a_bearer_is_confirmed() {
    let stage = Stage::start().await;
    stage
        .refuses(&[
            (Flaw::NotBearer, "saml-confirmation-not-bearer"),
            (Flaw::NoConfirmation, "saml-confirmation-not-bearer"),
        ])
        .await;
}
