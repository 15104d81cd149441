//! Conditions and confirmations of the assertion, to the second.

use std::time::Duration;

use domain::Timestamp;

use crate::forge::{
    ACS, Check, NOW, SKEW, SP, Sign, accepted, answer, at, cause, cause_of, request,
};

fn signed(from: &str, to: &str) -> String {
    answer().assertion(from, to).sign(Sign::Assertion)
}

fn restriction(audiences: &[&str]) -> String {
    let inner: String =
        audiences.iter().map(|a| format!("<saml:Audience>{a}</saml:Audience>")).collect();
    format!("<saml:AudienceRestriction>{inner}</saml:AudienceRestriction>")
}

#[test]
fn b8_audiences_are_required_and_are_ours() {
    let ours = restriction(&[SP]);
    let other = "https://other.example";
    let upper = SP.to_uppercase();
    for (audiences, expected) in [
        (String::new(), "saml-audience-missing"),
        (restriction(&[]), "saml-audience-foreign"),
        (restriction(&[other]), "saml-audience-foreign"),
        (restriction(&[&upper]), "saml-audience-foreign"),
        (restriction(&[&format!("{SP}/")]), "saml-audience-foreign"),
        (restriction(&[&format!(" {SP}")]), "saml-audience-foreign"),
        (ours.clone() + &restriction(&[other]), "saml-audience-foreign"),
        (restriction(&[other]) + &ours, "saml-audience-foreign"),
    ] {
        assert_eq!(cause(&signed(&ours, &audiences)), expected, "{audiences}");
    }
    for audiences in [restriction(&[other, SP]), ours.repeat(2), restriction(&[SP, SP])] {
        assert_eq!(accepted(&signed(&ours, &audiences)).id(), "_assertion", "{audiences}");
    }
}

#[test]
fn b8_conditions_that_are_not_understood_are_refused() {
    for (condition, ok) in [
        ("<saml:OneTimeUse/>", true),
        ("<saml:ProxyRestriction Count=\"0\"/>", true),
        ("<saml:Condition/>", false),
        ("<x:Geo xmlns:x=\"urn:x\"/>", false),
    ] {
        let xml =
            signed("<saml:AudienceRestriction>", &format!("{condition}<saml:AudienceRestriction>"));
        match ok {
            true => assert_eq!(accepted(&xml).id(), "_assertion"),
            false => assert_eq!(cause(&xml), "saml-condition-unknown"),
        }
    }
}

/// Verifies the honest message with `from` replaced by `to`, at a moment.
fn outcome(now: Timestamp, from: &str, to: &str) -> String {
    let check = Check { now, ..Check::new() };
    match check.run(&signed(from, to)) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.refusal().cause,
    }
}

fn millis_before(moment: Timestamp) -> Timestamp {
    moment.minus(Duration::from_millis(1))
}

#[test]
fn b9_not_before_holds_to_the_millisecond() {
    let from = format!("NotBefore=\"{}\"", at(-30));
    let later = format!("NotBefore=\"{}\"", at(100));
    let first = at(100).minus(SKEW);
    assert_eq!(outcome(millis_before(first), &from, &later), "saml-not-yet-valid");
    assert_eq!(outcome(first, &from, &later), "accepted");
    assert_eq!(outcome(NOW, &format!("{from} "), ""), "accepted");
    assert_eq!(outcome(NOW, &from, "NotBefore=\"soon\""), "saml-moment-unreadable");
}

#[test]
fn b9_not_on_or_after_holds_to_the_millisecond() {
    let conditions =
        format!("<saml:Conditions NotBefore=\"{}\" NotOnOrAfter=\"{}\"", at(-30), at(300));
    let shorter = conditions.replace(&at(300).to_string(), &at(100).to_string());
    let end = at(100).plus(SKEW);
    assert_eq!(outcome(millis_before(end), &conditions, &shorter), "accepted");
    assert_eq!(outcome(end, &conditions, &shorter), "saml-expired");
    let open = conditions.replace(&format!(" NotOnOrAfter=\"{}\"", at(300)), "");
    assert_eq!(outcome(NOW, &conditions, &open), "saml-moment-unreadable");
    let none = answer().assertion;
    let (start, end) =
        (none.find("<saml:Conditions").unwrap(), none.find("<saml:AuthnStatement").unwrap());
    assert_eq!(cause(&signed(&none[start..end], "")), "saml-conditions-missing");
}

#[test]
fn b9_without_skew_the_bounds_are_exact() {
    let check = |now| Check { now, skew: Duration::ZERO, ..Check::new() };
    let xml = answer().sign(Sign::Assertion);
    assert!(check(NOW).run(&xml).is_ok());
    assert_eq!(cause_of(&check(millis_before(NOW)), &xml), "saml-issued-in-future");
    assert!(check(millis_before(at(300))).run(&xml).is_ok());
    assert_eq!(cause_of(&check(at(300)), &xml), "saml-expired");
}

#[test]
fn b9_validity_is_bounded() {
    let conditions = format!("NotOnOrAfter=\"{}\"><saml:AudienceRestriction>", at(300));
    let until = |seconds| conditions.replace(&at(300).to_string(), &at(seconds).to_string());
    assert_eq!(outcome(NOW, &conditions, &until(24 * 3600)), "accepted");
    assert_eq!(outcome(NOW, &conditions, &until(24 * 3600 + 1)), "saml-valid-too-long");
    assert_eq!(outcome(NOW, &conditions, &until(10 * 365 * 86_400)), "saml-valid-too-long");
}

