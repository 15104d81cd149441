use policy::{FactorRule, FactorRules, Require, SignInRules, TrustedFactors};

use super::*;
use crate::{ClaimRules, Claims, Expression, Mapping, Verified, Weighing};

mod factor;

fn claim(name: &str) -> Expression {
    Expression::Claim(name.to_owned())
}

fn mapping() -> Mapping {
    Mapping {
        rules: ClaimRules {
            email: claim("mail"),
            name: Some(claim("displayName")),
            groups: Some(claim("memberOf")),
            subject: None,
            kept: std::collections::BTreeSet::new(),
        },
        domains: vec!["acme.example".parse().unwrap()],
        tenants: std::collections::BTreeMap::new(),
    }
}

fn answer(email: &[&str]) -> Verified {
    let mut claims = Claims::new();
    claims.insert("mail".into(), email.iter().map(|&e| e.into()).collect());
    claims.insert("displayName".into(), vec!["Ann\r\nLee".into()]);
    Verified {
        subject: Some("ann-1".into()),
        claims,
        email_verified: None,
        idp_session: None,
        session_deadline: None,
        authentication: Authentication::default(),
        remarks: Vec::new(),
    }
}

fn at_acme() -> Attempt {
    let target = ReturnPath::parse("/portal/1?x=1").unwrap();
    Attempt::new("help".parse().unwrap(), target, Timestamp::from_seconds(0))
        .with_fragment(Fragment::parse("c7").ok())
        .sent_to("acme".parse().unwrap(), Pending::Saml { request: "_1".into() }, [7; 32])
}

fn free() -> SignInRules {
    SignInRules::default()
}

/// What follows when the answer comes to `attempt`.
fn answered(
    attempt: Attempt,
    verified: Verified,
    mapping: &Mapping,
    rules: &SignInRules,
) -> Result<(Attempt, Step), SignInError> {
    let host = "help.example.com".parse().unwrap();
    attempt.on(Event::Answered(verified, Admission { mapping, rules, host: &host }), NOW)
}

/// What follows when the rules for the second factor are asked.
fn weighed(attempt: Attempt, rules: &FactorRules) -> Result<(Attempt, Step), SignInError> {
    weighed_trusting(attempt, rules, &TrustedFactors::default())
}

fn weighed_trusting(
    attempt: Attempt,
    rules: &FactorRules,
    trusted: &TrustedFactors,
) -> Result<(Attempt, Step), SignInError> {
    let (organizations, client) = (None, "192.0.2.1".parse().unwrap());
    attempt.on(Event::Weighed(Weighing { rules, trusted, organizations, client }), NOW)
}

const NOW: Timestamp = Timestamp::from_seconds(60);

#[test]
fn a_sign_in_goes_from_answer_to_session() {
    let (attempt, step) =
        answered(at_acme(), answer(&["Ann@acme.example"]), &mapping(), &free()).unwrap();
    let Step::Weigh { identity } = step else { panic!("not weighed: {step:?}") };
    let (attempt, step) = weighed(attempt, &FactorRules::default()).unwrap();
    let Step::Provision { proof, .. } = step else { panic!("not provisioned: {step:?}") };
    assert!(proof.is_of(&identity.person));
    assert_eq!(identity.email.as_str(), "ann@acme.example");
    assert_eq!(identity.display_name, "AnnLee");
    assert_eq!(identity.groups, None);
    let (attempt, step) = attempt.on(Event::Provisioned(None), NOW).unwrap();
    assert!(matches!(step, Step::Establish { account: None, factor: None, .. }));
    assert_eq!(attempt.destination(), "/portal/1?x=1#c7");
}

/// attacks.md B26, B27.
#[test]
fn b26_a_provider_speaks_only_for_its_own_domains() {
    let refuse =
        |email: &[&str]| answered(at_acme(), answer(email), &mapping(), &free()).unwrap_err();
    assert_eq!(
        refuse(&["ann@globex.example"]),
        SignInError::DomainForeign("globex.example".into())
    );
    assert_eq!(
        refuse(&["ann@eu.acme.example"]),
        SignInError::DomainForeign("eu.acme.example".into())
    );
    assert_eq!(
        refuse(&["a@acme.example@evil.example"]),
        SignInError::AddressInvalid("mail".into())
    );
    assert_eq!(
        refuse(&["a@acme.example", "b@acme.example"]),
        SignInError::AddressInvalid("mail".into())
    );
    assert_eq!(refuse(&[]), SignInError::AddressMissing("mail".into()));
    let unverified = Verified { email_verified: Some(false), ..answer(&["ann@acme.example"]) };
    let error = answered(at_acme(), unverified, &mapping(), &free()).unwrap_err();
    assert_eq!(error, SignInError::AddressUnverified);
}

