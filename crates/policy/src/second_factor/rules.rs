//! All rules of `second_factor`, ready to be asked.

use std::net::IpAddr;

use domain::{FactorKind, FactorUse, SiteName, Timestamp};

use super::{FactorDemand, FactorMiss, FactorRule, Place, Who};
use crate::Enforcement;

/// Who wants to go where, as far as it is known.
#[derive(Debug, Clone)]
pub struct FactorQuestion<'a> {
    /// Who.
    pub who: Who<'a>,
    /// At which site.
    pub site: &'a SiteName,
    /// Path that is asked for.
    pub path: &'a str,
    /// From where; `None`: unknown.
    pub client: Option<IpAddr>,
}

/// All rules of `second_factor`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FactorRules {
    rules: Vec<FactorRule>,
}

/// The rules that are for one person at one site, wherever they go: made once for a session, so that
/// a request looks at nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    rules: Vec<FactorRule>,
    /// What they would demand all at once.
    most: FactorDemand,
    reports: Vec<FactorRule>,
}

impl FactorRules {
    /// The rules, in the file's order.
    pub fn new(rules: Vec<FactorRule>) -> Self {
        Self { rules }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules, in the file's order.
    pub fn rules(&self) -> &[FactorRule] {
        &self.rules
    }

    /// Those that can ever match at a site.
    #[must_use]
    pub fn at(&self, site: &SiteName) -> Self {
        Self { rules: self.rules.iter().filter(|rule| rule.is_at(site)).cloned().collect() }
    }

    /// Whether some rule asks for organizations: only then need they be found.
    pub fn name_organizations(&self) -> bool {
        self.rules.iter().any(|rule| !rule.organizations.is_empty())
    }

    /// What is demanded of somebody on the way to a page.
    pub fn demand(&self, about: &FactorQuestion<'_>) -> FactorDemand {
        self.standing(&about.who, about.site).demand(&Place::of(about.path), about.client)
    }

    /// The rules that are for somebody at a site, wherever they go.
    pub fn standing(&self, who: &Who<'_>, site: &SiteName) -> Standing {
        let theirs = self.rules.iter().filter(|r| r.is_at(site) && r.judge_person(who).is_ok());
        let (rules, reports): (Vec<_>, Vec<_>) =
            theirs.cloned().partition(|rule| rule.enforcement == Enforcement::Enforced);
        Standing { most: FactorDemand::of(rules.iter()), rules, reports }
    }

    /// What each rule says, by its line, in the file's order.
    pub fn explain(
        &self,
        about: &FactorQuestion<'_>,
    ) -> Vec<(&FactorRule, Result<(), FactorMiss>)> {
        let place = Place::of(about.path);
        let judge = |rule: &FactorRule| {
            if !rule.is_at(about.site) {
                return Err(FactorMiss::OtherSite);
            }
            rule.judge_person(&about.who)?;
            rule.judge_place(&place, about.client)
        };
        self.rules.iter().map(|rule| (rule, judge(rule))).collect()
    }
}

impl Standing {
    /// Whether no rule is for this person.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What is demanded where the person goes to all places at once: what is enough for that is
    /// enough everywhere.
    pub fn most(&self) -> &FactorDemand {
        &self.most
    }

    /// Whether this factor is enough wherever the person goes.
    pub fn is_settled_by(&self, factor: Option<&FactorUse>, now: Timestamp) -> bool {
        self.most.is_met_by(factor, now)
    }

    /// What is demanded at a place.
    pub fn demand(&self, place: &Place<'_>, client: Option<IpAddr>) -> FactorDemand {
        FactorDemand::of(matching(&self.rules, place, client))
    }

    /// Until when a factor that is enough for a path goes on being so; `None`: as long as the
    /// session lasts. The path is read only if that can make a difference.
    pub fn lasts(
        &self,
        factor: &FactorUse,
        path: &str,
        client: Option<IpAddr>,
    ) -> Option<Timestamp> {
        let proved = !matches!(factor.kind, FactorKind::TrustedBrowser | FactorKind::None);
        if self.is_empty() || (proved && self.most.fresh.is_none()) {
            return None;
        }
        self.demand(&Place::of(path), client).lasts(factor)
    }

    /// Whether a rule that only reports is for this person.
    pub fn reports(&self) -> bool {
        !self.reports.is_empty()
    }

    /// What the rules that only report would demand at a place; nothing of it is enforced.
    pub fn reported(&self, place: &Place<'_>, client: Option<IpAddr>) -> FactorDemand {
        FactorDemand::of(matching(&self.reports, place, client))
    }

    /// The same where the person goes to all places at once.
    pub fn most_reported(&self) -> FactorDemand {
        FactorDemand::of(self.reports.iter())
    }
}

fn matching<'r>(
    rules: &'r [FactorRule],
    place: &'r Place<'_>,
    client: Option<IpAddr>,
) -> impl Iterator<Item = &'r FactorRule> {
    rules.iter().filter(move |rule| rule.judge_place(place, client).is_ok())
}
