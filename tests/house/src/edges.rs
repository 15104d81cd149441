//! The table of edges in `docs/ARCHITECTURE.md`.
//!
//! Under the heading `## Edges`, one row for each member: `| crate | may use | in tests also |`.
//! The last two cells list names between commas; `-` or nothing is none.

use std::collections::{BTreeMap, BTreeSet};

/// What one member may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    /// In what ships.
    pub shipped: BTreeSet<String>,
    /// In its tests, beside that.
    pub tests: BTreeSet<String>,
}

/// Reads the table; a document without it gives an empty map, which refuses everything.
pub fn parse(document: &str) -> BTreeMap<String, Allowed> {
    document
        .lines()
        .skip_while(|line| line.trim() != "## Edges")
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter_map(row)
        .collect()
}

fn row(line: &str) -> Option<(String, Allowed)> {
    let line = line.trim().strip_prefix('|')?.trim_end_matches('|');
    let mut cells = line.split('|').map(str::trim);
    let name = cells.next()?.trim_matches('`');
    if name == "crate" || name.starts_with("--") || name.starts_with(":-") {
        return None;
    }
    let allowed =
        Allowed { shipped: names(cells.next()?), tests: names(cells.next().unwrap_or_default()) };
    Some((name.to_owned(), allowed))
}

fn names(cell: &str) -> BTreeSet<String> {
    let names = cell.split(',').map(|name| name.trim().trim_matches('`'));
    names.filter(|name| !name.is_empty() && *name != "-").map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_under_the_heading_are_read_and_no_others() {
        let table = parse(
            "| other | table |\n## Edges\n\nprose\n| crate | may use | in tests also |\n|---|---|---|\n\
             | `store` | `domain` | fakes |\n| domain | - | |\n## Next\n| saml | domain |\n",
        );
        let names: Vec<_> = table.keys().map(String::as_str).collect();
        assert_eq!(names, ["domain", "store"]);
        assert_eq!(table["store"].shipped, BTreeSet::from(["domain".to_owned()]));
        assert_eq!(table["store"].tests, BTreeSet::from(["fakes".to_owned()]));
        assert!(table["domain"].shipped.is_empty());
    }
}
