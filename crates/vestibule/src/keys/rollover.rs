//! From one key to the next, in three steps that can be far apart.

use std::io;
use std::path::Path;

use config::key_sibling;

use super::{Kind, make};

/// One step with the key of a file; gives what to tell the operator.
pub(super) type Step = fn(Kind, &Path) -> io::Result<String>;

/// Makes the next key.
pub(super) fn stage(kind: Kind, active: &Path) -> io::Result<String> {
    let next = key_sibling(active, "next");
    make::write_new(&next, &make::key(kind)?)?;
    let wait = match kind {
        Kind::Saml => {
            "wait until every identity provider has read our metadata again, or give it to those that do not"
        }
        Kind::Assertion => "wait ten minutes, so that upstreams read /.vestibule/jwks.json again",
        Kind::Sealing => "let every replica have this file",
    };
    Ok(format!(
        "staged {}: it is accepted and published from now on\nnext: {wait}; then `vestibule keys activate`\n",
        next.display()
    ))
}

/// Uses the staged key.
pub(super) fn activate(_: Kind, active: &Path) -> io::Result<String> {
    let (next, old) = (key_sibling(active, "next"), key_sibling(active, "old"));
    if !next.exists() {
        return Err(refused("nothing is staged; `vestibule keys stage` first", &next));
    }
    if old.exists() {
        return Err(refused("an older key is still here; `vestibule keys retire` first", &old));
    }
    // A second name for the file first: whenever this is cut off, every key is still there.
    std::fs::hard_link(active, &old)?;
    std::fs::rename(&next, active)?;
    Ok(format!(
        "activated {}: the key before it is {} and still accepted\nnext: wait until nothing made with it is under way, then `vestibule keys retire`\n",
        active.display(),
        old.display()
    ))
}

/// Forgets the key before.
pub(super) fn retire(_: Kind, active: &Path) -> io::Result<String> {
    let old = key_sibling(active, "old");
    if !old.exists() {
        return Err(refused("there is no former key", &old));
    }
    std::fs::remove_file(&old)?;
    Ok(format!("retired {}: it is no longer accepted\n", old.display()))
}

fn refused(said: &str, path: &Path) -> io::Error {
    io::Error::other(format!("{said} ({})", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_lie_beside_the_active_key() {
        assert_eq!(
            key_sibling(Path::new("keys/saml-1.pem"), "next"),
            Path::new("keys/saml-1.next.pem")
        );
        assert_eq!(
            key_sibling(Path::new("keys/sealing-1"), "old"),
            Path::new("keys/sealing-1.old")
        );
    }

    #[test]
    fn a_key_goes_through_three_steps_and_no_step_is_taken_twice() {
        let folder = tempfile::tempdir().unwrap();
        let active = folder.path().join("sealing-1");
        std::fs::write(&active, "first").unwrap();
        let read = |path: &Path| std::fs::read_to_string(path).unwrap();
        assert!(activate(Kind::Sealing, &active).is_err());
        assert!(retire(Kind::Sealing, &active).is_err());
        stage(Kind::Sealing, &active).unwrap();
        let staged = read(&key_sibling(&active, "next"));
        assert!(stage(Kind::Sealing, &active).is_err(), "a staged key was replaced");
        activate(Kind::Sealing, &active).unwrap();
        assert_eq!(
            (read(&active), read(&key_sibling(&active, "old"))),
            (staged, "first".to_owned())
        );
        stage(Kind::Sealing, &active).unwrap();
        assert!(activate(Kind::Sealing, &active).is_err(), "an accepted key was forgotten");
        retire(Kind::Sealing, &active).unwrap();
        assert!(!key_sibling(&active, "old").exists());
    }
}
