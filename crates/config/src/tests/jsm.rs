//! Rules of provisioning and what the operator reads about wrong ones.

use provisioning::{OrganizationGift, Reactivation, SyncMode};

use super::fixture::{SAMPLE, folder, parse, uncommented};
use super::problems::check;

#[test]
fn sites_and_credentials() {
    check(&[
        (
            "    cloud: ",
            "    data_center: {}\n    cloud: ",
            "jsm.support: this has both `cloud` and `data_center`; leave one out",
        ),
        (
            "#scoped: false",
            "service_account: { client_id: a, client_secret: { env: JSM_TOKEN } } #",
            "jsm.support.cloud.email: `service_account` needs neither `email` nor `token`; leave it out",
        ),
        (
            "#cloud_id: 0b3f7c1e-2a4d-4c7b-9f10-5e6a7b8c9d0e",
            "cloud_id: ../x #",
            "jsm.support.cloud.cloud_id: \"../x\" cannot be used here; write the id that https://SITE.atlassian.net/_edge/tenant_info shows",
        ),
    ]);
}

#[test]
fn rules_of_organizations() {
    let rule = "- { domain: \"*.globex.example\", organization: Globex }";
    check(&[
        (
            rule,
            "- { domain: globex.example }",
            "jsm.support.organizations[1]: this needs exactly one of `organization`, `organization_id`, `from_claim` and `from_groups`; write { domain: acme.example, organization: Acme }",
        ),
        (
            rule,
            "- { domain: globex.example, organization: A, allow: x }",
            "jsm.support.organizations[1].allow: only values are renamed and held against a pattern; use it with from_claim",
        ),
        (
            rule,
            "- { idp: globex, from_claim: team, create: true }",
            "jsm.support.organizations[1]: `create` needs `allow`: whoever sends a value makes an organization; write allow: and a regular expression that every value must match",
        ),
        (
            rule,
            "- { group_prefix: jsm-, from_groups: true, rename: { match: \"a(.*)\", to: \"$$1 ${1} $2\" } }",
            "jsm.support.organizations[1].rename.to: `match` has no group \"2\"; write $1 for its first group, and ${1} where a letter, a digit or _ follows",
        ),
        (
            rule,
            "- { idp: globeks, organization: Globex }",
            "jsm.support.organizations[1].idp: \"globeks\" is not under `identity_providers`; name one that is under `identity_providers` (nearest known name: `globex`)",
        ),
        (
            rule,
            "- { group_match: \"a)|(b\", organization: Globex }",
            "jsm.support.organizations[1].group_match: \"a)|(b\": this is not a regular expression that can be used; write a regular expression that the whole name must match",
        ),
        (
            rule,
            "- { claim: { from: team }, organization: Globex }",
            "jsm.support.organizations[1].claim: this needs `is` or `match`; write { from: department, is: support }",
        ),
        (
            rule,
            "- { domain: globex.example, organization_id: Globex }",
            "jsm.support.organizations[1].organization_id: \"Globex\" cannot be used here; write the organization's number in JSM",
        ),
    ]);
}

#[test]
fn ways_and_limits() {
    check(&[
        (
            "#sync: add_only ",
            "sync: miror #",
            "jsm.support.sync: \"miror\" is not known; write one of: add_only, mirror, off (nearest known name: `mirror`)",
        ),
        (
            "#sync: add_only ",
            "providers: { acmee: { sync: mirror } } #",
            "jsm.support.providers.acmee: \"acmee\" is not under `identity_providers`; name one that is under `identity_providers` (nearest known name: `acme`)",
        ),
        (
            "#sync: add_only ",
            "brake: { removals: -1 } #",
            "jsm.support.brake.removals: \"-1\" cannot be used here; write a whole number from 0 to 100000",
        ),
        (
            "#sync: add_only ",
            "blocked: [ann@] #",
            "jsm.support.blocked[0]: \"ann@\": an address has exactly one @ with text on both sides; write addresses and domains, such as [ann@acme.example, \"*.spam.example\"]",
        ),
        (
            "#sync: add_only ",
            "groups: [{ group: a, join: [b] }] #",
            "jsm.support.groups: customers of JSM Cloud are in no group of Jira; leave it out",
        ),
    ]);
}

