//! The decision about one request.

use std::net::IpAddr;

use domain::{FactorUse, IdpName, PersonKey, SiteName, Timestamp};

use crate::{FactorDemand, Place, SignInRules, Standing};

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

/// One request, as far as the decision looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// Who asks.
    pub visitor: Visitor<'a>,
    /// Of which site.
    pub site: &'a SiteName,
    /// For which path: the very bytes that will be forwarded.
    pub path: &'a str,
    /// From where.
    pub client: IpAddr,
    /// What the session has passed.
    pub factor: Option<FactorUse>,
    /// When.
    pub now: Timestamp,
}

/// What to do with one request. Denied portals will be a further variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Forward it.
    Allow(Permit),
    /// Ask the visitor to sign in first.
    SignIn,
    /// Ask for a second factor, in the same session.
    StepUp(FactorDemand),
    /// Refuse: a guest, who can have no factor, where one is demanded of everybody.
    Deny(FactorDemand),
}

/// Decides about one request. `standing` are the rules of `second_factor` that are for the visitor;
/// `None`: the site has none. `enabled` are the identity providers that may sign in people.
pub fn decide(
    asking: &Asking<'_>,
    rules: &SignInRules,
    standing: Option<&Standing>,
    enabled: impl Fn(&IdpName) -> bool,
) -> Decision {
    let permit = match asking.visitor {
        Visitor::Person(person) if enabled(&person.idp) => {
            Permit::Person(PersonPermit { person: person.clone() })
        }
        // A guest's session outlives the rule that made it only until the next request.
        Visitor::Guest if rules.admit_guests(asking.site, asking.now) => {
            Permit::Guest(GuestPermit { _made_by_decide: () })
        }
        Visitor::Stranger | Visitor::Guest | Visitor::Person(_) => return Decision::SignIn,
    };
    match (standing.and_then(|standing| missing(asking, standing)), &permit) {
        (None, _) => Decision::Allow(permit),
        (Some(demand), Permit::Person(_)) => Decision::StepUp(demand),
        (Some(demand), Permit::Guest(_)) => Decision::Deny(demand),
    }
}

/// What is demanded and not passed. Where it goes is read only if that can make a difference.
fn missing(asking: &Asking<'_>, standing: &Standing) -> Option<FactorDemand> {
    let factor = asking.factor.as_ref();
    if standing.is_empty() || standing.is_settled_by(factor, asking.now) {
        return None;
    }
    let demand = standing.demand(&Place::of(asking.path), Some(asking.client));
    (!demand.is_met_by(factor, asking.now)).then_some(demand)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::FactorKind;

    use super::*;
    use crate::{FactorRule, FactorRules, Outcome, Require, SignInRule, Who};

    fn ann() -> PersonKey {
        PersonKey { idp: "acme".parse().unwrap(), subject: "ann".parse().unwrap() }
    }

    fn guests_admitted() -> SignInRules {
        let mut rule = SignInRule::for_all(Outcome::UpstreamLogin, 1);
        rule.until = Some(Timestamp::from_seconds(100));
        SignInRules::new(vec![rule], Vec::new())
    }

    fn asked(
        visitor: Visitor<'_>,
        rules: &SignInRules,
        standing: Option<&Standing>,
        (path, factor, now): (&str, Option<FactorUse>, Timestamp),
    ) -> Decision {
        let site = &"help".parse().unwrap();
        let client = "192.0.2.1".parse().unwrap();
        let asking = Asking { visitor, site, path, client, factor, now };
        decide(&asking, rules, standing, |idp| idp.as_str() == "acme")
    }

    #[test]
    fn only_people_of_enabled_providers_and_admitted_guests_pass() {
        let (ann, early) = (ann(), Timestamp::from_seconds(99));
        let gone = PersonKey { idp: "gone".parse().unwrap(), ..ann.clone() };
        let (open, closed) = (guests_admitted(), SignInRules::default());
        let by = |visitor, rules, now| asked(visitor, rules, None, ("/", None, now));
        let person = by(Visitor::Person(&ann), &closed, early);
        assert!(matches!(person, Decision::Allow(Permit::Person(p)) if *p.person() == ann));
        assert_eq!(by(Visitor::Person(&gone), &closed, early), Decision::SignIn);
        assert_eq!(by(Visitor::Stranger, &open, early), Decision::SignIn);
        assert_eq!(by(Visitor::Guest, &closed, early), Decision::SignIn);
        let guest = by(Visitor::Guest, &open, early);
        assert!(matches!(guest, Decision::Allow(Permit::Guest(_))));
        let late = Timestamp::from_seconds(100);
        assert_eq!(by(Visitor::Guest, &open, late), Decision::SignIn);
    }

    #[test]
    fn a_place_that_demands_a_factor_asks_until_it_was_passed_a_moment_ago() {
        let (ann, rules, now) = (ann(), guests_admitted(), Timestamp::from_seconds(90));
        let rule = FactorRule {
            portals: vec!["3".to_owned()],
            fresh: Some(Duration::from_secs(10)),
            ..FactorRule::for_all(Require::Totp, 7)
        };
        let all = FactorRules::new(vec![rule]);
        let standing = all.standing(&Who::Guest, &"help".parse().unwrap());
        let (there, elsewhere) =
            ("/servicedesk/customer/portal/3", "/servicedesk/customer/portal/1");
        let passed = |ago| {
            let at = now.minus(Duration::from_secs(ago));
            Some(FactorUse { kind: FactorKind::Totp, at })
        };
        let by =
            |visitor, path, factor| asked(visitor, &rules, Some(&standing), (path, factor, now));
        let person = Visitor::Person(&ann);
        assert!(matches!(by(person, elsewhere, None), Decision::Allow(_)));
        assert!(matches!(by(person, there, passed(9)), Decision::Allow(_)));
        for factor in [None, passed(10)] {
            let decision = by(person, there, factor);
            assert!(matches!(decision, Decision::StepUp(demand) if demand.lines == [7]));
        }
        assert!(matches!(by(Visitor::Guest, there, passed(0)), Decision::Allow(_)), "control");
        assert!(matches!(by(Visitor::Guest, there, None), Decision::Deny(_)));
        assert!(matches!(by(Visitor::Guest, elsewhere, None), Decision::Allow(_)));
        assert_eq!(by(Visitor::Stranger, there, passed(0)), Decision::SignIn);
    }
}
