//! Encrypted assertions, NameIDs and attributes (XML Encryption 1.1, SAML Core §2.3.4), written as
//! canonical text.

use aws_lc_rs::rand::fill;
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode, encrypt_aead};
use openssl::x509::X509;

use super::draft::ASSERTION_NS;
use super::encryption_flaw::EncryptionFlaw;
use super::signature::DSIG_NS;
use crate::text::{base64, random_hex};

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

/// What is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EncryptedPart {
    /// The Assertion, signed or not.
    Assertion,
    /// The NameID of the Subject.
    NameId,
    /// Every Attribute.
    Attributes,
}

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentCipher {
    /// AES-GCM, 128 bits.
    Aes128Gcm,
    /// AES-GCM, 256 bits.
    Aes256Gcm,
    /// AES-CBC, 128 bits, which does not protect its content.
    Aes128Cbc,
    /// AES-CBC, 256 bits, which does not protect its content.
    Aes256Cbc,
}

/// How the content's key is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyTransport {
    /// RSA-OAEP with SHA-1 and MGF1 with SHA-1, as XML Encryption 1.0 names it.
    Oaep,
    /// RSA-OAEP with SHA-256 and MGF1 with SHA-256 (XML Encryption 1.1).
    OaepSha256,
    /// RSAES-PKCS1-v1_5, which has an oracle in it.
    Rsa15,
}

/// Where the encrypted key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPlace {
    /// In the KeyInfo of EncryptedData.
    Inside,
    /// Behind EncryptedData, which points there.
    Beside,
}

/// An order to encrypt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// What.
    pub parts: Vec<EncryptedPart>,
    /// Content.
    pub content: ContentCipher,
    /// Key.
    pub transport: KeyTransport,
    /// Where the key stands.
    pub place: KeyPlace,
    /// To which of the service provider's encryption keys, as metadata lists them.
    pub recipient: usize,
    /// What is wrong.
    pub flaw: Option<EncryptionFlaw>,
}

impl Default for Encryption {
    fn default() -> Self {
        Self::of(&[EncryptedPart::Assertion])
    }
}

impl From<EncryptionFlaw> for Encryption {
    fn from(flaw: EncryptionFlaw) -> Self {
        Self { flaw: Some(flaw), ..Self::default() }
    }
}

impl Encryption {
    /// These parts with AES-128-GCM and RSA-OAEP, to the first key.
    pub fn of(parts: &[EncryptedPart]) -> Self {
        Self {
            parts: parts.to_vec(),
            content: ContentCipher::Aes128Gcm,
            transport: KeyTransport::Oaep,
            place: KeyPlace::Inside,
            recipient: 0,
            flaw: None,
        }
    }

    /// The same with other algorithms.
    #[must_use]
    pub fn with(mut self, content: ContentCipher, transport: KeyTransport) -> Self {
        (self.content, self.transport) = (content, transport);
        self
    }
}

/// An order with the key that it is for.
#[derive(Debug, Clone)]
pub(crate) struct Sealer {
    pub(crate) order: Encryption,
    /// The service provider's, or a foreign one if the flaw wants it.
    pub(crate) recipient: X509,
}

impl Sealer {
    pub(crate) fn seals(&self, part: EncryptedPart) -> bool {
        self.order.parts.contains(&part)
    }

    /// EncryptedAssertion around the canonical `assertion`.
    pub(crate) fn assertion(&self, assertion: &str) -> String {
        let namespace = format!(" xmlns:saml=\"{ASSERTION_NS}\"");
        let once = |content: &str| self.element("saml:EncryptedAssertion", &namespace, content);
        let sealed = once(&self.plaintext(assertion));
        match self.order.flaw {
            Some(EncryptionFlaw::Nested) => once(&sealed),
            Some(EncryptionFlaw::TwoEncryptedAssertions) => {
                format!("{sealed}{}", once(assertion))
            }
            Some(EncryptionFlaw::PlainAssertionBeside) => format!("{sealed}{assertion}"),
            _ => sealed,
        }
    }

    /// `assertion` with its NameID and attributes encrypted, where the order says so; canonical.
    pub(crate) fn inside(&self, mut assertion: String) -> String {
        if self.seals(EncryptedPart::NameId) {
            assertion = self.replaced(&assertion, "saml:NameID", "saml:EncryptedID");
        }
        if self.seals(EncryptedPart::Attributes) {
            assertion = self.replaced(&assertion, "saml:Attribute", "saml:EncryptedAttribute");
        }
        assertion
    }