#[test]
fn a_transient_subject_is_refused_unless_a_claim_is_named() {
    let transient = || Verified { subject: None, ..answer(&["ann@acme.example"]) };
    let error = answered(at_acme(), transient(), &mapping(), &free()).unwrap_err();
    assert_eq!(error, SignInError::SubjectMissing("NameID or sub".into()));
    let mut named = mapping();
    named.rules.subject = Some(claim("displayName"));
    let mut verified = transient();
    verified.claims.insert("displayName".into(), vec!["ann".into()]);
    assert!(answered(at_acme(), verified, &named, &free()).is_ok());
}

/// attacks.md B6.
#[test]
fn b6_an_answer_of_another_provider_or_site_is_refused() {
    let (help, acme) = ("help".parse().unwrap(), "acme".parse().unwrap());
    assert!(at_acme().expects(&help, &acme, NOW).is_ok());
    let expects = |site: &str, idp: &str| {
        at_acme().expects(&site.parse().unwrap(), &idp.parse().unwrap(), NOW).unwrap_err()
    };
    assert_eq!(expects("help", "globex"), SignInError::OtherProvider);
    assert_eq!(expects("partners", "acme"), SignInError::OtherSite);
}

#[test]
fn an_attempt_ends_after_thirty_minutes_to_the_millisecond() {
    let (help, acme) = ("help".parse().unwrap(), "acme".parse().unwrap());
    let last = Timestamp::from_millis(30 * 60 * 1000 - 1);
    assert!(at_acme().expects(&help, &acme, last).is_ok());
    let over = at_acme().expects(&help, &acme, at_acme().deadline()).unwrap_err();
    assert_eq!(over, SignInError::AttemptOver);
}

#[test]
fn rules_lead_to_steps() {
    let choosing = || at_acme().afresh(NOW);
    let idp: IdpName = "acme".parse().unwrap();
    let step = |outcome: Outcome| choosing().on(Event::Routed(outcome), NOW).map(|(_, step)| step);
    let rule = |mode| Outcome::Use { idp: "acme".parse().unwrap(), mode, fallback: None };
    assert_eq!(step(rule(Mode::Required)), Ok(Step::SendTo(idp.clone())));
    assert_eq!(step(rule(Mode::Preferred)), Ok(Step::Offer { idp: Some(idp), guest: true }));
    assert_eq!(step(rule(Mode::Off)), Ok(Step::AdmitGuest { instead_of: None }));
    assert_eq!(step(Outcome::Choose), Ok(Step::Offer { idp: None, guest: false }));
    assert_eq!(step(Outcome::Deny), Err(SignInError::DeniedByRule));
    let guest =
        |outcome: Outcome| choosing().on(Event::GuestChosen(outcome), NOW).map(|(_, step)| step);
    assert_eq!(guest(rule(Mode::Optional)), Ok(Step::AdmitGuest { instead_of: None }));
    assert_eq!(guest(rule(Mode::Required)), Err(SignInError::DeniedByRule));
    assert_eq!(guest(Outcome::Choose), Err(SignInError::DeniedByRule));
    assert_eq!(at_acme().on(Event::Provisioned(None), NOW).unwrap_err(), SignInError::NotUnderWay);
}

#[test]
fn a_proved_address_is_held_against_the_rules_again() {
    let sign_in = |outcome: Outcome| {
        let rules = SignInRules::new(vec![policy::SignInRule::for_all(outcome, 1)], Vec::new());
        answered(at_acme(), answer(&["ann@acme.example"]), &mapping(), &rules).map(|_| ())
    };
    let rule = |idp: &str, mode| Outcome::Use { idp: idp.parse().unwrap(), mode, fallback: None };
    assert_eq!(sign_in(Outcome::Deny), Err(SignInError::DeniedByRule));
    assert_eq!(sign_in(rule("acme", Mode::Off)), Err(SignInError::DeniedByRule));
    let other = SignInError::ProviderNotTheirs("globex".parse().unwrap());
    assert_eq!(sign_in(rule("globex", Mode::Required)), Err(other));
    assert_eq!(sign_in(rule("globex", Mode::Preferred)), Ok(()));
    assert_eq!(sign_in(rule("acme", Mode::Required)), Ok(()));
    assert_eq!(sign_in(Outcome::UpstreamLogin), Ok(()));
}

