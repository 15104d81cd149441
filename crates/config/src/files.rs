//! Reads the files that the configuration names.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

use crate::reader::Value;

/// More than any key, certificate bundle or secret has. The system's whole bundle has 220 KiB.
const LIMIT: u64 = 1024 * 1024;

/// The path that `value` names, resolved; a problem unless a regular file is there.
pub(crate) fn existing(value: &Value<'_>) -> Option<PathBuf> {
    let path = path(value)?;
    check_file(value, &path)?;
    Some(path)
}

fn check_file(value: &Value<'_>, path: &Path) -> Option<()> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => return Some(()),
        Ok(_) => value.problem(format!("`{}` is not a file", path.display()), "name a file"),
        Err(error) => cannot_read(value, path, &error),
    }
    None
}

/// The path that `value` names, resolved; nothing needs to be there yet.
pub(crate) fn path(value: &Value<'_>) -> Option<PathBuf> {
    let text = value.text("write a path, relative to this file's folder or absolute")?;
    Some(value.reading.resolve(text))
}

/// The content of the file that `value` names.
pub(crate) fn content(value: &Value<'_>) -> Option<Zeroizing<Vec<u8>>> {
    content_at(value, &path(value)?)
}

fn content_at(value: &Value<'_>, path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    check_file(value, path)?;
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        cannot_read(value, path, &error);
        return None;
    }
    if bytes.len() as u64 > LIMIT {
        let said = format!("`{}` has more than 1 MiB", path.display());
        value.problem(said, "name the right file");
        return None;
    }
    Some(bytes)
}

/// As [`content`], for a file that only the gateway should be able to read.
pub(crate) fn secret_content(value: &Value<'_>) -> Option<Zeroizing<Vec<u8>>> {
    secret_content_at(value, &path(value)?)
}

/// As [`secret_content`], of a file that lies beside the one that `value` names.
pub(crate) fn secret_content_at(value: &Value<'_>, path: &Path) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = content_at(value, path)?;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    // Group access stays silent: orchestrators mount secrets readable by a group.
    if mode & 0o007 != 0 {
        value.warn(format!(
            "everybody on this machine can read this secret (mode {:04o}); run `chmod o-rwx` on it",
            mode & 0o7777
        ));
    }
    Some(bytes)
}

/// All certificates of the PEM file that `{ file: … }` names; at least one.
pub(crate) fn certificates(value: &Value<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let wanted = "write { file: PATH } with PEM certificates";
    let map = value.mapping(wanted)?;
    let file = map.required("file", wanted);
    map.finish();
    let file = file?;
    let certificates = pem_certificates(&file)?;
    let mut roots = rustls::RootCertStore::empty();
    for (index, certificate) in certificates.iter().enumerate() {
        if roots.add(certificate.clone()).is_err() {
            let said = format!("certificate {} in this file cannot be read", index + 1);
            file.problem(said, "export it again as PEM (X.509)");
            return None;
        }
    }
    Some(certificates)
}

/// All certificates of the PEM file at `file`; at least one.
pub(crate) fn pem_certificates(file: &Value<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let bytes = content(file)?;
    let wanted = "name a PEM file with `-----BEGIN CERTIFICATE-----` blocks";
    match CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => return Some(certificates),
        Ok(_) => file.problem("this file has no certificate", wanted),
        Err(_) => file.problem("this file is not well-formed PEM", wanted),
    }
    None
}

/// Why a file cannot be read, in words. The system's own text would add an error number.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "the gateway's user may not read it".to_owned(),
        kind => kind.to_string(),
    }
}

fn cannot_read(value: &Value<'_>, path: &Path, error: &std::io::Error) {
    let wanted = match error.kind() {
        ErrorKind::NotFound => "make the file or correct the path",
        _ => "make the file readable",
    };
    value.problem(format!("`{}` cannot be read: {}", path.display(), reason(error)), wanted);
}
