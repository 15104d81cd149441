//! Certificates for servers and clients on loopback.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use store::RedisTls;

/// An authority of a test's own, with one certificate for all its servers and one for clients.
pub struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    /// A new one, its files in a folder of their own.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Else it has the name that rcgen gives to every certificate, and OpenSSL takes each for
        // one that signed itself.
        params.distinguished_name.push(DnType::CommonName, "redis-lab authority");
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let authority = Self { folder };
        fs::write(authority.file("ca.pem"), issuer.pem()).expect("a file");
        for name in ["server", "client"] {
            let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
            let params = CertificateParams::new(names).expect("names");
            let key = KeyPair::generate().expect("a key");
            let certificate = params.signed_by(&key, &issuer).expect("a certificate");
            fs::write(authority.file(&format!("{name}.pem")), certificate.pem()).expect("a file");
            fs::write(authority.file(&format!("{name}.key")), key.serialize_pem()).expect("a file");
        }
        authority
    }

    /// `ca.pem`, `server.pem`, `server.key`, `client.pem` or `client.key`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How a client of ours speaks TLS.
    pub fn tls(&self) -> RedisTls {
        let certificates = |name| read_certificates(&self.file(name));
        let key = PrivateKeyDer::from_pem_file(self.file("client.key")).expect("a key");
        RedisTls {
            authorities: certificates("ca.pem"),
            identity: Some((certificates("client.pem"), key)),
            server_name: None,
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn read_certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    let read = CertificateDer::pem_file_iter(file).expect("a file");
    read.collect::<Result<_, _>>().expect("certificates")
}
