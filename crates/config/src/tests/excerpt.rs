//! What is read of a file whose rest is wrong.

use std::path::Path;

use tempfile::TempDir;

use super::fixture::{PLANTED, SAMPLE, folder, parse, write};
use crate::{Excerpt, Problems};

fn excerpt(folder: &TempDir, text: &str) -> Result<Excerpt, Problems> {
    write(folder.path(), "vestibule.yaml", text, 0o600);
    Excerpt::of(&folder.path().join("vestibule.yaml"))
}

/// The file with `piece` instead of its lines about audit log and socket.
fn with(piece: &str) -> String {
    let own = |line: &str| line.starts_with("audit:") || line.starts_with("control:");
    let lines = SAMPLE.lines().filter(|line| !own(line)).map(|line| format!("{line}\n"));
    lines.chain([format!("{piece}\n")]).collect()
}

#[test]
fn the_same_paths_as_in_the_whole_file() {
    let folder = folder();
    for piece in [
        "",
        "control: { socket: run/own.sock }",
        "audit: { file: /var/log/own.jsonl }\ncontrol: { socket: /run/own.sock }",
        "audit: ~\ncontrol:",
    ] {
        let text = with(piece);
        let whole = parse(&text, folder.path()).unwrap();
        let excerpt = excerpt(&folder, &text).unwrap();
        assert_eq!(excerpt.control_socket().unwrap(), whole.control_socket, "{piece}");
        assert_eq!(excerpt.audit_file().unwrap(), whole.audit_file, "{piece}");
        assert!(excerpt.has_embedded_store(), "{piece}");
    }
}

#[test]
fn what_is_wrong_elsewhere_does_not_matter() {
    let socket = |folder: &Path| folder.join("data/control.sock");
    for (piece, by) in [
        ("keys/sealing-1", "keys/none"),
        ("https: 0.0.0.0:8443", "https: soon\n  sokcet: x"),
        (
            "embedded: { path: data }",
            "embedded: { path: data, sync: no }\n  redis: { url: { env: NONE } }",
        ),
        ("sites:\n", "sites: []\nsitse:\n"),
    ] {
        assert!(SAMPLE.contains(piece), "{piece}");
        let (folder, text) = (folder(), with("control: { sokcet: x, socket: data/control.sock }"));
        let text = text.replacen(piece, by, 1);
        assert!(parse(&text, folder.path()).is_err(), "{by}");
        let excerpt = excerpt(&folder, &text).unwrap();
        assert_eq!(excerpt.control_socket().unwrap(), socket(folder.path()), "{by}");
        assert_eq!(excerpt.audit_file().unwrap(), folder.path().join("data/audit.jsonl"), "{by}");
    }
}

#[test]
fn a_value_that_is_wrong_itself_is_refused_and_the_others_are_not() {
    let long = format!("control: {{ socket: /{} }}", "x".repeat(107));
    for (piece, wanted) in [
        ("control: data/control.sock", "control: a single value, where keys belong"),
        ("control: { sokcet: x }", "control: `socket` is missing; write { socket: PATH }"),
        ("control: { socket: [a] }", "control.socket: a list, where a single value belongs"),
        (&long, "control: the control socket's path has 108 bytes, sockets have 107"),
    ] {
        let folder = folder();
        let excerpt = excerpt(&folder, &with(piece)).unwrap();
        let said = excerpt.control_socket().unwrap_err().to_string();
        assert!(said.contains(wanted), "{said}");
        assert_eq!(excerpt.audit_file().unwrap(), folder.path().join("data/audit.jsonl"));
    }
}

#[test]
fn redis_has_no_folder_for_a_default() {
    let folder = folder();
    let redis = with("").replace("embedded: { path: data }", "redis: { url: { env: NONE } }");
    let excerpt = excerpt(&folder, &redis).unwrap();
    assert!(!excerpt.has_embedded_store());
    let said = excerpt.control_socket().unwrap_err().to_string();
    assert!(said.contains("`control` is missing") && said.contains("control: { socket: PATH }"));
    let said = excerpt.audit_file().unwrap_err().to_string();
    assert!(said.contains("write audit: { file: PATH }"), "{said}");
}

#[test]
fn what_is_no_yaml_is_refused_and_not_repeated() {
    let folder = folder();
    let said = excerpt(&folder, &format!("a: [\nb: {PLANTED}\n")).err().unwrap().to_string();
    assert!(said.contains("vestibule.yaml:") && said.contains("this is not YAML"), "{said}");
    assert!(!said.contains(PLANTED), "{said}");
    let said = Excerpt::of(&folder.path().join("none.yaml")).err().unwrap().to_string();
    assert!(said.contains("there is no such file") && said.contains("--config FILE"), "{said}");
}
