//! Which identity provider a person uses: the first ground that decides.

use domain::{DomainPattern, EmailAddress, HostName, IdpName, SiteName, Timestamp};

use crate::index::Index;
use crate::rule::{Enforcement, Miss, Mode, Outcome, SignInRule};

/// What decides about the way somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// A rule for the portal that was asked for.
    Portal,
    /// A rule for the host name.
    Host,
    /// A link that names an identity provider, such as a company's intranet has.
    Hint,
    /// What this browser chose before.
    Remembered,
    /// A rule for single addresses.
    People,
    /// The person is linked to an account already.
    Linked,
    /// A rule for the domain of the address; the longest match first.
    Domain,
    /// Nothing else decides, or `otherwise: choose`: the person chooses.
    Chooser,
    /// What is said for everybody else.
    Default,
}

/// The order in which grounds are asked; the first that decides does. Documents and `explain` quote
/// this list.
pub const ORDER: [Ground; 9] = [
    Ground::Portal,
    Ground::Host,
    Ground::Hint,
    Ground::Remembered,
    Ground::People,
    Ground::Linked,
    Ground::Domain,
    Ground::Chooser,
    Ground::Default,
];

impl Ground {
    /// Its name in documents and explanations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Host => "host",
            Self::Hint => "hint",
            Self::Remembered => "remembered",
            Self::People => "people",
            Self::Linked => "linked",
            Self::Domain => "domain",
            Self::Chooser => "chooser",
            Self::Default => "default",
        }
    }
}

/// Who wants to sign in where, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The address that was typed, or proved.
    pub email: Option<&'a EmailAddress>,
    /// The site.
    pub site: &'a SiteName,
    /// The host name under which the site was asked for.
    pub host: &'a HostName,
    /// Id of the portal on the way to which the person is.
    pub portal: Option<&'a str>,
    /// The identity provider that a link names.
    pub hint: Option<&'a IdpName>,
    /// The identity provider that this browser chose before.
    pub remembered: Option<&'a IdpName>,
    /// The identity provider of the person whom this address is linked to.
    pub linked: Option<&'a IdpName>,
    /// The present moment.
    pub now: Timestamp,
}

/// The way of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// What to do.
    pub outcome: Outcome,
    /// Why.
    pub ground: Ground,
    /// Line of the rule that decided; `None` when no rule did.
    pub line: Option<usize>,
    /// What would be done if the rules that only report were enforced, when that is something else.
    pub would: Option<Box<Route>>,
}

/// Why a ground does not decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// There is nothing to look at: no rule, no link, nothing remembered.
    Nothing,
    /// The rules that were looked at, by their lines, and why each does not decide.
    Missed(Vec<(usize, Miss)>),
    /// The identity provider may not speak for the address.
    CannotSpeak(IdpName),
    /// The rule of this line has something else for the address.
    AgainstRule(usize),
}

/// What one ground says: outcome and the rule's line, or why nothing.
pub type Said = Result<(Outcome, Option<usize>), Silence>;

