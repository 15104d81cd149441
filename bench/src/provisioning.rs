//! How long the plan for one customer takes among many rules, and how many calls of JSM a sign-in
//! makes.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{anyhow, bail};
use domain::{Authentication, Clock as _, Identity, Organization, PersonKey, Secret, Timestamp};
use fakes::jsm::JsmCloud;
use gateway::SystemClock;
use login::{
    Admission, Attempt, ClaimRules, Event, Expression, FactorPassed, Mapping, Pending, Step,
    Verified, Weighing,
};
use outbound::Outbound;
use policy::{FactorRules, SignInRules, TrustedFactors};
use provisioning::{
    BrakeSettings, CloudCredential, Conduct, DeskRule, Grant, JsmSettings, JsmSite, Known,
    Matching, Operation, OrganizationGift, OrganizationKey, OrganizationRule, Place, Plan,
    Provisioner, Reactivation, SyncMode, TextPattern, Whom, plan, wanted,
};
use session::Sealer;
use store::EmbeddedStore;

const PEOPLE: usize = 10_000;
const ORGANIZATIONS: usize = 500;
const PORTALS: usize = 100;
/// Groups that an identity provider names for one person.
const GROUPS: usize = 20;

/// Both tables, in Markdown.
pub(crate) async fn tables() -> anyhow::Result<String> {
    Ok(format!("{}\n{}", plans()?, calls().await?))
}

fn plans() -> anyhow::Result<String> {
    let settings = settings("http://127.0.0.1:9", "", "", rules(ORGANIZATIONS)?, PORTALS)?;
    let people = (0..PEOPLE).map(person).collect::<anyhow::Result<Vec<_>>>()?;
    let mut text = format!(
        "### plan, {PEOPLE} people, {ORGANIZATIONS} organizations, {PORTALS} portals, {GROUPS} groups each\n\n| sign-in | operations | µs per plan | 99.9 % within, µs | worst, µs |\n|---|---|---|---|---|\n"
    );
    let none: Vec<Vec<Grant>> = vec![vec![]; PEOPLE];
    let first: Vec<Plan> = people.iter().map(|who| planned(&settings, who, &[])).collect();
    let granted: Vec<Vec<Grant>> =
        people.iter().zip(&first).map(|(who, plan)| grants(who, plan)).collect();
    let moved = (0..PEOPLE).map(|n| Ok(Identity { groups: Some(vec![]), ..person(n)? }));
    let moved = moved.collect::<anyhow::Result<Vec<_>>>()?;
    for (name, people, ledgers) in [
        ("first", &people, &none),
        ("repeated, nothing changed", &people, &granted),
        ("repeated, all groups gone", &moved, &granted),
    ] {
        let (mut operations, mut times) = (0, Vec::with_capacity(PEOPLE));
        let began = Instant::now();
        for (who, ledger) in people.iter().zip(ledgers) {
            let one = Instant::now();
            operations += black_box(planned(&settings, black_box(who), ledger)).operations.len();
            times.push(one.elapsed().as_micros());
        }
        let mean = began.elapsed().as_secs_f64() * 1e6 / PEOPLE as f64;
        let operations = operations as f64 / PEOPLE as f64;
        times.sort_unstable();
        let at = |index: usize| times.get(index).copied().unwrap_or_default();
        let (most, worst) = (at(PEOPLE - PEOPLE / 1000), at(PEOPLE - 1));
        text += &format!("| {name} | {operations:.1} | {mean:.1} | {most} | {worst} |\n");
    }
    Ok(text)
}

fn planned(settings: &JsmSettings, who: &Identity, grants: &[Grant]) -> Plan {
    let known = Known { person: &who.person, grants, left_alone: &[] };
    plan(&wanted(settings, who), &known, settings.conduct.sync)
}

/// The ledger after a plan was carried out.
fn grants(who: &Identity, plan: &Plan) -> Vec<Grant> {
    let place = |operation: &Operation| match operation {
        Operation::JoinDesk(desk) => Some(Place::Desk(desk.desk.clone())),
        Operation::JoinOrganization(wanted) => {
            let name = wanted.key.to_string();
            Some(Place::Organization(Organization { id: name.clone(), name }))
        }
        _ => None,
    };
    let granted = |place| Grant {
        place,
        rule: String::new(),
        persons: vec![who.person.clone()],
        order: None,
        since: Timestamp::from_seconds(0),
        pending: false,
    };
    plan.operations.iter().filter_map(place).map(granted).collect()
}

/// A third each by domain, by group and by the beginning of a group's name.
fn rules(count: usize) -> anyhow::Result<Vec<OrganizationRule>> {
    let rule = |n: usize| {
        let whom = match n % 3 {
            0 => Whom { domains: vec![format!("company{n}.example").parse()?], ..Whom::default() },
            1 => Whom { groups: vec![TextPattern::Is(format!("team-{n}"))], ..Whom::default() },
            _ => Whom { groups: vec![TextPattern::Begins(format!("team-{n}"))], ..Whom::default() },
        };
        let gives = OrganizationGift::Named { name: format!("Organization {n}"), create: true };
        Ok(OrganizationRule { whom, gives })
    };
    (0..count).map(rule).collect()
}