#[test]
fn a_policy_for_dormant_accounts_can_be_carried_out_and_says_how_final_it_is() {
    let no_time = "jsm.support.dormancy: there is no time for the notice; make `notice` a day or more, and `after` a day longer than that";
    check(&[
        ("#sync: add_only ", "dormancy: { after: 30d } #", no_time),
        ("#sync: add_only ", "dormancy: { after: 30d, notice: 12h } #", no_time),
        (
            "#sync: add_only ",
            "dormancy: { after: 365d } #",
            "jsm.support.dormancy: nobody can be told that their access will end; write `mail`, or report_only: true",
        ),
        (
            "#sync: add_only ",
            "dormancy: { after: 365d, except: [\"@acme\"], report_only: true } #",
            "jsm.support.dormancy.except[0]: \"@acme\": an address has exactly one @ with text on both sides; write addresses and domains, such as [ann@acme.example, \"*.spam.example\"]",
        ),
    ]);
    let folder = folder();
    let with = |policy: &str, reactivation: &str| {
        let text = uncommented()
            .replace("dormancy: { after: 365d, notice: 30d, report_only: true,", policy)
            .replace("    reactivation: never", &format!("    reactivation: {reactivation}"));
        parse(&text, folder.path())
    };
    let longest = with("dormancy: { after: 31d, notice: 30d,", "ask").unwrap();
    assert_eq!(longest.jsm[0].dormancy.as_ref().map(|policy| policy.except.len()), Some(2));
    let text = uncommented()
        .replace("absolute: 12h", "absolute: 90d")
        .replace("after: 365d", "after: 120d");
    let short = parse(&text, folder.path()).unwrap_err().to_string();
    assert!(short.contains("make `after` longer than `notice` and the longest session"), "{short}");
    for (reactivation, said) in [
        ("never", Some("whoever comes back is refused, and nobody is asked")),
        ("always", Some("JSM Cloud has no API that opens")),
        ("ask", None),
    ] {
        let settings = with("dormancy: { after: 100d,", reactivation);
        let settings = settings.unwrap_or_else(|problems| panic!("{problems}"));
        let warned = settings.warnings.iter().filter(|w| w.path == "jsm.support.dormancy");
        let texts: Vec<&str> = warned.map(|warning| warning.text.as_str()).collect();
        assert_eq!(texts.len(), usize::from(said.is_some()), "{reactivation}: {texts:?}");
        assert!(texts.iter().zip(said).all(|(text, said)| text.contains(said)), "{texts:?}");
    }
}

#[test]
fn identity_providers_keep_the_claims_that_rules_read_and_no_others() {
    let folder = folder();
    let plain = parse(SAMPLE, folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(plain.identity_providers.iter().all(|idp| idp.claims.kept.is_empty()));
    let all = parse(&uncommented(), folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    let kept = &all.identity_providers[0].claims.kept;
    assert_eq!(*kept, ["customer_group".to_owned(), "department".to_owned()].into());
    let jsm = &all.jsm[0];
    let values = jsm
        .organizations
        .iter()
        .filter(|rule| matches!(rule.gives, OrganizationGift::From { create_per_hour: 10, .. }));
    assert_eq!(values.count(), 1);
    let globex = jsm.conduct_of(&"globex".parse().unwrap());
    assert_eq!((globex.sync, globex.reactivation), (SyncMode::Mirror, Reactivation::Ask));
    let acme = jsm.conduct_of(&"acme".parse().unwrap());
    assert_eq!((acme.sync, acme.reactivation), (SyncMode::AddOnly, Reactivation::Never));
    assert!(jsm.blocks(&"mallory@acme.example".parse().unwrap()));
    assert!(jsm.blocks(&"x@a.spam.example".parse().unwrap()));
    assert!(!jsm.blocks(&"ann@acme.example".parse().unwrap()));
}
