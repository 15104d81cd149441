//! What rules demand, as tables.

use std::time::Duration;

use domain::{Authentication, FactorKind, FactorUse, IdpName, SiteName, Timestamp};

use super::*;
use crate::Enforcement;

mod places;
mod truth;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn rule(line: usize) -> FactorRule {
    FactorRule::for_all(Require::Totp, line)
}

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

fn days(count: u64) -> Duration {
    Duration::from_secs(86_400 * count)
}

/// Ann of Acme, of whom everything is known.
struct Ann {
    idp: IdpName,
    groups: Option<Vec<String>>,
    organizations: Option<Vec<String>>,
}

impl Ann {
    fn of(groups: Option<&[&str]>, organizations: Option<&[&str]>) -> Self {
        Self {
            idp: "acme".parse().unwrap(),
            groups: groups.map(texts),
            organizations: organizations.map(texts),
        }
    }

    fn lines(&self, rules: &[FactorRule], path: &str, client: Option<&str>) -> Vec<usize> {
        self.demand(rules, path, client).lines
    }

    fn demand(&self, rules: &[FactorRule], path: &str, client: Option<&str>) -> FactorDemand {
        let (site, email): (SiteName, _) = ("help".parse().unwrap(), "ann@acme.example".parse());
        FactorRules::new(rules.to_vec()).demand(&FactorQuestion {
            who: Who::Person {
                idp: &self.idp,
                email: &email.unwrap(),
                groups: self.groups.as_deref(),
                organizations: self.organizations.as_deref(),
            },
            site: &site,
            path,
            client: client.map(|client| client.parse().unwrap()),
        })
    }
}

fn used(kind: FactorKind, ago: Duration) -> FactorUse {
    FactorUse { kind, at: NOW.minus(ago) }
}

/// attacks.md D15: what cannot be known or read takes the strictest branch.
#[test]
fn d15_unknown_input_takes_the_strictest_branch() {
    let group = FactorRule { groups: texts(&["admins"]), ..rule(1) };
    let organization = FactorRule { organizations: texts(&["Acme"]), ..rule(2) };
    let network = FactorRule { networks: vec!["192.0.2.0/24".parse().unwrap()], ..rule(3) };
    let outside = FactorRule { outside: vec!["10.0.0.0/8".parse().unwrap()], ..rule(4) };
    let rules = [group, organization, network, outside];
    let known = Ann::of(Some(&[]), Some(&[]));
    assert_eq!(known.lines(&rules, "/", Some("10.0.0.1")), [0; 0], "control: nothing matches");
    let no_groups_sent = Ann::of(None, Some(&[]));
    assert_eq!(no_groups_sent.lines(&rules, "/", Some("10.0.0.1")), [1]);
    let no_organization_known = Ann::of(Some(&[]), None);
    assert_eq!(no_organization_known.lines(&rules, "/", Some("10.0.0.1")), [2]);
    assert_eq!(known.lines(&rules, "/", None), [3, 4], "an unknown address");
    assert_eq!(known.lines(&rules, "/", Some("::ffff:192.0.2.9")), [3, 4], "a mapped address");
    assert_eq!(known.lines(&rules, "/", Some("::ffff:10.0.0.1")), [0; 0]);
}

#[test]
fn of_several_rules_the_strictest_of_each_wins() {
    let ann = Ann::of(None, None);
    let until = |at| Some(Grace { until: Some(Timestamp::from_seconds(at)), sign_ins: None });
    let mild = FactorRule {
        trusted_browser: Some(days(30)),
        fresh: Some(days(1)),
        grace: until(2_000_000),
        ..rule(1)
    };
    let sterner = FactorRule {
        trusted_browser: Some(days(7)),
        fresh: None,
        grace: Some(Grace { until: None, sign_ins: Some(3) }),
        ..rule(2)
    };
    let both = ann.demand(&[mild.clone(), sterner.clone()], "/", None);
    assert_eq!((both.fresh, both.trusted_browser), (Some(days(1)), Some(days(7))));
    let grace = Grace { until: Some(Timestamp::from_seconds(2_000_000)), sign_ins: Some(3) };
    assert_eq!((both.grace, both.lines), (Some(grace), vec![1, 2]));
    let strict = FactorRule { fresh: Some(minutes(15)), ..rule(3) };
    let all = ann.demand(&[mild, strict, sterner], "/", None);
    assert_eq!((all.fresh, all.trusted_browser, all.grace), (Some(minutes(15)), None, None));
}

#[test]
fn a_rule_that_only_reports_demands_nothing_and_says_what_it_would() {
    let ann = Ann::of(None, None);
    let reports = FactorRule { enforcement: Enforcement::ReportOnly, ..rule(1) };
    assert!(!ann.demand(std::slice::from_ref(&reports), "/", None).required);
    let (site, email) = ("help".parse().unwrap(), "ann@acme.example".parse().unwrap());
    let who = Who::Person { idp: &ann.idp, email: &email, groups: None, organizations: None };
    let standing = FactorRules::new(vec![reports, rule(2)]).standing(&who, &site);
    assert_eq!(standing.reported(&Place::of("/"), None).lines, [1]);
    assert_eq!(standing.demand(&Place::of("/"), None).lines, [2]);
}

