//! A mapping whose keys are ours, and the refusal of all others.

use std::cell::{Cell, RefCell};

use crate::nearest::nearest;
use crate::problem::Problem;
use crate::reader::Value;
#[cfg(test)]
use crate::reader::join;
use crate::tree::{Entry, quote_key};

/// A mapping whose keys are ours. [`Mapping::finish`] refuses the keys that nobody asked for.
pub(crate) struct Mapping<'a> {
    /// The mapping itself, for messages about it as a whole.
    pub(crate) value: Value<'a>,
    entries: &'a [Entry],
    asked: RefCell<Vec<&'static str>>,
    secret: Cell<bool>,
}

impl<'a> Mapping<'a> {
    pub(crate) fn new(value: Value<'a>, entries: &'a [Entry]) -> Self {
        Self { value, entries, asked: RefCell::default(), secret: Cell::new(false) }
    }

    /// The value of `key`, or `None` when it is not said. An explicit null is like not said.
    pub(crate) fn optional(&self, key: &'static str) -> Option<Value<'a>> {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        self.asked.borrow_mut().push(key);
        #[cfg(test)]
        self.remember(key, entry.is_some());
        let entry = entry.filter(|entry| !entry.value.is_null())?;
        Some(self.value.child(entry, key))
    }

    /// The value of `key`; a problem when it is missing.
    pub(crate) fn required(&self, key: &'static str, wanted: &str) -> Option<Value<'a>> {
        let value = self.optional(key);
        if value.is_none() {
            self.value.problem(format!("`{key}` is missing"), wanted);
        }
        value
    }

    /// The same mapping under another pattern, for keys that mean the same in several sections. They
    /// are known here too.
    pub(crate) fn shared(&self, pattern: &str, keys: &[&'static str]) -> Self {
        self.asked.borrow_mut().extend(keys);
        let mut value = self.value.clone();
        pattern.clone_into(&mut value.pattern);
        Self::new(value, self.entries)
    }

    /// Keys that the design has and this version does not.
    pub(crate) fn not_yet(&self, keys: &[&'static str]) {
        for entry in self.entries.iter().filter(|e| keys.contains(&e.key.as_str())) {
            self.asked.borrow_mut().extend(keys.iter().filter(|key| **key == entry.key));
            self.report_key(entry, "is not supported yet", "leave it out", None);
        }
    }

    /// Unknown keys of this mapping are not repeated: one may be a secret in the wrong place.
    pub(crate) fn conceal_unknown_keys(&self) {
        self.secret.set(true);
    }

    /// Refuses every key that was not asked for.
    pub(crate) fn finish(&self) {
        let mut known = self.asked.take();
        known.sort_unstable();
        known.dedup();
        let wanted = format!("known here: {}", known.join(", "));
        for entry in self.entries.iter().filter(|e| !known.contains(&e.key.as_str())) {
            let near = nearest(&entry.key, known.iter().copied());
            self.report_key(entry, "is not a known key", &wanted, near);
        }
    }

    fn report_key(&self, entry: &Entry, what: &str, wanted: &str, nearest: Option<String>) {
        let key = if self.secret.get() { "a key".to_owned() } else { quote_key(&entry.key) };
        self.value.reading.problem(Problem {
            line: Some(entry.line),
            path: self.value.path.clone(),
            said: format!("{key} {what}"),
            wanted: wanted.to_owned(),
            nearest,
        });
    }

    #[cfg(test)]
    fn remember(&self, key: &str, present: bool) {
        let path = join(&self.value.pattern, key);
        let mut asked = self.value.reading.asked.borrow_mut();
        *asked.entry(path).or_default() |= present;
    }
}

/// What an optional value says: `Some(None)` when it is not there, `None` when it is wrong.
pub(crate) fn given<'a, T>(
    value: Option<Value<'a>>,
    read: impl FnOnce(&Value<'a>) -> Option<T>,
) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(value) => read(&value).map(Some),
    }
}
