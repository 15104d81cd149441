//! Authenticated encryption of everything that lies in the store.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use domain::Secret;
use store::StoreError;
use zeroize::Zeroizing;

use crate::naming::Naming;
use crate::random;

/// First byte of everything sealed. Other programs' later versions count up (attacks.md D17).
const VERSION: u8 = 1;
/// Length of a sealing key.
const KEY: usize = 32;
/// Length of what tells keys apart.
const KEY_ID: usize = 4;

/// A sealing key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealingKeyError {
    /// The list is empty.
    #[error("there is no sealing key; make one with `vestibule keys init`")]
    None,
    /// A key of another length, counted from one.
    #[error(
        "sealing key {number} has {length} bytes, 32 are wanted; make one with `vestibule keys init`"
    )]
    Length {
        /// Which, counted from one.
        number: usize,
        /// How long it is.
        length: usize,
    },
    /// Two keys that are the same, or that cannot be told apart.
    #[error("sealing key {number} is the same as an earlier one; each may be listed once")]
    Repeated {
        /// Which, counted from one.
        number: usize,
    },
}

/// Why sealed bytes could not be read. Never the same as "absent": they stay where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Written by another version of the program, or cut short.
    #[error("the record has a format that this version does not know")]
    Version,
    /// Sealed with a key that the configuration does not list.
    #[error("the record is sealed with a key that is not in the configuration")]
    Key,
    /// Edited, or moved here from another record or purpose (attacks.md D9).
    #[error("the record was altered, or belongs elsewhere")]
    Forged,
}

/// What sealed bytes are for, and of which record: both are authenticated (attacks.md D9).
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// A constant of the code.
    pub purpose: &'a str,
    /// The record's own name, such as its key in the store.
    pub id: &'a str,
}

impl Context<'_> {
    /// Injective: the purpose's length is in front.
    fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(self.purpose.len()).unwrap_or(u32::MAX);
        [&length.to_be_bytes(), self.purpose.as_bytes(), self.id.as_bytes()].concat()
    }
}

struct ServerKey {
    id: [u8; KEY_ID],
    sealing: Prk,
}

/// With which key something is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SealedWith {
    /// The one in use.
    First,
    /// Another one of ours.
    Former,
    /// One that the configuration does not list.
    Unknown,
    /// It is not sealed, or by another version.
    Nothing,
}

/// Seals with the first key, reads with all.
///
/// Sealed bytes: version (1), key id (4, the start of the key's SHA-256), nonce (12), ciphertext
/// and tag of AES-256-GCM. The AES key is derived (HKDF, RFC 5869) per purpose and record, so that
/// random nonces need to differ only among the versions of one record.
pub struct Sealer {
    keys: ArcSwap<Vec<ServerKey>>,
    naming: ArcSwap<Naming>,
    /// Whether names are those of a store.
    pub(crate) adopted: AtomicBool,
}

impl Sealer {
    /// From the operator's keys, the one in use first. Names records as the first gateway of a new
    /// store does; see [`Sealer::adopt_names`].
    ///
    /// # Errors
    /// When there is none, or one has not 32 bytes, or is there twice.
    pub fn new(keys: &[Secret<Vec<u8>>]) -> Result<Self, SealingKeyError> {
        let known = server_keys(keys)?;
        let first = keys.first().ok_or(SealingKeyError::None)?;
        let naming = ArcSwap::from_pointee(Naming::derived(first.expose()));
        let adopted = AtomicBool::new(false);
        Ok(Self { keys: ArcSwap::from_pointee(known), naming, adopted })
    }

    /// Goes on with other keys; what lies in the store and needs a key that is gone can no longer
    /// be read. Names stay as they are.
    ///
    /// # Errors
    /// As [`Sealer::new`]; the old keys then stay.
    pub fn replace(&self, keys: &[Secret<Vec<u8>>]) -> Result<(), SealingKeyError> {
        self.keys.store(Arc::new(server_keys(keys)?));
        Ok(())
    }

