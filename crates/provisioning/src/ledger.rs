//! The ledger: what the gateway knows of an account and has granted it.

use std::time::Duration;

use domain::{EmailAddress, Organization, PersonKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::dormancy::{Contact, Course, End};
use crate::hash;
use crate::plan::{Grant, Known, Place};

/// How long an organization is left alone after it was seen to be a SCIM directory's.
const LEFT_ALONE: Duration = Duration::from_secs(24 * 60 * 60);
/// So many other addresses of an account are kept.
const EARLIER: usize = 8;
/// A sign-in is noted to the day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An account, whose it is, and what the gateway granted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// `None`: an operator's order made the account, and nobody has signed in yet.
    pub(crate) owner: Option<PersonKey>,
    /// Whether everything that was wanted has been there once.
    #[serde(default)]
    pub(crate) complete: bool,
    #[serde(default)]
    pub(crate) grants: Vec<Grant>,
    /// Names of organizations that a SCIM directory owns, and when that was seen.
    #[serde(default)]
    pub(crate) left_alone: Vec<(String, Timestamp)>,
    /// SHA-256 of name and address as JSM has them, as far as is known.
    #[serde(default)]
    pub(crate) profile: Option<Profile>,
    /// To the day.
    #[serde(default)]
    pub(crate) last_sign_in: Option<Timestamp>,
    /// How whoever signed in last is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) contact: Option<Contact>,
    /// Other addresses by which the account was signed in to: the operator may except any of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) earlier: Vec<EmailAddress>,
    /// What came of staying away.
    #[serde(default, skip_serializing_if = "Course::is_empty")]
    pub(crate) course: Course,
    /// The operator's order that created the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<String>,
    /// As version 0.1 wrote grants.
    #[serde(default, skip_serializing)]
    organizations: Vec<Organization>,
    #[serde(default, skip_serializing)]
    desks: Vec<String>,
}

/// SHA-256 of what a customer is called and reached by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) address: String,
}

impl Profile {
    pub(crate) fn of(identity: &domain::Identity) -> Self {
        Self::named(&identity.display_name, &identity.email)
    }

    pub(crate) fn named(name: &str, email: &domain::EmailAddress) -> Self {
        Self { name: hash::name(name), address: hash::address(email) }
    }
}

impl Ledger {
    pub(crate) fn of(owner: Option<PersonKey>) -> Self {
        Self {
            owner,
            complete: false,
            grants: vec![],
            left_alone: vec![],
            profile: None,
            last_sign_in: None,
            contact: None,
            earlier: vec![],
            course: Course::default(),
            order: None,
            organizations: vec![],
            desks: vec![],
        }
    }

    /// As it is kept now, whichever version wrote it.
    pub(crate) fn adopted(mut self) -> Self {
        let persons: Vec<PersonKey> = self.owner.iter().cloned().collect();
        let places = std::mem::take(&mut self.desks).into_iter().map(Place::Desk);
        let organizations = std::mem::take(&mut self.organizations).into_iter();
        for place in places.chain(organizations.map(Place::Organization)) {
            let (rule, since) = (String::new(), Timestamp::from_seconds(0));
            self.grants.push(Grant {
                place,
                rule,
                persons: persons.clone(),
                order: None,
                since,
                pending: false,
            });
        }
        self
    }

