//! `second_factor`: the rules, and what an identity provider is trusted for.

use std::time::Duration;

use domain::Timestamp;
use policy::{Enforcement, Grace, SideDoors};

use super::fixture::{SAMPLE, folder, parse, uncommented};
use super::problems::check;

const RULE: &str = "{ idp: acme, group: acme-admins, require: totp, trusted_browser: 30d }";

fn warnings(rule: &str) -> Vec<String> {
    let folder = folder();
    let text = SAMPLE.replace(RULE, rule);
    let settings = parse(&text, folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    settings.warnings.iter().map(|warning| format!("{}: {}", warning.path, warning.text)).collect()
}

#[test]
fn the_sample_with_everything_in_force_is_read_as_it_says() {
    let folder = folder();
    let settings = parse(&uncommented(), folder.path()).unwrap_or_else(|p| panic!("{p}"));
    let [admins, portal, vip] = settings.second_factor.rules() else { panic!("three rules") };
    assert_eq!(admins.groups, ["acme-admins"]);
    assert_eq!(admins.trusted_browser, Some(Duration::from_secs(30 * 86_400)));
    assert_eq!((portal.fresh, portal.trusted_browser), (Some(Duration::from_secs(900)), None));
    let SideDoors::These(doors) = &portal.side_doors else { panic!("listed") };
    assert_eq!(
        doors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["/rest/servicedeskapi", "/secure/attachment"]
    );
    let until = Some(Timestamp::from_seconds(1_801_440_000)); // 2027-02-01
    assert_eq!(vip.grace, Some(Grace { until, sign_ins: Some(5) }));
    assert_eq!(vip.enforcement, Enforcement::ReportOnly);
    assert_eq!((vip.networks.len(), vip.outside.len(), vip.paths.len()), (1, 1, 1));
    let globex =
        settings.identity_providers.iter().find(|i| i.federation.name.as_str() == "globex");
    let trusted = &globex.unwrap().trusted_factors;
    assert_eq!(
        (trusted.methods.join(" "), trusted.classes.join(" ")),
        ("mfa hwk".into(), "phr".into())
    );
}

#[test]
fn wrong_rules_are_explained() {
    check(&[
        (RULE, "{ idp: acme }", "second_factor[0]: `require` is missing; write require: totp"),
        (
            RULE,
            "{ idp: acmee, require: passkey }",
            "second_factor[0].require: \"passkey\" is not known; write one of: totp\nsecond_factor[0].idp: \"acmee\" is not under `identity_providers`; name one that is under `identity_providers` (nearest known name: `acme`)",
        ),
        (
            RULE,
            "{ portals: \"3\", require: totp }",
            "second_factor[0]: `portals` is not a known key; known here: fresh, grace, group, idp, network, organization, outside, path, people, portal, report_only, require, side_doors, site, trusted_browser (nearest known name: `portal`)",
        ),
        (
            RULE,
            "{ portal: support, path: secure, network: 10.0.0.0/33, require: totp }",
            "second_factor[0].portal: \"support\" cannot be used here; write the number of a portal, as /servicedesk/customer/portal/NUMBER has it\nsecond_factor[0].path: \"secure\": a path starts with one slash and has no query, no escapes and no dot segments; write a path such as /secure/admin, which means everything below it, too\nsecond_factor[0].network: \"10.0.0.0/33\" cannot be used here; write a network such as 10.0.0.0/8, or one address",
        ),
        (
            RULE,
            "{ idp: acme, require: totp, fresh: 15m, trusted_browser: 30d }",
            "second_factor[0].trusted_browser: a trusted browser proves nothing fresh; leave out `fresh`, or write trusted_browser: never",
        ),
        (
            RULE,
            "{ idp: acme, require: totp, trusted_browser: 401d }",
            "second_factor[0].trusted_browser: \"401d\" cannot be used here; write never, or for how long, such as 30d, at most 400d",
        ),
        (
            RULE,
            "{ idp: acme, require: totp, side_doors: [] }",
            "second_factor[0].side_doors: side doors lead to a portal, and this rule names none; add portal:",
        ),
        (
            RULE,
            "{ idp: acme, require: totp, grace: {} }",
            "second_factor[0].grace: this grace has no end; write { until: 2027-01-31 } or { sign_ins: 3 }",
        ),
        (
            RULE,
            "{ idp: acme, require: totp, grace: { sign_ins: 0 } }",
            "second_factor[0].grace.sign_ins: \"0\" cannot be used here; write a whole number from 1 to 100",
        ),
    ]);
}

#[test]
fn an_identity_provider_is_trusted_for_what_its_protocol_says() {
    let oidc =
        "#second_factor: { amr: [mfa, hwk], acr: [phr] }         # likewise; one of these values";
    check(&[
        (
            oidc,
            "second_factor: { authn_context: [x] }",
            "identity_providers.globex.second_factor: `authn_context` is SAML's; OpenID Connect has `acr`; leave it out",
        ),
        (
            oidc,
            "second_factor: {}",
            "identity_providers.globex.second_factor: nothing is accepted here; write { amr: [mfa] }, { acr: […] } or, for SAML, { authn_context: […] }",
        ),
    ]);
}

#[test]
fn a_rule_that_holds_for_more_people_than_it_seems_to_is_named() {
    assert_eq!(warnings(RULE), [""; 0]);
    assert_eq!(
        warnings("{ group: admins, organization: Acmee, require: totp }"),
        ["second_factor[0]: no rule under `jsm` gives the organization `Acmee`"]
    );
    assert_eq!(
        warnings("{ people: [ann@acme.example, ann@acme.exmaple], require: totp }"),
        [
            "second_factor[0]: no identity provider of this rule may speak for `ann@acme.exmaple`, so it is never asked for a factor"
        ]
    );
    assert_eq!(
        warnings("{ portal: \"3\", require: totp }"),
        [
            "second_factor[0]: people whom `sign_in` leaves to the help center's own sign-in have no factor and are refused by this rule"
        ]
    );
    assert_eq!(
        warnings("{ idp: acme, require: totp, grace: { until: 2026-11-21 } }"),
        [
            "second_factor[0].grace.until: this day has passed: nobody may put it off any more; remove it"
        ]
    );
}
