//! The decision about one request.

use domain::{IdpName, PersonKey, SiteName, Timestamp};

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

/// Decides about one request to `site` at `now`. `enabled` are the identity providers that may sign
/// in people.
pub fn decide(
    visitor: Visitor<'_>,
    site: &SiteName,
    rules: &SignInRules,
    now: Timestamp,
    enabled: impl Fn(&IdpName) -> bool,
) -> Decision {
    match visitor {
        Visitor::Person(person) if enabled(&person.idp) => {
            Decision::Allow(Permit::Person(PersonPermit { person: person.clone() }))
        }
        // A guest's session outlives the rule that made it only until the next request.
        Visitor::Guest if rules.admit_guests(site, now) => {
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
        let mut rule = SignInRule::for_all(Outcome::UpstreamLogin, 1);
        rule.until = Some(Timestamp::from_seconds(100));
        SignInRules::new(vec![rule], Vec::new())
    }

    #[test]
    fn only_people_of_enabled_providers_and_admitted_guests_pass() {
        let (ann, site) = (ann(), "help".parse().unwrap());
        let early = Timestamp::from_seconds(99);
        let closed = SignInRules::default();
        let person = |on: bool| decide(Visitor::Person(&ann), &site, &closed, early, |_| on);
        assert!(matches!(person(true), Decision::Allow(Permit::Person(p)) if *p.person() == ann));
        assert_eq!(person(false), Decision::SignIn);
        let open = guests_admitted();
        let by = |visitor, rules, now| decide(visitor, &site, rules, now, |_| true);
        assert_eq!(by(Visitor::Stranger, &open, early), Decision::SignIn);
        assert_eq!(by(Visitor::Guest, &closed, early), Decision::SignIn);
        let guest = by(Visitor::Guest, &open, early);
        assert!(matches!(guest, Decision::Allow(Permit::Guest(_))));
        let late = Timestamp::from_seconds(100);
        assert_eq!(by(Visitor::Guest, &open, late), Decision::SignIn);
    }
}
