//! What encrypted data may look like, and with which algorithms.

use roxmltree::Node;

use super::Cbc;
use crate::ResponseError;
use crate::gate;
use crate::xml::{DSIG, XENC, child, children, is, shown, text};

/// Keys for several recipients, or for several of ours.
const MOST_KEYS: usize = 4;

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Gcm { key_bytes: usize },
    Cbc { key_bytes: usize },
}

/// A hash function in RSA-OAEP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// A content key, encrypted to one of our keys.
#[derive(Debug)]
pub(super) struct WrappedKey {
    pub(super) digest: Hash,
    pub(super) mask: Hash,
    pub(super) bytes: Vec<u8>,
}

/// One encrypted element, taken apart.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) content: Content,
    pub(super) keys: Vec<WrappedKey>,
    pub(super) bytes: Vec<u8>,
}

impl Profile {
    pub(super) fn is_cbc(&self) -> bool {
        matches!(self.content, Content::Cbc { .. })
    }
}

/// Takes an `EncryptedAssertion`, `EncryptedID` or `EncryptedAttribute` apart.
pub(super) fn read(encrypted: Node<'_, '_>, cbc: Cbc) -> Result<Profile, ResponseError> {
    let data = child(encrypted, XENC, "EncryptedData")?
        .ok_or(ResponseError::EncryptionProfile("no EncryptedData"))?;
    let is_element = data.attribute("Type").is_none_or(|kind| kind == ELEMENT);
    if !is_element {
        return Err(ResponseError::EncryptionProfile("it holds something else than an element"));
    }
    let content = content(algorithm(data)?, cbc)?;
    let key_info = child(data, DSIG, "KeyInfo")?;
    let inside = key_info.into_iter().flat_map(|info| children(info, XENC, "EncryptedKey"));
    // Beside the data, where a RetrievalMethod may point: all are tried, whatever it says.
    let beside = children(encrypted, XENC, "EncryptedKey");
    let keys = inside.chain(beside).map(wrapped_key).collect::<Result<Vec<_>, _>>()?;
    match keys.len() {
        0 => Err(ResponseError::EncryptionProfile("no EncryptedKey")),
        1..=MOST_KEYS => Ok(Profile { content, keys, bytes: cipher_value(data)? }),
        _ => Err(ResponseError::Limit("encrypted keys")),
    }
}

const ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";

/// A22: authenticated encryption, and CBC only under the operator's dated exception.
fn content(algorithm: &str, cbc: Cbc) -> Result<Content, ResponseError> {
    let content = match algorithm {
        "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Content::Gcm { key_bytes: 16 },
        "http://www.w3.org/2009/xmlenc11#aes192-gcm" => Content::Gcm { key_bytes: 24 },
        "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Content::Gcm { key_bytes: 32 },
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => Content::Cbc { key_bytes: 16 },
        "http://www.w3.org/2001/04/xmlenc#aes192-cbc" => Content::Cbc { key_bytes: 24 },
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => Content::Cbc { key_bytes: 32 },
        other => return Err(ResponseError::EncryptionAlgorithm(shown(other))),
    };
    match content {
        Content::Cbc { .. } if cbc == Cbc::Refused => Err(ResponseError::Cbc),
        content => Ok(content),
    }
}

/// XML Encryption 1.1 §5.5: RSA-OAEP in its two spellings; RSA 1.5 (§5.5.1) never.
fn wrapped_key(key: Node<'_, '_>) -> Result<WrappedKey, ResponseError> {
    const MGF_1: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
    const XENC_11: &str = "http://www.w3.org/2009/xmlenc11#";
    let algorithm = algorithm(key)?;
    if algorithm != MGF_1 && algorithm != OAEP {
        return Err(ResponseError::EncryptionAlgorithm(shown(algorithm)));
    }
    let method = child(key, XENC, "EncryptionMethod")?;
    let mut parameters = method.into_iter().flat_map(|method| method.children());
    if parameters.any(|node| is(node, XENC, "OAEPparams")) {
        return Err(ResponseError::EncryptionProfile("OAEPparams"));
    }
    let parameter = |namespace, name| match method {
        Some(method) => Ok::<_, ResponseError>(
            child(method, namespace, name)?.map(|node| node.attribute("Algorithm").unwrap_or("")),
        ),
        None => Ok(None),
    };
    let digest = parameter(DSIG, "DigestMethod")?.map_or(Ok(Hash::Sha1), digest)?;
    let mask = match parameter(XENC_11, "MGF")? {
        Some(name) if algorithm == OAEP => mask(name)?,
        _ => Hash::Sha1,
    };
    Ok(WrappedKey { digest, mask, bytes: cipher_value(key)? })
}

fn digest(name: &str) -> Result<Hash, ResponseError> {
    Ok(match name {
        "http://www.w3.org/2000/09/xmldsig#sha1" => Hash::Sha1,
        "http://www.w3.org/2001/04/xmlenc#sha256" => Hash::Sha256,
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Hash::Sha384,
        "http://www.w3.org/2001/04/xmlenc#sha512" => Hash::Sha512,
        other => return Err(ResponseError::EncryptionAlgorithm(shown(other))),
    })
}

fn mask(name: &str) -> Result<Hash, ResponseError> {
    Ok(match name {
        "http://www.w3.org/2009/xmlenc11#mgf1sha1" => Hash::Sha1,
        "http://www.w3.org/2009/xmlenc11#mgf1sha256" => Hash::Sha256,
        "http://www.w3.org/2009/xmlenc11#mgf1sha384" => Hash::Sha384,
        "http://www.w3.org/2009/xmlenc11#mgf1sha512" => Hash::Sha512,
        other => return Err(ResponseError::EncryptionAlgorithm(shown(other))),
    })
}

fn algorithm<'a>(encrypted: Node<'a, '_>) -> Result<&'a str, ResponseError> {
    child(encrypted, XENC, "EncryptionMethod")?
        .and_then(|method| method.attribute("Algorithm"))
        .ok_or(ResponseError::EncryptionProfile("no EncryptionMethod"))
}

/// The ciphertext, which stands in the message: a CipherReference is not followed.
fn cipher_value(encrypted: Node<'_, '_>) -> Result<Vec<u8>, ResponseError> {
    let missing = ResponseError::EncryptionProfile("no CipherValue");
    let data = child(encrypted, XENC, "CipherData")?.ok_or(missing.clone())?;
    let value = child(data, XENC, "CipherValue")?.ok_or(missing)?;
    let bytes = text(value).and_then(|text| gate::base64(&text));
    bytes.ok_or(ResponseError::EncryptionProfile("a CipherValue is not plain base64"))
}
