use super::*;
use crate::{Fallback, Share};

fn idp(name: &str) -> IdpName {
    name.parse().unwrap()
}

fn to(name: &str, mode: Mode) -> Outcome {
    Outcome::Use { idp: idp(name), mode, fallback: None }
}

fn required(name: &str) -> Outcome {
    to(name, Mode::Required)
}

fn rule(line: usize, outcome: Outcome) -> SignInRule {
    SignInRule::for_all(outcome, line)
}

fn for_domains(line: usize, domains: &[&str], outcome: Outcome) -> SignInRule {
    let domains = domains.iter().map(|domain| domain.parse().unwrap()).collect();
    SignInRule { domains, ..rule(line, outcome) }
}

fn for_people(line: usize, people: &[&str], outcome: Outcome) -> SignInRule {
    SignInRule {
        people: people.iter().map(|p| p.parse().unwrap()).collect(),
        ..rule(line, outcome)
    }
}

/// Three that may speak for acme.example, so that every ground can name another one.
fn rules(rules: Vec<SignInRule>) -> SignInRules {
    let own = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    let speakers = vec![
        (idp("acme"), own(&["acme.example", "*.acme.example"])),
        (idp("globex"), own(&["globex.example", "acme.example"])),
        (idp("initech"), own(&["acme.example"])),
    ];
    SignInRules::new(rules, speakers)
}

/// A question with everything that a question may have, kept alive.
struct Asked {
    email: Option<EmailAddress>,
    site: SiteName,
    host: HostName,
    portal: Option<String>,
    hint: Option<IdpName>,
    remembered: Option<IdpName>,
    linked: Option<IdpName>,
    now: Timestamp,
}

fn asked(email: &str) -> Asked {
    Asked {
        email: (!email.is_empty()).then(|| email.parse().unwrap()),
        site: "help".parse().unwrap(),
        host: "help.example.com".parse().unwrap(),
        portal: None,
        hint: None,
        remembered: None,
        linked: None,
        now: Timestamp::from_seconds(1000),
    }
}

impl Asked {
    fn question(&self) -> Question<'_> {
        Question {
            email: self.email.as_ref(),
            site: &self.site,
            host: &self.host,
            portal: self.portal.as_deref(),
            hint: self.hint.as_ref(),
            remembered: self.remembered.as_ref(),
            linked: self.linked.as_ref(),
            now: self.now,
        }
    }

    fn route(&self, rules: &SignInRules) -> Route {
        rules.route(&self.question())
    }
}

fn of(route: &Route) -> (Outcome, Ground, Option<usize>) {
    (route.outcome.clone(), route.ground, route.line)
}

#[test]
fn the_grounds_decide_in_their_order_and_each_yields_to_the_one_before() {
    let portal = SignInRule { portals: vec!["3".to_owned()], ..rule(1, required("acme")) };
    let host = SignInRule {
        hosts: vec!["help.example.com".parse().unwrap()],
        ..rule(2, required("acme"))
    };
    let people = for_people(5, &["ann@acme.example"], to("acme", Mode::Preferred));
    let domain = for_domains(7, &["acme.example"], to("acme", Mode::Optional));
    let choose = rule(8, Outcome::Choose);
    let mut all = vec![choose, domain, people, host, portal];
    let mut ann = asked("ann@acme.example");
    ann.portal = Some("3".to_owned());
    (ann.hint, ann.remembered) = (Some(idp("globex")), Some(idp("initech")));
    ann.linked = Some(idp("globex"));
    let at = |ann: &Asked, all: &[SignInRule]| of(&ann.route(&rules(all.to_vec())));

    assert_eq!(at(&ann, &all), (required("acme"), Ground::Portal, Some(1)));
    ann.portal = Some("4".to_owned());
    assert_eq!(at(&ann, &all), (required("acme"), Ground::Host, Some(2)));
    all.truncate(3);
    assert_eq!(at(&ann, &all), (required("globex"), Ground::Hint, None));
    ann.hint = None;
    assert_eq!(at(&ann, &all), (required("initech"), Ground::Remembered, None));
    ann.remembered = None;
    assert_eq!(at(&ann, &all), (to("acme", Mode::Preferred), Ground::People, Some(5)));
    all.truncate(2);
    assert_eq!(at(&ann, &all), (required("globex"), Ground::Linked, None));
    ann.linked = None;
    assert_eq!(at(&ann, &all), (to("acme", Mode::Optional), Ground::Domain, Some(7)));
    all.truncate(1);
    assert_eq!(at(&ann, &all), (Outcome::Choose, Ground::Chooser, Some(8)));
    all.clear();
    assert_eq!(at(&ann, &all), (Outcome::Choose, Ground::Chooser, None));
    all.push(rule(9, Outcome::Deny));
    assert_eq!(at(&ann, &all), (Outcome::Deny, Ground::Default, Some(9)));
}

