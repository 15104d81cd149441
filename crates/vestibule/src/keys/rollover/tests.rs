use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// A folder with an active sealing key that a group can read, too.
fn active() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let active = folder.path().join("sealing-1");
    fs::write(&active, "first").unwrap();
    fs::set_permissions(&active, Permissions::from_mode(0o640)).unwrap();
    (folder, active)
}

fn sealing(step: Step, active: &Path, ask: impl Fn() -> Heard) -> Result<String, String> {
    take(step, Kind::Sealing, active, ask).map_err(|error| error.to_string())
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn siblings_lie_beside_the_active_key() {
    assert_eq!(
        key_sibling(Path::new("keys/saml-1.pem"), "next"),
        Path::new("keys/saml-1.next.pem")
    );
    assert_eq!(key_sibling(Path::new("keys/sealing-1"), "old"), Path::new("keys/sealing-1.old"));
}

#[test]
fn a_key_goes_through_three_steps_and_no_step_is_taken_twice() {
    let (_folder, active) = active();
    let done = |step| sealing(step, &active, || Heard::TakenOver);
    assert!(done(Step::Activate).is_err());
    assert!(done(Step::Retire).is_err());
    done(Step::Stage).unwrap();
    let staged = read(&key_sibling(&active, "next"));
    let twice = done(Step::Stage).expect_err("a staged key was replaced");
    assert!(twice.contains("staged already; use it with `vestibule keys activate sealing`"));
    done(Step::Activate).unwrap();
    assert_eq!((read(&active), read(&key_sibling(&active, "old"))), (staged, "first".to_owned()));
    done(Step::Stage).unwrap();
    assert!(done(Step::Activate).is_err(), "an accepted key was forgotten");
    done(Step::Retire).unwrap();
    assert!(!key_sibling(&active, "old").exists());
}

#[test]
fn each_step_names_the_whole_command_of_the_next_and_what_the_key_is_from_now_on() {
    for (kind, word, now) in [
        (Kind::Sealing, "sealing", "it is accepted from now on"),
        (Kind::Assertion, "assertion", "it is accepted and published from now on"),
        (Kind::Saml, "saml", "it is accepted and published from now on"),
    ] {
        let (_folder, active) = active();
        let done = |step| take(step, kind, &active, || Heard::TakenOver).map_err(|e| e.to_string());
        let none = done(Step::Activate).unwrap_err();
        assert!(none.contains(&format!("`vestibule keys stage {word}`")), "{none}");
        let staged = done(Step::Stage).unwrap();
        assert!(staged.contains(&format!("`vestibule keys activate {word}`")), "{staged}");
        assert!(staged.contains(now), "{staged}");
        let activated = done(Step::Activate).unwrap();
        assert!(activated.contains(&format!("`vestibule keys retire {word}`")), "{activated}");
    }
}

#[test]
fn a_staged_key_has_owner_group_and_mode_of_the_active_one() {
    let (_folder, active) = active();
    // Root's alone to do; the mode is told apart by anybody.
    let _ = chown(&active, Some(4321), Some(4322));
    sealing(Step::Stage, &active, || Heard::Nobody).unwrap();
    let next = key_sibling(&active, "next");
    assert!(make::alike(&next, &active).unwrap());
    assert_eq!(fs::metadata(next).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_staged_key_that_the_gateway_refuses_is_removed_again() {
    let (_folder, active) = active();
    let said = sealing(Step::Stage, &active, || Heard::Refused("not this one".to_owned()));
    assert_eq!(said.unwrap_err(), "the staged key is removed again: not this one");
    assert!(!key_sibling(&active, "next").exists());
    assert_eq!(read(&active), "first");
}

#[test]
fn a_key_that_the_gateway_refuses_is_not_activated() {
    let (_folder, active) = active();
    let (next, old) = (key_sibling(&active, "next"), key_sibling(&active, "old"));
    sealing(Step::Stage, &active, || Heard::TakenOver).unwrap();
    let staged = read(&next);
    let asked = || {
        assert_eq!(read(&active), "first", "it is asked before anything is changed");
        Heard::Refused("not this one".to_owned())
    };
    let said = sealing(Step::Activate, &active, asked).unwrap_err();
    assert_eq!(said, "nothing is changed: not this one");
    assert_eq!((read(&active), read(&next), old.exists()), ("first".to_owned(), staged, false));
    sealing(Step::Activate, &active, || Heard::TakenOver).expect("it can be tried again");
}

#[test]
fn a_key_that_the_gateway_may_not_read_is_not_activated_while_none_runs() {
    let (_folder, active) = active();
    let next = key_sibling(&active, "next");
    sealing(Step::Stage, &active, || Heard::Nobody).unwrap();
    fs::set_permissions(&next, Permissions::from_mode(0o600)).unwrap();
    let said = sealing(Step::Activate, &active, || Heard::Nobody).unwrap_err();
    assert!(said.contains("whose owner, group or mode is not that of"), "{said}");
    assert_eq!(read(&active), "first");
    // One that runs has read it.
    sealing(Step::Activate, &active, || Heard::TakenOver).unwrap();
}

#[test]
fn a_gateway_that_refuses_a_step_already_taken_is_told_of() {
    let (_folder, active) = active();
    for step in [Step::Stage, Step::Activate] {
        sealing(step, &active, || Heard::TakenOver).unwrap();
    }
    let said = sealing(Step::Retire, &active, || Heard::Refused("half-edited".to_owned()));
    let said = said.unwrap_err();
    assert!(said.contains("the files are changed") && said.contains("half-edited"), "{said}");
}
