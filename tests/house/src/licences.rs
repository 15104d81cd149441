//! Licences and sources of what we link, by the lists in `deny.toml`.
//!
//! cargo-deny reads the same file and can do more (advisories need its database); this is the part
//! that needs no further tool and no network.

use std::collections::BTreeSet;

use crate::workspace::Workspace;

/// The only place that packages come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Reads the list `key = [ … ]` of a TOML file: strings in quotes, comments allowed.
pub fn listed(toml: &str, key: &str) -> BTreeSet<String> {
    let opens = format!("{key} = [");
    let mut lines = toml.lines().map(|line| line.split('#').next().unwrap_or_default());
    let Some(first) = lines.find(|line| line.trim_start().starts_with(&opens)) else {
        return BTreeSet::new();
    };
    let first = first.trim_start().trim_start_matches(&opens);
    let mut text = first.to_owned();
    if !first.contains(']') {
        text.extend(lines.take_while(|line| !line.trim_start().starts_with(']')));
    }
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Packages whose licence the list does not allow.
pub fn not_allowed(workspace: &Workspace, allowed: &BTreeSet<String>) -> Vec<String> {
    let refused = workspace.packages.values().filter(|p| !permits(&p.licence, allowed));
    refused
        .map(|p| format!("{} {}: licence `{}` is not in deny.toml", p.name, p.version, p.licence))
        .collect()
}

/// Packages that come from elsewhere than the registry, and banned ones.
pub fn foreign_or_banned(workspace: &Workspace, banned: &BTreeSet<String>) -> Vec<String> {
    let mut findings = Vec::new();
    for package in workspace.packages.values() {
        if package.source.as_ref().is_some_and(|source| source != REGISTRY) {
            findings.push(format!(
                "{} {}: comes from {:?}",
                package.name, package.version, package.source
            ));
        }
        if banned.contains(&package.name) {
            findings.push(format!("{} {}: banned by deny.toml", package.name, package.version));
        }
    }
    findings
}

/// SPDX: one alternative of each `AND` must be allowed; the old `/` means `OR`.
fn permits(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let result = alternatives(&mut words, allowed);
    result && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn alternatives(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut result = conjunction(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        result |= conjunction(words, allowed);
    }
    result
}

fn conjunction(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut result = term(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        result &= term(words, allowed);
    }
    result
}

fn term(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let Some(word) = words.next() else { return false };
    if word == "(" {
        let result = alternatives(words, allowed);
        return words.next_if_eq(&")").is_some() && result;
    }
    let Some(exception) = words.next_if_eq(&"WITH").and_then(|_| words.next()) else {
        return allowed.contains(word);
    };
    allowed.contains(&format!("{word} WITH {exception}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> BTreeSet<String> {
        listed(
            "[licenses]\nallow = [\n  \"MIT\", # usual\n  \"Apache-2.0\",\n  \"ISC\",\n]\n",
            "allow",
        )
    }

    #[test]
    fn lists_are_read_on_one_line_and_on_many() {
        assert_eq!(allowed().len(), 3);
        assert_eq!(listed("allow = [\"MIT\"]\ndeny = [\"GPL-3.0\"]\n", "allow").len(), 1);
        assert!(listed("other = []", "allow").is_empty());
    }

    #[test]
    fn expressions_are_judged_by_their_alternatives() {
        for good in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/GPL-3.0",
            "ISC AND (GPL-3.0 OR Apache-2.0)",
            "MIT OR GPL-3.0 AND X",
        ] {
            assert!(permits(good, &allowed()), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT",
            "MIT)",
            "Apache-2.0 WITH X",
            "(MIT OR ISC) AND X",
        ] {
            assert!(!permits(bad, &allowed()), "{bad}");
        }
    }
}
