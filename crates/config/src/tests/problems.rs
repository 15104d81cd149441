//! Wrong files and what the operator reads about them.
//!
//! Each row changes one thing in the sample. The messages are exact: they are the interface. The
//! rows of each section are in `sections`.

use super::fixture::{SAMPLE, folder, parse, write};
use crate::describe;

/// Replaces `from`, which must be there, and returns the problems as printed; `FOLDER` stands for
/// the folder.
fn problems_after(changes: &[(&str, &str)]) -> String {
    let folder = folder();
    let mut text = SAMPLE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the sample has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    let problems = parse(&text, folder.path()).err().map(|problems| problems.to_string());
    problems.unwrap_or_default().replace(&folder.path().display().to_string(), "FOLDER")
}

/// As above, without the file's name and line.
fn message(from: &str, to: &str) -> String {
    let printed = problems_after(&[(from, to)]);
    let bare = |line: &str| line.splitn(3, ':').nth(2).unwrap_or("nothing").trim_start().to_owned();
    printed.lines().map(bare).collect::<Vec<_>>().join("\n")
}

pub(super) fn check(rows: &[(&str, &str, &str)]) {
    for (from, to, expected) in rows {
        assert_eq!(message(from, to), *expected, "{to:?} instead of {from:?}");
    }
}

pub(super) const HOSTS: &str = "[help.example.com, support.example.com]";

#[test]
fn a_problem_names_file_line_path_and_what_to_write() {
    let line = SAMPLE.lines().position(|line| line.contains("hosts:")).unwrap() + 1;
    assert_eq!(
        problems_after(&[(HOSTS, "[a_b]")]),
        format!(
            "vestibule.yaml:{line}: sites.help.hosts[0]: \"a_b\" is not a host name; write a host \
             name without scheme, port and path, such as help.example.com"
        )
    );
}

#[test]
fn yaml_itself() {
    check(&[
        (
            "links: []",
            "\tlinks: []",
            "this is not YAML: tabs disallowed within this context (block indentation); check indentation, quotes, and that no tabs indent",
        ),
        ("links: []", "links: &l []", "anchors (`&name`) are not read; write the value out"),
        ("links: []", "links: !!seq []", "tags (`!name`) are not read; leave the tag out"),
        ("links: []", "? [a]\n: b", "a key is not a text; write `name: value`"),
        (
            "links: []",
            "---\nlinks: []",
            "a second document starts here; keep one, without `---` after it",
        ),
        (
            "links: []",
            "{{ links }}",
            "this is not YAML: simple key expect ':'; check indentation, quotes, and that no tabs indent",
        ),
    ]);
    let line = SAMPLE.lines().position(|line| line.starts_with("links:")).unwrap() + 1;
    let twice = format!("`links` is said twice, first in line {line}; keep one of them");
    assert_eq!(message("links: []", "links: []\nlinks: []"), twice);
    let folder = folder();
    let of = |text: &str| parse(text, folder.path()).unwrap_err().to_string();
    assert_eq!(
        of(""),
        "vestibule.yaml:1: the file is empty; start from the sample `vestibule.yaml`"
    );
    assert_eq!(
        of("- a"),
        "vestibule.yaml:1: a list, where keys belong; start from the sample `vestibule.yaml`"
    );
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    let printed = problems_after(&[
        ("https: 0.0.0.0:8443", "https: nowhere"),
        ("keys/sealing-1 ", "keys/none "),
        (HOSTS, "[\"bad host\"]"),
        ("idle: 30m", "idle: soon"),
        ("[initech.example]", "[]"),
        ("use: globex, mode: preferred", "use: globx, mode: preferre"),
        ("links: []", "lnks: []"),
        ("token: { env: JSM_TOKEN }", "token: swordfish"),
    ]);
    let paths: Vec<_> = printed.lines().filter_map(|line| line.split(": ").nth(1)).collect();
    assert_eq!(
        paths,
        [
            "listen.https",
            "keys.sealing[0].file",
            "sites.help.hosts[0]",
            "sites.help.session.idle",
            "identity_providers.initech.domains",
            "sign_in[2].use",
            "sign_in[2].mode",
            "`lnks` is not a known key; known here",
            "jsm.support.cloud.token",
        ]
    );
    assert!(!printed.contains("swordfish"), "{printed}");
}

#[test]
fn every_missing_section_is_named() {
    let folder = folder();
    let problems = parse("audit: { file: a }", folder.path()).unwrap_err();
    for section in ["listen", "tls", "store", "keys", "sites", "identity_providers"] {
        let missing = format!("`{section}` is missing");
        assert!(problems.problems.iter().any(|p| p.said == missing), "{section}");
    }
    assert!(describe(&problems).ends_with("\n6 problems; nothing was started or changed"));
}

#[test]
fn a_file_that_is_not_there_is_one_problem() {
    let folder = folder();
    let path = folder.path().join("none.yaml");
    let printed = crate::load(&path).unwrap_err().to_string();
    let expected = format!(
        "{}: this file cannot be read: there is no such file; name the configuration with --config FILE",
        path.display()
    );
    assert_eq!(printed, expected);
}

#[test]
fn what_is_probably_not_meant_is_said_without_refusing_it() {
    let folder = folder();
    write(folder.path(), "secrets/globex", "a secret \n", 0o600);
    let without_jsm =
        SAMPLE.replacen("    jsm: support ", "    sharing: { field: customfield_1 } #", 1);
    let settings =
        parse(&without_jsm, folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    let said =
        |path: &str| settings.warnings.iter().find(|w| w.path == path).map(|w| w.text.as_str());
    let secret = said("identity_providers.globex.oidc.client_secret").unwrap();
    assert_eq!(secret, "the secret begins or ends with a blank, which counts");
    assert!(said("sites.help.sharing").unwrap().starts_with("the site has no `jsm`"));
}