#[test]
fn the_longest_domain_decides_wherever_it_stands() {
    let rules = rules(vec![
        for_domains(1, &["*.acme.example"], required("a")),
        for_domains(2, &["*.eu.acme.example"], required("b")),
        for_domains(3, &["eu.acme.example", "acme.example"], required("c")),
        rule(4, Outcome::UpstreamLogin),
    ]);
    for (email, line) in [
        ("a@acme.example", 3),
        ("a@us.acme.example", 1),
        ("a@eu.acme.example", 3),
        ("a@x.eu.acme.example", 2),
        ("a@x.y.eu.acme.example", 2),
        ("a@evilacme.example", 4),
        ("a@acme.example.evil.example", 4),
        ("A+tag@EU.Acme.Example.", 3),
    ] {
        assert_eq!(asked(email).route(&rules).line, Some(line), "{email}");
    }
}

#[test]
fn a_wish_never_leads_to_a_provider_that_may_not_speak_for_the_address() {
    let rules = rules(vec![for_domains(1, &["globex.example"], required("globex"))]);
    let mut gil = asked("gil@globex.example");
    (gil.hint, gil.remembered, gil.linked) = (Some(idp("acme")), Some(idp("acme")), None);
    assert_eq!(of(&gil.route(&rules)), (required("globex"), Ground::Domain, Some(1)));
    let said = rules.explain(&gil.question());
    assert_eq!(said[2], (Ground::Hint, Err(Silence::CannotSpeak(idp("acme")))));
    // Nobody has said an address: the link decides, and the proof is held against the rules later.
    gil.email = None;
    assert_eq!(gil.route(&rules).ground, Ground::Hint);
}

#[test]
fn a_wish_never_goes_against_a_rule_for_the_address() {
    for outcome in [Outcome::Deny, Outcome::UpstreamLogin, to("acme", Mode::Off)] {
        let rules = rules(vec![for_people(4, &["ann@acme.example"], outcome.clone())]);
        let mut ann = asked("ann@acme.example");
        ann.remembered = Some(idp("acme"));
        assert_eq!(of(&ann.route(&rules)), (outcome, Ground::People, Some(4)));
        let said = rules.explain(&ann.question());
        assert_eq!(said[3], (Ground::Remembered, Err(Silence::AgainstRule(4))));
    }
    // A rule for the same provider says how strongly and what is left when it does not answer.
    let fallback = Some(Fallback::UpstreamLogin);
    let ruled = Outcome::Use { idp: idp("acme"), mode: Mode::Required, fallback };
    let rules = rules(vec![for_domains(4, &["acme.example"], ruled.clone())]);
    let mut ann = asked("ann@acme.example");
    ann.hint = Some(idp("acme"));
    assert_eq!(of(&ann.route(&rules)), (ruled, Ground::Hint, Some(4)));
}

#[test]
fn dates_shares_sites_and_hosts_bound_a_rule() {
    let second = |s| Some(Timestamp::from_seconds(s));
    let dated = SignInRule {
        from: second(10),
        until: second(20),
        ..for_domains(1, &["acme.example"], required("acme"))
    };
    let rules_of = |rule: &SignInRule| rules(vec![rule.clone()]);
    for (now, decides) in [(9, false), (10, true), (19, true), (20, false)] {
        let ann = Asked { now: Timestamp::from_seconds(now), ..asked("ann@acme.example") };
        assert_eq!(ann.route(&rules_of(&dated)).line.is_some(), decides, "{now}");
    }
    let none = SignInRule { site: Some("other".parse().unwrap()), ..dated.clone() };
    let at_15 = Asked { now: Timestamp::from_seconds(15), ..asked("ann@acme.example") };
    assert_eq!(at_15.route(&rules_of(&none)).line, None);
    let share = Share::of(20).unwrap();
    let cohort =
        SignInRule { share: Some(share), ..for_domains(1, &["acme.example"], required("acme")) };
    let decided = (0..1000).filter(|n| {
        let user = asked(&format!("user{n}@acme.example"));
        let route = user.route(&rules_of(&cohort));
        assert_eq!(route.line.is_some(), share.holds(user.email.as_ref().unwrap()));
        route.line.is_some()
    });
    assert!((150..250).contains(&decided.count()));
}