#[test]
fn each_kind_of_factor_counts_for_what_it_proves() {
    use FactorKind::{IdentityProvider, None as PutOff, RecoveryCode, Totp, TrustedBrowser};
    let plain = FactorDemand::wished();
    let fresh = FactorDemand { fresh: Some(minutes(15)), ..plain.clone() };
    let trusting = FactorDemand { trusted_browser: Some(days(30)), ..plain.clone() };
    let later = Grace { until: Some(NOW.plus(minutes(1))), sign_ins: None };
    let lenient = FactorDemand { grace: Some(later), ..fresh.clone() };
    for (demand, kind, age, met) in [
        (&plain, Totp, days(1), true),
        (&plain, RecoveryCode, days(1), true),
        (&plain, IdentityProvider, days(1), true),
        (&plain, TrustedBrowser, minutes(0), false),
        (&plain, PutOff, minutes(0), false),
        (&fresh, Totp, minutes(15) - Duration::from_millis(1), true),
        (&fresh, Totp, minutes(15), false),
        (&fresh, RecoveryCode, minutes(15), false),
        (&fresh, IdentityProvider, minutes(14), true),
        (&fresh, IdentityProvider, minutes(15), false),
        (&fresh, TrustedBrowser, minutes(0), false),
        (&trusting, TrustedBrowser, days(30) - minutes(1), true),
        (&trusting, TrustedBrowser, days(30), false),
        (&trusting, PutOff, minutes(0), false),
        (&lenient, PutOff, days(1), true),
    ] {
        let factor = used(kind, age);
        assert_eq!(demand.is_met_by(Some(&factor), NOW), met, "{kind:?} {age:?}");
        let Some(end) = demand.lasts(&factor).filter(|_| met) else { continue };
        assert!(demand.is_met_by(Some(&factor), end.minus(Duration::from_millis(1))));
        assert!(!demand.is_met_by(Some(&factor), end), "{kind:?} {age:?}");
    }
    let put_off = used(PutOff, minutes(0));
    assert!(!lenient.is_met_by(Some(&put_off), NOW.plus(minutes(1))), "the grace is over");
    assert!(!plain.is_met_by(None, NOW) && FactorDemand::default().is_met_by(None, NOW));
}

#[test]
fn a_factor_lasts_as_long_as_the_place_lets_it() {
    use FactorKind::{None as PutOff, Totp, TrustedBrowser};
    let trusting = FactorRule { trusted_browser: Some(days(30)), ..rule(1) };
    let there = FactorRule {
        portals: texts(&["3"]),
        side_doors: SideDoors::These(Vec::new()),
        fresh: Some(minutes(15)),
        ..rule(2)
    };
    let (site, email) = ("help".parse().unwrap(), "ann@acme.example".parse().unwrap());
    let idp = "acme".parse().unwrap();
    let who = Who::Person { idp: &idp, email: &email, groups: None, organizations: None };
    let lasts = |rules: &[&FactorRule], kind, path| {
        let rules = rules.iter().map(|rule| (*rule).clone()).collect();
        let standing = FactorRules::new(rules).standing(&who, &site);
        standing.lasts(&used(kind, minutes(0)), path, None)
    };
    let (one, three) = ("/servicedesk/customer/portal/1", "/servicedesk/customer/portal/3");
    assert_eq!(lasts(&[&trusting, &there], Totp, one), None, "for the session");
    assert_eq!(lasts(&[&trusting, &there], Totp, three), Some(NOW.plus(minutes(15))));
    assert_eq!(lasts(&[&trusting, &there], TrustedBrowser, one), Some(NOW.plus(days(30))));
    let end = Timestamp::from_seconds(2_000_000);
    let grace = Some(Grace { until: Some(end), sign_ins: None });
    assert_eq!(lasts(&[&FactorRule { grace, ..rule(3) }], PutOff, three), Some(end));
    assert_eq!(lasts(&[], Totp, three), None);
}

/// A forged `amr` from an identity provider that is not trusted for it is ignored.
#[test]
fn an_identity_provider_is_believed_only_what_the_operator_listed() {
    let said = |methods: &[&str], class: Option<&str>, at| Authentication {
        methods: texts(methods),
        class: class.map(str::to_owned),
        at,
    };
    let ago = Some(NOW.minus(minutes(5)));
    let forged = said(&["pwd", "mfa", "otp"], Some("phr"), ago);
    assert_eq!(TrustedFactors::default().accept(&forged, NOW), None, "trusted for nothing");
    let trusted = TrustedFactors { methods: texts(&["mfa"]), classes: texts(&["phr"]) };
    let accepted = trusted.accept(&forged, NOW).unwrap();
    assert_eq!(accepted, used(FactorKind::IdentityProvider, minutes(5)));
    for not in [said(&["MFA", "pwd"], None, ago), said(&[], Some("PHR"), ago), said(&[], None, ago)]
    {
        assert_eq!(trusted.accept(&not, NOW), None, "{not:?}");
    }
    let silent = trusted.accept(&said(&["mfa"], None, None), NOW).unwrap();
    let fresh = FactorDemand { fresh: Some(days(3650)), ..FactorDemand::wished() };
    let later = Timestamp::from_seconds(2_000_000_000);
    assert!(!fresh.is_met_by(Some(&silent), later), "who does not say when proves nothing fresh");
    let ahead = trusted.accept(&said(&["mfa"], None, Some(NOW.plus(days(1)))), NOW).unwrap();
    assert_eq!(ahead.at, NOW, "a moment ahead is now");
}

#[test]
fn rules_that_name_people_are_not_for_guests_and_the_others_are() {
    let site = "help".parse().unwrap();
    let rules = FactorRules::new(vec![
        FactorRule { groups: texts(&["admins"]), ..rule(1) },
        FactorRule { portals: texts(&["3"]), ..rule(2) },
    ]);
    let demand =
        |path| rules.demand(&FactorQuestion { who: Who::Guest, site: &site, path, client: None });
    assert!(!demand("/servicedesk/customer/portal/1").required);
    assert_eq!(demand("/servicedesk/customer/portal/3").lines, [2]);
}
