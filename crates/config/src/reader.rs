//! Walks the tree with path and line, collects what is wrong and goes on.
//!
//! A `None` from any method here means that the problem was already reported: callers read all
//! fields first and combine them afterwards, so that one run shows every problem.

use std::cell::RefCell;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::environment::Environment;
use crate::mapping::Mapping;
use crate::nearest::nearest;
use crate::problem::{Problem, Warning};
use crate::tree::{Content, Entry, Node, quote_key};

/// One reading of one file: where things are looked up and what was found.
pub(crate) struct Reading<'a> {
    /// What relative paths are relative to.
    pub(crate) folder: &'a Path,
    /// Variables and time.
    pub(crate) environment: &'a dyn Environment,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Warning>>,
    /// Every key that was asked for, names replaced by `*`, and whether it was there.
    #[cfg(test)]
    pub(crate) asked: RefCell<std::collections::BTreeMap<String, bool>>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(folder: &'a Path, environment: &'a dyn Environment) -> Self {
        Self {
            folder,
            environment,
            problems: RefCell::default(),
            warnings: RefCell::default(),
            #[cfg(test)]
            asked: RefCell::default(),
        }
    }

    /// The value at the top of the file.
    pub(crate) fn root(&'a self, node: &'a Node) -> Value<'a> {
        let (path, pattern) = (String::new(), String::new());
        Value { reading: self, node, line: node.line, path, pattern }
    }

    /// Reports something wrong at `path`.
    pub(crate) fn problem(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Notes something that works and is probably not meant.
    pub(crate) fn warn(&self, line: Option<usize>, path: &str, text: impl Into<String>) {
        self.warnings.borrow_mut().push(Warning { line, path: path.to_owned(), text: text.into() });
    }

    /// An absolute path as it is, a relative one in the file's folder.
    pub(crate) fn resolve(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// Problems in the file's order, and warnings.
    pub(crate) fn finish(self) -> (Vec<Problem>, Vec<Warning>) {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        (problems, self.warnings.into_inner())
    }
}

/// One value and where it stands.
#[derive(Clone)]
pub(crate) struct Value<'a> {
    /// The reading it belongs to.
    pub(crate) reading: &'a Reading<'a>,
    node: &'a Node,
    line: usize,
    /// Such as `sites.help.hosts[0]`.
    pub(crate) path: String,
    /// As `path`, with `*` for names and `[]` for places in lists.
    pub(crate) pattern: String,
}

impl<'a> Value<'a> {
    /// This value, with the same keys in it as another one has: what holds of that one's keys for
    /// the sample and the reference holds of these.
    pub(crate) fn alike(self, pattern: &str) -> Self {
        Self { pattern: pattern.to_owned(), ..self }
    }

    /// Its line in the file: that of its key, where it has one.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// Reports something wrong with this value. `said` must not repeat a secret.
    pub(crate) fn problem(&self, said: impl Into<String>, wanted: impl Into<String>) {
        self.problem_near(said, wanted, None);
    }

    /// As [`Value::problem`], with the name that was probably meant.
    pub(crate) fn problem_near(
        &self,
        said: impl Into<String>,
        wanted: impl Into<String>,
        nearest: Option<String>,
    ) {
        self.reading.problem(Problem {
            line: Some(self.line),
            path: self.path.clone(),
            said: said.into(),
            wanted: wanted.into(),
            nearest,
        });
    }

    /// Notes something about this value.
    pub(crate) fn warn(&self, text: impl Into<String>) {
        self.reading.warn(Some(self.line), &self.path, text);
    }

    /// Whether it is a text, number or word.
    pub(crate) fn is_scalar(&self) -> bool {
        matches!(self.node.content, Content::Scalar { .. }) && !self.node.is_null()
    }

