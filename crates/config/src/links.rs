//! Persons of several identity providers who are one customer.

use std::collections::BTreeSet;

use domain::{IdpName, PersonKey, Subject};

use crate::mapping::Mapping;
use crate::names;
use crate::reader::Value;

const WANTED: &str = "write a list of { idp: NAME, subject: … } for each customer";

/// Reads `links`. `idps` are the names of the identity providers, usable or not.
pub(crate) fn read(root: &Mapping<'_>, idps: &[&str]) -> Option<Vec<Vec<PersonKey>>> {
    let Some(value) = root.optional("links") else { return Some(Vec::new()) };
    let mut seen = BTreeSet::new();
    let customers = value.items(WANTED)?;
    let read: Vec<_> = customers.iter().map(|item| customer(item, idps, &mut seen)).collect();
    read.into_iter().collect()
}

fn customer(
    value: &Value<'_>,
    idps: &[&str],
    seen: &mut BTreeSet<PersonKey>,
) -> Option<Vec<PersonKey>> {
    let items = value.items(WANTED)?;
    let read: Vec<_> = items.iter().map(|item| person(item, idps)).collect();
    if items.len() < 2 {
        value.problem("one person needs no link", "list at least two persons of one customer");
        return None;
    }
    let persons = read.into_iter().collect::<Option<Vec<_>>>()?;
    for (person, item) in persons.iter().zip(&items) {
        if !seen.insert(person.clone()) {
            item.problem("this person is linked already", "list each person once");
            return None;
        }
    }
    Some(persons)
}

fn person(value: &Value<'_>, idps: &[&str]) -> Option<PersonKey> {
    let map = value.mapping("write { idp: NAME, subject: … }")?;
    let idp = map.required("idp", "write idp: NAME");
    let idp = idp.and_then(|value| names::reference::<IdpName>(&value, idps, "identity_providers"));
    let wanted = "write the `sub` or NameID, as the audit log shows it";
    let subject = map.required("subject", wanted);
    let subject = subject.and_then(|value| value.parse::<Subject>(wanted));
    map.finish();
    Some(PersonKey { idp: idp?, subject: subject? })
}
