//! What is known of a session.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use domain::{FactorUse, Identity, JsmAccount, PersonKey, Secret, SiteName, Timestamp};
use serde::{Deserialize, Serialize};

use crate::user_agent;

/// What the server alone can read of a session, without the browser's cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Who is signed in.
    pub who: Who,
    /// The one site where the session holds (attacks.md D3).
    pub site: SiteName,
    /// When the sign-in began: a revocation since then ends the session (invariant 12).
    pub began: Timestamp,
    /// When the customer signed in.
    pub created: Timestamp,
    /// When the session ends at the latest.
    pub deadline: Timestamp,
    /// After how long without a request it ends.
    pub idle: Duration,
    /// The shortest time without a request that decides anything, where that is shorter than
    /// `idle`: the last use is noted often enough for it.
    #[serde(default)]
    pub shortest_idle: Option<Duration>,
    /// The organizations that the rules give the customer, by name.
    #[serde(default)]
    pub organizations: Vec<String>,
    /// From which address the customer signed in.
    pub client: IpAddr,
    /// What stood for the second factor, the last time that one was asked for.
    #[serde(default)]
    pub factor: Option<FactorUse>,
    /// What the browser called itself, cut to a sane length by the caller.
    pub device: String,
}

impl Facts {
    /// Who is signed in; `None`: a guest.
    pub fn person(&self) -> Option<&PersonKey> {
        match &self.who {
            Who::Person(customer) => Some(&customer.identity.person),
            Who::Guest => None,
        }
    }

    /// The browser in words, such as `Firefox on Windows`, as far as it tells the truth.
    pub fn browser(&self) -> String {
        user_agent::in_words(&self.device)
    }
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// A customer whom an identity provider proved.
    Person(Customer),
    /// Somebody whom a rule leaves to the upstream's own sign-in.
    Guest,
}

/// A person and the account that JSM has for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// As the identity provider proved it at sign-in.
    pub identity: Identity,
    /// The account, where the site has a JSM.
    pub account: Option<JsmAccount>,
}

/// What can only be read with the browser's cookie at hand: upstream cookies and tokens, by name.
#[derive(Debug, Clone, Default)]
pub struct Secrets(BTreeMap<String, Secret<String>>);

impl Secrets {
    /// Adds or replaces one.
    pub fn insert(&mut self, name: impl Into<String>, value: Secret<String>) {
        self.0.insert(name.into(), value);
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret<String>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The one of this name.
    pub fn get(&self, name: &str) -> Option<&Secret<String>> {
        self.0.get(name)
    }

    /// All of them in clear, only to be sealed.
    pub(crate) fn exposed(&self) -> BTreeMap<&str, &str> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose().as_str())).collect()
    }
}

impl FromIterator<(String, Secret<String>)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (String, Secret<String>)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
