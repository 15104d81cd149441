//! What the rules give a person, and the smallest list of writes that is missing. Pure.

use std::collections::BTreeSet;
use std::fmt;

use domain::Identity;

use crate::{DeskRule, JsmSettings};

/// The rule that asks for something: its place in the JSM's section of the operator's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// `organizations[n]`
    Organization(usize),
    /// `desks[n]`
    Desk(usize),
}

/// An organization that a person shall be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedOrganization {
    /// Its name in JSM.
    pub name: String,
    /// Desks that its members join; it is put on them if the gateway has to create it.
    pub desks: Vec<String>,
    /// The first rule that asks for it.
    pub rule: Rule,
}

/// A service desk that a person shall be a customer of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedDesk {
    /// Its id, as the rule has it.
    pub desk: String,
    /// The first rule that asks for it.
    pub rule: Rule,
}

/// Everything that the rules give a person; nothing twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Organizations in the order of the rules.
    pub organizations: Vec<WantedOrganization>,
    /// Desks in the order of the rules.
    pub desks: Vec<WantedDesk>,
}

/// What the ledger says that a person has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Names of organizations.
    pub organizations: BTreeSet<String>,
    /// Ids of desks.
    pub desks: BTreeSet<String>,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Add the customer to a service desk.
    JoinDesk(WantedDesk),
    /// Add the customer to an organization.
    JoinOrganization(WantedOrganization),
}

/// What the rules give `identity`. Every rule that matches counts.
pub fn wanted(settings: &JsmSettings, identity: &Identity) -> Wanted {
    let domain = identity.email.domain();
    let mut wanted = Wanted::default();
    for (index, rule) in settings.organizations.iter().enumerate() {
        let twice = wanted.organizations.iter().any(|o| o.name == rule.organization);
        if rule.domain.matches(&domain) && !twice {
            wanted.organizations.push(WantedOrganization {
                name: rule.organization.clone(),
                desks: desks_of(&settings.desks, &rule.organization),
                rule: Rule::Organization(index),
            });
        }
    }
    for (index, rule) in settings.desks.iter().enumerate() {
        let in_it = |name: &String| wanted.organizations.iter().any(|o| o.name == *name);
        if !rule.organization.as_ref().is_none_or(in_it) {
            continue;
        }
        for desk in &rule.join {
            if !wanted.desks.iter().any(|d| d.desk == *desk) {
                wanted.desks.push(WantedDesk { desk: desk.clone(), rule: Rule::Desk(index) });
            }
        }
    }
    wanted
}

/// What is missing: desks first, because without one there is no portal to open.
pub fn plan(wanted: &Wanted, known: &Known) -> Vec<Operation> {
    let desks = wanted.desks.iter().filter(|d| !known.desks.contains(&d.desk));
    let organizations =
        wanted.organizations.iter().filter(|o| !known.organizations.contains(&o.name));
    let desks = desks.cloned().map(Operation::JoinDesk);
    desks.chain(organizations.cloned().map(Operation::JoinOrganization)).collect()
}

/// Desks that every member of `organization` joins.
fn desks_of(rules: &[DeskRule], organization: &str) -> Vec<String> {
    let for_members =
        rules.iter().filter(|r| r.organization.as_ref().is_none_or(|o| o == organization));
    let desks: BTreeSet<&String> = for_members.flat_map(|r| &r.join).collect();
    desks.into_iter().cloned().collect()
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization(index) => write!(f, "organizations[{index}]"),
            Self::Desk(index) => write!(f, "desks[{index}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{PersonKey, Secret};

    use super::*;
    use crate::{JsmCloud, OrganizationRule};

    fn settings() -> JsmSettings {
        let organization = |domain: &str, name: &str| OrganizationRule {
            domain: domain.parse().unwrap(),
            organization: name.into(),
        };
        let desk = |organization: Option<&str>, join: &[&str]| DeskRule {
            organization: organization.map(Into::into),
            join: join.iter().map(|d| (*d).to_owned()).collect(),
        };
        JsmSettings {
            name: "support".parse().unwrap(),
            site: JsmCloud {
                site: "https://example.atlassian.net".parse().unwrap(),
                email: "bot@example.com".into(),
                token: Secret::new("t".into()),
            },
            organizations: vec![
                organization("acme.example", "Acme"),
                organization("*.acme.example", "Acme"),
                organization("eu.acme.example", "Acme Europe"),
                organization("bücher.example", "Books"),
            ],
            desks: vec![desk(None, &["1"]), desk(Some("Acme"), &["3", "1"])],
            links: vec![],
        }
    }

    fn person(email: &str) -> Identity {
        Identity {
            person: PersonKey { idp: "acme".parse().unwrap(), subject: "ann".parse().unwrap() },
            email: email.parse().unwrap(),
            display_name: "Ann".into(),
            groups: None,
            claims: std::collections::BTreeMap::new(),
            idp_session: None,
            session_deadline: None,
        }
    }

    fn names(email: &str) -> Vec<String> {
        wanted(&settings(), &person(email)).organizations.into_iter().map(|o| o.name).collect()
    }

    #[test]
    fn organizations_follow_the_domain_of_the_address() {
        assert_eq!(names("ann@acme.example"), ["Acme"]);
        assert_eq!(names("Ann+x@ACME.Example."), ["Acme"]);
        assert_eq!(names("ann@eu.acme.example"), ["Acme", "Acme Europe"]);
        assert_eq!(names("ann@xn--bcher-kva.example"), ["Books"]);
        assert_eq!(names("ann@evilacme.example"), [""; 0]);
    }

    #[test]
    fn desks_are_for_everybody_or_for_an_organization_and_never_twice() {
        let desks = |email: &str| {
            let desks = wanted(&settings(), &person(email)).desks.into_iter();
            desks.map(|d| (d.desk, d.rule.to_string())).collect::<Vec<_>>()
        };
        let rule = |desk: &str, rule: &str| (desk.to_owned(), rule.to_owned());
        assert_eq!(desks("x@other.example"), [rule("1", "desks[0]")]);
        let acme = [rule("1", "desks[0]"), rule("3", "desks[1]")];
        assert_eq!(desks("ann@acme.example"), acme);
    }

    #[test]
    fn the_plan_is_what_is_missing_and_nothing_for_somebody_who_has_all() {
        let wanted = wanted(&settings(), &person("ann@acme.example"));
        let [acme] = wanted.organizations.as_slice() else { panic!("one organization") };
        assert_eq!(acme.desks, ["1", "3"]);
        let mut known = Known::default();
        assert_eq!(plan(&wanted, &known).len(), 3);
        known.desks = ["1".to_owned(), "3".to_owned(), "9".to_owned()].into();
        assert_eq!(plan(&wanted, &known), [Operation::JoinOrganization(acme.clone())]);
        known.organizations = ["Acme".to_owned(), "Old".to_owned()].into();
        assert_eq!(plan(&wanted, &known), []);
    }
}
