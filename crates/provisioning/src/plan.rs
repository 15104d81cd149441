//! The smallest list of operations between what the rules give and what the ledger knows. Pure.

use std::collections::HashSet;
use std::fmt;

use domain::{Organization, PersonKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::rules::{Rule, Wanted, WantedDesk, WantedGroup, WantedOrganization};
use crate::{OrganizationKey, SyncMode};

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Of a service desk, by its id as the rule has it.
    Desk(String),
    /// Of an organization; the name is the rule's.
    Organization(Organization),
    /// Of a group of Jira.
    Group(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Desk(desk) => write!(f, "service desk {desk}"),
            Self::Organization(organization) => write!(f, "organization {}", organization.name),
            Self::Group(group) => write!(f, "group {group}"),
        }
    }
}

/// A membership that the gateway granted, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What.
    pub place: Place,
    /// The rule that asked for it, as it stood then.
    #[serde(default)]
    pub rule: String,
    /// For whom it was: several persons may be one customer.
    #[serde(default)]
    pub persons: Vec<PersonKey>,
    /// The operator's order that granted it; no rule takes such a one away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// When.
    pub since: Timestamp,
    /// Whether an order set out to grant it and has not come back from JSM.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
}

/// What is known of a customer.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Who signs in.
    pub person: &'a PersonKey,
    /// What the gateway granted.
    pub grants: &'a [Grant],
    /// Names of organizations that are not ours to write.
    pub left_alone: &'a [String],
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Add the customer to a service desk.
    JoinDesk(WantedDesk),
    /// Add the customer to an organization.
    JoinOrganization(WantedOrganization),
    /// Add the customer to a group.
    JoinGroup(WantedGroup),
    /// Take back what was granted and the rules no longer give.
    Leave(Grant),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JoinDesk(wanted) => {
                write!(f, "join service desk {} by {}", wanted.desk, wanted.rule)
            }
            Self::JoinOrganization(wanted) => {
                write!(f, "join organization {} by {}", wanted.key, wanted.rule)
            }
            Self::JoinGroup(wanted) => write!(f, "join group {} by {}", wanted.group, wanted.rule),
            Self::Leave(grant) => write!(f, "leave {}, granted by {}", grant.place, grant.rule),
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// In the order in which it is done: desks first, because without one there is no portal to
    /// open, and removals last.
    pub operations: Vec<Operation>,
    /// What the rules might no longer give, and stays because something is not known.
    pub held_back: Vec<Grant>,
}

/// What is missing, and in mirror mode what is too much.
///
/// Nothing is removed that the ledger does not hold, that an operator ordered, or that a rule might
/// still give: a claim that did not come says nothing (invariant 9).
pub fn plan(wanted: &Wanted, known: &Known<'_>, sync: SyncMode) -> Plan {
    if sync == SyncMode::Off {
        return Plan::default();
    }
    let held = Held::of(known);
    let desks = wanted.desks.iter().filter(|d| !held.desks.contains(d.desk.as_str()));
    let desks = desks.cloned().map(Operation::JoinDesk);
    let organizations = wanted.organizations.iter().filter(|o| !held.has(&o.key));
    let organizations = organizations.cloned().map(Operation::JoinOrganization);
    let groups = wanted.groups.iter().filter(|g| !held.groups.contains(g.group.as_str()));
    let groups = groups.cloned().map(Operation::JoinGroup);
    let mut plan =
        Plan { operations: desks.chain(organizations).chain(groups).collect(), held_back: vec![] };
    if sync == SyncMode::Mirror {
        surplus(wanted, known, &mut plan);
    }
    plan
}

fn surplus(wanted: &Wanted, known: &Known<'_>, plan: &mut Plan) {
    let given = Given::of(wanted);
    let ours = |grant: &&Grant| grant.order.is_none() && grant.persons.contains(known.person);
    for grant in known.grants.iter().filter(ours).filter(|grant| !given.has(&grant.place)) {
        if wanted.might_give(&grant.place) {
            plan.held_back.push(grant.clone());
        } else {
            plan.operations.push(Operation::Leave(grant.clone()));
        }
    }
}

/// What need not be added: granted to this person, or not ours to write.
struct Held<'a> {
    desks: HashSet<&'a str>,
    names: HashSet<&'a str>,
    ids: HashSet<&'a str>,
    groups: HashSet<&'a str>,
}

impl<'a> Held<'a> {
    fn of(known: &Known<'a>) -> Self {
        let names = known.left_alone.iter().map(String::as_str).collect();
        let mut held =
            Self { desks: HashSet::new(), names, ids: HashSet::new(), groups: HashSet::new() };
        for grant in known.grants.iter().filter(|grant| grant.persons.contains(known.person)) {
            match &grant.place {
                Place::Desk(desk) => held.desks.insert(desk),
                Place::Group(group) => held.groups.insert(group),
                Place::Organization(organization) => {
                    held.names.insert(&organization.name);
                    held.ids.insert(&organization.id)
                }
            };
        }
        held
    }

    fn has(&self, key: &OrganizationKey) -> bool {
        match key {
            OrganizationKey::Name(name) => self.names.contains(name.as_str()),
            OrganizationKey::Id(id) => self.ids.contains(id.as_str()),
        }
    }
}

/// What the rules give, to be asked for places.
struct Given<'a> {
    desks: HashSet<&'a str>,
    organizations: HashSet<&'a OrganizationKey>,
    groups: HashSet<&'a str>,
}

impl<'a> Given<'a> {
    fn of(wanted: &'a Wanted) -> Self {
        Self {
            desks: wanted.desks.iter().map(|d| d.desk.as_str()).collect(),
            organizations: wanted.organizations.iter().map(|o| &o.key).collect(),
            groups: wanted.groups.iter().map(|g| g.group.as_str()).collect(),
        }
    }

    fn has(&self, place: &Place) -> bool {
        match place {
            Place::Desk(desk) => self.desks.contains(desk.as_str()),
            Place::Group(group) => self.groups.contains(group.as_str()),
            Place::Organization(Organization { id, name }) => {
                self.organizations.contains(&OrganizationKey::Name(name.clone()))
                    || self.organizations.contains(&OrganizationKey::Id(id.clone()))
            }
        }
    }
}

impl Wanted {
    /// Whether a rule that could not be judged may give this.
    pub(crate) fn might_give(&self, place: &Place) -> bool {
        let unknown = |kind: fn(&Rule) -> bool| self.unjudged().any(|(rule, _)| kind(&rule));
        match place {
            Place::Organization(_) => unknown(|rule| matches!(rule, Rule::Organization(_))),
            // Desks may hang on organizations.
            Place::Desk(_) => unknown(|rule| !matches!(rule, Rule::Group(_))),
            Place::Group(_) => unknown(|rule| matches!(rule, Rule::Group(_))),
        }
    }
}

#[cfg(test)]
mod tests;