    /// Every `element` of `text` inside a `wrapper`.
    fn replaced(&self, text: &str, element: &str, wrapper: &str) -> String {
        let (start, end) = (format!("<{element} "), format!("</{element}>"));
        let mut pieces = text.split(&start);
        let mut out = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (content, rest) = piece.split_once(&end).unwrap_or((piece, ""));
            let plain = format!("<{element} xmlns:saml=\"{ASSERTION_NS}\" {content}{end}");
            out.push_str(&self.element(wrapper, "", &self.plaintext(&plain)));
            out.push_str(rest);
        }
        out
    }

    fn plaintext(&self, honest: &str) -> String {
        match self.order.flaw {
            Some(EncryptionFlaw::PlaintextNoXml) => "this is no XML".to_owned(),
            Some(EncryptionFlaw::PlaintextDoctype) => format!("<!DOCTYPE x>{honest}"),
            Some(EncryptionFlaw::PlaintextTwice) => format!("{honest}{honest}"),
            Some(EncryptionFlaw::PlaintextOther) => {
                format!("<saml:Issuer xmlns:saml=\"{ASSERTION_NS}\">other</saml:Issuer>")
            }
            _ => honest.to_owned(),
        }
    }

    fn element(&self, wrapper: &str, namespace: &str, plain: &str) -> String {
        let key = self.content_key();
        let data = self.cipher_data(&self.ciphertext(&key, plain.as_bytes()));
        let content_uri = self.content_uri();
        let key_id = format!("_k{}", random_hex());
        let encrypted_key = self.encrypted_key(&key, &key_id);
        let (inside, beside) = match (self.order.flaw, self.order.place) {
            (Some(EncryptionFlaw::NoKey), _) => (String::new(), String::new()),
            (Some(EncryptionFlaw::ExternalKey), _) => {
                (retrieval("http://127.0.0.1:9/key.xml"), String::new())
            }
            (Some(EncryptionFlaw::TwoKeys), _) => {
                let foreign = self.encrypted_key(&self.content_key(), "_other");
                (format!("{foreign}{encrypted_key}"), String::new())
            }
            (_, KeyPlace::Inside) => (encrypted_key, String::new()),
            (_, KeyPlace::Beside) => {
                let namespaces = format!("<xenc:EncryptedKey xmlns:xenc=\"{XENC}\" ");
                let beside =
                    encrypted_key.replacen("<xenc:EncryptedKey ", &namespaces, 1).replacen(
                        "<ds:DigestMethod ",
                        &format!("<ds:DigestMethod xmlns:ds=\"{DSIG_NS}\" "),
                        1,
                    );
                (retrieval(&format!("#{key_id}")), beside)
            }
        };
        format!(
            "<{wrapper}{namespace}><xenc:EncryptedData xmlns:xenc=\"{XENC}\" \
             Type=\"{XENC}Element\"><xenc:EncryptionMethod Algorithm=\"{content_uri}\">\
             </xenc:EncryptionMethod><ds:KeyInfo xmlns:ds=\"{DSIG_NS}\">{inside}</ds:KeyInfo>\
             {data}</xenc:EncryptedData>{beside}</{wrapper}>"
        )
    }

    fn cipher_data(&self, bytes: &[u8]) -> String {
        if self.order.flaw == Some(EncryptionFlaw::CipherReference) {
            return "<xenc:CipherData><xenc:CipherReference URI=\"http://127.0.0.1:9/data\">\
                    </xenc:CipherReference></xenc:CipherData>"
                .to_owned();
        }
        format!(
            "<xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData>",
            base64(bytes)
        )
    }

    fn content_key(&self) -> Vec<u8> {
        let wide =
            matches!(self.order.content, ContentCipher::Aes256Gcm | ContentCipher::Aes256Cbc);
        random(if wide { 32 } else { 16 })
    }

    fn content_uri(&self) -> String {
        if self.order.flaw == Some(EncryptionFlaw::UnknownCipher) {
            return format!("{XENC}tripledes-cbc");
        }
        match self.order.content {
            ContentCipher::Aes128Gcm => format!("{XENC11}aes128-gcm"),
            ContentCipher::Aes256Gcm => format!("{XENC11}aes256-gcm"),
            ContentCipher::Aes128Cbc => format!("{XENC}aes128-cbc"),
            ContentCipher::Aes256Cbc => format!("{XENC}aes256-cbc"),
        }
    }

    /// XML Encryption 1.1 §5.2: the initialization vector comes first, GCM's tag last.
    fn ciphertext(&self, key: &[u8], plain: &[u8]) -> Vec<u8> {
        let gcm = matches!(self.order.content, ContentCipher::Aes128Gcm | ContentCipher::Aes256Gcm);
        let vector = random(if gcm { 12 } else { 16 });
        let mut bytes = vector.clone();
        if gcm {
            let cipher =
                if key.len() == 16 { Cipher::aes_128_gcm() } else { Cipher::aes_256_gcm() };
            let mut tag = [0; 16];
            let sealed = encrypt_aead(cipher, key, Some(&vector), &[], plain, &mut tag);
            bytes.extend(sealed.expect("AES-GCM"));
            bytes.extend(tag);
        } else {
            bytes.extend(cbc(key, &vector, plain, self.order.flaw));
        }
        match self.order.flaw {
            Some(EncryptionFlaw::BrokenTag) => *bytes.last_mut().expect("not empty") ^= 1,
            Some(EncryptionFlaw::BrokenContent) => bytes[20] ^= 1,
            Some(EncryptionFlaw::ShortCiphertext) => bytes.truncate(9),
            Some(EncryptionFlaw::EmptyCiphertext) => bytes.clear(),
            _ => {}
        }
        bytes
    }

    fn encrypted_key(&self, key: &[u8], id: &str) -> String {
        let method = match (self.order.flaw, self.order.transport) {
            (Some(EncryptionFlaw::UnknownTransport), _) => method(&format!("{XENC}kw-aes128"), ""),
            (_, KeyTransport::Rsa15) => method(&format!("{XENC}rsa-1_5"), ""),
            (_, KeyTransport::Oaep) => {
                method(&format!("{XENC}rsa-oaep-mgf1p"), &digest(&format!("{DSIG_NS}sha1")))
            }
            (_, KeyTransport::OaepSha256) => {
                let mask = format!(
                    "<xenc11:MGF xmlns:xenc11=\"{XENC11}\" Algorithm=\"{XENC11}mgf1sha256\">\
                     </xenc11:MGF>"
                );
                let parts = digest(&format!("{XENC}sha256")) + &mask;
                method(&format!("{XENC11}rsa-oaep"), &parts)
            }
        };
        let value = base64(&self.transported(key));
        format!(
            "<xenc:EncryptedKey Id=\"{id}\">{method}<xenc:CipherData><xenc:CipherValue>{value}\
             </xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
        )
    }

    fn transported(&self, key: &[u8]) -> Vec<u8> {
        let key = match self.order.flaw {
            Some(EncryptionFlaw::WrongKeyLength) => &key[..key.len() / 2],
            _ => key,
        };
        let public = self.recipient.public_key().expect("a public key");
        let mut encrypter = Encrypter::new(&public).expect("an RSA key to encrypt to");
        let padding = match self.order.transport {
            KeyTransport::Rsa15 => Padding::PKCS1,
            KeyTransport::Oaep | KeyTransport::OaepSha256 => Padding::PKCS1_OAEP,
        };
        encrypter.set_rsa_padding(padding).expect("padding");
        if self.order.transport == KeyTransport::OaepSha256 {
            encrypter.set_rsa_oaep_md(MessageDigest::sha256()).expect("digest");
            encrypter.set_rsa_mgf1_md(MessageDigest::sha256()).expect("mask");
        }
        let mut out = vec![0; encrypter.encrypt_len(key).expect("a length")];
        let length = encrypter.encrypt(key, &mut out).expect("an encrypted key");
        out.truncate(length);
        if self.order.flaw == Some(EncryptionFlaw::BrokenKey) {
            out[length / 2] ^= 1;
        }
        out
    }
}

