//! The file as a tree of nodes that know their lines.
//!
//! A narrow YAML: one document, no anchors, aliases or tags (so nothing can grow beyond the
//! file's own size), keys are plain texts and occur once.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use crate::problem::Problem;

/// Deeper nesting than any file needs.
const DEPTH: usize = 32;

/// One value of the file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Line of its first character, from 1.
    pub(crate) line: usize,
    /// What it holds.
    pub(crate) content: Content,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// A text, number or word.
    Scalar {
        /// As written, quotes and escapes resolved.
        text: String,
        /// Whether it was written without quotes.
        plain: bool,
    },
    /// Values in order.
    List(Vec<Node>),
    /// Keys and values in order.
    Mapping(Vec<Entry>),
}

/// One key with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Line of the key.
    pub(crate) line: usize,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// Whether nothing is said: no value, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        match &self.content {
            Content::Scalar { text, plain: true } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }
}

/// Reads the whole text.
///
/// # Errors
/// All problems found; a syntax error ends the reading, so it is the last.
pub(crate) fn parse(text: &str) -> Result<Node, Vec<Problem>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => builder.on_event(event, span.start),
            Err(error) => builder.on_syntax_error(error.info(), error.marker()),
        }
        if builder.stopped {
            break;
        }
    }
    match builder.root {
        _ if !builder.problems.is_empty() => Err(builder.problems),
        Some(root) => Ok(root),
        None => {
            Err(vec![problem(1, "the file is empty", "start from the sample `vestibule.yaml`")])
        }
    }
}

/// A collection whose end was not reached yet.
#[derive(Debug)]
struct Open {
    line: usize,
    collection: Collection,
}

#[derive(Debug)]
enum Collection {
    List(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        /// Lines of the keys so far.
        seen: BTreeMap<String, usize>,
        /// The key that waits for its value; its name is `None` when it was a problem.
        pending: Option<(Option<String>, usize)>,
    },
}

#[derive(Debug, Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    problems: Vec<Problem>,
    stopped: bool,
}

impl Builder {
    fn on_event(&mut self, event: Event<'_>, at: Marker) {
        let line = at.line();
        match event {
            Event::DocumentStart(_) => self.on_document(line),
            Event::Alias(_) => {
                self.refuse(line, "aliases (`*name`) are not read", "write the value out");
                self.complete(null(line));
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_decoration(line, anchor, tag.is_some());
                let plain = style == ScalarStyle::Plain;
                self.complete(Node {
                    line,
                    content: Content::Scalar { text: text.into_owned(), plain },
                });
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_decoration(line, anchor, tag.is_some());
                self.enter(line, Collection::List(Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_decoration(line, anchor, tag.is_some());
                let (entries, seen) = (Vec::new(), BTreeMap::new());
                self.enter(line, Collection::Mapping { entries, seen, pending: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
    }

    /// The scanner's texts name at most one character of the file, and that one is left out.
    fn on_syntax_error(&mut self, info: &str, at: &Marker) {
        let info = info.split('`').next().unwrap_or(info).trim_end_matches([' ', ':']);
        let said = format!("this is not YAML: {info}");
        self.refuse(at.line(), &said, "check indentation, quotes, and that no tabs indent");
        self.stopped = true;
    }

    fn on_document(&mut self, line: usize) {
        self.documents += 1;
        if self.documents > 1 {
            self.refuse(line, "a second document starts here", "keep one, without `---` after it");
            self.stopped = true;
        }
    }

    fn refuse_decoration(&mut self, line: usize, anchor: usize, tagged: bool) {
        if anchor > 0 {
            self.refuse(line, "anchors (`&name`) are not read", "write the value out");
        }
        if tagged {
            self.refuse(line, "tags (`!name`) are not read", "leave the tag out");
        }
    }

    fn enter(&mut self, line: usize, collection: Collection) {
        if self.open.len() >= DEPTH {
            self.refuse(line, "the nesting is too deep", "follow the shape of the sample");
            self.stopped = true;
            return;
        }
        self.open.push(Open { line, collection });
    }

    fn leave(&mut self) {
        let Some(Open { line, collection }) = self.open.pop() else { return };
        let content = match collection {
            Collection::List(items) => Content::List(items),
            Collection::Mapping { entries, .. } => Content::Mapping(entries),
        };
        self.complete(Node { line, content });
    }

    /// Puts a finished node where it belongs: a key, a value, an item or the root.
    fn complete(&mut self, node: Node) {
        let Some(top) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut top.collection {
            Collection::List(items) => items.push(node),
            Collection::Mapping { entries, seen, pending } => match pending.take() {
                Some((Some(key), line)) => entries.push(Entry { key, line, value: node }),
                Some((None, _)) => {}
                None => {
                    let (key, problem) = key_of(&node, seen);
                    *pending = Some((key, node.line));
                    self.problems.extend(problem);
                }
            },
        }
    }

    fn refuse(&mut self, line: usize, said: &str, wanted: &str) {
        self.problems.push(problem(line, said, wanted));
    }
}

/// The key that `node` is among its siblings, or why it is none.
fn key_of(node: &Node, seen: &mut BTreeMap<String, usize>) -> (Option<String>, Option<Problem>) {
    let Content::Scalar { text, .. } = &node.content else {
        return (None, Some(problem(node.line, "a key is not a text", "write `name: value`")));
    };
    let Some(first) = seen.get(text) else {
        seen.insert(text.clone(), node.line);
        return (Some(text.clone()), None);
    };
    let said = format!("{} is said twice, first in line {first}", quote_key(text));
    (None, Some(problem(node.line, &said, "keep one of them")))
}

/// A key for a message. What does not look like a name is not repeated: it may be a secret that
/// slipped into the wrong place.
pub(crate) fn quote_key(key: &str) -> String {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
    if !key.is_empty() && key.len() <= 40 && key.chars().all(name) {
        return format!("`{key}`");
    }
    "a key".to_owned()
}

fn null(line: usize) -> Node {
    Node { line, content: Content::Scalar { text: String::new(), plain: true } }
}

fn problem(line: usize, said: &str, wanted: &str) -> Problem {
    Problem {
        line: Some(line),
        path: String::new(),
        said: said.to_owned(),
        wanted: wanted.to_owned(),
        nearest: None,
    }
}