#[test]
fn whoever_asks_in_advance_hears_what_a_sign_in_hears() {
    let outcome = |mode| Outcome::Use { idp: "acme".parse().unwrap(), mode, fallback: None };
    let reporting = policy::SignInRule {
        people: vec!["ann@acme.example".parse().unwrap()],
        enforcement: policy::Enforcement::ReportOnly,
        ..policy::SignInRule::for_all(outcome(Mode::Off), 1)
    };
    for otherwise in [Outcome::Deny, Outcome::Choose, outcome(Mode::Off), outcome(Mode::Required)] {
        let all = policy::SignInRule::for_all(otherwise.clone(), 2);
        let rules = SignInRules::new(vec![reporting.clone(), all], Vec::new());
        let verified = answer(&["ann@acme.example"]);
        let ann = mapping().identity(&"acme".parse().unwrap(), verified.clone()).unwrap();
        let host = "help.example.com".parse().unwrap();
        let told = at_acme().judge(&ann, &rules, &host, NOW);
        let signed_in = answered(at_acme(), verified, &mapping(), &rules);
        assert_eq!(told.verdict.map_err(SignInError::from), signed_in.map(|_| ()));
        assert_eq!((told.route.outcome, told.route.line), (otherwise, Some(2)));
        let would = told.route.would.expect("the rule that only reports");
        assert_eq!((would.outcome, would.line), (outcome(Mode::Off), Some(1)));
    }
}

#[test]
fn a_test_never_becomes_a_session_not_even_a_guests() {
    let test = || at_acme().for_test().afresh(NOW);
    let on = |event| test().on(event, NOW).map(|(_, step)| step);
    let acme: IdpName = "acme".parse().unwrap();
    let fallback = Some(Fallback::UpstreamLogin);
    let left = Outcome::Use { idp: acme.clone(), mode: Mode::Required, fallback };
    for event in [
        Event::Routed(Outcome::UpstreamLogin),
        Event::GuestChosen(Outcome::UpstreamLogin),
        Event::FallbackChosen(left),
    ] {
        assert_eq!(on(event), Err(SignInError::NotUnderWay));
    }
    assert_eq!(on(Event::Chosen(acme.clone())), Ok(Step::SendTo(acme)));
    let back = answered(at_acme().for_test(), answer(&["ann@acme.example"]), &mapping(), &free());
    assert_eq!(back.unwrap_err(), SignInError::NotUnderWay);
}

#[test]
fn a_fallback_is_what_the_rule_names_and_only_by_choice() {
    let idp = |name: &str| name.parse::<IdpName>().unwrap();
    let rule = |fallback| Outcome::Use { idp: idp("globex"), mode: Mode::Required, fallback };
    let on = |event| at_acme().afresh(NOW).on(event, NOW);
    let guest = on(Event::FallbackChosen(rule(Some(Fallback::UpstreamLogin)))).unwrap().1;
    assert_eq!(guest, Step::AdmitGuest { instead_of: Some(idp("globex")) });
    let none = on(Event::FallbackChosen(rule(None))).unwrap_err();
    assert_eq!(none, SignInError::NoFallback(idp("globex")));
    assert!(on(Event::FallbackChosen(Outcome::Choose)).is_err());
}

#[test]
fn a_stand_in_signs_in_only_people_whose_provider_did_not_answer() {
    let idp = |name: &str| name.parse::<IdpName>().unwrap();
    let fallback = Some(Fallback::Idp(idp("acme")));
    let outcome = Outcome::Use { idp: idp("globex"), mode: Mode::Required, fallback };
    let rules = SignInRules::new(vec![policy::SignInRule::for_all(outcome.clone(), 1)], Vec::new());
    let back = |attempt: Attempt| {
        let attempt = attempt.sent_to(idp("acme"), Pending::Saml { request: "_1".into() }, [7; 32]);
        answered(attempt, answer(&["ann@acme.example"]), &mapping(), &rules).map(|_| ())
    };
    let (fallen, step) = at_acme().afresh(NOW).on(Event::FallbackChosen(outcome), NOW).unwrap();
    assert_eq!(step, Step::SendTo(idp("acme")));
    assert_eq!(back(fallen.clone()), Ok(()));
    let refused = Err(SignInError::ProviderNotTheirs(idp("globex")));
    assert_eq!(back(at_acme().afresh(NOW)), refused);
    assert_eq!(back(fallen.afresh(NOW)), refused);
}
