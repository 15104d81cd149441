//! XML signatures written as canonical text (XML Signature Syntax and Processing 1.1).

use aws_lc_rs::{digest, hmac};

use crate::keys::{Algorithm, SigningKey};
use crate::text::{base64, xml_attribute};

pub(crate) const DSIG_NS: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(crate) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// How digests are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digest {
    Sha256,
    Sha1,
}

/// What signs.
#[derive(Debug, Clone)]
pub(crate) enum Signer {
    Key(SigningKey, Algorithm),
    /// HMAC-SHA256 with these bytes as the secret.
    Hmac(Vec<u8>),
}

/// One Reference: where it points, and the bytes that its transforms yield.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) uri: String,
    pub(crate) content: Vec<u8>,
}

/// Everything about a signature but the references.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) signer: Signer,
    pub(crate) digest: Digest,
    pub(crate) canonicalization: String,
    /// Transform elements, canonical, with the prefix `ds`.
    pub(crate) transforms: Vec<String>,
    /// Content of KeyInfo, canonical; empty: no KeyInfo.
    pub(crate) key_info: String,
    /// What follows KeyInfo.
    pub(crate) object: String,
}

impl Shape {
    /// Enveloped, exclusive canonicalization, SHA-256, own certificate in KeyInfo.
    pub(crate) fn honest(key: &SigningKey, algorithm: Algorithm) -> Self {
        let certificate = key.certificate_base64();
        Self {
            signer: Signer::Key(key.clone(), algorithm),
            digest: Digest::Sha256,
            canonicalization: EXCLUSIVE.to_owned(),
            transforms: vec![transform(ENVELOPED, ""), transform(EXCLUSIVE, "")],
            key_info: format!(
                "<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>"
            ),
            object: String::new(),
        }
    }

    /// The Signature element over `references`, canonical.
    pub(crate) fn sign(&self, references: &[Reference]) -> String {
        let value = self.value(&self.signed_info(references, &format!(" xmlns:ds=\"{DSIG_NS}\"")));
        self.element(&self.signed_info(references, ""), &value)
    }

    /// SignedInfo as it stands in the document, unsigned.
    pub(crate) fn signed_info(&self, references: &[Reference], namespace: &str) -> String {
        let references: String = references.iter().map(|r| self.reference(r)).collect();
        format!(
            "<ds:SignedInfo{namespace}><ds:CanonicalizationMethod Algorithm=\"{}\">\
             </ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"{}\">\
             </ds:SignatureMethod>{references}</ds:SignedInfo>",
            self.canonicalization,
            self.signer.uri(),
        )
    }

    fn reference(&self, reference: &Reference) -> String {
        format!(
            "<ds:Reference URI=\"{}\"><ds:Transforms>{}</ds:Transforms><ds:DigestMethod \
             Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
            xml_attribute(&reference.uri),
            self.transforms.concat(),
            self.digest.uri(),
            base64(&self.digest.of(&reference.content)),
        )
    }

    fn value(&self, signed_info: &str) -> String {
        base64(&match &self.signer {
            Signer::Key(key, algorithm) => key.sign(*algorithm, signed_info.as_bytes()),
            Signer::Hmac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, signed_info.as_bytes()).as_ref().to_vec()
            }
        })
    }

    fn element(&self, signed_info: &str, value: &str) -> String {
        let key_info = match self.key_info.as_str() {
            "" => String::new(),
            content => format!("<ds:KeyInfo>{content}</ds:KeyInfo>"),
        };
        format!(
            "<ds:Signature xmlns:ds=\"{DSIG_NS}\">{signed_info}<ds:SignatureValue>{value}\
             </ds:SignatureValue>{key_info}{}</ds:Signature>",
            self.object
        )
    }
}

impl Signer {
    fn uri(&self) -> &'static str {
        match self {
            Self::Hmac(_) => "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            Self::Key(_, algorithm) => algorithm_uri(*algorithm),
        }
    }
}

/// RFC 4051 §2.3: the algorithm's name in XML signatures and in `SigAlg`.
pub(crate) fn algorithm_uri(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RsaSha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        Algorithm::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        Algorithm::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        Algorithm::EcdsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    }
}

impl Digest {
    fn uri(self) -> &'static str {
        match self {
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
        }
    }

    fn of(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }
}

/// A Transform element, canonical.
pub(crate) fn transform(algorithm: &str, content: &str) -> String {
    format!("<ds:Transform Algorithm=\"{algorithm}\">{content}</ds:Transform>")
}

/// `element` with `signature` where the schemas of SAML want it: behind its own Issuer, or as the
/// first child when it has none.
pub(crate) fn place(element: &str, signature: &str) -> String {
    const END: &str = "</saml:Issuer>";
    let start = element.find('>').map_or(0, |i| i + 1);
    let own_issuer = element[start..].starts_with("<saml:Issuer");
    let issuer_end = element.find(END).map(|i| i + END.len());
    let at = issuer_end.filter(|_| own_issuer).unwrap_or(start);
    format!("{}{signature}{}", &element[..at], &element[at..])
}
