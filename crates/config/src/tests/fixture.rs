//! A folder with every file that the sample names, made anew for each test.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use rcgen::{CertificateParams, Issuer, KeyPair};
use tempfile::TempDir;

use crate::{Environment, Problems, Settings};

/// The sample as it is shipped.
pub(super) const SAMPLE: &str = include_str!("../../../../config/vestibule.yaml");

/// What is planted as a secret and must never be shown.
pub(super) const PLANTED: &str = "hunter2-Pl4nted";

/// A fixed day and one variable.
pub(super) struct FixedEnvironment;

impl Environment for FixedEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        (name == "JSM_TOKEN").then(|| PLANTED.to_owned())
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_795_305_600) // 2026-11-22
    }
}

/// A folder with the sample's files.
pub(super) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    write(root, "tls/internal-ca.pem", &ca_pem, 0o644);
    let issuer = Issuer::new(ca, ca_key);
    let names = ["help.example.com".to_owned(), "support.example.com".to_owned()];
    let (key, params) = (KeyPair::generate().unwrap(), CertificateParams::new(names).unwrap());
    let leaf = params.signed_by(&key, &issuer).unwrap().pem();
    write(root, "tls/help.pem", &leaf, 0o644);
    write(root, "tls/help.key", &key.serialize_pem(), 0o600);
    let sealing: Vec<u8> = (0..32).collect();
    write(root, "keys/sealing-1", &format!("{}\n", STANDARD.encode(sealing)), 0o600);
    write(root, "keys/assertion-1.pem", &KeyPair::generate().unwrap().serialize_pem(), 0o600);
    write(root, "idp/acme-metadata.xml", "<EntityDescriptor/>", 0o644);
    let saml_key = KeyPair::generate().unwrap();
    let mut saml = CertificateParams::new(Vec::new()).unwrap();
    saml.not_after = rcgen::date_time_ymd(2036, 1, 1);
    let certificate = saml.self_signed(&saml_key).unwrap().pem();
    write(root, "keys/saml-1.pem", &format!("{}{certificate}", saml_key.serialize_pem()), 0o600);
    write(root, "keys/hooli.pem", &KeyPair::generate().unwrap().serialize_pem(), 0o600);
    write(root, "idp/federation.pem", &certificate, 0o644);
    let logo = "<svg xmlns='http://www.w3.org/2000/svg' onload='x()'><path d='M0 0h9'/></svg>";
    write(root, "logos/help.svg", logo, 0o644);
    fs::write(root.join("logos/acme.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    write(root, "secrets/globex", &format!("{PLANTED}\n"), 0o600);
    write(root, "secrets/mail", &format!("{PLANTED}\n"), 0o600);
    write(root, "secrets/redis", &format!("{PLANTED}\n"), 0o600);
    folder
}

/// Writes a file and its folders.
pub(super) fn write(root: &Path, name: &str, content: &str, mode: u32) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Reads `text` in `folder`.
pub(super) fn parse(text: &str, folder: &Path) -> Result<Settings, Problems> {
    crate::parse(text, folder, &FixedEnvironment)
}

/// The sample with its commented-out keys in force. Remarks have a blank after the `#`.
pub(super) fn uncommented() -> String {
    let lines = SAMPLE.lines().map(|line| {
        let body = line.trim_start();
        match body.strip_prefix('#').filter(|rest| !rest.is_empty() && !is_remark(rest)) {
            Some(rest) => format!("{}{rest}\n", &line[..line.len() - body.len()]),
            None => format!("{line}\n"),
        }
    });
    let text = lines.collect::<String>().replace("links: []", "links:");
    // Of the two stores one is in force.
    text.lines().filter(|line| !line.starts_with("  embedded:")).map(|l| format!("{l}\n")).collect()
}

/// A remark has one blank and then a word; a commented-out key has none, or is indented further.
fn is_remark(rest: &str) -> bool {
    rest.starts_with(' ') && !rest.starts_with("  ")
}
