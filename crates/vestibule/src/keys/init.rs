//! `vestibule keys init`: the first key of each kind.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::{Kind, make};

/// The files as the sample names them.
const FILES: [(Kind, &str); 3] = [
    (Kind::Sealing, "sealing-1"),
    (Kind::Assertion, "assertion-1.pem"),
    (Kind::Saml, "saml-1.pem"),
];

/// Makes the keys that are missing in `keys` beside the file, where the sample looks for them, and
/// says of each whether it did.
pub(super) fn init(config: &Path) -> io::Result<String> {
    let folder = config.parent().unwrap_or(Path::new("")).join("keys");
    std::fs::create_dir_all(&folder)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;
    // Who can read the keys that are there is to read the others, too.
    let there = FILES.map(|(_, name)| folder.join(name)).into_iter().find(|path| path.exists());
    let mut said = String::new();
    for (kind, name) in FILES {
        let path = folder.join(name);
        let done = match make::write_new(&path, &make::key(kind)?, there.as_deref()) {
            Ok(()) => "made",
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => "was there already",
            // What was made before is said all the same.
            Err(error) => return Err(io::Error::other(format!("{said}{error}"))),
        };
        let _ = writeln!(said, "{}: {done}", path.display());
    }
    said.push_str(
        "see that the gateway's user can read them, and name them in the file:\n\nkeys:\n  sealing: [{ file: keys/sealing-1 }]\n  assertion: [{ file: keys/assertion-1.pem }]\n  saml: [{ file: keys/saml-1.pem }]\n",
    );
    Ok(said)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn missing_keys_are_made_and_those_that_are_there_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (config, keys) = (folder.path().join("vestibule.yaml"), folder.path().join("keys"));
        fs::create_dir(&keys).unwrap();
        fs::write(keys.join("assertion-1.pem"), "the operator's").unwrap();
        fs::set_permissions(keys.join("assertion-1.pem"), Permissions::from_mode(0o640)).unwrap();
        let said = init(&config).unwrap();
        for line in ["sealing-1: made", "assertion-1.pem: was there already", "saml-1.pem: made"] {
            assert!(said.lines().any(|said| said.ends_with(line)), "{line}: {said}");
        }
        assert_eq!(fs::read(keys.join("assertion-1.pem")).unwrap(), b"the operator's");
        assert!(make::alike(&keys.join("saml-1.pem"), &keys.join("assertion-1.pem")).unwrap());
        let again = init(&config).unwrap();
        assert_eq!(again.matches("was there already").count(), 3, "{again}");
    }

    #[test]
    fn the_first_keys_are_their_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        init(&folder.path().join("vestibule.yaml")).unwrap();
        for (_, name) in FILES {
            let about = fs::metadata(folder.path().join("keys").join(name)).unwrap();
            assert_eq!(about.permissions().mode() & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn the_sample_names_the_files_that_are_made() {
        let sample = include_str!("../../../../config/vestibule.yaml");
        for (kind, name) in FILES {
            let entry = format!("{}: [{{ file: keys/{name} }}]", kind.word());
            assert!(sample.contains(&entry), "{entry}");
        }
    }
}
