//! What the rules give a person. Pure.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use domain::Identity;

use crate::whom::About;
use crate::{
    DeskRule, GroupGift, GroupRule, JsmSettings, Matching, OrganizationGift, OrganizationKey,
    OrganizationRule, Origin, Source, Whom,
};

/// Longest name of an organization.
const MAX_NAME: usize = 200;

/// The rule that asks for something: its place in the JSM's section of the operator's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// `organizations[n]`
    Organization(usize),
    /// `desks[n]`
    Desk(usize),
    /// `groups[n]`
    Group(usize),
    /// A line of a file that an operator gave.
    File(u64),
}

/// How an organization may come about that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// Not at all.
    Never,
    /// The operator named it.
    Always,
    /// A value named it; so many in an hour.
    PerHour(usize),
}

/// An organization that a person shall be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedOrganization {
    /// Which.
    pub key: OrganizationKey,
    /// Whether it may be made.
    pub creation: Creation,
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

/// A group of Jira that a person shall be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedGroup {
    /// Its name.
    pub group: String,
    /// Whether it may be one that takes a licence.
    pub licensed: bool,
    /// The first rule that asks for it.
    pub rule: Rule,
}

/// What became of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub rule: Rule,
    /// What it says.
    pub verdict: Verdict,
    /// Values that it did not take, and why.
    pub rejected: Vec<(String, &'static str)>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It gives these; may be none.
    Gives(Vec<String>),
    /// It is about others, and why.
    Others(&'static str),
    /// It reads this, which is not known: it gives nothing, and nothing is removed that it might give.
    Unknown(String),
    /// A rule before it was the one that counts.
    Later,
}

/// Everything that the rules give a person; nothing twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Organizations in the order of the rules.
    pub organizations: Vec<WantedOrganization>,
    /// Desks in the order of the rules.
    pub desks: Vec<WantedDesk>,
    /// Groups in the order of the rules.
    pub groups: Vec<WantedGroup>,
    /// Every rule, in the order of the file.
    pub judged: Vec<Judged>,
}

impl Wanted {
    /// Names of the organizations that rules give; `None`: some rule could not be judged.
    pub fn organization_names(&self) -> Option<Vec<String>> {
        let unknown = self.unjudged().any(|(rule, _)| matches!(rule, Rule::Organization(_)));
        let names = self.organizations.iter().map(|o| o.key.to_string());
        (!unknown).then(|| names.collect())
    }

    /// Rules that could not be judged, and what is not known.
    pub fn unjudged(&self) -> impl Iterator<Item = (Rule, &str)> {
        self.judged.iter().filter_map(|judged| match &judged.verdict {
            Verdict::Unknown(what) => Some((judged.rule, what.as_str())),
            _ => None,
        })
    }
}

/// What the rules of a JSM give `identity`.
pub fn wanted(settings: &JsmSettings, identity: &Identity) -> Wanted {
    let mut wanted = Wanted::default();
    organizations(settings, identity, &mut wanted);
    desks(&settings.desks, identity, &mut wanted);
    groups(&settings.groups, identity, &mut wanted);
    wanted
}

fn organizations(settings: &JsmSettings, identity: &Identity, wanted: &mut Wanted) {
    let mut given = HashSet::new();
    let mut decided = false;
    for (index, rule) in settings.organizations.iter().enumerate() {
        let place = Rule::Organization(index);
        if decided {
            note(wanted, place, Verdict::Later, vec![]);
            continue;
        }
        let Gift { verdict, keys, rejected } = match rule.whom.is_about(identity) {
            About::No(why) => Gift::none(Verdict::Others(why)),
            About::Unknown(what) => Gift::none(Verdict::Unknown(what)),
            About::Yes => gift(rule, identity),
        };
        // Of an unknown rule nobody knows whether it is the first: nothing after it counts.
        decided = settings.matching == Matching::First && !matches!(verdict, Verdict::Others(_));
        note(wanted, place, verdict, rejected);
        for key in keys.into_iter().filter(|key| given.insert(key.clone())) {
            let desks = desks_of(&settings.desks, &key);
            let creation = creation(rule);
            wanted.organizations.push(WantedOrganization { key, creation, desks, rule: place });
        }
    }
}

