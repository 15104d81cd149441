//! argon2id, where it cannot hold up anybody else.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use domain::Secret;
use store::StoreError;
use tokio::sync::Semaphore;

/// Length of a hash.
pub(crate) const HASH: usize = 32;
/// Hashes made at once: each wants 19 MiB and a core.
const AT_ONCE: usize = 2;

/// Hashes texts, a few at a time, off the threads that serve.
pub(crate) struct Hashing {
    turn: Semaphore,
}

impl Hashing {
    pub(crate) fn new() -> Self {
        Self { turn: Semaphore::new(AT_ONCE) }
    }

    /// The hashes of `texts`, in order, all under one salt: a guess is then hashed once and held
    /// against all. That helps nobody who has the hashes, as the codes have 60 random bits.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub(crate) async fn hash(
        &self,
        texts: Vec<Secret<String>>,
        salt: [u8; 16],
    ) -> Result<Vec<[u8; HASH]>, StoreError> {
        let failed = || StoreError::Unavailable("a recovery code could not be hashed".to_owned());
        let _turn = self.turn.acquire().await.map_err(|_| failed())?;
        let hashed = tokio::task::spawn_blocking(move || hash_all(&texts, &salt)).await;
        hashed.ok().flatten().ok_or_else(failed)
    }
}

/// OWASP's parameters: 19 MiB, two passes, one lane.
fn hash_all(texts: &[Secret<String>], salt: &[u8; 16]) -> Option<Vec<[u8; HASH]>> {
    let params = Params::default();
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut hashes = Vec::with_capacity(texts.len());
    for text in texts {
        let mut hash = [0; HASH];
        let text = text.expose().as_bytes();
        argon2.hash_password_into_with_memory(text, salt, &mut hash, &mut memory).ok()?;
        hashes.push(hash);
    }
    Some(hashes)
}
