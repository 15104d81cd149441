use domain::{Identity, Secret};
use login::Expression;

use super::*;
use crate::rules::{Verdict, wanted};
use crate::*;

fn named(name: &str) -> OrganizationGift {
    OrganizationGift::Named { name: name.into(), create: true }
}

fn of_domain(domain: &str, gives: OrganizationGift) -> OrganizationRule {
    OrganizationRule {
        whom: Whom { domains: vec![domain.parse().unwrap()], ..Whom::default() },
        gives,
    }
}

fn of_group(group: TextPattern, gives: OrganizationGift) -> OrganizationRule {
    OrganizationRule { whom: Whom { groups: vec![group], ..Whom::default() }, gives }
}

fn desk(organization: Option<&str>, join: &[&str]) -> DeskRule {
    DeskRule {
        organization: organization.map(|name| OrganizationKey::Name(name.into())),
        join: join.iter().map(|d| (*d).to_owned()).collect(),
        ..DeskRule::default()
    }
}

fn settings() -> JsmSettings {
    JsmSettings {
        name: "support".parse().unwrap(),
        site: JsmSite::DataCenter(JsmDataCenter {
            url: "https://jira.example".parse().unwrap(),
            credential: DataCenterCredential::Token(Secret::new("t".into())),
        }),
        organizations: vec![
            of_domain("acme.example", named("Acme")),
            of_domain("*.acme.example", named("Acme")),
            of_domain("eu.acme.example", named("Acme Europe")),
            of_domain("bücher.example", named("Books")),
        ],
        matching: Matching::All,
        desks: vec![desk(None, &["1"]), desk(Some("Acme"), &["3", "1"])],
        groups: vec![],
        conduct: Conduct::default(),
        conducts: [].into(),
        brake: BrakeSettings::default(),
        blocked: vec![],
        dormancy: None,
        links: vec![],
    }
}

fn person(email: &str) -> Identity {
    Identity {
        person: PersonKey { idp: "acme".parse().unwrap(), subject: "ann".parse().unwrap() },
        email: email.parse().unwrap(),
        display_name: "Ann".into(),
        groups: None,
        claims: [].into(),
        idp_session: None,
        session_deadline: None,
    }
}

fn in_groups(groups: &[&str]) -> Identity {
    let groups = Some(groups.iter().map(|g| (*g).to_owned()).collect());
    Identity { groups, ..person("ann@acme.example") }
}

fn keys(settings: &JsmSettings, who: &Identity) -> Vec<String> {
    wanted(settings, who).organizations.iter().map(|o| o.key.to_string()).collect()
}

fn granted(place: Place, rule: &str) -> Grant {
    let persons = vec![person("ann@acme.example").person];
    let since = Timestamp::from_seconds(0);
    Grant { place, rule: rule.into(), persons, order: None, since, pending: false }
}

fn organization(id: &str, name: &str) -> Place {
    Place::Organization(Organization { id: id.into(), name: name.into() })
}

fn planned(wanted: &Wanted, grants: &[Grant], sync: SyncMode) -> Plan {
    let ann = person("ann@acme.example").person;
    plan(wanted, &Known { person: &ann, grants, left_alone: &[] }, sync)
}

fn said(plan: &Plan) -> Vec<String> {
    plan.operations.iter().map(ToString::to_string).collect()
}

#[test]
fn organizations_follow_the_domain_of_the_address() {
    let names = |email: &str| keys(&settings(), &person(email));
    assert_eq!(names("ann@acme.example"), ["Acme"]);
    assert_eq!(names("Ann+x@ACME.Example."), ["Acme"]);
    assert_eq!(names("ann@eu.acme.example"), ["Acme", "Acme Europe"]);
    assert_eq!(names("ann@xn--bcher-kva.example"), ["Books"]);
    assert_eq!(names("ann@evilacme.example"), [""; 0]);
}

