//! RFC 4648 §5 without padding, one text for one value.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Exactly `N` bytes; anything else, stray trailing bits included, is `None`. Allocates nothing.
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    // Longer texts would need a longer buffer, and are wrong anyway.
    let mut buffer = [0_u8; 48];
    if text.len() > 4 * N.div_ceil(3) {
        return None;
    }
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut buffer).ok()?;
    buffer.get(..length)?.try_into().ok()
}
