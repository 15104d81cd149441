//! One ECDSA P-256 certificate that every front serves.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Files of a certificate and its key.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    /// PEM of the certificate.
    pub(crate) chain: PathBuf,
    /// PEM of the key.
    pub(crate) key: PathBuf,
    /// Both in one.
    pub(crate) both: PathBuf,
}

/// Makes a self-signed certificate for `names` in `folder`.
pub(crate) fn make(folder: &Path, names: &[&str]) -> anyhow::Result<Files> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names)?;
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        anyhow::Ok(path)
    };
    Ok(Files {
        chain: write("front.pem", &chain)?,
        key: write("front.key", &key)?,
        both: write("front-both.pem", &format!("{chain}{key}"))?,
    })
}