#[test]
fn a_rule_that_reports_decides_nothing_and_predicts_everything() {
    let enforced = vec![
        for_domains(1, &["acme.example"], required("acme")),
        SignInRule {
            share: Share::of(50),
            ..for_domains(2, &["*.acme.example", "globex.example"], required("globex"))
        },
        rule(3, Outcome::UpstreamLogin),
    ];
    let mut reporting = enforced.clone();
    for rule in &mut reporting[..2] {
        rule.enforcement = Enforcement::ReportOnly;
    }
    let without = rules(vec![rule(3, Outcome::UpstreamLogin)]);
    let (enforced, reporting) = (rules(enforced), rules(reporting));
    for n in 0..500 {
        for domain in ["acme.example", "eu.acme.example", "globex.example", "else.example"] {
            let user = asked(&format!("user{n}@{domain}"));
            let (now, then) = (user.route(&reporting), user.route(&enforced));
            assert_eq!(of(&now), of(&user.route(&without)), "changed a sign-in");
            let predicted = now.would.as_deref().map_or_else(|| of(&now), of);
            assert_eq!(predicted, of(&then), "mispredicted");
        }
    }
}

#[test]
fn guests_are_admitted_where_and_while_a_rule_leaves_somebody_to_the_upstream() {
    let help: SiteName = "help".parse().unwrap();
    let admits = |rule: SignInRule, now: i64| {
        rules(vec![rule]).admit_guests(&help, Timestamp::from_seconds(now))
    };
    assert!(!rules(vec![]).admit_guests(&help, Timestamp::from_seconds(0)));
    assert!(!admits(rule(1, required("acme")), 0) && admits(rule(1, to("acme", Mode::Off)), 0));
    let fallback = |fallback| {
        let outcome = Outcome::Use { idp: idp("acme"), mode: Mode::Required, fallback };
        rule(1, outcome)
    };
    assert!(admits(fallback(Some(Fallback::UpstreamLogin)), 0));
    assert!(!admits(fallback(Some(Fallback::Idp(idp("globex")))), 0));
    let until = Some(Timestamp::from_seconds(10));
    let dated = SignInRule { until, ..rule(1, Outcome::UpstreamLogin) };
    assert!(admits(dated.clone(), 9) && !admits(dated.clone(), 10));
    let reporting = SignInRule { enforcement: Enforcement::ReportOnly, ..dated };
    assert!(!admits(reporting, 9));
    let site = Some("other".parse().unwrap());
    assert!(!admits(SignInRule { site, ..rule(1, Outcome::UpstreamLogin) }, 9));
}

/// capabilities N17: whoever types addresses learns something, by whatever such a rule is found.
#[test]
fn a_rule_for_single_addresses_is_noticed_beside_any_other_key() {
    let people = for_people(1, &["vip@acme.example"], required("acme"));
    let portal = SignInRule { portals: vec!["3".to_owned()], ..people.clone() };
    let host = SignInRule { hosts: vec!["help.example.com".parse().unwrap()], ..people.clone() };
    let domain = SignInRule { domains: vec!["acme.example".parse().unwrap()], ..people.clone() };
    let report = SignInRule { enforcement: Enforcement::ReportOnly, ..people.clone() };
    for (what, rule) in [
        ("alone", &people),
        ("portal", &portal),
        ("host", &host),
        ("domain", &domain),
        ("report_only", &report),
    ] {
        assert!(rules(vec![rule.clone()]).names_people(), "people, {what}");
        let without = SignInRule { people: Vec::new(), ..rule.clone() };
        assert!(!rules(vec![without]).names_people(), "control, {what}");
    }
}

#[test]
fn an_outcome_is_said_in_the_words_of_the_file() {
    for (outcome, words) in [
        (required("acme"), "use acme"),
        (to("acme", Mode::Off), "use acme, mode off"),
        (to("acme", Mode::Optional), "use acme, mode optional"),
        (to("acme", Mode::Preferred), "use acme, mode preferred"),
        (Outcome::UpstreamLogin, "upstream_login"),
        (Outcome::Choose, "choose"),
        (Outcome::Deny, "deny"),
    ] {
        assert_eq!(outcome.to_string(), words);
    }
}

#[test]
fn the_rest_is_read_in_the_order_of_the_file() {
    let site = Some("help".parse().unwrap());
    let here = SignInRule { site, ..rule(1, Outcome::Deny) };
    let all = vec![here, rule(2, Outcome::Choose)];
    let ann = asked("ann@else.example");
    assert_eq!(of(&ann.route(&rules(all.clone()))), (Outcome::Deny, Ground::Default, Some(1)));
    let mut other = asked("ann@else.example");
    other.site = "other".parse().unwrap();
    assert_eq!(of(&other.route(&rules(all))), (Outcome::Choose, Ground::Chooser, Some(2)));
}
