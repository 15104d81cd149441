//! Decrypting, the same way whether it succeeds or not.

use domain::Secret;
use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode, decrypt_aead};

use super::profile::{Content, Hash, Profile, WrappedKey};
use crate::ServiceKeys;

/// XML Encryption 1.1 §5.2.4.
const GCM_NONCE: usize = 12;
const GCM_TAG: usize = 16;
/// AES's block.
const BLOCK: usize = 16;

/// Of our keys, the newest.
const MOST_OWN_KEYS: usize = 4;

/// The plaintext; `None`: no key fits, or the ciphertext is broken, and nobody learns which.
///
/// Every key of ours is tried on every wrapped key, also after one has fitted, and when none does,
/// a key that cannot fit decrypts the content: an error at the first step takes as long as one at
/// the last (A22).
pub(super) fn decrypt(profile: &Profile, keys: &ServiceKeys) -> Option<String> {
    let (Content::Gcm { key_bytes } | Content::Cbc { key_bytes }) = profile.content;
    let mut content_key = Secret::new(vec![0; key_bytes]);
    let mut fitted = false;
    for own in keys.iter().filter_map(|key| key.decrypts()).take(MOST_OWN_KEYS) {
        for wrapped in &profile.keys {
            let unwrapped = unwrap(own, wrapped).ok().filter(|key| key.expose().len() == key_bytes);
            if let (false, Some(key)) = (fitted, unwrapped) {
                (content_key, fitted) = (key, true);
            }
        }
    }
    let plain = match profile.content {
        Content::Gcm { .. } => gcm(content_key.expose(), &profile.bytes),
        Content::Cbc { .. } => cbc(content_key.expose(), &profile.bytes),
    };
    String::from_utf8(plain?).ok().filter(|_| fitted)
}

/// RSA-OAEP; OpenSSL takes the padding off in constant time.
fn unwrap(own: &PKey<Private>, wrapped: &WrappedKey) -> Result<Secret<Vec<u8>>, ErrorStack> {
    let mut context = PkeyCtx::new(own)?;
    context.decrypt_init()?;
    context.set_rsa_padding(Padding::PKCS1_OAEP)?;
    context.set_rsa_oaep_md(md(wrapped.digest))?;
    context.set_rsa_mgf1_md(md(wrapped.mask))?;
    let mut key = Vec::new();
    context.decrypt_to_vec(&wrapped.bytes, &mut key)?;
    Ok(Secret::new(key))
}

fn md(hash: Hash) -> &'static MdRef {
    match hash {
        Hash::Sha1 => Md::sha1(),
        Hash::Sha256 => Md::sha256(),
        Hash::Sha384 => Md::sha384(),
        Hash::Sha512 => Md::sha512(),
    }
}

fn gcm(key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let cipher = match key.len() {
        16 => Cipher::aes_128_gcm(),
        24 => Cipher::aes_192_gcm(),
        _ => Cipher::aes_256_gcm(),
    };
    let (nonce, rest) = bytes.split_at_checked(GCM_NONCE)?;
    let (content, tag) = rest.split_at_checked(rest.len().checked_sub(GCM_TAG)?)?;
    decrypt_aead(cipher, key, Some(nonce), &[], content, tag).ok()
}

/// XML Encryption 1.1 §5.2.3. Wrong padding is left in place and is no error of its own: the reader
/// finds no XML, as with any other garbage (A21, A22).
fn cbc(key: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let cipher = match key.len() {
        16 => Cipher::aes_128_cbc(),
        24 => Cipher::aes_192_cbc(),
        _ => Cipher::aes_256_cbc(),
    };
    let (vector, content) = bytes.split_at_checked(BLOCK)?;
    if content.is_empty() || !content.len().is_multiple_of(BLOCK) {
        return None;
    }
    let mut crypter = Crypter::new(cipher, Mode::Decrypt, key, Some(vector)).ok()?;
    crypter.pad(false);
    let mut plain = vec![0; content.len() + BLOCK];
    let written = crypter.update(content, &mut plain).ok()?;
    let last = crypter.finalize(plain.get_mut(written..)?).ok()?;
    plain.truncate(written + last);
    let padding = usize::from(*plain.last()?);
    let kept = plain.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding));
    plain.truncate(kept.unwrap_or(plain.len()));
    Some(plain)
}