/// What one rule gives, and why not more.
struct Gift {
    verdict: Verdict,
    keys: Vec<OrganizationKey>,
    rejected: Vec<(String, &'static str)>,
}

impl Gift {
    fn none(verdict: Verdict) -> Self {
        Self { verdict, keys: vec![], rejected: vec![] }
    }
}

fn gift(rule: &OrganizationRule, identity: &Identity) -> Gift {
    let (keys, rejected) = match &rule.gives {
        OrganizationGift::Named { name, .. } => (vec![OrganizationKey::Name(name.clone())], vec![]),
        OrganizationGift::WithId(id) => (vec![OrganizationKey::Id(id.clone())], vec![]),
        OrganizationGift::From { source, .. } => match names(source, &rule.whom, identity) {
            Err(what) => return Gift::none(Verdict::Unknown(what)),
            Ok(Names { names, rejected }) => {
                (names.into_iter().map(OrganizationKey::Name).collect(), rejected)
            }
        },
    };
    let verdict = Verdict::Gives(keys.iter().map(ToString::to_string).collect());
    Gift { verdict, keys, rejected }
}

fn creation(rule: &OrganizationRule) -> Creation {
    match &rule.gives {
        OrganizationGift::Named { create: true, .. } => Creation::Always,
        OrganizationGift::From { create_per_hour, .. } if *create_per_hour > 0 => {
            Creation::PerHour(*create_per_hour)
        }
        _ => Creation::Never,
    }
}

/// What values name, and those that name nothing.
struct Names {
    names: Vec<String>,
    rejected: Vec<(String, &'static str)>,
}

/// The names that values give, or what is not known.
fn names(source: &Source, whom: &Whom, identity: &Identity) -> Result<Names, String> {
    let values: Vec<String> = match &source.origin {
        Origin::Claim(from) => from.read(&identity.claims).ok_or_else(|| from.to_string())?.values,
        Origin::Groups => {
            let groups = identity.groups.as_ref().ok_or_else(|| "groups".to_owned())?;
            let meant = |group: &&String| whom.groups.is_empty() || whom.means(group);
            groups.iter().filter(meant).cloned().collect()
        }
    };
    let (mut names, mut rejected) = (Vec::new(), Vec::new());
    for value in values {
        match name(source, &value) {
            Ok(name) if names.contains(&name) => {}
            Ok(name) => names.push(name),
            Err(why) => rejected.push((value, why)),
        }
    }
    Ok(Names { names, rejected })
}

fn name(source: &Source, value: &str) -> Result<String, &'static str> {
    let value = value.trim();
    if source.allow.as_ref().is_some_and(|allow| !allow.matches(value)) {
        return Err("`allow` does not match it");
    }
    let name = match &source.rename {
        None => value.to_owned(),
        Some(rename) => rename.apply(value).ok_or("`rename` does not touch it")?,
    };
    let name = name.trim();
    let strange = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(strange) {
        return Err("it is no name: empty, longer than 200 characters, or with control characters");
    }
    Ok(name.to_owned())
}

fn desks(rules: &[DeskRule], identity: &Identity, wanted: &mut Wanted) {
    let mut given = HashSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let place = Rule::Desk(index);
        let in_it = |key: &OrganizationKey| wanted.organizations.iter().any(|o| o.key == *key);
        let verdict = match rule.whom.is_about(identity) {
            About::No(why) => Verdict::Others(why),
            About::Unknown(what) => Verdict::Unknown(what),
            About::Yes if !rule.organization.as_ref().is_none_or(in_it) => {
                Verdict::Others("not in that organization")
            }
            About::Yes => {
                for desk in rule.join.iter().filter(|desk| given.insert((*desk).clone())) {
                    wanted.desks.push(WantedDesk { desk: desk.clone(), rule: place });
                }
                Verdict::Gives(rule.join.clone())
            }
        };
        note(wanted, place, verdict, vec![]);
    }
}

fn groups(rules: &[GroupRule], identity: &Identity, wanted: &mut Wanted) {
    for (index, rule) in rules.iter().enumerate() {
        let place = Rule::Group(index);
        let (verdict, names, rejected) = match rule.whom.is_about(identity) {
            About::No(why) => (Verdict::Others(why), vec![], vec![]),
            About::Unknown(what) => (Verdict::Unknown(what), vec![], vec![]),
            About::Yes => match &rule.gives {
                GroupGift::Named(names) => (Verdict::Gives(names.clone()), names.clone(), vec![]),
                GroupGift::From(source) => match names(source, &rule.whom, identity) {
                    Err(what) => (Verdict::Unknown(what), vec![], vec![]),
                    Ok(Names { names, rejected }) => {
                        (Verdict::Gives(names.clone()), names, rejected)
                    }
                },
            },
        };
        note(wanted, place, verdict, rejected);
        for group in names {
            match wanted.groups.iter_mut().find(|other| other.group == group) {
                Some(other) => other.licensed |= rule.licensed,
                None => {
                    let licensed = rule.licensed;
                    wanted.groups.push(WantedGroup { group, licensed, rule: place });
                }
            }
        }
    }
}

fn note(wanted: &mut Wanted, rule: Rule, verdict: Verdict, rejected: Vec<(String, &'static str)>) {
    wanted.judged.push(Judged { rule, verdict, rejected });
}

/// Desks that every member of `organization` joins, whoever else they are.
fn desks_of(rules: &[DeskRule], organization: &OrganizationKey) -> Vec<String> {
    let for_members = rules.iter().filter(|rule| {
        let theirs = rule.organization.as_ref().is_none_or(|key| key == organization);
        theirs && rule.whom == Whom::default()
    });
    let desks: BTreeSet<&String> = for_members.flat_map(|rule| &rule.join).collect();
    desks.into_iter().cloned().collect()
}

/// In the operator's words.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gives(names) if names.is_empty() => f.write_str("gives nothing"),
            Self::Gives(names) => write!(f, "gives {}", names.join(", ")),
            Self::Others(why) => write!(f, "is about others: {why}"),
            Self::Unknown(what) => write!(
                f,
                "reads {what}, which is not known: it gives nothing, and takes nothing back"
            ),
            Self::Later => f.write_str("a rule before it is the one that counts"),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization(index) => write!(f, "organizations[{index}]"),
            Self::Desk(index) => write!(f, "desks[{index}]"),
            Self::Group(index) => write!(f, "groups[{index}]"),
            Self::File(line) => write!(f, "line {line} of the file"),
        }
    }
}
