//! The second factor of an attempt.

use std::time::Duration;

use domain::FactorKind;

use super::*;

fn demanding() -> FactorRules {
    let fresh = Some(Duration::from_secs(900));
    FactorRules::new(vec![FactorRule { fresh, ..FactorRule::for_all(Require::Totp, 3) }])
}

/// Ann, proved by acme, of whom a factor is asked.
fn asked() -> Attempt {
    let verified = answer(&["ann@acme.example"]);
    let (attempt, _) = answered(at_acme(), verified, &mapping(), &free()).unwrap();
    let (attempt, step) = weighed(attempt, &demanding()).unwrap();
    let Step::AskFactor { demand, .. } = step else { panic!("not asked: {step:?}") };
    assert_eq!(demand.lines, [3]);
    attempt
}

fn totp(at: Timestamp) -> FactorUse {
    FactorUse { kind: FactorKind::Totp, at }
}

#[test]
fn nothing_is_provisioned_before_the_factor_is_passed() {
    let early = asked().on(Event::Provisioned(None), NOW);
    assert_eq!(early.unwrap_err(), SignInError::NotUnderWay);
    let (attempt, step) = asked().on(Event::FactorPassed(totp(NOW)), NOW).unwrap();
    let Step::Provision { identity, proof } = step else { panic!("not provisioned: {step:?}") };
    assert!(proof.is_of(&identity.person));
    let (_, step) = attempt.on(Event::Provisioned(None), NOW).unwrap();
    assert!(matches!(step, Step::Establish { factor: Some(factor), .. } if factor == totp(NOW)));
}

#[test]
fn a_factor_that_is_not_what_is_demanded_passes_nothing() {
    let old = totp(NOW.minus(Duration::from_secs(900)));
    for factor in [
        old,
        FactorUse { kind: FactorKind::TrustedBrowser, at: NOW },
        FactorUse { kind: FactorKind::None, at: NOW },
    ] {
        let passed = asked().on(Event::FactorPassed(factor), NOW);
        assert_eq!(passed.unwrap_err(), SignInError::FactorNotEnough, "{factor:?}");
    }
}

#[test]
fn a_factor_passes_in_no_other_stage_and_the_rules_are_asked_once() {
    let verified = answer(&["ann@acme.example"]);
    let (identified, _) = answered(at_acme(), verified, &mapping(), &free()).unwrap();
    let choosing = at_acme().afresh(NOW);
    for attempt in [at_acme(), choosing, identified] {
        let passed = attempt.on(Event::FactorPassed(totp(NOW)), NOW);
        assert_eq!(passed.unwrap_err(), SignInError::NotUnderWay);
    }
    let again = weighed(asked(), &FactorRules::default());
    assert_eq!(again.unwrap_err(), SignInError::NotUnderWay, "asked again under milder rules");
    let over = asked().on(Event::FactorPassed(totp(NOW)), Timestamp::from_seconds(1800));
    assert_eq!(over.unwrap_err(), SignInError::AttemptOver);
}

/// A forged `amr` counts for nothing where the operator trusts the identity provider for nothing.
#[test]
fn an_identity_providers_own_factor_counts_only_where_it_is_trusted() {
    let trusted = TrustedFactors { methods: vec!["mfa".to_owned()], classes: Vec::new() };
    let after = |trusted: &TrustedFactors| {
        let authentication =
            Authentication { methods: vec!["mfa".into()], class: None, at: Some(NOW) };
        let mut verified = Verified { authentication, ..answer(&["ann@acme.example"]) };
        verified.claims.insert("amr".into(), vec!["mfa".into()]);
        let (attempt, _) = answered(at_acme(), verified, &mapping(), &free()).unwrap();
        weighed_trusting(attempt, &demanding(), trusted).unwrap()
    };
    assert!(matches!(after(&TrustedFactors::default()).1, Step::AskFactor { .. }));
    let (attempt, step) = after(&trusted);
    assert!(matches!(step, Step::Provision { .. }), "control: {step:?}");
    let (_, step) = attempt.on(Event::Provisioned(None), NOW).unwrap();
    let own = Some(FactorUse { kind: FactorKind::IdentityProvider, at: NOW });
    assert!(matches!(step, Step::Establish { factor, .. } if factor == own));
}

/// A mapped claim of the same name is not what the identity provider signed about itself.
#[test]
fn a_claim_called_amr_is_no_authentication() {
    let mut verified = answer(&["ann@acme.example"]);
    verified.claims.insert("amr".into(), vec!["mfa".into()]);
    let trusted = TrustedFactors { methods: vec!["mfa".to_owned()], classes: Vec::new() };
    let (attempt, _) = answered(at_acme(), verified, &mapping(), &free()).unwrap();
    let (_, step) = weighed_trusting(attempt, &demanding(), &trusted).unwrap();
    assert!(matches!(step, Step::AskFactor { .. }));
}

#[test]
fn a_step_up_goes_on_with_the_session_and_provisions_nothing() {
    let identity = asked().factor_asked().unwrap().0.clone();
    let person = identity.person.clone();
    let (site, demand) = ("help".parse().unwrap(), FactorDemand::wished());
    let target = ReturnPath::parse("/servicedesk/customer/portal/3").unwrap();
    let attempt = Attempt::stepping_up(site, target, identity, demand, NOW);
    assert!(attempt.is_step_up() && attempt.browser().is_none());
    let put_off = FactorUse { kind: FactorKind::None, at: NOW };
    let refused = attempt.clone().on(Event::FactorPassed(put_off), NOW);
    assert_eq!(refused.unwrap_err(), SignInError::FactorNotEnough);
    let (_, step) = attempt.on(Event::FactorPassed(totp(NOW)), NOW).unwrap();
    assert_eq!(step, Step::StepUp { person, factor: totp(NOW) });
}
