//! How long files and functions get.
//!
//! Above 300 lines a file, above 40 a function is worth a look; above 500 and 80 the allow-list must
//! give the reason. A line of the list: `path [function]: reason`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// Lines of a file and of a function above which a reason is asked for.
pub const ASK: Limits = Limits { file: 500, function: 80 };

/// Lines of a file and of a function that the style aims for.
pub const AIM: Limits = Limits { file: 300, function: 40 };

/// The longest file and function that pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Lines of a file.
    pub file: usize,
    /// Lines of a function.
    pub function: usize,
}

/// Something that is long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Long {
    /// `path` or `path function`, as the allow-list names it.
    pub name: String,
    /// How long.
    pub lines: usize,
}

/// Rust sources of the repository, relative to `root`, in a stable order.
pub fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders: Vec<_> =
        ["crates", "tests", "bench", "fuzz"].map(|name| root.join(name)).into();
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() && name != "target" && name != "node_modules" {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path.strip_prefix(root)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What of one source is longer than `limits`.
pub fn long(path: &Path, source: &str, limits: Limits) -> Vec<Long> {
    let lines: Vec<&str> = source.lines().collect();
    let mut found = Vec::new();
    if lines.len() > limits.file {
        found.push(Long { name: path.display().to_string(), lines: lines.len() });
    }
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let length = function_length(lines.get(start..).unwrap_or_default());
        if length > limits.function {
            found.push(Long { name: format!("{} {name}", path.display()), lines: length });
        }
    }
    found
}

/// Long things without a reason in the allow-list, and lines of the list that nothing needs.
pub fn unexplained(long: &[Long], allowed: &str) -> Vec<String> {
    let lines = allowed.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let reasons: Vec<_> = lines.map(|line| line.split_once(": ").unwrap_or((line, ""))).collect();
    let names: BTreeSet<_> = long.iter().map(|l| l.name.as_str()).collect();
    let given: BTreeSet<_> =
        reasons.iter().filter(|(_, why)| !why.trim().is_empty()).map(|(name, _)| *name).collect();
    let lacking = long.iter().filter(|l| !given.contains(l.name.as_str()));
    let stale = reasons.iter().filter(|(name, _)| !names.contains(name));
    let lacking = lacking.map(|l| {
        format!("{}: {} lines; shorten it or say why in tests/house/allow.txt", l.name, l.lines)
    });
    lacking
        .chain(stale.map(|(name, _)| format!("{name}: no longer long; take it off the list")))
        .collect()
}

/// The function that a line begins, by rustfmt's layout.
fn function_name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let word = words.find(|w| !is_qualifier(w))?;
    let name = words.next().filter(|_| word == "fn")?;
    name.split(['(', '<']).next()
}

fn is_qualifier(word: &str) -> bool {
    matches!(word, "pub" | "async" | "const" | "unsafe" | "extern" | "\"C\"")
        || word.starts_with("pub(")
}

/// Lines from the signature to the brace that closes at the signature's indentation; 0 without a body.
fn function_length(lines: &[&str]) -> usize {
    let Some(first) = lines.first() else { return 0 };
    if first.ends_with('}') || first.ends_with(';') {
        return 1;
    }
    let indent = first.len() - first.trim_start().len();
    let closes = |line: &&str| {
        let text = line.trim_start();
        line.len() - text.len() == indent
            && (text == "}" || text.ends_with(';') && text.starts_with(')'))
    };
    lines.iter().position(closes).map_or(lines.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(source: &str) -> Vec<(String, usize)> {
        let found = long(Path::new("a.rs"), source, Limits { file: 1000, function: 0 });
        found.into_iter().map(|l| (l.name, l.lines)).collect()
    }

    #[test]
    fn functions_are_measured_from_signature_to_closing_brace() {
        let source = "impl A {\n    pub(crate) async fn one(\n        a: u8,\n    ) -> u8 {\n        if a {\n        }\n    }\n\n    fn two();\n}\nfn three() {}\n";
        let found = functions(source);
        assert_eq!(
            found,
            [("a.rs one".to_owned(), 6), ("a.rs two".to_owned(), 1), ("a.rs three".to_owned(), 1)]
        );
    }

    #[test]
    fn a_long_file_is_found() {
        let found = long(Path::new("a.rs"), &"\n".repeat(11), Limits { file: 10, function: 10 });
        assert_eq!(found, [Long { name: "a.rs".to_owned(), lines: 11 }]);
    }

    #[test]
    fn a_long_thing_needs_a_reason_and_a_reason_needs_a_long_thing() {
        let long = [Long { name: "a.rs one".to_owned(), lines: 99 }];
        assert!(unexplained(&long, "# list\na.rs one: one table, read as one\n").is_empty());
        assert_eq!(unexplained(&long, "").len(), 1);
        assert_eq!(unexplained(&long, "a.rs one:\n").len(), 2);
        assert_eq!(unexplained(&[], "a.rs one: one table\n").len(), 1);
    }
}