fn person(n: usize) -> anyhow::Result<Identity> {
    let groups = (0..GROUPS).map(|k| format!("team-{}", (n * 7 + k * 41) % ORGANIZATIONS));
    Ok(Identity {
        person: PersonKey { idp: "acme".parse()?, subject: format!("p{n}").parse()? },
        email: format!("p{n}@company{}.example", n % ORGANIZATIONS).parse()?,
        display_name: format!("Person {n}"),
        groups: Some(groups.collect()),
        claims: BTreeMap::new(),
        idp_session: None,
        session_deadline: None,
    })
}

/// Mirror mode; every portal is that of one organization, and desk 1 is everybody's.
fn settings(
    url: &str,
    email: &str,
    token: &str,
    organizations: Vec<OrganizationRule>,
    portals: usize,
) -> anyhow::Result<JsmSettings> {
    let everybody = DeskRule { join: vec!["1".to_owned()], ..DeskRule::default() };
    let of_one = |n: usize| DeskRule {
        organization: Some(OrganizationKey::Name(format!("Organization {}", n * 5))),
        join: vec![(n + 3).to_string()],
        ..DeskRule::default()
    };
    let credential =
        CloudCredential::Classic { email: email.to_owned(), token: Secret::new(token.to_owned()) };
    let cloud = provisioning::JsmCloud {
        site: url.parse()?,
        credential,
        cloud_id: None,
        api: url.parse()?,
    };
    Ok(JsmSettings {
        name: "support".parse()?,
        site: JsmSite::Cloud(cloud),
        organizations,
        matching: Matching::All,
        desks: std::iter::once(everybody).chain((0..portals).map(of_one)).collect(),
        groups: vec![],
        conduct: Conduct { sync: SyncMode::Mirror, reactivation: Reactivation::Never },
        conducts: [].into(),
        brake: BrakeSettings::default(),
        blocked: vec![],
        dormancy: None,
        links: vec![],
    })
}

async fn calls() -> anyhow::Result<String> {
    let (jsm, folder) = (JsmCloud::start().await, tempfile::tempdir()?);
    let settings = settings(&jsm.url, &jsm.email, &jsm.token, rules(6)?, 1)?;
    let store = Arc::new(
        EmbeddedStore::open(folder.path(), session::FOLLOWED)
            .map_err(|error| anyhow!("{error}"))?,
    );
    let sealer = Arc::new(Sealer::new(&[Secret::new(vec![7; 32])])?);
    let clock = Arc::new(SystemClock);
    let provisioner = Provisioner::new(settings, Outbound::new(&[])?, store, sealer, clock);
    let ann = |groups: &[&str]| -> anyhow::Result<Identity> {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        Ok(Identity { groups: Some(groups), ..person(0)? })
    };
    let mut text = String::from("### calls of JSM Cloud\n\n| sign-in | calls |\n|---|---|\n");
    for (name, who) in [
        ("first: new customer, one new organization, two desks", ann(&[])?),
        ("repeated, nothing changed", ann(&[])?),
        ("a group more, its organization is new", ann(&["team-1"])?),
        ("a group less", ann(&[])?),
        ("a group more, its organization is there", ann(&["team-1"])?),
        (
            "somebody else's first, all organizations there",
            Identity {
                groups: Some(vec!["team-1".to_owned()]),
                email: "q@company0.example".parse()?,
                ..person(1)?
            },
        ),
    ] {
        jsm.forget_calls();
        let done = provisioner.provision(&proof_of(&who)?, &who, SystemClock.now()).await;
        done.map_err(|error| anyhow!("{name}: {error}"))?;
        text += &format!("| {name} | {} |\n", jsm.calls().len());
    }
    Ok(text)
}

/// The proof comes out of a sign-in attempt and from nowhere else.
fn proof_of(who: &Identity) -> anyhow::Result<FactorPassed> {
    let now = SystemClock.now();
    let pending = Pending::Saml { request: "_1".to_owned() };
    let attempt = Attempt::new("help".parse()?, domain::ReturnPath::root(), now);
    let attempt = attempt.sent_to(who.person.idp.clone(), pending, [0; 32]);
    let rules = ClaimRules {
        email: Expression::Claim("mail".to_owned()),
        name: None,
        groups: None,
        subject: None,
        kept: BTreeSet::new(),
    };
    let domains = vec![who.email.domain().to_string().parse()?];
    let mapping = Mapping { rules, domains, tenants: std::collections::BTreeMap::new() };
    let verified = Verified {
        subject: Some(who.person.subject.as_str().to_owned()),
        claims: [("mail".to_owned(), vec![who.email.to_string()])].into(),
        email_verified: None,
        idp_session: None,
        session_deadline: None,
        authentication: Authentication::default(),
        remarks: Vec::new(),
    };
    let (host, rules) = ("help.example.com".parse()?, SignInRules::default());
    let admission = Admission { mapping: &mapping, rules: &rules, host: &host };
    let (attempt, _) = attempt.on(Event::Answered(verified, admission), now)?;
    let weighing = Weighing {
        rules: &FactorRules::default(),
        trusted: &TrustedFactors::default(),
        organizations: None,
        client: std::net::Ipv4Addr::LOCALHOST.into(),
    };
    match attempt.on(Event::Weighed(weighing), now)?.1 {
        Step::Provision { proof, .. } => Ok(proof),
        other => bail!("the sign-in asks for {other:?}"),
    }
}