#[test]
fn the_first_match_alone_counts_where_the_file_says_so() {
    let first = JsmSettings { matching: Matching::First, ..settings() };
    assert_eq!(keys(&first, &person("ann@eu.acme.example")), ["Acme"]);
    let mut unknown = first;
    unknown.organizations.insert(0, of_group(TextPattern::Is("vip".into()), named("VIP")));
    assert_eq!(keys(&unknown, &person("ann@acme.example")), [""; 0], "it may be the first");
    assert_eq!(keys(&unknown, &in_groups(&["staff"])), ["Acme"]);
    assert_eq!(keys(&unknown, &in_groups(&["vip"])), ["VIP"]);
}

#[test]
fn groups_match_exactly_by_beginning_and_by_pattern() {
    let mut settings = settings();
    settings.organizations = vec![
        of_group(TextPattern::Is("acme-support".into()), OrganizationGift::WithId("12".into())),
        of_group(TextPattern::Begins("lab-".into()), named("Laboratory")),
        of_group(TextPattern::Matches("eu-(de|fr)".parse().unwrap()), named("Europe")),
    ];
    let names = |groups: &[&str]| keys(&settings, &in_groups(groups));
    assert_eq!(names(&["acme-support", "lab-7", "eu-fr"]), ["number 12", "Laboratory", "Europe"]);
    assert_eq!(names(&["acme-support2", "Acme-Support", "xlab-7", "eu-frx"]), [""; 0]);
}

#[test]
fn values_of_a_claim_name_organizations_if_they_are_allowed() {
    let mut settings = settings();
    let rename = Rename::new("^globex-(.*)$", "Globex $1", Otherwise::Skip).unwrap();
    let source = Source {
        origin: Origin::Claim(Expression::Claim("team".into())),
        allow: Some("globex-[a-z]+".parse().unwrap()),
        rename: Some(rename),
    };
    let gives = OrganizationGift::From { source, create_per_hour: 5 };
    settings.organizations = vec![OrganizationRule { whom: Whom::default(), gives }];
    assert_eq!(settings.claims(), ["team".to_owned()].into());
    let mut ann = person("ann@acme.example");
    let unknown = wanted(&settings, &ann);
    assert_eq!(unknown.judged[0].verdict, Verdict::Unknown("team".into()));
    let hostile = ["globex-lab", "Acme", "globex-\u{202e}x", "globex-", "globex-LAB", "globex-lab"];
    ann.claims = [("team".into(), hostile.map(str::to_owned).to_vec())].into();
    let known = wanted(&settings, &ann);
    let [only] = known.organizations.as_slice() else { panic!("{known:?}") };
    assert_eq!(only.key, OrganizationKey::Name("Globex lab".into()));
    assert_eq!(only.creation, Creation::PerHour(5));
    assert_eq!(known.judged[0].rejected.len(), 4);
}

#[test]
fn desks_are_for_everybody_or_for_an_organization_and_never_twice() {
    let desks = |email: &str| {
        let desks = wanted(&settings(), &person(email)).desks.into_iter();
        desks.map(|d| (d.desk, d.rule.to_string())).collect::<Vec<_>>()
    };
    let rule = |desk: &str, rule: &str| (desk.to_owned(), rule.to_owned());
    assert_eq!(desks("x@other.example"), [rule("1", "desks[0]")]);
    assert_eq!(desks("ann@acme.example"), [rule("1", "desks[0]"), rule("3", "desks[1]")]);
}

#[test]
fn the_plan_is_what_is_missing_and_nothing_for_somebody_who_has_all() {
    let wanted = wanted(&settings(), &person("ann@acme.example"));
    let [acme] = wanted.organizations.as_slice() else { panic!("one organization") };
    assert_eq!(acme.desks, ["1", "3"]);
    assert_eq!(
        said(&planned(&wanted, &[], SyncMode::AddOnly)),
        [
            "join service desk 1 by desks[0]",
            "join service desk 3 by desks[1]",
            "join organization Acme by organizations[0]"
        ]
    );
    let mut grants: Vec<Grant> =
        ["1", "3", "9"].map(|d| granted(Place::Desk(d.into()), "desks[0]")).to_vec();
    let missing = planned(&wanted, &grants, SyncMode::AddOnly);
    assert_eq!(missing.operations, [Operation::JoinOrganization(acme.clone())]);
    grants.push(granted(organization("12", "Acme"), "organizations[0]"));
    assert_eq!(planned(&wanted, &grants, SyncMode::AddOnly), Plan::default());
    assert_eq!(planned(&wanted, &[], SyncMode::Off), Plan::default());
    // The same organization by its id is known too.
    let mut by_id = settings();
    by_id.organizations = vec![of_domain("acme.example", OrganizationGift::WithId("12".into()))];
    by_id.desks = vec![];
    let by_id = crate::wanted(&by_id, &person("ann@acme.example"));
    assert_eq!(planned(&by_id, &grants, SyncMode::AddOnly), Plan::default());
}

