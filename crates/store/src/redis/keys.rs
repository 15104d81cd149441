//! How our keys are called in Redis.

use crate::Area;

/// `PREFIX:s:KEY` and `PREFIX:r:KEY` are entries, `PREFIX:sg:GROUP` and `PREFIX:rg:GROUP` indexes.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    pub(super) fn entry(&self, area: Area, key: &str) -> Vec<u8> {
        format!("{}{key}", self.entries(area)).into_bytes()
    }

    pub(super) fn group(&self, area: Area, group: &str) -> Vec<u8> {
        format!("{}:{}g:{group}", self.prefix, letter(area)).into_bytes()
    }

    /// Under no prefix that is followed.
    pub(super) fn probe(&self, area: Area) -> Vec<u8> {
        format!("{}:probe:{}", self.prefix, letter(area)).into_bytes()
    }

    /// What all entries of an area begin with.
    pub(super) fn entries(&self, area: Area) -> String {
        format!("{}:{}:", self.prefix, letter(area))
    }

    /// The entry that a key of Redis is.
    pub(super) fn entry_of(&self, key: &[u8]) -> Option<(Area, String)> {
        let key = std::str::from_utf8(key).ok()?;
        let (area, key) = key.strip_prefix(&self.prefix)?.strip_prefix(':')?.split_once(':')?;
        let area = match area {
            "s" => Area::Sessions,
            "r" => Area::Records,
            _ => return None,
        };
        Some((area, key.to_owned()))
    }
}

fn letter(area: Area) -> char {
    match area {
        Area::Sessions => 's',
        Area::Records => 'r',
    }
}