#[test]
fn b9_issue_instants_are_neither_ahead_nor_old() {
    let issued = format!("IssueInstant=\"{NOW}\"");
    let moved = |seconds| format!("IssueInstant=\"{}\"", at(seconds));
    assert_eq!(outcome(NOW, &issued, &moved(60)), "accepted");
    assert_eq!(outcome(NOW, &issued, &moved(61)), "saml-issued-in-future");
    assert_eq!(outcome(NOW, &issued, &moved(86_400)), "saml-issued-in-future");
    assert_eq!(outcome(NOW, &issued, &moved(-659)), "accepted");
    assert_eq!(outcome(NOW, &issued, &moved(-660)), "saml-issued-long-ago");
    assert_eq!(outcome(NOW, &issued, "IssueInstant=\"\""), "saml-moment-unreadable");
    let response = answer().response(&issued, &moved(-660)).sign(Sign::Response);
    assert_eq!(cause(&response), "saml-issued-long-ago");
}

#[test]
fn b10_recipients_and_their_end_are_required() {
    let data = format!(
        "InResponseTo=\"{}\" NotOnOrAfter=\"{}\" Recipient=\"{ACS}\"/>",
        request(),
        at(300)
    );
    for (from, to, expected) in [
        (format!(" Recipient=\"{ACS}\""), String::new(), "saml-confirmation-incomplete"),
        (format!("\"{ACS}\""), "\"https://evil.example/acs\"".to_owned(), "saml-recipient-foreign"),
        (format!("\"{ACS}\""), format!("\"{}\"", ACS.to_uppercase()), "saml-recipient-foreign"),
        (format!("\"{ACS}\""), "\"\"".to_owned(), "saml-recipient-foreign"),
        (format!(" NotOnOrAfter=\"{}\"", at(300)), String::new(), "saml-confirmation-incomplete"),
        (at(300).to_string(), "never".to_owned(), "saml-moment-unreadable"),
        (format!("InResponseTo=\"{}\" ", request()), String::new(), "saml-confirmation-incomplete"),
        ("/>".to_owned(), format!(" NotBefore=\"{}\"/>", at(-30)), "saml-confirmation-incomplete"),
        (at(300).to_string(), at(-60).to_string(), "saml-confirmation-expired"),
    ] {
        assert!(data.contains(&from));
        assert_eq!(cause(&signed(&data, &data.replace(&from, &to))), expected, "{from} -> {to}");
    }
    let last_second = data.replace(&at(300).to_string(), &at(-59).to_string());
    assert_eq!(accepted(&signed(&data, &last_second)).id(), "_assertion");
    let element = format!("<saml:SubjectConfirmationData {data}");
    assert_eq!(cause(&signed(&element, "")), "saml-confirmation-incomplete");
}

#[test]
fn b11_only_bearer_confirms() {
    let bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    for method in [
        "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key",
        "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches",
        "",
        "bearer",
    ] {
        assert_eq!(cause(&signed(bearer, method)), "saml-confirmation-not-bearer");
    }
    assert_eq!(cause(&signed(" Method=", " Other=")), "saml-confirmation-not-bearer");
    let other =
        format!("<saml:SubjectConfirmation Method=\"{bearer}\"/><saml:SubjectConfirmation ");
    let one_of_two = signed("<saml:SubjectConfirmation ", &other);
    assert_eq!(accepted(&one_of_two).id(), "_assertion", "one good bearer confirmation suffices");
}

#[test]
fn b24_an_old_proof_is_no_answer_to_force_authn() {
    let since = |seconds| Check { authenticated_since: Some(at(seconds)), ..Check::new() };
    let instant = format!("AuthnInstant=\"{NOW}\"");
    let proved = |seconds| signed(&instant, &format!("AuthnInstant=\"{}\"", at(seconds)));
    assert!(since(-90).run(&proved(-100)).is_ok(), "within the tolerance");
    assert_eq!(cause_of(&since(-30), &proved(-91)), "saml-authenticated-before");
    assert_eq!(cause_of(&since(-30), &proved(-8 * 3600)), "saml-authenticated-before");
}

#[test]
fn b23_sessions_that_are_over_are_refused_and_the_earliest_end_counts() {
    let end = format!("SessionNotOnOrAfter=\"{}\"", at(3600));
    let ended = |seconds| format!("SessionNotOnOrAfter=\"{}\"", at(seconds));
    assert_eq!(cause(&signed(&end, &ended(0))), "saml-session-over");
    assert_eq!(accepted(&signed(&end, &ended(1))).session_not_on_or_after(), Some(at(1)));
    let second =
        format!("<saml:AuthnStatement AuthnInstant=\"{NOW}\" SessionNotOnOrAfter=\"{}\"/>", at(60));
    let two = signed("</saml:AuthnStatement>", &format!("</saml:AuthnStatement>{second}"));
    let assertion = accepted(&two);
    assert_eq!(assertion.session_not_on_or_after(), Some(at(60)));
    assert_eq!(assertion.session_index(), Some("_session"));
    assert_eq!(accepted(&signed(&format!(" {end}"), "")).session_not_on_or_after(), None);
}