#[test]
fn mirror_removes_what_rules_no_longer_give_and_nothing_else() {
    let wanted = wanted(&settings(), &person("ann@acme.example"));
    let mut ordered = granted(organization("8", "By order"), "");
    ordered.order = Some("file".into());
    let mut others = granted(Place::Desk("8".into()), "desks[9]");
    others.persons = vec![PersonKey { idp: "x".parse().unwrap(), subject: "y".parse().unwrap() }];
    let grants = [
        granted(Place::Desk("1".into()), "desks[0]"),
        granted(Place::Desk("9".into()), "desks[7]"),
        granted(organization("12", "Acme"), "organizations[0]"),
        granted(organization("13", "Old"), "organizations[4]"),
        ordered,
        others,
    ];
    let mirrored = planned(&wanted, &grants, SyncMode::Mirror);
    assert_eq!(
        said(&mirrored),
        [
            "join service desk 3 by desks[1]",
            "leave service desk 9, granted by desks[7]",
            "leave organization Old, granted by organizations[4]"
        ]
    );
    assert_eq!(said(&planned(&wanted, &grants, SyncMode::AddOnly)).len(), 1);
}

#[test]
fn a_missing_claim_removes_nothing_and_says_so() {
    let mut settings = settings();
    settings.organizations.push(of_group(TextPattern::Is("vip".into()), named("VIP")));
    let grants = [granted(organization("14", "VIP"), "organizations[4]")];
    let absent =
        planned(&wanted(&settings, &person("ann@acme.example")), &grants, SyncMode::Mirror);
    assert!(!said(&absent).iter().any(|op| op.starts_with("leave")), "{absent:?}");
    assert_eq!(absent.held_back, grants);
    let empty = planned(&wanted(&settings, &in_groups(&[])), &grants, SyncMode::Mirror);
    assert!(said(&empty).iter().any(|op| op.starts_with("leave organization VIP")));
    // A rule that is certainly about others does not hold anything back.
    settings.organizations[4].whom.domains = vec!["other.example".parse().unwrap()];
    let others =
        planned(&wanted(&settings, &person("ann@acme.example")), &grants, SyncMode::Mirror);
    assert!(others.held_back.is_empty());
}

#[test]
fn groups_of_jira_are_joined_by_rule_and_licensed_only_where_one_says_so() {
    let mut settings = settings();
    let rule = |gives, licensed| GroupRule {
        whom: Whom { groups: vec![TextPattern::Begins("jira-".into())], ..Whom::default() },
        gives,
        licensed,
    };
    let source = Source { origin: Origin::Groups, allow: None, rename: None };
    settings.groups = vec![
        rule(GroupGift::From(source), false),
        rule(GroupGift::Named(vec!["jira-b".into(), "customers".into()]), true),
    ];
    let wanted = wanted(&settings, &in_groups(&["jira-a", "jira-b", "vpn"]));
    let groups: Vec<_> = wanted.groups.iter().map(|g| (g.group.as_str(), g.licensed)).collect();
    assert_eq!(groups, [("jira-a", false), ("jira-b", true), ("customers", true)]);
    let grants = [granted(Place::Group("old".into()), "groups[0]")];
    let mirrored = planned(&wanted, &grants, SyncMode::Mirror);
    assert_eq!(
        said(&mirrored).last().map(String::as_str),
        Some("leave group old, granted by groups[0]")
    );
    let absent = crate::wanted(&settings, &person("ann@acme.example"));
    assert_eq!(planned(&absent, &grants, SyncMode::Mirror).held_back, grants);
}
