//! Random bytes for ids, keys and nonces.

use store::StoreError;

/// `N` random bytes from the system.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    let none = |_| StoreError::Unavailable("the system gives no random bytes".to_owned());
    aws_lc_rs::rand::fill(&mut bytes).map_err(none)?;
    Ok(bytes)
}
