//! The name of a parked request.

use std::fmt;
use std::str::FromStr;

use crate::base64url;

/// A text that is no handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a parked request's handle has 22 characters of base64url")]
pub struct ParkedHandleError;

/// Names a parked request: 128 random bits, 22 characters. Knowing it is not enough: a request is
/// handed to its person alone, in the browser that sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedHandle([u8; 16]);

impl ParkedHandle {
    pub(super) fn from_random(random: [u8; 16]) -> Self {
        Self(random)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ParkedHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl FromStr for ParkedHandle {
    type Err = ParkedHandleError;

    fn from_str(text: &str) -> Result<Self, ParkedHandleError> {
        base64url::decode(text.as_bytes()).map(Self).ok_or(ParkedHandleError)
    }
}