    /// Names of organizations that need not be written now.
    pub(crate) fn left_alone(&self, now: Timestamp) -> Vec<String> {
        let left = self.left_alone.iter().filter(|(_, seen)| now.since(*seen) < LEFT_ALONE);
        left.map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn known<'a>(
        &'a self,
        person: &'a PersonKey,
        left_alone: &'a [String],
    ) -> Known<'a> {
        Known { person, grants: &self.grants, left_alone }
    }

    /// Notes a membership for one more person, or by an order.
    pub(crate) fn add(&mut self, grant: Grant) {
        if let Place::Organization(organization) = &grant.place {
            self.left_alone.retain(|(name, _)| *name != organization.name);
        }
        let Some(known) = self.grants.iter_mut().find(|known| known.place == grant.place) else {
            self.grants.push(grant);
            return;
        };
        for person in grant.persons {
            if !known.persons.contains(&person) {
                known.persons.push(person);
            }
        }
        if known.order.is_none() && known.persons.is_empty() {
            known.order = grant.order;
        }
    }

    /// Forgets a membership for one person; true when nobody is left for whom it was.
    pub(crate) fn would_end(&self, place: &Place, person: &PersonKey) -> bool {
        let same = |grant: &&Grant| match (&grant.place, place) {
            // One organization may be known by two names: it ends with the last of them.
            (Place::Organization(a), Place::Organization(b)) => a.id == b.id,
            (a, b) => a == b,
        };
        let others = self.grants.iter().filter(same);
        !others.clone().any(|grant| {
            let elsewhere = grant.place != *place || grant.order.is_some();
            elsewhere || grant.persons.iter().any(|other| other != person)
        })
    }

    pub(crate) fn drop_for(&mut self, place: &Place, person: &PersonKey) {
        for grant in self.grants.iter_mut().filter(|grant| grant.place == *place) {
            grant.persons.retain(|other| other != person);
        }
        self.grants.retain(|grant| !grant.persons.is_empty() || grant.order.is_some());
    }

    /// Forgets a membership altogether.
    pub(crate) fn remove(&mut self, place: &Place) {
        self.grants.retain(|grant| grant.place != *place);
    }

    pub(crate) fn leave_alone(&mut self, name: &str, now: Timestamp) {
        self.left_alone.retain(|(other, _)| other != name);
        self.left_alone.push((name.to_owned(), now));
    }

    /// Notes a sign-in, which begins a new count of days. Where somebody has set out to end the access
    /// since `seen` was read, nothing is noted: the end must be seen to first.
    pub(crate) fn note_sign_in(&mut self, seen: Option<End>, now: Timestamp) {
        // Whether it is recorded by now makes it no other one.
        if self.course.end.map(|end| end.at) == seen.map(|end| end.at) {
            self.last_sign_in = Some(now);
            self.course = Course::default();
        }
    }

    /// Keeps how somebody is reached who was let in. They are here, even where that is not noted yet.
    pub(crate) fn reach(&mut self, contact: &Contact) {
        if self.course.end.is_none() {
            self.course = Course::default();
        }
        let old = self.contact.replace(contact.clone()).map(|old| old.email);
        if let Some(old) = old.filter(|old| *old != contact.email) {
            self.earlier.retain(|email| *email != old && *email != contact.email);
            self.earlier.insert(0, old);
            self.earlier.truncate(EARLIER);
        }
    }

    /// Every address by which the account was signed in to.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &EmailAddress> {
        self.contact.iter().map(|contact| &contact.email).chain(&self.earlier)
    }

    /// Whether a sign-in now is worth a note.
    pub(crate) fn is_stale(&self, now: Timestamp) -> bool {
        self.last_sign_in.is_none_or(|last| now.since(last) >= DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(subject: &str) -> PersonKey {
        PersonKey { idp: "acme".parse().unwrap(), subject: subject.parse().unwrap() }
    }

    fn granted(place: Place, persons: &[&str]) -> Grant {
        let persons = persons.iter().map(|p| person(p)).collect();
        Grant {
            place,
            rule: String::new(),
            persons,
            order: None,
            since: Timestamp::from_seconds(0),
            pending: false,
        }
    }

    fn organization(name: &str) -> Place {
        Place::Organization(Organization { id: "12".into(), name: name.into() })
    }

    #[test]
    fn a_ledger_of_version_0_1_is_taken_over() {
        let text = r#"{"owner":{"idp":"acme","subject":"ann"},"complete":true,
            "organizations":[{"id":"12","name":"Acme"}],"desks":["1"],"left_alone":[]}"#;
        let ledger = serde_json::from_str::<Ledger>(text).unwrap().adopted();
        let places: Vec<String> = ledger.grants.iter().map(|g| g.place.to_string()).collect();
        assert_eq!(places, ["service desk 1", "organization Acme"]);
        assert!(ledger.grants.iter().all(|g| g.persons == [person("ann")]));
        let again = serde_json::to_string(&ledger).unwrap();
        assert_eq!(serde_json::from_str::<Ledger>(&again).unwrap().adopted(), ledger);
    }

    #[test]
    fn a_membership_ends_with_the_last_person_and_the_last_name() {
        let mut ledger = Ledger::of(Some(person("ann")));
        ledger.add(granted(Place::Desk("1".into()), &["ann"]));
        ledger.add(granted(Place::Desk("1".into()), &["bob"]));
        let desk = Place::Desk("1".into());
        assert!(!ledger.would_end(&desk, &person("ann")));
        ledger.drop_for(&desk, &person("ann"));
        assert!(ledger.would_end(&desk, &person("bob")));
        ledger.add(granted(organization("Acme"), &["ann"]));
        ledger.add(granted(organization("Acme Inc."), &["ann"]));
        assert!(!ledger.would_end(&organization("Acme"), &person("ann")));
        ledger.drop_for(&organization("Acme"), &person("ann"));
        assert!(ledger.would_end(&organization("Acme Inc."), &person("ann")));
    }
}
