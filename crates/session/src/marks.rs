//! Not-before marks: who must have begun to sign in after a certain moment (invariant 12).

use std::collections::HashMap;
use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use domain::{IdpName, IdpSession, PersonKey, SiteName, Timestamp};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::sealer::lengths_in_front;
use crate::stored::Stored;
use crate::{DeviceId, Facts, Who, base64url};

/// Whose sessions and sign-ins a revocation ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Of one person, in every browser.
    Person(PersonKey),
    /// Of one browser, as lists call it.
    Device(DeviceId),
    /// Of everybody whom an identity provider signed in.
    Idp(IdpName),
    /// Of everybody to whom the rules gave an organization, by its name.
    Organization(String),
    /// Of everybody who signed in from a network.
    Network(IpNet),
    /// Of one site.
    Site(SiteName),
    /// Of everybody.
    All,
}

impl Mark {
    /// Its kind, as it lies in the store.
    fn kind(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Device(_) => "device",
            Self::Idp(_) => "idp",
            Self::Organization(_) => "organization",
            Self::Network(_) => "network",
            Self::Site(_) => "site",
            Self::All => "all",
        }
    }

    /// What tells marks apart. A plain hash and no HMAC: a rotated key must not let anybody in
    /// whom a mark keeps out.
    pub(crate) fn name(&self) -> Hash {
        match self {
            Self::Person(person) => person_hash(person),
            Self::Device(device) => hash("device", &[&device.to_string()]),
            Self::Idp(idp) => hash("idp", &[idp.as_str()]),
            Self::Organization(name) => hash("organization", &[name]),
            Self::Network(network) => hash("network", &[&network.trunc().to_string()]),
            Self::Site(site) => hash("site", &[site.as_str()]),
            Self::All => hash("all", &[]),
        }
    }

    /// Whether a session is meant, whenever it began.
    pub(crate) fn means(&self, stored: &Stored) -> bool {
        let person = stored.facts.person();
        match self {
            Self::Person(meant) => person == Some(meant),
            Self::Device(device) => stored.device == *device,
            Self::Idp(idp) => person.is_some_and(|person| person.idp == *idp),
            Self::Organization(name) => stored.facts.organizations.contains(name),
            Self::Network(network) => network.contains(&stored.facts.client.to_canonical()),
            Self::Site(site) => stored.facts.site == *site,
            Self::All => true,
        }
    }
}

pub(crate) type Hash = [u8; 32];

/// What of a sign-in or session marks are held against.
#[derive(Debug, Clone, Copy)]
pub struct Concerned<'a> {
    /// Who; `None`: a guest.
    pub person: Option<&'a PersonKey>,
    /// At which site.
    pub site: &'a SiteName,
    /// From which address.
    pub client: IpAddr,
    /// The organizations that the rules give.
    pub organizations: &'a [String],
    /// When the sign-in began.
    pub began: Timestamp,
    /// The identity provider's own session.
    pub idp_session: Option<&'a IdpSession>,
}

impl<'a> From<&'a Facts> for Concerned<'a> {
    fn from(facts: &'a Facts) -> Self {
        let identity = match &facts.who {
            Who::Person(customer) => Some(&customer.identity),
            Who::Guest => None,
        };
        Self {
            person: identity.map(|identity| &identity.person),
            site: &facts.site,
            client: facts.client,
            organizations: &facts.organizations,
            began: facts.began,
            idp_session: identity.and_then(|identity| identity.idp_session.as_deref()),
        }
    }
}

/// A mark as it lies in the store. Others' later versions may add kinds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredMark {
    kind: String,
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    network: Option<IpNet>,
}

impl StoredMark {
    pub(crate) fn new(mark: &Mark, at: Timestamp) -> Self {
        let network = match mark {
            Mark::Network(network) => Some(network.trunc()),
            _ => None,
        };
        Self { kind: mark.kind().to_owned(), at, network }
    }
}

/// All marks that are in force.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct MarkSet {
    named: HashMap<Hash, Timestamp>,
    networks: Vec<(IpNet, Timestamp)>,
    all: Option<Timestamp>,
}

impl MarkSet {
    /// Adds a mark that lay in the store under this name. One of a kind that this version does not
    /// know means everybody: that is the strictest reading (invariant 8).
    pub(crate) fn add(&mut self, name: &str, mark: &StoredMark) {
        let at = mark.at;
        match (mark.kind.as_str(), mark.network, base64url::decode(name.as_bytes())) {
            ("network", Some(network), _) => self.networks.push((network, at)),
            ("person" | "device" | "idp" | "organization" | "site", _, Some(hash)) => {
                self.named.insert(hash, at);
            }
            _ => self.all = self.all.max(Some(at)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.networks.is_empty() && self.all.is_none()
    }

    /// Whether something that concerns these began before a mark that means them.
    pub(crate) fn bars(&self, about: &Concerned<'_>, device: Option<DeviceId>) -> bool {
        let earlier = |at: &Timestamp| about.began < *at;
        if self.is_empty() {
            return false;
        }
        if self.all.as_ref().is_some_and(earlier) {
            return true;
        }
        let client = about.client.to_canonical();
        if self.networks.iter().any(|(network, at)| earlier(at) && network.contains(&client)) {
            return true;
        }
        if self.named.is_empty() {
            return false;
        }
        let person = about.person.map(person_hash);
        let idp = about.person.map(|person| hash("idp", &[person.idp.as_str()]));
        let device = device.map(|device| hash("device", &[&device.to_string()]));
        let site = hash("site", &[about.site.as_str()]);
        let organizations = about.organizations.iter().map(|name| hash("organization", &[name]));
        let mut names =
            [person, idp, device, Some(site)].into_iter().flatten().chain(organizations);
        names.any(|name| self.named.get(&name).is_some_and(earlier))
    }
}

fn person_hash(person: &PersonKey) -> Hash {
    hash("person", &[person.idp.as_str(), person.subject.as_str()])
}

/// Injective: each part has its length in front.
pub(crate) fn hash(kind: &str, parts: &[&str]) -> Hash {
    let named: Vec<&[u8]> = [kind].iter().chain(parts).map(|part| part.as_bytes()).collect();
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(digest(&SHA256, &lengths_in_front(&named)).as_ref()) {
        *to = *from;
    }
    hash
}
