//! `vestibule keys init`: the first keys.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Makes the keys in `keys` beside the file, where the sample looks for them.
pub(crate) fn init(config: &Path) -> ExitCode {
    let folder = config.parent().unwrap_or(Path::new("")).join("keys");
    let made = std::fs::create_dir_all(&folder).and_then(|()| {
        write(&folder.join("sealing-1"), &sealing()?)?;
        write(&folder.join("assertion-1.pem"), &assertion()?)
    });
    match made {
        Ok(()) => {
            let folder = folder.display();
            let _ = writeln!(
                io::stdout(),
                "made {folder}/sealing-1 and {folder}/assertion-1.pem; name them in the file:\n\nkeys:\n  sealing: [{{ file: keys/sealing-1 }}]\n  assertion: [{{ file: keys/assertion-1.pem }}]"
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "keys init: {error}");
            ExitCode::FAILURE
        }
    }
}

/// 32 random bytes in base64.
fn sealing() -> io::Result<String> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| no_randomness())?;
    Ok(format!("{}\n", BASE64.encode(bytes)))
}

/// An ECDSA P-256 key, PKCS#8 in PEM (RFC 7468 §10).
fn assertion() -> io::Result<String> {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let text = BASE64.encode(key.map_err(|_| no_randomness())?);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
}

fn no_randomness() -> io::Error {
    io::Error::other("the system gives no random bytes")
}

/// Writes a new file that its owner alone can read; an existing one is never replaced.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(named)
}
