//! What the operator says about a JSM and what customers get there.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use domain::{DomainPattern, EmailAddress, IdpName, JsmName, PersonKey, Secret};
use login::Expression;
use url::Url;

use crate::dormancy::DormancySettings;
use crate::whom::{Rename, WholePattern, Whom};

/// One JSM and its rules.
#[derive(Debug, Clone)]
pub struct JsmSettings {
    /// Its name in the file.
    pub name: JsmName,
    /// Where it is and how to speak to it.
    pub site: JsmSite,
    /// Which organizations a customer gets.
    pub organizations: Vec<OrganizationRule>,
    /// How many of them count.
    pub matching: Matching,
    /// Which service desks a customer joins; every rule that matches counts.
    pub desks: Vec<DeskRule>,
    /// Which groups of Jira a customer joins, on Data Center; every rule that matches counts.
    pub groups: Vec<GroupRule>,
    /// How customers are kept as the rules say, unless their identity provider has its own way.
    pub conduct: Conduct,
    /// The ways of single identity providers.
    pub conducts: HashMap<IdpName, Conduct>,
    /// When removing stops.
    pub brake: BrakeSettings,
    /// Who gets no account and is not let in.
    pub blocked: Vec<AddressPattern>,
    /// When somebody who stays away loses access; `None`: never by itself.
    pub dormancy: Option<DormancySettings>,
    /// Persons of several identity providers who are one customer; each list is one customer.
    pub links: Vec<Vec<PersonKey>>,
}

impl JsmSettings {
    /// How the customers of an identity provider are kept.
    pub fn conduct_of(&self, idp: &IdpName) -> Conduct {
        self.conducts.get(idp).copied().unwrap_or(self.conduct)
    }

    /// Whether a sign-in with this identity provider opens an account whose access was ended. On Cloud
    /// no API does.
    pub fn opens_again(&self, idp: &IdpName) -> bool {
        let opening = [Reactivation::Always, Reactivation::UnlessBlocked];
        matches!(self.site, JsmSite::DataCenter(_))
            && opening.contains(&self.conduct_of(idp).reactivation)
    }

    /// Names of the claims that its rules read.
    pub fn claims(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let whom = self.organizations.iter().map(|rule| &rule.whom);
        let whom = whom.chain(self.desks.iter().map(|rule| &rule.whom));
        for whom in whom.chain(self.groups.iter().map(|rule| &rule.whom)) {
            names.extend(whom.claims().map(str::to_owned));
        }
        let organizations = self.organizations.iter().filter_map(|rule| match &rule.gives {
            OrganizationGift::From { source, .. } => Some(source),
            _ => None,
        });
        let groups = self.groups.iter().filter_map(|rule| match &rule.gives {
            GroupGift::From(source) => Some(source),
            GroupGift::Named(_) => None,
        });
        for source in organizations.chain(groups) {
            if let Origin::Claim(from) = &source.origin {
                names.extend(from.claims().into_iter().map(str::to_owned));
            }
        }
        names
    }

    /// Whether some rule gives an organization of this name, or may.
    pub fn may_give(&self, organization: &str) -> bool {
        self.organizations.iter().any(|rule| match &rule.gives {
            OrganizationGift::Named { name, .. } => name == organization,
            OrganizationGift::WithId(_) | OrganizationGift::From { .. } => true,
        })
    }

    /// Whether an address gets no account and is not let in.
    pub fn blocks(&self, email: &EmailAddress) -> bool {
        self.blocked.iter().any(|blocked| blocked.matches(email))
    }
}

/// Where a JSM is and how to speak to it.
#[derive(Debug, Clone)]
pub enum JsmSite {
    /// JSM Cloud.
    Cloud(JsmCloud),
    /// JSM Data Center.
    DataCenter(JsmDataCenter),
}

/// A site of JSM Cloud.
#[derive(Debug, Clone)]
pub struct JsmCloud {
    /// `https://SITE.atlassian.net`, or http toward loopback; no path.
    pub site: Url,
    /// Who calls.
    pub credential: CloudCredential,
    /// The site's cloud id; asked of the site where it is needed and not said.
    pub cloud_id: Option<String>,
    /// Where scoped tokens and service accounts call: `https://api.atlassian.com`.
    pub api: Url,
}

