//! Our own keys: what we sign with, and what others encrypt to.

use std::fmt;

use domain::{Secret, Timestamp};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Private};
use openssl::sign::Signer;
use openssl::x509::X509;

use crate::metadata::not_after;

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No private key in it, or one behind a password.
    #[error("it has no private key in PEM without a password")]
    NoPrivateKey,
    /// No certificate in it.
    #[error("it has no certificate in PEM")]
    NoCertificate,
    /// Key and certificate do not belong together.
    #[error("its certificate is of another key")]
    CertificateForeign,
    /// A kind or size that is not used.
    #[error("its key is neither RSA of 2048 to 8192 bits nor ECDSA on P-256 or P-384")]
    Kind,
}

/// Our keys toward SAML identity providers. The first one signs; all of them decrypt, if they are
/// RSA, and all stand in our metadata.
#[derive(Debug, Default)]
pub struct ServiceKeys(Vec<ServiceKey>);

impl ServiceKeys {
    /// Reads keys, each as PEM with the private key and its certificate. None at all is fine: then
    /// nothing is signed and nothing encrypted can be read.
    ///
    /// # Errors
    /// At the first one that cannot be used.
    pub fn new(pems: &[Secret<Vec<u8>>]) -> Result<Self, KeyError> {
        pems.iter().map(ServiceKey::read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The certificates, DER, in the order of the keys.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|key| key.certificate.as_slice())
    }

    /// When the certificates end, in the order of the keys.
    pub fn expiries(&self) -> Vec<Timestamp> {
        self.0.iter().map(|key| key.expires).collect()
    }

    /// The key that signs.
    pub(crate) fn active(&self) -> Option<&ServiceKey> {
        self.0.first()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ServiceKey> {
        self.0.iter()
    }
}

/// The two kinds of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    /// Bytes of one coordinate.
    Elliptic {
        width: i32,
    },
}

/// One private key with its certificate.
pub(crate) struct ServiceKey {
    private: PKey<Private>,
    kind: Kind,
    certificate: Vec<u8>,
    expires: Timestamp,
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceKey").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl ServiceKey {
    fn read(pem: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        let pem = pem.expose();
        // The callback gives no password: without one, OpenSSL would ask at the terminal.
        let private = PKey::private_key_from_pem_callback(pem, |_| Ok(0));
        let private = private.map_err(|_| KeyError::NoPrivateKey)?;
        let certificate = X509::from_pem(pem).map_err(|_| KeyError::NoCertificate)?;
        let public = certificate.public_key().map_err(|_| KeyError::NoCertificate)?;
        if !private.public_eq(&public) {
            return Err(KeyError::CertificateForeign);
        }
        let kind = kind(&private)?;
        let expires = not_after(&certificate).map_err(|_| KeyError::NoCertificate)?;
        let certificate = certificate.to_der().map_err(|_| KeyError::NoCertificate)?;
        Ok(Self { private, kind, certificate, expires })
    }

    /// DER.
    pub(crate) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The private key, if others can encrypt to it.
    pub(crate) fn decrypts(&self) -> Option<&PKey<Private>> {
        (self.kind == Kind::Rsa).then_some(&self.private)
    }

    /// RFC 9231 §2.3: the name of the algorithm that [`Self::sign`] uses.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self.kind {
            Kind::Rsa => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Kind::Elliptic { .. } => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        }
    }

    /// Signs as XML Signature wants it; ECDSA as r and s behind each other (RFC 9231 §2.3.6).
    pub(crate) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let Kind::Elliptic { width } = self.kind else {
            let mut signer = Signer::new(MessageDigest::sha256(), &self.private)?;
            signer.update(bytes)?;
            return signer.sign_to_vec();
        };
        let key = self.private.ec_key()?;
        let pair = EcdsaSig::sign(&hash(MessageDigest::sha256(), bytes)?, &key)?;
        Ok([pair.r().to_vec_padded(width)?, pair.s().to_vec_padded(width)?].concat())
    }
}

fn kind(key: &PKey<Private>) -> Result<Kind, KeyError> {
    match key.id() {
        Id::RSA if (2048..=8192).contains(&key.bits()) => Ok(Kind::Rsa),
        Id::EC => match key.ec_key().ok().and_then(|key| key.group().curve_name()) {
            Some(Nid::X9_62_PRIME256V1) => Ok(Kind::Elliptic { width: 32 }),
            Some(Nid::SECP384R1) => Ok(Kind::Elliptic { width: 48 }),
            _ => Err(KeyError::Kind),
        },
        _ => Err(KeyError::Kind),
    }
}