    /// The text; `wanted` says what is expected when it is none.
    pub(crate) fn text(&self, wanted: &str) -> Option<&'a str> {
        match &self.node.content {
            _ if self.node.is_null() => self.problem("nothing is said", wanted),
            Content::Scalar { text, .. } if text.trim().is_empty() => {
                self.problem("an empty text", wanted);
            }
            Content::Scalar { text, .. } => return Some(text),
            Content::List(_) => self.problem("a list, where a single value belongs", wanted),
            Content::Mapping(_) => self.problem("keys, where a single value belongs", wanted),
        }
        None
    }

    /// The text with its blanks, as a separator has them.
    pub(crate) fn text_as_written(&self, wanted: &str) -> Option<&'a str> {
        match &self.node.content {
            Content::Scalar { text, plain: false } if !text.is_empty() => Some(text),
            _ => self.text(wanted),
        }
    }

    /// The text as a `T`; the message repeats the text and what `T`'s parser says.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self, wanted: &str) -> Option<T> {
        let text = self.text(wanted)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(format!("{}: {error}", quote(text)), wanted);
                None
            }
        }
    }

    /// The text by a function of our own; `None` from it is a problem.
    pub(crate) fn read<T>(&self, wanted: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(wanted)?;
        let value = read(text);
        if value.is_none() {
            self.problem(format!("{} cannot be used here", quote(text)), wanted);
        }
        value
    }

    /// `true` or `false`, unquoted.
    pub(crate) fn flag(&self) -> Option<bool> {
        let wanted = "write true or false";
        match &self.node.content {
            Content::Scalar { text, plain: true } if text == "true" => Some(true),
            Content::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => {
                let text = self.text(wanted)?;
                self.problem(format!("{} is neither true nor false", quote(text)), wanted);
                None
            }
        }
    }

    /// One of `words`, by its place in the list.
    pub(crate) fn word<T: Clone>(&self, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let wanted = format!("write one of: {}", names.join(", "));
        let text = self.text(&wanted)?;
        if let Some((_, value)) = words.iter().find(|(name, _)| *name == text) {
            return Some(value.clone());
        }
        self.problem_near(format!("{} is not known", quote(text)), wanted, nearest(text, names));
        None
    }

    /// The items of a list. A single value counts as a list of one.
    pub(crate) fn items(&self, wanted: &str) -> Option<Vec<Value<'a>>> {
        match &self.node.content {
            _ if self.node.is_null() => self.problem("nothing is said", wanted),
            Content::Scalar { .. } => return Some(vec![self.clone()]),
            Content::Mapping(_) => self.problem("keys, where a list belongs", wanted),
            Content::List(nodes) => {
                return Some(
                    nodes.iter().enumerate().map(|(i, node)| self.item(i, node)).collect(),
                );
            }
        }
        None
    }

    /// The items, and nothing is reported when this is no list.
    pub(crate) fn silent_items(&self) -> Vec<Value<'a>> {
        match &self.node.content {
            Content::List(nodes) => {
                nodes.iter().enumerate().map(|(i, node)| self.item(i, node)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The text under `key`, and nothing is reported when there is none.
    pub(crate) fn silent_text(&self, key: &str) -> Option<&'a str> {
        let Content::Mapping(entries) = &self.node.content else { return None };
        let entry = entries.iter().find(|entry| entry.key == key)?;
        match &entry.value.content {
            Content::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The first item of a list, silently none when there is none.
    pub(crate) fn first_item(&self) -> Option<Value<'a>> {
        match &self.node.content {
            Content::Scalar { .. } | Content::Mapping(_) => None,
            Content::List(nodes) => nodes.first().map(|node| self.item(0, node)),
        }
    }

    /// As [`Value::items`], and an empty list is a problem.
    pub(crate) fn some_items(&self, wanted: &str) -> Option<Vec<Value<'a>>> {
        let items = self.items(wanted)?;
        if items.is_empty() {
            self.problem("an empty list", wanted);
            return None;
        }
        Some(items)
    }

    /// Key and value of each entry, where the operator chooses the keys.
    pub(crate) fn named(&self, wanted: &str) -> Option<Vec<(&'a str, Value<'a>)>> {
        let entries = self.entries(wanted)?;
        Some(entries.iter().map(|entry| (entry.key.as_str(), self.child(entry, "*"))).collect())
    }

    /// The keys as they stand, silently none when this is no mapping.
    pub(crate) fn keys(&self) -> Vec<&'a str> {
        match &self.node.content {
            Content::Mapping(entries) => entries.iter().map(|entry| entry.key.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    /// The value as a mapping whose keys are ours.
    pub(crate) fn mapping(&self, wanted: &str) -> Option<Mapping<'a>> {
        let entries = self.entries(wanted)?;
        Some(Mapping::new(self.clone(), entries))
    }

    fn entries(&self, wanted: &str) -> Option<&'a [Entry]> {
        match &self.node.content {
            _ if self.node.is_null() => self.problem("nothing is said", wanted),
            Content::Scalar { .. } => self.problem("a single value, where keys belong", wanted),
            Content::List(_) => self.problem("a list, where keys belong", wanted),
            Content::Mapping(entries) => return Some(entries),
        }
        None
    }

    fn item(&self, index: usize, node: &'a Node) -> Value<'a> {
        Value {
            reading: self.reading,
            node,
            line: node.line,
            path: format!("{}[{index}]", self.path),
            pattern: format!("{}[]", self.pattern),
        }
    }

    /// The value of `entry`; `pattern` is its key, or `*` where the operator chose it.
    pub(crate) fn child(&self, entry: &'a Entry, pattern: &str) -> Value<'a> {
        Value {
            reading: self.reading,
            node: &entry.value,
            line: entry.line,
            path: join(&self.path, quote_key(&entry.key).trim_matches('`')),
            pattern: join(&self.pattern, pattern),
        }
    }
}

/// `path` and a further key.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// A text for a message: quoted, escaped (a terminal obeys escape sequences), cut.
pub(crate) fn quote(text: &str) -> String {
    let shown: String = text.chars().take(80).collect();
    let dots = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown:?}{dots}")
}