/// XML Encryption 1.1 §5.2.2: the last byte of the padding is its length, the others are anything.
fn cbc(key: &[u8], vector: &[u8], plain: &[u8], flaw: Option<EncryptionFlaw>) -> Vec<u8> {
    let length = 16 - plain.len() % 16;
    let mut padded = plain.to_vec();
    padded.extend(random(length));
    *padded.last_mut().expect("padding") = match flaw {
        Some(EncryptionFlaw::ZeroPadding) => 0,
        Some(EncryptionFlaw::LongPadding) => 200,
        _ => u8::try_from(length).expect("at most 16"),
    };
    let cipher = if key.len() == 16 { Cipher::aes_128_cbc() } else { Cipher::aes_256_cbc() };
    let mut crypter = Crypter::new(cipher, Mode::Encrypt, key, Some(vector)).expect("AES-CBC");
    crypter.pad(false);
    let mut out = vec![0; padded.len() + 16];
    let count = crypter.update(&padded, &mut out).expect("AES-CBC");
    let rest = crypter.finalize(&mut out[count..]).expect("whole blocks");
    out.truncate(count + rest);
    out
}

fn method(algorithm: &str, parts: &str) -> String {
    format!("<xenc:EncryptionMethod Algorithm=\"{algorithm}\">{parts}</xenc:EncryptionMethod>")
}

fn digest(algorithm: &str) -> String {
    format!("<ds:DigestMethod Algorithm=\"{algorithm}\"></ds:DigestMethod>")
}

fn retrieval(uri: &str) -> String {
    format!("<ds:RetrievalMethod Type=\"{XENC}EncryptedKey\" URI=\"{uri}\"></ds:RetrievalMethod>")
}

fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    fill(&mut bytes).expect("random bytes");
    bytes
}