    /// Seals `plain` with the first key under a fresh random nonce.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn seal(&self, context: Context<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let keys = self.keys.load();
        let key = keys.first().ok_or_else(not_sealed)?;
        let mut sealed = vec![VERSION];
        sealed.extend(key.id);
        sealed.extend(seal(&key.sealing, context, plain)?);
        Ok(sealed)
    }

    /// Opens what [`Sealer::seal`] made with any of the keys, for the same context.
    ///
    /// # Errors
    /// When it was sealed by another version, by an unknown key, or for another context.
    pub fn open(
        &self,
        context: Context<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
        let (version, rest) = sealed.split_first().ok_or(Unreadable::Version)?;
        let (id, rest) = rest.split_first_chunk::<KEY_ID>().ok_or(Unreadable::Version)?;
        if *version != VERSION {
            return Err(Unreadable::Version);
        }
        let keys = self.keys.load();
        let key = keys.iter().find(|key| key.id == *id).ok_or(Unreadable::Key)?;
        open(&key.sealing, context, rest)
    }

    /// Whether there are keys beside the one in use.
    pub fn has_former_keys(&self) -> bool {
        self.keys.load().len() > 1
    }

    /// With which key something is sealed.
    pub(crate) fn sealed_with(&self, sealed: &[u8]) -> SealedWith {
        let shortest = 1 + KEY_ID + NONCE_LEN + AES_256_GCM.tag_len();
        let id = sealed.split_first().filter(|(version, _)| **version == VERSION);
        let id = id.and_then(|(_, rest)| rest.first_chunk::<KEY_ID>());
        let Some(id) = id.filter(|_| sealed.len() >= shortest) else { return SealedWith::Nothing };
        match self.keys.load().iter().position(|key| key.id == *id) {
            Some(0) => SealedWith::First,
            Some(_) => SealedWith::Former,
            None => SealedWith::Unknown,
        }
    }

    /// The name for a record or a group: an HMAC of `parts` behind `kind`, which ends in a slash.
    /// Without the server's keys nobody can tell whom it means.
    pub fn name(&self, kind: &str, parts: &[&[u8]]) -> String {
        self.naming.load().name(kind, parts)
    }

    pub(crate) fn naming(&self) -> Arc<Naming> {
        self.naming.load_full()
    }

    pub(crate) fn name_with(&self, naming: Naming) {
        self.naming.store(Arc::new(naming));
    }
}

/// A zero byte and then each part behind its length: no two lists give the same bytes.
pub(crate) fn lengths_in_front(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![0];
    for part in parts {
        bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The key that a session's cookie holds, for the inner layer around its secrets.
pub(crate) fn cookie_key(key: &[u8]) -> Prk {
    Salt::new(HKDF_SHA256, b"vestibule session secrets").extract(key)
}

/// Nonce, then ciphertext and tag.
pub(crate) fn seal(key: &Prk, context: Context<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
    let nonce: [u8; NONCE_LEN] = random::bytes()?;
    let about = context.bytes();
    let cipher = cipher(key, &about).ok_or_else(not_sealed)?;
    let mut text = plain.to_vec();
    let tag = cipher
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(&about),
            &mut text,
        )
        .map_err(|_| not_sealed())?;
    Ok([&nonce, text.as_slice(), tag.as_ref()].concat())
}

/// Undoes [`seal`].
pub(crate) fn open(
    key: &Prk,
    context: Context<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unreadable::Version)?;
    let about = context.bytes();
    let cipher = cipher(key, &about).ok_or(Unreadable::Forged)?;
    let mut text = Zeroizing::new(text.to_vec());
    let length = cipher
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(&about), &mut text)
        .map_err(|_| Unreadable::Forged)?
        .len();
    text.truncate(length);
    Ok(text)
}

fn cipher(key: &Prk, about: &[u8]) -> Option<LessSafeKey> {
    let info: [&[u8]; 2] = [b"vestibule seal", about];
    let key = UnboundKey::from(key.expand(&info, &AES_256_GCM).ok()?);
    Some(LessSafeKey::new(key))
}

fn server_keys(keys: &[Secret<Vec<u8>>]) -> Result<Vec<ServerKey>, SealingKeyError> {
    let mut known: Vec<ServerKey> = Vec::new();
    for (number, key) in (1..).zip(keys) {
        let length = key.expose().len();
        if length != KEY {
            return Err(SealingKeyError::Length { number, length });
        }
        let key = server_key(key.expose());
        if known.iter().any(|k| k.id == key.id) {
            return Err(SealingKeyError::Repeated { number });
        }
        known.push(key);
    }
    if known.is_empty() { Err(SealingKeyError::None) } else { Ok(known) }
}

fn server_key(key: &[u8]) -> ServerKey {
    let mut id = [0; KEY_ID];
    for (to, from) in id.iter_mut().zip(digest(&SHA256, key).as_ref()) {
        *to = *from;
    }
    let sealing = Salt::new(HKDF_SHA256, b"vestibule sealing").extract(key);
    ServerKey { id, sealing }
}

fn not_sealed() -> StoreError {
    StoreError::Unavailable("a record could not be sealed".to_owned())
}
