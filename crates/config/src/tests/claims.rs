//! Expressions for claims, and rules with their newer keys.

use login::Expression;
use policy::{Enforcement, Fallback, Outcome};

use super::fixture::{SAMPLE, folder, parse, uncommented};
use super::problems::check;

#[test]
fn the_expressions_of_the_sample_are_read() {
    let folder = folder();
    let settings = parse(&uncommented(), folder.path()).unwrap_or_else(|e| panic!("{e}"));
    let mut idps = settings.identity_providers.iter();
    let hooli = idps.find(|idp| idp.federation.name.as_str() == "hooli").unwrap();
    let rules = &hooli.claims;
    assert_eq!(rules.email.to_string(), "first of email, preferred_username in lower case");
    assert_eq!(rules.name.as_ref().unwrap().to_string(), "always \"Customer\"");
    let groups = rules.groups.as_ref().unwrap().to_string();
    assert_eq!(groups, "roles split at \";\" captured by /^CN=([^,]+)/");
    assert_eq!(rules.subject, Some(Expression::Claim("oid".to_owned())));
}

#[test]
fn expressions() {
    check(&[
        (
            "email: mail",
            "email: {}",
            "identity_providers.acme.claims.email: this needs exactly one operation; write a claim's name, or one of { first_of: […] }, { lower: … }, { capture: PATTERN, from: … }, { split: SEPARATOR, from: … }, { constant: … }",
        ),
        (
            "email: mail",
            "email: { lower: mail, from: mail }",
            "identity_providers.acme.claims.email.from: only `capture` and `split` have a `from`; write a claim's name, or one of { first_of: […] }, { lower: … }, { capture: PATTERN, from: … }, { split: SEPARATOR, from: … }, { constant: … }",
        ),
        (
            "email: mail",
            "email: { capture: \"(a+)\" }",
            "identity_providers.acme.claims.email: `from` is missing; write from: and the claim that it works on",
        ),
        (
            "email: mail",
            "email: { capture: \"^CN=.*\", from: mail }",
            "identity_providers.acme.claims.email.capture: \"^CN=.*\": the pattern has no group in parentheses; write a regular expression with one group, such as \"^CN=([^,]+)\"",
        ),
        (
            "email: mail",
            "email: { first_off: [mail, upn] }",
            "identity_providers.acme.claims.email: `first_off` is not a known key; known here: capture, claim, constant, first_of, from, lower, split (nearest known name: `first_of`)\nidentity_providers.acme.claims.email: this needs exactly one operation; write a claim's name, or one of { first_of: […] }, { lower: … }, { capture: PATTERN, from: … }, { split: SEPARATOR, from: … }, { constant: … }",
        ),
        (
            "email: mail",
            "email: { first_of: [{ first_of: [] }] }",
            "identity_providers.acme.claims.email.first_of[0].first_of: an empty list; write a list of names and expressions",
        ),
    ]);
}

#[test]
fn the_rollout_of_the_sample_is_read() {
    let folder = folder();
    let settings = parse(&uncommented(), folder.path()).unwrap_or_else(|e| panic!("{e}"));
    let rules = settings.sign_in.rules();
    let portal = rules.iter().find(|rule| rule.portals == ["7"]).unwrap();
    assert_eq!(portal.hosts[0].as_str(), "help.example.com");
    let rollout = rules.iter().find(|rule| rule.share.is_some()).unwrap();
    assert_eq!(rollout.share.unwrap().to_string(), "20 %");
    assert_eq!(rollout.from.unwrap().to_string(), "2026-12-01T00:00:00Z");
    assert_eq!(rollout.until.unwrap().to_string(), "2027-04-01T00:00:00Z");
    assert_eq!(rollout.enforcement, Enforcement::ReportOnly);
    let Outcome::Use { fallback, .. } = &rollout.outcome else { panic!("it uses initech") };
    assert_eq!(*fallback, Some(Fallback::UpstreamLogin));
}

