//! Finds the rules that may be for a question without looking at all of them.

use std::collections::HashMap;

use domain::{DomainName, EmailAddress, HostName};

use crate::{Question, SignInRule};

/// What a rule is found by: the first of its keys in the order of the grounds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    portals: HashMap<String, Vec<usize>>,
    hosts: HashMap<HostName, Vec<usize>>,
    people: HashMap<EmailAddress, Vec<usize>>,
    domains: HashMap<String, Vec<usize>>,
    /// By the name without the `*.`.
    subdomains: HashMap<String, Vec<usize>>,
    rest: Vec<usize>,
    /// Whether any rule names single addresses, whatever it is found by.
    names_people: bool,
}

impl Index {
    pub(crate) fn of(rules: &[SignInRule]) -> Self {
        let names_people = rules.iter().any(|rule| !rule.people.is_empty());
        let mut index = Self { names_people, ..Self::default() };
        for (place, rule) in rules.iter().enumerate() {
            index.add(place, rule);
        }
        index
    }

    fn add(&mut self, place: usize, rule: &SignInRule) {
        if !rule.portals.is_empty() {
            return each(&mut self.portals, rule.portals.iter().cloned(), place);
        }
        if !rule.hosts.is_empty() {
            return each(&mut self.hosts, rule.hosts.iter().cloned(), place);
        }
        if !rule.people.is_empty() {
            return each(&mut self.people, rule.people.iter().cloned(), place);
        }
        if rule.domains.is_empty() {
            return self.rest.push(place);
        }
        let (wild, exact): (Vec<_>, Vec<_>) = rule.domains.iter().partition(|p| p.is_wildcard());
        let name = |pattern: &domain::DomainPattern| pattern.domain().as_str().to_owned();
        each(&mut self.domains, exact.into_iter().map(name), place);
        each(&mut self.subdomains, wild.into_iter().map(name), place);
    }

    pub(crate) fn by_portal(&self, question: &Question<'_>) -> &[usize] {
        question.portal.and_then(|portal| self.portals.get(portal)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn by_host(&self, question: &Question<'_>) -> &[usize] {
        self.hosts.get(question.host).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn by_person(&self, question: &Question<'_>) -> &[usize] {
        question.email.and_then(|email| self.people.get(email)).map_or(&[], Vec::as_slice)
    }

    /// The longest match first: the domain itself, then `*.` of each domain above it.
    pub(crate) fn by_domain(&self, domain: &DomainName) -> Vec<usize> {
        let mut found = self.domains.get(domain.as_str()).cloned().unwrap_or_default();
        let mut rest = domain.as_str();
        while let Some((_, above)) = rest.split_once('.') {
            found.extend(self.subdomains.get(above).into_iter().flatten());
            rest = above;
        }
        found
    }

    /// Rules that name nobody and no place but a site.
    pub(crate) fn rest(&self) -> &[usize] {
        &self.rest
    }

    pub(crate) fn names_people(&self) -> bool {
        self.names_people
    }
}

fn each<K: std::hash::Hash + Eq>(
    map: &mut HashMap<K, Vec<usize>>,
    keys: impl Iterator<Item = K>,
    place: usize,
) {
    for key in keys {
        let places = map.entry(key).or_default();
        if places.last() != Some(&place) {
            places.push(place);
        }
    }
}
