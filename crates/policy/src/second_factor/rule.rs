//! One rule of `second_factor`.

use std::net::IpAddr;
use std::time::Duration;

use domain::{EmailAddress, IdpName, SiteName};
use ipnet::IpNet;

use super::{Grace, PathPrefix, Place};
use crate::Enforcement;

/// What a rule demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Require {
    /// A code of an authenticator, or what stands for one: a recovery code, a trusted browser where
    /// the rule lets it, an identity provider's own factor where that is trusted.
    Totp,
}

/// Through which paths that name no portal a portal's requests can be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SideDoors {
    /// Through every path that names no portal, but for those that show nothing of any.
    #[default]
    All,
    /// Through these.
    These(Vec<PathPrefix>),
}

/// One rule of `second_factor`. Keys are AND, values of a list are OR; empty lists match everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorRule {
    /// Only on this site.
    pub site: Option<SiteName>,
    /// Identity providers.
    pub idps: Vec<IdpName>,
    /// Groups, in any case.
    pub groups: Vec<String>,
    /// Organizations that the rules of the site's JSM give.
    pub organizations: Vec<String>,
    /// Single addresses.
    pub people: Vec<EmailAddress>,
    /// Portals, by [`super::portal_id`].
    pub portals: Vec<String>,
    /// What else leads to these portals.
    pub side_doors: SideDoors,
    /// Paths.
    pub paths: Vec<PathPrefix>,
    /// Networks from which the request comes.
    pub networks: Vec<IpNet>,
    /// Networks from which it does not come.
    pub outside: Vec<IpNet>,
    /// What is demanded.
    pub require: Require,
    /// How long ago it may have been passed.
    pub fresh: Option<Duration>,
    /// How long people without a factor may put it off.
    pub grace: Option<Grace>,
    /// How long a trusted browser stands for it; `None`: never.
    pub trusted_browser: Option<Duration>,
    /// Whether it decides.
    pub enforcement: Enforcement,
    /// Line in the operator's file.
    pub line: usize,
}

/// Who asks, as far as the rules look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who<'a> {
    /// A customer whom an identity provider proved.
    Person {
        /// By which.
        idp: &'a IdpName,
        /// The proved address.
        email: &'a EmailAddress,
        /// `None`: the identity provider said nothing of groups.
        groups: Option<&'a [String]>,
        /// Those that the rules give, never those that JSM happens to hold; `None`: unknown.
        organizations: Option<&'a [String]>,
    },
    /// Somebody whom a rule leaves to the upstream's own sign-in: no identity provider, group or
    /// address is theirs, so rules that name such are not for them.
    Guest,
}

/// Why a rule does not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorMiss {
    /// It is for another site.
    OtherSite,
    /// It is for people of another identity provider.
    OtherIdp,
    /// The person is in none of its groups.
    OtherGroup,
    /// The rules give the person none of its organizations.
    OtherOrganization,
    /// It is for other addresses.
    OtherPeople,
    /// It is for another portal or path.
    OtherPlace,
    /// It is for another network.
    OtherNetwork,
}

impl FactorRule {
    /// A rule for everybody everywhere.
    pub fn for_all(require: Require, line: usize) -> Self {
        Self {
            site: None,
            idps: Vec::new(),
            groups: Vec::new(),
            organizations: Vec::new(),
            people: Vec::new(),
            portals: Vec::new(),
            side_doors: SideDoors::All,
            paths: Vec::new(),
            networks: Vec::new(),
            outside: Vec::new(),
            require,
            fresh: None,
            grace: None,
            trusted_browser: None,
            enforcement: Enforcement::Enforced,
            line,
        }
    }

    /// Whether it looks at where the request goes.
    pub(crate) fn is_placed(&self) -> bool {
        !self.portals.is_empty() || !self.paths.is_empty()
    }

    /// Whether it is for this site.
    pub(crate) fn is_at(&self, site: &SiteName) -> bool {
        self.site.as_ref().is_none_or(|own| own == site)
    }

    /// Whether it is for these people. What is unknown of somebody counts as a match.
    pub(crate) fn judge_person(&self, who: &Who<'_>) -> Result<(), FactorMiss> {
        let Who::Person { idp, email, groups, organizations } = who else {
            return self.judge_guest();
        };
        let among = |own: &[String], theirs: Option<&[String]>, same: fn(&str, &str) -> bool| {
            let is = |name: &String| theirs.unwrap_or_default().iter().any(|t| same(t, name));
            own.is_empty() || theirs.is_none() || own.iter().any(is)
        };
        let folded = |a: &str, b: &str| a == b || a.to_lowercase() == b.to_lowercase();
        if !self.idps.is_empty() && !self.idps.contains(idp) {
            return Err(FactorMiss::OtherIdp);
        }
        if !self.people.is_empty() && !self.people.contains(email) {
            return Err(FactorMiss::OtherPeople);
        }
        if !among(&self.groups, *groups, folded) {
            return Err(FactorMiss::OtherGroup);
        }
        if !among(&self.organizations, *organizations, |a, b| a == b) {
            return Err(FactorMiss::OtherOrganization);
        }
        Ok(())
    }

    fn judge_guest(&self) -> Result<(), FactorMiss> {
        let for_everybody = self.idps.is_empty()
            && self.people.is_empty()
            && self.groups.is_empty()
            && self.organizations.is_empty();
        if for_everybody { Ok(()) } else { Err(FactorMiss::OtherPeople) }
    }

    /// Whether it is for this place and network; an unknown address counts as a match.
    pub(crate) fn judge_place(
        &self,
        place: &Place<'_>,
        client: Option<IpAddr>,
    ) -> Result<(), FactorMiss> {
        if !self.portals.is_empty() && !self.opens_onto(place) {
            return Err(FactorMiss::OtherPlace);
        }
        if !self.paths.is_empty() && !place.is_under(&self.paths) {
            return Err(FactorMiss::OtherPlace);
        }
        // An IPv4 peer of a dual-stack listener is `::ffff:192.0.2.1`.
        let Some(client) = client.map(|client| client.to_canonical()) else { return Ok(()) };
        let holds = |networks: &[IpNet]| networks.iter().any(|net| net.contains(&client));
        if !self.networks.is_empty() && !holds(&self.networks) || holds(&self.outside) {
            return Err(FactorMiss::OtherNetwork);
        }
        Ok(())
    }

    fn opens_onto(&self, place: &Place<'_>) -> bool {
        let by_side_door = match &self.side_doors {
            SideDoors::All => place.is_side_door(),
            SideDoors::These(prefixes) => place.is_under(prefixes),
        };
        place.is_in(&self.portals) || by_side_door
    }
}
