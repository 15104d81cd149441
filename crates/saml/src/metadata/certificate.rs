//! Which of the certificates in metadata may verify a signature.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::x509::X509;
use roxmltree::Node;
use samael::crypto::CertificateDer;

use super::MetadataError;
use crate::xml::{DSIG, METADATA, children, is_space, text};

/// A certificate whose key may sign for the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningCertificate {
    der: CertificateDer,
    fingerprint: String,
    expires: Timestamp,
}

impl SigningCertificate {
    /// SHA-256 over its DER, in lower-case hex.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Its `notAfter`. Accepted all the same; worth a warning.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    pub(super) fn der(&self) -> &CertificateDer {
        &self.der
    }

    fn read(encoded: &str) -> Result<Self, &'static str> {
        let packed: String = encoded.chars().filter(|c| !is_space(*c)).collect();
        Self::from_der(&STANDARD.decode(packed).map_err(|_| "not base64")?)
    }

    /// Reads DER; the reason when its key may not be used.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, &'static str> {
        let broken = |_| "not an X.509 certificate";
        let certificate = X509::from_der(der).map_err(broken)?;
        check_key(&certificate.public_key().map_err(|_| "an unknown kind of key")?)?;
        let digest = certificate.digest(MessageDigest::sha256()).map_err(broken)?;
        Ok(Self {
            // Again from the parsed certificate: what is compared and loaded is one DER, without
            // bytes behind it.
            der: CertificateDer::from(certificate.to_der().map_err(broken)?),
            fingerprint: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            expires: not_after(&certificate).map_err(broken)?,
        })
    }
}

/// A certificate's end.
pub(crate) fn not_after(certificate: &X509) -> Result<Timestamp, ErrorStack> {
    let life = Asn1Time::from_unix(0)?.diff(certificate.not_after())?;
    Ok(Timestamp::from_seconds(i64::from(life.days) * 86_400 + i64::from(life.secs)))
}

/// A15: RSA from 2048 bits (and not so large that verifying stalls), or a NIST curve.
fn check_key(key: &PKey<Public>) -> Result<(), &'static str> {
    match key.id() {
        Id::RSA if key.bits() < 2048 => Err("an RSA key below 2048 bits"),
        Id::RSA if key.bits() > 8192 => Err("an RSA key above 8192 bits"),
        Id::RSA => Ok(()),
        Id::EC => {
            let curve = key.ec_key().ok().and_then(|key| key.group().curve_name());
            let known = [Nid::X9_62_PRIME256V1, Nid::SECP384R1, Nid::SECP521R1];
            let ok = curve.is_some_and(|curve| known.contains(&curve));
            ok.then_some(()).ok_or("an unknown elliptic curve")
        }
        _ => Err("a key that is neither RSA nor ECDSA"),
    }
}

/// The usable certificates of a role, without repetition; never empty.
pub(super) fn usable(role: Node<'_, '_>) -> Result<Vec<SigningCertificate>, MetadataError> {
    let mut usable = Vec::<SigningCertificate>::new();
    let mut reason = "it has no X509Certificate in a KeyDescriptor for signing";
    // SAML Metadata §2.4.1.1: without `use` the key is for both purposes.
    let descriptors = children(role, METADATA, "KeyDescriptor")
        .filter(|key| matches!(key.attribute("use"), None | Some("signing")));
    let certificates = descriptors
        .flat_map(|key| children(key, DSIG, "KeyInfo"))
        .flat_map(|info| children(info, DSIG, "X509Data"))
        .flat_map(|data| children(data, DSIG, "X509Certificate"));
    for node in certificates {
        match SigningCertificate::read(&text(node).unwrap_or_default()) {
            Ok(certificate) if usable.contains(&certificate) => {}
            Ok(certificate) => usable.push(certificate),
            Err(why) => reason = why,
        }
    }
    if usable.is_empty() {
        return Err(MetadataError::NoSigningCertificate(reason));
    }
    Ok(usable)
}
