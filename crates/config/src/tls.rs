//! The certificates of the TLS listener, looked at before they are used.

use domain::{HostName, Timestamp};
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use crate::mapping::Mapping;
use crate::reader::Value;
use crate::{CertificateFiles, Site, files, validity};

/// Certificates as read: where their files are, and the leaf of each.
pub(crate) struct Certificates<'a> {
    /// The files, in order.
    pub(crate) files: Vec<CertificateFiles>,
    leaves: Vec<CertificateDer<'static>>,
    value: Value<'a>,
}

/// Reads `tls`.
pub(crate) fn read<'a>(root: &Mapping<'a>) -> Option<Certificates<'a>> {
    let wanted = "write tls: { certificates: [{ chain: PATH, key: { file: PATH } }] }";
    let map = root.required("tls", wanted)?.mapping(wanted)?;
    let value = map.required("certificates", wanted);
    map.finish();
    let value = value?;
    let items = value.some_items(wanted)?;
    let read: Vec<_> = items.iter().map(certificate).collect();
    let (files, leaves) = read.into_iter().collect::<Option<Vec<_>>>()?.into_iter().unzip();
    Some(Certificates { files, leaves, value })
}

/// Warns of hosts for which no certificate is there.
pub(crate) fn check_hosts(certificates: &Certificates<'_>, sites: &[Site]) {
    for host in sites.iter().flat_map(|site| &site.hosts) {
        if !certificates.leaves.iter().any(|leaf| covers(leaf, host)) {
            let text = format!("no certificate here is made for `{host}`; browsers will refuse it");
            certificates.value.warn(text);
        }
    }
}

fn certificate(value: &Value<'_>) -> Option<(CertificateFiles, CertificateDer<'static>)> {
    let wanted = "write { chain: PATH, key: { file: PATH } }";
    let map = value.mapping(wanted)?;
    let (chain, key) = (map.required("chain", wanted), map.required("key", wanted));
    map.finish();
    let key = key.and_then(|key| key_file(&key));
    let chain_and_certificates =
        chain.and_then(|chain| files::pem_certificates(&chain).map(|list| (chain, list)));
    let key_and_der = key.and_then(|key| private_key(&key).map(|der| (key, der)));
    let (chain, certificates) = chain_and_certificates?;
    let leaf = certificates.first()?.clone();
    if ParsedCertificate::try_from(&leaf).is_err() {
        chain.problem("the first certificate cannot be read", "put the server's certificate first");
        return None;
    }
    check_validity(&chain, &leaf);
    let (key, der) = key_and_der?;
    if let Err(error) = CertifiedKey::from_der(certificates, der, &default_provider()) {
        let said = match error {
            rustls::Error::InconsistentKeys(_) => "this key does not belong to the certificate",
            _ => "this private key is of a kind that TLS here cannot use",
        };
        key.problem(said, "name the key that the first certificate in `chain` was made for");
        return None;
    }
    let files = CertificateFiles { chain: files::path(&chain)?, key: files::path(&key)? };
    Some((files, leaf))
}

/// The key's file. Only a file: it is reread when it changes, which a variable never does.
pub(crate) fn key_file<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    let wanted = "write { file: PATH }";
    if value.is_scalar() {
        value.problem("a secret stands in the configuration itself", wanted);
        return None;
    }
    let map = value.mapping(wanted)?;
    map.conceal_unknown_keys();
    let file = map.required("file", wanted);
    map.finish();
    file
}

/// The private key in a PEM file.
pub(crate) fn private_key(file: &Value<'_>) -> Option<PrivateKeyDer<'static>> {
    let pem = files::secret_content(file)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).ok();
    if key.is_none() {
        let wanted = "name a PEM file with one private key, without a passphrase";
        file.problem("this file has no private key", wanted);
    }
    key
}

fn check_validity(chain: &Value<'_>, leaf: &CertificateDer<'_>) {
    let Some((from, until)) = validity::of(leaf) else { return };
    let now: Timestamp = chain.reading.environment.now();
    // Warnings, not problems: a restart must not turn an old certificate into a full outage.
    if now >= until {
        chain.warn(format!("the certificate ended at {until}; browsers refuse it"));
        return;
    }
    if now < from {
        chain.warn(format!("the certificate begins at {from}; browsers refuse it until then"));
        return;
    }
    if now.plus(validity::SOON) >= until {
        chain.warn(format!("the certificate ends at {until}; renew it"));
    }
}

fn covers(leaf: &CertificateDer<'_>, host: &HostName) -> bool {
    let Ok(parsed) = ParsedCertificate::try_from(leaf) else { return false };
    let Ok(name) = ServerName::try_from(host.as_str()) else { return false };
    verify_server_name(&parsed, &name).is_ok()
}
