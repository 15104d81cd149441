//! What the operator says about a JSM and what customers get there.

use domain::{DomainPattern, JsmName, PersonKey, Secret};
use url::Url;

/// One JSM and its rules.
#[derive(Debug, Clone)]
pub struct JsmSettings {
    /// Its name in the file.
    pub name: JsmName,
    /// Where it is and how to speak to it.
    pub site: JsmCloud,
    /// Which organizations a customer gets; every rule that matches counts.
    pub organizations: Vec<OrganizationRule>,
    /// Which service desks a customer joins; every rule that matches counts.
    pub desks: Vec<DeskRule>,
    /// Persons of several identity providers who are one customer; each list is one customer.
    pub links: Vec<Vec<PersonKey>>,
}

/// JSM Cloud with a classic API token.
#[derive(Debug, Clone)]
pub struct JsmCloud {
    /// `https://SITE.atlassian.net`, or http toward loopback; no path.
    pub site: Url,
    /// The token's owner.
    pub email: String,
    /// The API token.
    pub token: Secret<String>,
}

/// Customers of a domain belong to an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationRule {
    /// Whose addresses.
    pub domain: DomainPattern,
    /// The organization's name in JSM.
    pub organization: String,
}

/// Customers join service desks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskRule {
    /// Only those whom the rules give this organization; `None`: everybody.
    pub organization: Option<String>,
    /// Ids of the desks.
    pub join: Vec<String>,
}
