//! The decision about one request.

use domain::{IdpName, PersonKey, SiteName};

use crate::SignInRules;

/// Proof that a request may be forwarded. Only [`decide`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permit {
    /// For a signed-in customer.
    Person(PersonPermit),
    /// For somebody whom a rule leaves to the upstream's own sign-in.
    Guest(GuestPermit),
}

/// Proof that this person may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonPermit {
    person: PersonKey,
}

impl PersonPermit {
    /// Who may pass.
    pub fn person(&self) -> &PersonKey {
        &self.person
    }
}

/// Proof that a guest may pass; carries no identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestPermit {
    _made_by_decide: (),
}

/// Who asks, as far as a session of this site tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitor<'a> {
    /// No session.
    Stranger,
    /// A session without identity.
    Guest,
    /// A signed-in customer.
    Person(&'a PersonKey),
}

/// What to do with one request. Later decisions (step-up, denied portals) are further variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Forward it.
    Allow(Permit),
    /// Ask the visitor to sign in first.
    SignIn,
}

/// Decides about one request to `site`. `enabled` are the identity providers that may sign in
/// people now.
pub fn decide(
    visitor: Visitor<'_>,
    site: &SiteName,
    rules: &SignInRules,
    enabled: impl Fn(&IdpName) -> bool,
) -> Decision {
    match visitor {
        Visitor::Person(person) if enabled(&person.idp) => {
            Decision::Allow(Permit::Person(PersonPermit { person: person.clone() }))
        }
        // A guest's session outlives the rule that made it only until the next request.
        Visitor::Guest if rules.admit_guests(site) => {
            Decision::Allow(Permit::Guest(GuestPermit { _made_by_decide: () }))
        }
        Visitor::Stranger | Visitor::Guest | Visitor::Person(_) => Decision::SignIn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outcome, SignInRule};

    fn ann() -> PersonKey {
        PersonKey { idp: "acme".parse().unwrap(), subject: "ann".parse().unwrap() }
    }

    fn guests_admitted() -> SignInRules {
        let rule = SignInRule {
            people: vec![],
            domains: vec![],
            site: None,
            outcome: Outcome::UpstreamLogin,
            line: 1,
        };
        SignInRules { rules: vec![rule] }
    }

    #[test]
    fn only_people_of_enabled_providers_and_admitted_guests_pass() {
        let (ann, site) = (ann(), "help".parse().unwrap());
        let closed = SignInRules::default();
        let person = |on: bool| decide(Visitor::Person(&ann), &site, &closed, |_| on);
        assert!(matches!(person(true), Decision::Allow(Permit::Person(p)) if *p.person() == ann));
        assert_eq!(person(false), Decision::SignIn);
        assert_eq!(
            decide(Visitor::Stranger, &site, &guests_admitted(), |_| true),
            Decision::SignIn
        );
        assert_eq!(decide(Visitor::Guest, &site, &closed, |_| true), Decision::SignIn);
        let guest = decide(Visitor::Guest, &site, &guests_admitted(), |_| true);
        assert!(matches!(guest, Decision::Allow(Permit::Guest(_))));
    }
}
