//! An encrypter that shares no code with the crate: any algorithm, any mistake.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Secret;
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode, encrypt_aead};
use saml::{ServiceKeys, ServiceProvider};
use std::sync::{Arc, LazyLock};

use crate::forge::{DSIG, Key, SAML, sp_with};

pub(crate) const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
pub(crate) const XENC_11: &str = "http://www.w3.org/2009/xmlenc11#";

/// Our own keys: two for RSA, one for ECDSA.
pub(crate) static OURS: LazyLock<Key> = LazyLock::new(|| Key::rsa(2048));
pub(crate) static OURS_OLD: LazyLock<Key> = LazyLock::new(|| Key::rsa(3072));
pub(crate) static OURS_EC: LazyLock<Key> = LazyLock::new(|| Key::ec(Nid::X9_62_PRIME256V1));

impl Key {
    /// Private key and certificate, as `keys.saml` has them.
    pub(crate) fn pem(&self) -> Secret<Vec<u8>> {
        let private = self.private.private_key_to_pem_pkcs8().unwrap();
        Secret::new([private, self.certificate.to_pem().unwrap()].concat())
    }
}

pub(crate) fn keys(ours: &[&Key]) -> Arc<ServiceKeys> {
    let pems: Vec<_> = ours.iter().map(|key| key.pem()).collect();
    Arc::new(ServiceKeys::new(&pems).unwrap())
}

pub(crate) fn sp(ours: &[&Key]) -> ServiceProvider {
    sp_with(keys(ours))
}

/// How to encrypt.
#[derive(Clone, Copy)]
pub(crate) struct Seal {
    pub(crate) to: &'static Key,
    pub(crate) cipher: &'static str,
    pub(crate) transport: &'static str,
    /// RSA-OAEP's hash and that of its mask.
    pub(crate) hashes: (&'static str, &'static str),
    pub(crate) beside: bool,
}

impl Seal {
    pub(crate) fn to(to: &'static Key) -> Self {
        Self {
            to,
            cipher: "xmlenc11#aes128-gcm",
            transport: "xmlenc#rsa-oaep-mgf1p",
            hashes: ("sha1", "sha1"),
            beside: false,
        }
    }

    pub(crate) fn cipher(self, cipher: &'static str) -> Self {
        Self { cipher, ..self }
    }

    /// The element that stands for `plain`.
    pub(crate) fn seal(&self, wrapper: &str, plain: &str) -> String {
        let (data, key) = self.ciphertext(plain.as_bytes());
        self.element(wrapper, &data, &key)
    }

    /// The ciphertext of the content, and of its key.
    pub(crate) fn ciphertext(&self, plain: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (cipher, bytes) = match self.cipher {
            "xmlenc11#aes128-gcm" => (Cipher::aes_128_gcm(), 16),
            "xmlenc11#aes192-gcm" => (Cipher::aes_192_gcm(), 24),
            "xmlenc11#aes256-gcm" => (Cipher::aes_256_gcm(), 32),
            "xmlenc#aes128-cbc" => (Cipher::aes_128_cbc(), 16),
            "xmlenc#aes192-cbc" => (Cipher::aes_192_cbc(), 24),
            _ => (Cipher::aes_256_cbc(), 32),
        };
        let key = vec![7; bytes];
        let vector = vec![9; cipher.iv_len().unwrap()];
        let data = if self.cipher.ends_with("gcm") {
            let mut tag = [0; 16];
            let sealed = encrypt_aead(cipher, &key, Some(&vector), &[], plain, &mut tag).unwrap();
            [vector, sealed, tag.to_vec()].concat()
        } else {
            let padding = 16 - plain.len() % 16;
            let mut padded = plain.to_vec();
            padded.resize(plain.len() + padding, u8::try_from(padding).unwrap());
            let mut crypter = Crypter::new(cipher, Mode::Encrypt, &key, Some(&vector)).unwrap();
            crypter.pad(false);
            let mut sealed = vec![0; padded.len() + 16];
            let written = crypter.update(&padded, &mut sealed).unwrap();
            sealed.truncate(written);
            [vector, sealed].concat()
        };
        (data, self.wrapped(&key))
    }

    fn wrapped(&self, key: &[u8]) -> Vec<u8> {
        let public = self.to.certificate.public_key().unwrap();
        let mut encrypter = Encrypter::new(&public).unwrap();
        if self.transport == "xmlenc#rsa-1_5" {
            encrypter.set_rsa_padding(Padding::PKCS1).unwrap();
        } else {
            encrypter.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
            encrypter.set_rsa_oaep_md(digest(self.hashes.0)).unwrap();
            encrypter.set_rsa_mgf1_md(digest(self.hashes.1)).unwrap();
        }
        let mut wrapped = vec![0; encrypter.encrypt_len(key).unwrap()];
        let length = encrypter.encrypt(key, &mut wrapped).unwrap();
        wrapped.truncate(length);
        wrapped
    }

    /// The element around any bytes.
    pub(crate) fn element(&self, wrapper: &str, data: &[u8], key: &[u8]) -> String {
        let name = |name: &str| {
            let (space, rest) = name.split_once('#').unwrap();
            format!("{}{rest}", if space == "xmlenc11" { XENC_11 } else { XENC })
        };
        let digest = match self.hashes.0 {
            "sha1" => format!("{DSIG}sha1"),
            "sha384" => "http://www.w3.org/2001/04/xmldsig-more#sha384".to_owned(),
            other => format!("{XENC}{other}"),
        };
        let mask = if self.transport == "xmlenc11#rsa-oaep" {
            format!(
                "<xenc11:MGF xmlns:xenc11=\"{XENC_11}\" Algorithm=\"{XENC_11}mgf1{}\"/>",
                self.hashes.1
            )
        } else {
            String::new()
        };
        let (content, transport) = (name(self.cipher), name(self.transport));
        let (data, key) = (STANDARD.encode(data), STANDARD.encode(key));
        let key = format!(
            "<xenc:EncryptedKey xmlns:xenc=\"{XENC}\" Id=\"_key\"><xenc:EncryptionMethod \
             Algorithm=\"{transport}\"><ds:DigestMethod xmlns:ds=\"{DSIG}\" Algorithm=\"{digest}\"/>\
             {mask}</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{key}\
             </xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
        );
        let (inside, beside) = match self.beside {
            false => (key, String::new()),
            true => {
                (format!("<ds:RetrievalMethod Type=\"{XENC}EncryptedKey\" URI=\"#_key\"/>"), key)
            }
        };
        format!(
            "<saml:{wrapper} xmlns:saml=\"{SAML}\"><xenc:EncryptedData xmlns:xenc=\"{XENC}\" \
             Type=\"{XENC}Element\"><xenc:EncryptionMethod Algorithm=\"{content}\"/><ds:KeyInfo \
             xmlns:ds=\"{DSIG}\">{inside}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{data}\
             </xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>{beside}</saml:{wrapper}>"
        )
    }
}

fn digest(name: &str) -> MessageDigest {
    match name {
        "sha1" => MessageDigest::sha1(),
        "sha256" => MessageDigest::sha256(),
        "sha384" => MessageDigest::sha384(),
        _ => MessageDigest::sha512(),
    }
}