/// All rules of `sign_in`, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct SignInRules {
    rules: Vec<SignInRule>,
    /// For which domains the identity providers may speak.
    speakers: Vec<(IdpName, Vec<DomainPattern>)>,
    index: Index,
    /// When rules leave somebody to the upstream's own sign-in, and where.
    guests: Vec<GuestWindow>,
    reports: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct GuestWindow {
    site: Option<SiteName>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl SignInRules {
    /// The rules, in the file's order, and the domains for which each identity provider may speak.
    pub fn new(rules: Vec<SignInRule>, speakers: Vec<(IdpName, Vec<DomainPattern>)>) -> Self {
        let mut guests: Vec<GuestWindow> = Vec::new();
        for rule in rules.iter().filter(|rule| rule.admits_guests()) {
            let window =
                GuestWindow { site: rule.site.clone(), from: rule.from, until: rule.until };
            if !guests.contains(&window) {
                guests.push(window);
            }
        }
        let reports = rules.iter().any(|rule| rule.enforcement == Enforcement::ReportOnly);
        Self { index: Index::of(&rules), rules, speakers, guests, reports }
    }

    /// The rules, in the file's order.
    pub fn rules(&self) -> &[SignInRule] {
        &self.rules
    }

    /// Whether some rule tells single addresses of one domain apart: then whoever types addresses
    /// learns something.
    pub fn names_people(&self) -> bool {
        self.index.names_people()
    }

    /// The way of one person: the first ground of [`ORDER`] that decides.
    pub fn route(&self, question: &Question<'_>) -> Route {
        let route = self.first(question, Scope::Enforced);
        if !self.reports {
            return route;
        }
        let would = Some(self.first(question, Scope::All));
        let would = would.filter(|w| (&w.outcome, w.line) != (&route.outcome, route.line));
        Route { would: would.map(Box::new), ..route }
    }

    /// What every ground says by itself, in the order in which they are asked.
    pub fn explain(&self, question: &Question<'_>) -> Vec<(Ground, Said)> {
        ORDER.iter().map(|ground| (*ground, self.at(*ground, question, Scope::Enforced))).collect()
    }

    /// Whether some rule leaves people of `site` to the upstream's own sign-in now.
    pub fn admit_guests(&self, site: &SiteName, now: Timestamp) -> bool {
        self.guests.iter().any(|window| {
            window.site.as_ref().is_none_or(|s| s == site)
                && window.from.is_none_or(|from| now >= from)
                && window.until.is_none_or(|until| now < until)
        })
    }

    /// The identity provider that may speak for `email`; the first of them.
    pub fn speaker(&self, email: &EmailAddress) -> Option<&IdpName> {
        let domain = email.domain();
        let mut speakers = self.speakers.iter();
        let speaks = speakers.find(|(_, own)| own.iter().any(|pattern| pattern.matches(&domain)));
        speaks.map(|(idp, _)| idp)
    }

    fn first(&self, question: &Question<'_>, scope: Scope) -> Route {
        for ground in ORDER {
            if let Ok((outcome, line)) = self.at(ground, question, scope) {
                return Route { outcome, ground, line, would: None };
            }
        }
        Route { outcome: Outcome::Choose, ground: Ground::Chooser, line: None, would: None }
    }

    fn at(&self, ground: Ground, question: &Question<'_>, scope: Scope) -> Said {
        match ground {
            Ground::Portal => self.rule_among(self.index.by_portal(question), question, scope),
            Ground::Host => self.rule_among(self.index.by_host(question), question, scope),
            Ground::Hint => self.wish(question.hint, question, scope),
            Ground::Remembered => self.wish(question.remembered, question, scope),
            Ground::People => self.rule_among(self.index.by_person(question), question, scope),
            Ground::Linked => self.wish(question.linked, question, scope),
            Ground::Domain => {
                let email = question.email.ok_or(Silence::Nothing)?;
                self.rule_among(&self.index.by_domain(&email.domain()), question, scope)
            }
            Ground::Chooser | Ground::Default => self.rest(ground, question, scope),
        }
    }

    /// The first of these rules that is for the question.
    fn rule_among(&self, places: &[usize], question: &Question<'_>, scope: Scope) -> Said {
        let mut missed = Vec::new();
        for rule in places.iter().filter_map(|place| self.rules.get(*place)) {
            match rule.judge(question) {
                Ok(()) if scope == Scope::All || rule.enforcement == Enforcement::Enforced => {
                    return Ok((rule.outcome.clone(), Some(rule.line)));
                }
                Ok(()) => missed.push((rule.line, Miss::ReportOnly)),
                Err(miss) => missed.push((rule.line, miss)),
            }
        }
        Err(if missed.is_empty() { Silence::Nothing } else { Silence::Missed(missed) })
    }

    /// What is said for everybody else, the first in the file's order; without a rule they choose.
    fn rest(&self, ground: Ground, question: &Question<'_>, scope: Scope) -> Said {
        let said = match self.rule_among(self.index.rest(), question, scope) {
            Ok(said) => said,
            Err(Silence::Missed(_)) if ground == Ground::Default => return Err(Silence::Nothing),
            Err(_) => (Outcome::Choose, None),
        };
        let chooses = said.0 == Outcome::Choose;
        if chooses == (ground == Ground::Chooser) { Ok(said) } else { Err(Silence::Nothing) }
    }

    /// A wish (of a link, a cookie, an old sign-in) counts only where it leads somewhere: the
    /// identity provider may speak for the address, and no rule has something else for it.
    fn wish(&self, idp: Option<&IdpName>, question: &Question<'_>, scope: Scope) -> Said {
        let idp = idp.ok_or(Silence::Nothing)?.clone();
        let alone = Outcome::Use { idp: idp.clone(), mode: Mode::Required, fallback: None };
        let Some(email) = question.email else { return Ok((alone, None)) };
        let domain = email.domain();
        let own = self.speakers.iter().find(|(name, _)| *name == idp).map(|(_, own)| own);
        if !own.is_some_and(|own| own.iter().any(|pattern| pattern.matches(&domain))) {
            return Err(Silence::CannotSpeak(idp));
        }
        let rule = self
            .rule_among(self.index.by_person(question), question, scope)
            .or_else(|_| self.rule_among(&self.index.by_domain(&domain), question, scope));
        let Ok((outcome, line)) = rule else { return Ok((alone, None)) };
        match &outcome {
            // How strongly, and what is left when it does not answer, is the rule's to say.
            Outcome::Use { idp: ruled, mode, .. } if *ruled == idp && *mode != Mode::Off => {
                Ok((outcome, line))
            }
            Outcome::Use { mode: Mode::Optional | Mode::Preferred, .. } | Outcome::Choose => {
                Ok((alone, None))
            }
            _ => Err(line.map_or(Silence::Nothing, Silence::AgainstRule)),
        }
    }
}

/// Which rules count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Enforced,
    All,
}

#[cfg(test)]
mod tests;
