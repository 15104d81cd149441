//! The one source of random bytes of the running gateway.

use domain::ReferenceCode;

/// `N` random bytes from the system. When the system has none, nothing that needs them may go on:
/// the caller's request fails.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A fresh reference code. It is a label, not a secret: without randomness it is all zeros.
pub(crate) fn reference() -> ReferenceCode {
    ReferenceCode::from_random(bytes().unwrap_or_default())
}

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system gives no random bytes")]
pub(crate) struct NoRandomness;
