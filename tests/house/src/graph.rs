//! Who uses whom, and what the pure crates drag in.

use std::collections::{BTreeMap, BTreeSet};

use crate::edges::Allowed;
use crate::workspace::{Package, Use, Workspace};

/// Crates that take values and return values: no IO, no clock.
pub const PURE: [&str; 5] = ["domain", "saml", "oidc", "login", "policy"];

/// What a pure crate may not have in its tree: whoever holds one of these can do IO.
pub const IMPURE: [&str; 3] = ["tokio", "hyper", "redis"];

/// Edges that the table lacks, and rows or names of the table that no edge stands for.
pub fn unlisted_edges(workspace: &Workspace, table: &BTreeMap<String, Allowed>) -> Vec<String> {
    let mut findings = Vec::new();
    for member in workspace.members() {
        let Some(allowed) = table.get(&member.name) else {
            findings.push(format!("{}: has no row in the table of edges", member.name));
            continue;
        };
        let shipped = member_uses(workspace, member, Use::Shipped);
        let tests = &member_uses(workspace, member, Use::Tests) - &shipped;
        findings.extend(compare(&member.name, "uses", &shipped, &allowed.shipped));
        findings.extend(compare(&member.name, "in its tests uses", &tests, &allowed.tests));
    }
    let members: BTreeSet<_> = workspace.members().map(|m| m.name.as_str()).collect();
    let gone = table.keys().filter(|name| !members.contains(name.as_str()));
    findings.extend(gone.map(|name| format!("{name}: has a row, but there is no such crate")));
    findings
}

/// What ships and uses something under `tests/`, and fakes that use something that ships.
pub fn crossings(workspace: &Workspace) -> Vec<String> {
    let mut findings = Vec::new();
    for member in workspace.members() {
        for (kind, used) in
            member.uses.iter().filter_map(|(k, id)| Some((k, workspace.packages.get(id)?)))
        {
            if lives_in(member, "crates") && lives_in(used, "tests") && *kind == Use::Shipped {
                findings
                    .push(format!("{} ships and uses {}, which does not", member.name, used.name));
            }
            if member.name == "fakes" && lives_in(used, "crates") {
                findings.push(format!("fakes uses {}: a bug would agree with itself", used.name));
            }
        }
    }
    findings
}

/// For each pure crate that can do IO, the way from it to what can.
pub fn impurities(workspace: &Workspace) -> Vec<String> {
    let pure = workspace
        .packages
        .iter()
        .filter(|(_, p)| p.source.is_none() && PURE.contains(&p.name.as_str()));
    let found = pure.filter_map(|(id, _)| way_to_impure(workspace, id));
    found.map(|way| format!("a pure crate can do IO: {}", way.join(" → "))).collect()
}

/// Breadth first, so that the way shown is the shortest.
fn way_to_impure(workspace: &Workspace, start: &str) -> Option<Vec<String>> {
    let name = |id: &str| workspace.packages.get(id).map(|p| p.name.clone()).unwrap_or_default();
    let mut ways = std::collections::VecDeque::from([(start.to_owned(), vec![name(start)])]);
    let mut seen = BTreeSet::from([start.to_owned()]);
    while let Some((id, way)) = ways.pop_front() {
        if way.last().is_some_and(|last| IMPURE.contains(&last.as_str())) {
            return Some(way);
        }
        for (kind, next) in workspace.packages.get(&id).into_iter().flat_map(|p| &p.uses) {
            if *kind == Use::Shipped && seen.insert(next.clone()) {
                ways.push_back((next.clone(), [way.clone(), vec![name(next)]].concat()));
            }
        }
    }
    None
}

fn member_uses(workspace: &Workspace, member: &Package, kind: Use) -> BTreeSet<String> {
    let used = member
        .uses
        .iter()
        .filter(|(k, _)| *k == kind)
        .filter_map(|(_, id)| workspace.packages.get(id));
    // A crate's own name stands there when its tests name it with other features.
    used.filter(|p| p.source.is_none() && p.name != member.name).map(|p| p.name.clone()).collect()
}

