//! The truth table: three rules, six conditions, 64 cases.
//!
//! Rule a: people of acme in group admins. Rule o: members of Acme outside 10.0.0.0/8, who may trust
//! their browser and put it off. Rule p: portal 3, at most 15 minutes old. The last two columns say
//! what happens without a factor, and with the identity provider's own of twenty minutes ago from
//! one that is trusted for it.

use super::*;
use Outcome::{Asks, Pass};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Pass,
    Asks,
}

type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Outcome,
    Outcome,
);

#[rustfmt::skip]
const TABLE: [Case; 32] = [
    ("acme", "admins", "Acme", "3", "outside", "aop", Asks, Asks),
    ("acme", "admins", "Acme", "3", "inside", "ap", Asks, Asks),
    ("acme", "admins", "Acme", "1", "outside", "ao", Asks, Pass),
    ("acme", "admins", "Acme", "1", "inside", "a", Asks, Pass),
    ("acme", "admins", "none", "3", "outside", "ap", Asks, Asks),
    ("acme", "admins", "none", "3", "inside", "ap", Asks, Asks),
    ("acme", "admins", "none", "1", "outside", "a", Asks, Pass),
    ("acme", "admins", "none", "1", "inside", "a", Asks, Pass),
    ("acme", "nobody", "Acme", "3", "outside", "op", Asks, Asks),
    ("acme", "nobody", "Acme", "3", "inside", "p", Asks, Asks),
    ("acme", "nobody", "Acme", "1", "outside", "o", Asks, Pass),
    ("acme", "nobody", "Acme", "1", "inside", "-", Pass, Pass),
    ("acme", "nobody", "none", "3", "outside", "p", Asks, Asks),
    ("acme", "nobody", "none", "3", "inside", "p", Asks, Asks),
    ("acme", "nobody", "none", "1", "outside", "-", Pass, Pass),
    ("acme", "nobody", "none", "1", "inside", "-", Pass, Pass),
    ("globex", "admins", "Acme", "3", "outside", "op", Asks, Asks),
    ("globex", "admins", "Acme", "3", "inside", "p", Asks, Asks),
    ("globex", "admins", "Acme", "1", "outside", "o", Asks, Pass),
    ("globex", "admins", "Acme", "1", "inside", "-", Pass, Pass),
    ("globex", "admins", "none", "3", "outside", "p", Asks, Asks),
    ("globex", "admins", "none", "3", "inside", "p", Asks, Asks),
    ("globex", "admins", "none", "1", "outside", "-", Pass, Pass),
    ("globex", "admins", "none", "1", "inside", "-", Pass, Pass),
    ("globex", "nobody", "Acme", "3", "outside", "op", Asks, Asks),
    ("globex", "nobody", "Acme", "3", "inside", "p", Asks, Asks),
    ("globex", "nobody", "Acme", "1", "outside", "o", Asks, Pass),
    ("globex", "nobody", "Acme", "1", "inside", "-", Pass, Pass),
    ("globex", "nobody", "none", "3", "outside", "p", Asks, Asks),
    ("globex", "nobody", "none", "3", "inside", "p", Asks, Asks),
    ("globex", "nobody", "none", "1", "outside", "-", Pass, Pass),
    ("globex", "nobody", "none", "1", "inside", "-", Pass, Pass),
];

fn rules() -> FactorRules {
    FactorRules::new(vec![
        FactorRule {
            idps: vec!["acme".parse().unwrap()],
            groups: texts(&["admins"]),
            trusted_browser: Some(days(30)),
            ..rule(1)
        },
        FactorRule {
            organizations: texts(&["Acme"]),
            outside: vec!["10.0.0.0/8".parse().unwrap()],
            trusted_browser: Some(days(7)),
            grace: Some(Grace { until: None, sign_ins: Some(3) }),
            ..rule(2)
        },
        FactorRule { portals: texts(&["3"]), fresh: Some(minutes(15)), ..rule(3) },
    ])
}

/// What each combination of matching rules comes to, written out.
fn expected(letters: &str) -> FactorDemand {
    let (fresh, trusted, grace, lines): (_, _, _, &[usize]) = match letters {
        "-" => return FactorDemand::default(),
        "a" => (None, Some(days(30)), None, &[1]),
        "o" => (None, Some(days(7)), Some(3), &[2]),
        "p" => (Some(minutes(15)), None, None, &[3]),
        "ao" => (None, Some(days(7)), None, &[1, 2]),
        "ap" => (Some(minutes(15)), None, None, &[1, 3]),
        "op" => (Some(minutes(15)), None, None, &[2, 3]),
        "aop" => (Some(minutes(15)), None, None, &[1, 2, 3]),
        other => panic!("{other}"),
    };
    FactorDemand {
        required: true,
        fresh,
        trusted_browser: trusted,
        grace: grace.map(|count| Grace { until: None, sign_ins: Some(count) }),
        placed: letters == "p",
        lines: lines.to_vec(),
    }
}

#[test]
fn the_rules_demand_what_the_table_says_in_all_64_cases() {
    let (rules, site) = (rules(), "help".parse().unwrap());
    let email = "ann@acme.example".parse().unwrap();
    let theirs = TrustedFactors { methods: texts(&["mfa"]), classes: Vec::new() };
    let mut cases = 0;
    for (idp, group, organization, portal, network, letters, without, with) in TABLE {
        let idp = idp.parse().unwrap();
        let (groups, organizations) = (texts(&[group]), texts(&[organization]));
        let demand = rules.demand(&FactorQuestion {
            who: Who::Person {
                idp: &idp,
                email: &email,
                groups: Some(&groups),
                organizations: Some(&organizations),
            },
            site: &site,
            path: &format!("/servicedesk/customer/portal/{portal}/SUP-1"),
            client: Some(
                if network == "inside" { "10.1.2.3" } else { "198.51.100.7" }.parse().unwrap(),
            ),
        });
        assert_eq!(demand, expected(letters), "{idp} {group} {organization} {portal} {network}");
        let said = Authentication {
            methods: texts(&["pwd", "mfa"]),
            class: None,
            at: Some(NOW.minus(minutes(20))),
        };
        let own = theirs.accept(&said, NOW);
        for (factor, outcome) in [(None, without), (own.as_ref(), with)] {
            let met = if demand.is_met_by(factor, NOW) { Pass } else { Asks };
            assert_eq!(met, outcome, "{idp} {group} {organization} {portal} {network} {factor:?}");
            cases += 1;
        }
    }
    assert_eq!(cases, 64);
}
