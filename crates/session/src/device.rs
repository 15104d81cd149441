//! A name for one signed-in browser that may be shown.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use store::StoreError;

use crate::random;

/// A text that names no device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a device's id has 16 digits 0-9 and a-f, as `vestibule sessions list` shows it")]
pub struct DeviceIdError;

/// Names a session in one browser, to its customer and to operators. Random, and of no use to
/// anybody who wants to use the session; stays when a step-up changes the session's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceId(u64);

impl DeviceId {
    pub(crate) fn generate() -> Result<Self, StoreError> {
        Ok(Self(u64::from_be_bytes(random::bytes()?)))
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for DeviceId {
    type Err = DeviceIdError;

    fn from_str(text: &str) -> Result<Self, DeviceIdError> {
        let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| digits);
        number.map(Self).ok_or(DeviceIdError)
    }
}

impl TryFrom<String> for DeviceId {
    type Error = DeviceIdError;
    fn try_from(text: String) -> Result<Self, DeviceIdError> {
        text.parse()
    }
}

impl From<DeviceId> for String {
    fn from(device: DeviceId) -> Self {
        device.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_read_as_it_is_shown_and_nothing_else_is() {
        let device = DeviceId(0x00ab_cdef_0123_4567);
        assert_eq!(device.to_string(), "00abcdef01234567");
        assert_eq!("00abcdef01234567".parse(), Ok(device));
        for bad in
            ["", "+0abcdef01234567", "00abcdef0123456", "00abcdef012345678", "00abcdef0123456g"]
        {
            assert_eq!(bad.parse::<DeviceId>(), Err(DeviceIdError), "{bad}");
        }
    }
}
