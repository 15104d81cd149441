//! Any bytes as what an EncryptedAssertion holds, in a response that nobody signed: whoever knows our
//! certificate can send that. Only the seed is signed, so whatever is accepted must say what it says.
//! The first byte chooses the cipher: AES-GCM, or AES-CBC with the bytes as its raw blocks.

#![no_main]

mod party;

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::{Secret, Timestamp};
use libfuzzer_sys::fuzz_target;
use openssl::asn1::Asn1Time;
use openssl::encrypt::Encrypter;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::{Padding, Rsa};
use openssl::symm::{Cipher, Crypter, Mode, encrypt_aead};
use openssl::x509::X509;
use party::Party;
use saml::{ServiceKeys, VerifiedAssertion};

const SEED: &[u8] = include_bytes!("../seeds/saml_encrypted/assertion.xml");
const AROUND: &str = include_str!("../seeds/saml_response/response-assertion.xml");
const CONTENT_KEY: [u8; 16] = [7; 16];

struct Sealing {
    party: Party,
    /// The content key, encrypted to us; base64.
    wrapped: String,
}

static SEALING: LazyLock<Sealing> = LazyLock::new(|| {
    let private = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_not_before(&Asn1Time::from_unix(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(2_000_000_000).unwrap()).unwrap();
    builder.set_pubkey(&private).unwrap();
    builder.sign(&private, MessageDigest::sha256()).unwrap();
    let certificate = builder.build().to_pem().unwrap();
    let pem = [private.private_key_to_pem_pkcs8().unwrap(), certificate].concat();
    let keys = ServiceKeys::new(&[Secret::new(pem)]).unwrap();
    let mut encrypter = Encrypter::new(&private).unwrap();
    encrypter.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
    let mut wrapped = vec![0; encrypter.encrypt_len(&CONTENT_KEY).unwrap()];
    let length = encrypter.encrypt(&CONTENT_KEY, &mut wrapped).unwrap();
    let party = Party::new(include_bytes!("../seeds/saml_metadata/plain.xml"), keys);
    Sealing { party, wrapped: STANDARD.encode(&wrapped[..length]) }
});

static BELIEVED: LazyLock<VerifiedAssertion> = LazyLock::new(|| {
    let sealed = sealed("xmlenc11#aes128-gcm", &gcm(SEED));
    SEALING.party.verify(sealed.as_bytes(), None).expect("the seed is accepted")
});

fn gcm(plain: &[u8]) -> Vec<u8> {
    let (nonce, mut tag) = ([9; 12], [0; 16]);
    let cipher = Cipher::aes_128_gcm();
    let sealed = encrypt_aead(cipher, &CONTENT_KEY, Some(&nonce), &[], plain, &mut tag).unwrap();
    [&nonce[..], &sealed, &tag].concat()
}

/// The bytes as plaintext blocks without padding, so that the padding is the fuzzer's own.
fn cbc(plain: &[u8]) -> Vec<u8> {
    let vector = [9; 16];
    let whole = &plain[..plain.len() / 16 * 16];
    let mut crypter =
        Crypter::new(Cipher::aes_128_cbc(), Mode::Encrypt, &CONTENT_KEY, Some(&vector)).unwrap();
    crypter.pad(false);
    let mut sealed = vec![0; whole.len() + 16];
    let length = crypter.update(whole, &mut sealed).unwrap();
    [&vector[..], &sealed[..length]].concat()
}

fn sealed(cipher: &str, data: &[u8]) -> String {
    let (space, name) = cipher.split_once('#').unwrap();
    let space = if space == "xmlenc11" { "2009/xmlenc11" } else { "2001/04/xmlenc" };
    let (data, wrapped) = (STANDARD.encode(data), &SEALING.wrapped);
    let start = AROUND.find("<saml:Assertion").unwrap();
    let end = AROUND.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
    format!(
        "{}<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
         <e:EncryptedData xmlns:e=\"http://www.w3.org/2001/04/xmlenc#\"><e:EncryptionMethod \
         Algorithm=\"http://www.w3.org/{space}#{name}\"/><d:KeyInfo \
         xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"><e:EncryptedKey><e:EncryptionMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"/><e:CipherData><e:CipherValue>\
         {wrapped}</e:CipherValue></e:CipherData></e:EncryptedKey></d:KeyInfo><e:CipherData>\
         <e:CipherValue>{data}</e:CipherValue></e:CipherData></e:EncryptedData>\
         </saml:EncryptedAssertion>{}",
        &AROUND[..start],
        &AROUND[end..]
    )
}

fuzz_target!(|plain: &[u8]| {
    let believed = &*BELIEVED;
    let xml = match plain.split_first() {
        Some((b'c', rest)) => sealed("xmlenc#aes128-cbc", &cbc(rest)),
        _ => sealed("xmlenc11#aes128-gcm", &gcm(plain)),
    };
    let until = Some(Timestamp::from_seconds(1_900_000_000));
    if let Some(assertion) = SEALING.party.verify(xml.as_bytes(), until) {
        assert_eq!(assertion.id(), believed.id(), "something else was believed");
        assert_eq!(assertion.name_id(), believed.name_id(), "something else was believed");
        assert_eq!(assertion.attributes(), believed.attributes(), "something else was believed");
    }
});