#[test]
fn rules_with_places_dates_shares_and_fallbacks() {
    const ACME: &str = "- { domain: acme.example, use: acme } ";
    check(&[
        (
            ACME,
            "- { host: help.exampel.com, use: acme } ",
            "sign_in[1].host: no site has the host `help.exampel.com`; write a host of one of the sites (nearest known name: `help.example.com`)",
        ),
        (
            ACME,
            "- { host: support.example.com, use: acme } ",
            "sign_in[1].host: `support.example.com` redirects to `help.example.com` before anybody signs in; name the first host of a site",
        ),
        (
            ACME,
            "- { portal: Sales, use: acme } ",
            "sign_in[1].portal: \"Sales\" cannot be used here; write the number of a portal, as /servicedesk/customer/portal/NUMBER has it",
        ),
        (
            ACME,
            "- { domain: acme.example, use: acme, share: 0.5 } ",
            "sign_in[1].share: \"0.5\" cannot be used here; write a whole number of per cent from 1% to 100%, such as 20%",
        ),
        (
            ACME,
            "- { domain: acme.example, use: acme, from: 2027-02-01, until: 2027-01-31 } ",
            "sign_in[1].until: the rule ends before it begins; write a day after `from`",
        ),
        (
            ACME,
            "- { domain: acme.example, use: acme, fallback: globx } ",
            "sign_in[1].fallback: \"globx\" is not under `identity_providers`; write upstream_login, or the name of another identity provider (nearest known name: `globex`)",
        ),
        (
            ACME,
            "- { domain: acme.example, use: acme, fallback: globex } ",
            "sign_in[1].use: `globex` may not speak for `acme.example`; add it to identity_providers.globex.domains, or use another",
        ),
        (
            ACME,
            "- { domain: acme.example, use: acme, fallback: acme } ",
            "sign_in[1].fallback: `acme` cannot stand in for itself; name another one",
        ),
        (
            ACME,
            "- { domain: acme.example, use: acme, mode: \"off\", fallback: upstream_login } ",
            "sign_in[1].fallback: with `mode: off` nothing is used that could fail; leave this out",
        ),
        (
            ACME,
            "- { domain: [acme.example], use: acme }\n  - { domain: acme.example, use: acme, mode: preferred } ",
            "sign_in[1].domain: a list, where a single value belongs; write a domain such as acme.example or *.acme.example",
        ),
        (
            "{ otherwise: choose }",
            "{ otherwise: choose, share: 20% }",
            "sign_in[3]: `otherwise` stands beside keys that name people or a provider; give the other keys a rule of their own, before this one",
        ),
    ]);
}

#[test]
fn a_rule_that_could_never_decide_is_named_with_the_line_of_the_other() {
    let folder = folder();
    let twice = "{ otherwise: choose }";
    let again = "{ domain: acme.example, use: acme, mode: preferred }\n  - { otherwise: choose }";
    let printed = parse(&SAMPLE.replace(twice, again), folder.path()).unwrap_err().to_string();
    let line =
        SAMPLE.lines().position(|l| l.contains("domain: acme.example, use: acme }")).unwrap();
    let expected = format!("`acme.example` is in the rule of line {} already", line + 1);
    assert!(printed.contains(&expected), "{printed}");
}

/// Naming the stand-in is what makes two providers for one domain no oversight.
#[test]
fn a_stand_in_may_speak_for_the_same_domain() {
    let folder = folder();
    let shared = SAMPLE.replace("[initech.example]", "[initech.example, acme.example]");
    assert!(parse(&shared, folder.path()).is_err());
    let (rule, with) = (
        "domain: acme.example, use: acme }",
        "domain: acme.example, use: acme, fallback: initech }",
    );
    let named = shared.replace(rule, with);
    let settings = parse(&named, folder.path()).unwrap_or_else(|e| panic!("{e}"));
    let Outcome::Use { fallback, .. } = &settings.sign_in.rules()[1].outcome else { panic!() };
    assert_eq!(*fallback, Some(Fallback::Idp("initech".parse().unwrap())));
}