/// Who calls JSM Cloud.
#[derive(Debug, Clone)]
pub enum CloudCredential {
    /// A classic API token, accepted at the site itself.
    Classic {
        /// The token's owner.
        email: String,
        /// The token.
        token: Secret<String>,
    },
    /// A scoped API token, accepted at `api.atlassian.com` alone.
    Scoped {
        /// The token's owner.
        email: String,
        /// The token.
        token: Secret<String>,
    },
    /// A service account, by OAuth 2.0 client credentials (RFC 6749 §4.4).
    Service {
        /// Id of the client.
        client_id: String,
        /// Its secret.
        client_secret: Secret<String>,
        /// Where tokens are had.
        token_url: Url,
    },
}

/// A JSM Data Center.
#[derive(Debug, Clone)]
pub struct JsmDataCenter {
    /// Base URL with the context path, if there is one.
    pub url: Url,
    /// Who calls.
    pub credential: DataCenterCredential,
}

/// Who calls JSM Data Center.
#[derive(Debug, Clone)]
pub enum DataCenterCredential {
    /// A personal access token.
    Token(Secret<String>),
    /// User name and password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret<String>,
    },
}

/// How many of the rules that match count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Matching {
    /// The first alone.
    First,
    /// All.
    #[default]
    All,
}

/// Who belongs to an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationRule {
    /// Whom it is about.
    pub whom: Whom,
    /// What it gives them.
    pub gives: OrganizationGift,
}

/// Which organizations a rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrganizationGift {
    /// The one of this name.
    Named {
        /// Its name in JSM.
        name: String,
        /// Whether it is made when there is none.
        create: bool,
    },
    /// The one of this id, whatever its name.
    WithId(String),
    /// Those that values name.
    From {
        /// Which values.
        source: Source,
        /// How many new ones are made in an hour; 0: none.
        create_per_hour: usize,
    },
}

/// Values that name something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where they come from.
    pub origin: Origin,
    /// What a value must look like, before it is renamed; `None`: anything.
    pub allow: Option<WholePattern>,
    /// What is made of it; `None`: it is the name.
    pub rename: Option<Rename>,
}

/// Where values come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A claim.
    Claim(Expression),
    /// The groups that the rule names; all, where it names none.
    Groups,
}

/// An organization as a rule knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrganizationKey {
    /// By its name.
    Name(String),
    /// By JSM's id.
    Id(String),
}

impl std::fmt::Display for OrganizationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Id(id) => write!(f, "number {id}"),
        }
    }
}

/// Customers join service desks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeskRule {
    /// Whom it is about.
    pub whom: Whom,
    /// Only those whom the rules give this organization; `None`: whoever is meant.
    pub organization: Option<OrganizationKey>,
    /// Ids of the desks.
    pub join: Vec<String>,
}

/// Customers join groups of Jira.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRule {
    /// Whom it is about.
    pub whom: Whom,
    /// What it gives them.
    pub gives: GroupGift,
    /// Whether a group may be joined that takes a licence.
    pub licensed: bool,
}

/// Which groups a rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupGift {
    /// These.
    Named(Vec<String>),
    /// Those that values name; none is ever made.
    From(Source),
}

/// How customers are kept as the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Conduct {
    /// What becomes of memberships.
    pub sync: SyncMode,
    /// What becomes of an account that was ended.
    pub reactivation: Reactivation,
}

/// What becomes of memberships.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncMode {
    /// What is missing is added.
    #[default]
    AddOnly,
    /// And what the gateway once added and the rules no longer give is removed.
    Mirror,
    /// They are nobody's business here.
    Off,
}

/// What becomes of an account that was ended, when its owner signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reactivation {
    /// It is opened again.
    Always,
    /// It is opened again, unless its address is blocked.
    UnlessBlocked,
    /// An administrator is asked.
    Ask,
    /// It stays ended.
    #[default]
    Never,
}

/// When removing stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrakeSettings {
    /// Removals after which it stops.
    pub removals: usize,
    /// In so long a time.
    pub window: Duration,
}

impl Default for BrakeSettings {
    fn default() -> Self {
        Self { removals: 20, window: Duration::from_secs(60 * 60) }
    }
}

/// Addresses that a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressPattern {
    /// One.
    Address(EmailAddress),
    /// All of a domain.
    Domain(DomainPattern),
}

impl AddressPattern {
    /// Whether an address is among them.
    pub fn matches(&self, email: &EmailAddress) -> bool {
        match self {
            Self::Address(address) => address == email,
            Self::Domain(pattern) => pattern.matches(&email.domain()),
        }
    }
}
