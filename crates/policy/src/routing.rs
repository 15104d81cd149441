//! Which identity provider a person uses: the first rule that matches.

use domain::{DomainPattern, EmailAddress, IdpName, SiteName};

/// How strongly a rule wants its identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The rule's identity provider is not used; the upstream's own sign-in is.
    Off,
    /// Offered beside the upstream's own sign-in.
    Optional,
    /// First choice, the upstream's own sign-in stays possible.
    Preferred,
    /// The only way.
    Required,
}

/// What a matching rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Sign in at this identity provider.
    Use {
        /// Which one.
        idp: IdpName,
        /// How strongly.
        mode: Mode,
    },
    /// Leave the person to the upstream's own sign-in.
    UpstreamLogin,
    /// Let the person choose among all identity providers.
    Choose,
    /// Refuse.
    Deny,
}

/// One rule of `sign_in`. Keys are AND, values of a list are OR; empty lists match everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRule {
    /// Single addresses.
    pub people: Vec<EmailAddress>,
    /// Domains of addresses.
    pub domains: Vec<DomainPattern>,
    /// Only on this site.
    pub site: Option<SiteName>,
    /// What then.
    pub outcome: Outcome,
    /// Line in the operator's file, for explanations.
    pub line: usize,
}

/// All rules of `sign_in`, in the file's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignInRules {
    /// The rules; without a match the outcome is [`Outcome::Choose`].
    pub rules: Vec<SignInRule>,
}

/// The outcome for one person and the line of the rule that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route<'a> {
    /// What to do.
    pub outcome: &'a Outcome,
    /// Line of the rule; `None` when no rule matched.
    pub line: Option<usize>,
}

impl SignInRules {
    /// The first rule that matches `email` on `site`.
    pub fn route(&self, email: &EmailAddress, site: &SiteName) -> Route<'_> {
        let domain = email.domain();
        let matches = |rule: &&SignInRule| {
            (rule.people.is_empty() || rule.people.contains(email))
                && (rule.domains.is_empty() || rule.domains.iter().any(|p| p.matches(&domain)))
                && rule.site.as_ref().is_none_or(|s| s == site)
        };
        match self.rules.iter().find(matches) {
            Some(rule) => Route { outcome: &rule.outcome, line: Some(rule.line) },
            None => Route { outcome: &Outcome::Choose, line: None },
        }
    }
}

impl SignInRules {
    /// Whether some rule of `site` leaves people to the upstream's own sign-in.
    pub fn admit_guests(&self, site: &SiteName) -> bool {
        let here = |rule: &&SignInRule| rule.site.as_ref().is_none_or(|s| s == site);
        self.rules.iter().filter(here).any(|rule| match rule.outcome {
            Outcome::UpstreamLogin => true,
            Outcome::Use { mode, .. } => mode != Mode::Required,
            Outcome::Choose | Outcome::Deny => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(people: &[&str], domains: &[&str], site: Option<&str>, outcome: Outcome) -> SignInRule {
        SignInRule {
            people: people.iter().map(|p| p.parse().unwrap()).collect(),
            domains: domains.iter().map(|d| d.parse().unwrap()).collect(),
            site: site.map(|s| s.parse().unwrap()),
            outcome,
            line: 1,
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let acme = || Outcome::Use { idp: "acme".parse().unwrap(), mode: Mode::Required };
        let rules = SignInRules {
            rules: vec![
                rule(&["vip@other.example"], &[], None, acme()),
                rule(&[], &["acme.example", "*.acme.example"], None, acme()),
                rule(&[], &[], Some("partners"), Outcome::Deny),
                rule(&[], &[], None, Outcome::UpstreamLogin),
            ],
        };
        let outcome = |email: &str, site: &str| {
            rules.route(&email.parse().unwrap(), &site.parse().unwrap()).outcome.clone()
        };
        assert_eq!(outcome("VIP@other.example", "help"), acme());
        assert_eq!(outcome("ann@eu.acme.example", "help"), acme());
        assert_eq!(outcome("ann@evilacme.example", "help"), Outcome::UpstreamLogin);
        assert_eq!(outcome("ann@other.example", "partners"), Outcome::Deny);
        assert!(rules.admit_guests(&"help".parse().unwrap()));
    }

    #[test]
    fn without_a_rule_people_choose_and_guests_stay_out() {
        let rules = SignInRules::default();
        let route = rules.route(&"a@b.example".parse().unwrap(), &"help".parse().unwrap());
        assert_eq!(route, Route { outcome: &Outcome::Choose, line: None });
        assert!(!rules.admit_guests(&"help".parse().unwrap()));
    }
}
