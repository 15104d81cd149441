//! The rules of the house against this repository.

use std::fs;

use house::sizes::{AIM, ASK, Limits, Long};
use house::workspace::{Workspace, root};
use house::{edges, graph, licences, sizes};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|cause| panic!("{path}: {cause}"))
}

fn workspace() -> Workspace {
    Workspace::read(&root()).unwrap_or_else(|cause| panic!("{cause:#}"))
}

fn nothing_found(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

fn long_things(limits: Limits) -> Vec<Long> {
    let sources = sizes::sources(&root()).unwrap_or_else(|cause| panic!("{cause:#}"));
    let long =
        |path: &std::path::PathBuf| sizes::long(path, &read(&path.to_string_lossy()), limits);
    sources.iter().flat_map(long).collect()
}

#[test]
fn every_edge_between_crates_is_in_the_architecture_document() {
    nothing_found(&graph::unlisted_edges(
        &workspace(),
        &edges::parse(&read("docs/ARCHITECTURE.md")),
    ));
}

#[test]
fn nothing_that_ships_uses_the_tests_and_the_fakes_use_nothing_that_ships() {
    nothing_found(&graph::crossings(&workspace()));
}

#[test]
fn pure_crates_have_no_io_in_their_tree() {
    nothing_found(&graph::impurities(&workspace()));
}

#[test]
fn every_pure_crate_is_there_to_be_checked() {
    let workspace = workspace();
    for name in graph::PURE {
        assert!(
            workspace.members().any(|m| m.name == name),
            "{name} is gone: adapt house::graph::PURE"
        );
    }
}

#[test]
fn files_and_functions_that_are_very_long_say_why() {
    let names = |long: Long| format!("{} ({})", long.name, long.lines);
    let worth_a_look: Vec<_> = long_things(AIM).into_iter().map(names).collect();
    println!("longer than the style aims for:\n{}", worth_a_look.join("\n"));
    nothing_found(&sizes::unexplained(&long_things(ASK), &read("tests/house/allow.txt")));
}

#[test]
fn licences_sources_and_bans_are_those_of_deny_toml() {
    let (workspace, deny) = (workspace(), read("deny.toml"));
    nothing_found(&licences::not_allowed(&workspace, &licences::listed(&deny, "allow")));
    nothing_found(&licences::foreign_or_banned(&workspace, &licences::listed(&deny, "deny")));
}

/// The rows of the attacks that sign-in must withstand: SAML's XML (A), SAML itself (B), OpenID
/// Connect (C), and what our own endpoints give away (D12).
#[test]
fn every_attack_row_of_federation_has_a_test_against_the_running_gateway() {
    let sources = sizes::sources(&root()).unwrap_or_else(|cause| panic!("{cause:#}"));
    let live = sources.iter().filter(|path| path.starts_with("tests/e2e"));
    let names: Vec<String> =
        live.flat_map(|path| test_names(&read(&path.to_string_lossy()))).collect();
    let rows = [('a', 27), ('b', 28), ('c', 16)];
    let rows = rows.iter().flat_map(|(part, last)| (1..=*last).map(move |n| format!("{part}{n}_")));
    let rows: Vec<String> = rows.chain(["d12_".to_owned()]).collect();
    let missing: Vec<&String> =
        rows.iter().filter(|row| !names.iter().any(|name| name.starts_with(*row))).collect();
    let tests = names.iter().filter(|name| rows.iter().any(|row| name.starts_with(row))).count();
    println!("{} rows, {tests} tests against the running gateway", rows.len());
    assert!(missing.is_empty(), "no test for {missing:?}");
}

/// Names of the test functions of a source.
fn test_names(source: &str) -> Vec<String> {
    let after_attribute = source.split("#[tokio::test").skip(1);
    let name = |text: &str| {
        let (_, rest) = text.split_once("fn ")?;
        Some(rest.split('(').next()?.to_owned())
    };
    after_attribute.filter_map(name).collect()
}
