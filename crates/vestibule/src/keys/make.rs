//! New keys.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::{Clock, Timestamp};
use gateway::SystemClock;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256};

use super::Kind;

/// Years that the certificate of a SAML key holds. Nobody trusts it for its dates, and many
/// identity providers refuse one that has ended.
const YEARS: i32 = 5;

/// A new key as the text of its file.
pub(super) fn key(kind: Kind) -> io::Result<String> {
    match kind {
        Kind::Sealing => sealing(),
        Kind::Assertion => assertion(),
        Kind::Saml => saml(SystemClock.now()),
    }
}

/// Writes a new file that whoever can read the file beside it can read, too, and without one its
/// owner alone; an existing one is never replaced.
pub(super) fn write_new(path: &Path, text: &str, beside: Option<&Path>) -> io::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = opened.and_then(|file| {
        // Half a key would be taken for a key that is there already.
        fill(&file, text, beside).inspect_err(|_| drop(fs::remove_file(path)))
    });
    written.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Whether two files have one owner, group and mode.
pub(super) fn alike(one: &Path, other: &Path) -> io::Result<bool> {
    let access = |path| fs::metadata(path).map(|about| (about.uid(), about.gid(), bits(&about)));
    Ok(access(one)? == access(other)?)
}

fn fill(mut file: &File, text: &str, beside: Option<&Path>) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    if let Some(beside) = beside {
        let about = fs::metadata(beside)?;
        // The mode first: once it is given away, it takes a further right to change it.
        file.set_permissions(Permissions::from_mode(bits(&about)))?;
        // Root alone gives files away. Whoever else runs this keeps it, readable for nobody else.
        if fchown(file, Some(about.uid()), Some(about.gid())).is_err() {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
    }
    file.sync_all()
}

/// A key is nobody's business beyond owner and group, whatever the one beside it says.
fn bits(about: &fs::Metadata) -> u32 {
    about.mode() & 0o770
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

/// An RSA-2048 key and a certificate that it signed itself: identity providers want one, and every
/// one of them can encrypt to RSA.
fn saml(now: Timestamp) -> io::Result<String> {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).map_err(io::Error::other)?;
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, "Vestibule SAML");
    let (year, month, day) = date(now);
    parameters.not_before = rcgen::date_time_ymd(year, month, day);
    // No 29 February: the year it ends in may have none.
    parameters.not_after = rcgen::date_time_ymd(year + YEARS, month, day.min(28));
    let certificate = parameters.self_signed(&key).map_err(io::Error::other)?;
    Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
}

fn date(now: Timestamp) -> (i32, u8, u8) {
    let text = now.to_string();
    let mut parts = text.split(['-', 'T']);
    let mut next = || parts.next().and_then(|part| part.parse::<u16>().ok());
    let (year, month, day) = (next().unwrap_or(2026), next().unwrap_or(1), next().unwrap_or(1));
    (i32::from(year), u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1))
}

fn no_randomness() -> io::Error {
    io::Error::other("the system gives no random bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saml_key_comes_with_its_certificate() {
        let text = saml(Timestamp::from_seconds(1_800_000_000)).unwrap();
        assert_eq!(text.matches("-----BEGIN PRIVATE KEY-----").count(), 1);
        assert_eq!(text.matches("-----BEGIN CERTIFICATE-----").count(), 1);
        assert_eq!(date(Timestamp::from_seconds(1_800_000_000)), (2027, 1, 15));
    }
}