fn compare(
    member: &str,
    how: &str,
    real: &BTreeSet<String>,
    table: &BTreeSet<String>,
) -> Vec<String> {
    let lacking =
        real.difference(table).map(|used| format!("{member} {how} {used}: not in the table"));
    let stale = table
        .difference(real)
        .map(|used| format!("the table says that {member} {how} {used}: it does not"));
    lacking.chain(stale).collect()
}

fn lives_in(package: &Package, folder: &str) -> bool {
    package.folder.as_ref().is_some_and(|f| f.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn package<const N: usize>(
        name: &str,
        folder: Option<&str>,
        uses: [(Use, &str); N],
    ) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            source: folder.is_none().then(|| "registry".to_owned()),
            folder: folder.map(PathBuf::from),
            uses: uses.map(|(kind, id)| (kind, id.to_owned())).into(),
        }
    }

    fn workspace<const N: usize>(packages: [Package; N]) -> Workspace {
        Workspace { packages: packages.map(|p| (p.name.clone(), p)).into() }
    }

    fn table(document: &str) -> BTreeMap<String, Allowed> {
        crate::edges::parse(&format!("## Edges\n{document}"))
    }

    #[test]
    fn an_edge_that_the_table_lacks_is_found_and_a_stale_one_too() {
        let house = workspace([
            package("a", Some("crates/a"), [(Use::Shipped, "b")]),
            package("b", Some("crates/b"), []),
        ]);
        assert!(unlisted_edges(&house, &table("| a | b |\n| b | - |\n")).is_empty());
        assert_eq!(unlisted_edges(&house, &table("| a | - |\n| b | - |\n")).len(), 1);
        assert_eq!(unlisted_edges(&house, &table("| a | b |\n| b | a |\n")).len(), 1);
        assert_eq!(unlisted_edges(&house, &table("| a | b |\n")).len(), 1);
        assert_eq!(unlisted_edges(&house, &table("| a | b |\n| b | |\n| c | |\n")).len(), 1);
    }

    #[test]
    fn a_test_edge_needs_the_third_cell() {
        let house = workspace([
            package("a", Some("crates/a"), [(Use::Tests, "b")]),
            package("b", Some("crates/b"), []),
        ]);
        assert!(unlisted_edges(&house, &table("| a | - | b |\n| b | - |\n")).is_empty());
        assert_eq!(unlisted_edges(&house, &table("| a | b | - |\n| b | - |\n")).len(), 2);
    }

    #[test]
    fn a_shipped_crate_that_uses_the_fakes_is_found_and_in_tests_it_may() {
        let ships = workspace([
            package("a", Some("crates/a"), [(Use::Shipped, "f")]),
            package("f", Some("tests/f"), []),
        ]);
        let tests = workspace([
            package("a", Some("crates/a"), [(Use::Tests, "f")]),
            package("f", Some("tests/f"), []),
        ]);
        assert_eq!(crossings(&ships).len(), 1);
        assert!(crossings(&tests).is_empty());
    }

    #[test]
    fn fakes_that_use_what_they_test_are_found() {
        let house = workspace([
            package("fakes", Some("tests/fakes"), [(Use::Tests, "saml")]),
            package("saml", Some("crates/saml"), []),
        ]);
        assert_eq!(crossings(&house).len(), 1);
    }

    #[test]
    fn a_pure_crate_with_tokio_far_below_is_found_and_one_with_it_in_tests_is_not() {
        let far = workspace([
            package("saml", Some("crates/saml"), [(Use::Shipped, "x")]),
            package("x", None, [(Use::Shipped, "tokio")]),
            package("tokio", None, []),
        ]);
        assert_eq!(impurities(&far), ["a pure crate can do IO: saml → x → tokio"]);
        let tests = workspace([
            package("saml", Some("crates/saml"), [(Use::Tests, "tokio")]),
            package("tokio", None, []),
        ]);
        assert!(impurities(&tests).is_empty());
    }
}
