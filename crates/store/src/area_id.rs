//! Which installation's records these are.
//!
//! Whoever lost the records has lost revocations and second factors: with an empty records area
//! everybody could enrol anew. So the area carries an id, and one that has none, or another one, is
//! not used until an operator says so.

use std::fmt;
use std::str::FromStr;

use domain::Timestamp;
use futures_util::future::{join_all, try_join_all};

use crate::{Area, Change, Entry, Store, StoreError};

/// How many entries carry the id. They lie on different nodes of a cluster, so that one node that
/// came back empty is noticed.
const MARKS: usize = 16;
/// What their keys begin with.
pub(crate) const MARK: &str = "area-id/";

/// The id of a records area: 8 to 64 letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaId(String);

/// A text is no [`AreaId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id has 8 to 64 letters, digits and hyphens")]
pub struct NoAreaId;

impl AreaId {
    /// A new one, of random bytes.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// As the operator writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the records in `store`; `None` when no mark is there.
    ///
    /// # Errors
    /// [`StoreError::Area`] when marks differ or some are missing, and when the store fails.
    pub async fn read(store: &dyn Store, now: Timestamp) -> Result<Option<Self>, StoreError> {
        let read = keys().map(|key| async move { store.get(Area::Records, &key, now).await });
        let marks: Vec<Option<Vec<u8>>> = try_join_all(read).await?;
        let Some(first) = marks.iter().flatten().next() else { return Ok(None) };
        if marks.iter().any(|mark| mark.as_ref() != Some(first)) {
            return Err(StoreError::Area(AreaProblem::Incomplete));
        }
        let text = String::from_utf8_lossy(first).parse();
        text.map(Some).map_err(|_| StoreError::Area(AreaProblem::Incomplete))
    }

    /// Makes these the records of this id, whatever they were.
    ///
    /// # Errors
    /// When the store fails; some marks may be written then.
    pub async fn write(&self, store: &dyn Store, now: Timestamp) -> Result<(), StoreError> {
        let written = keys().map(|key| async move {
            let value = self.0.clone().into_bytes();
            let entry = Entry { value, deadline: Timestamp::MAX, groups: Vec::new() };
            store.put(Area::Records, &key, entry, now).await
        });
        join_all(written).await.into_iter().collect()
    }

    /// Whether a change may be one of the id.
    pub(crate) fn concerns(change: &Change) -> bool {
        change.area == Area::Records && change.key.starts_with(MARK)
    }

    /// Whether these records may be used: those of `wanted`, or of anybody when nothing is wanted.
    /// Gives their id.
    ///
    /// # Errors
    /// [`StoreError::Area`] when not, and when the store fails.
    pub async fn check(
        store: &dyn Store,
        wanted: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        match (Self::read(store, now).await?, wanted) {
            (Some(found), Some(wanted)) if found != *wanted => {
                let (found, wanted) = (found.to_string(), wanted.to_string());
                Err(StoreError::Area(AreaProblem::Foreign { found, wanted }))
            }
            (Some(found), _) => Ok(found),
            (None, _) => Err(StoreError::Area(AreaProblem::Empty)),
        }
    }
}

impl fmt::Display for AreaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AreaId {
    type Err = NoAreaId;

    fn from_str(text: &str) -> Result<Self, NoAreaId> {
        let usual = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let fits = (8..=64).contains(&text.len()) && text.chars().all(usual);
        fits.then(|| Self(text.to_owned())).ok_or(NoAreaId)
    }
}

/// What is wrong with a records area as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AreaProblem {
    /// It has no id.
    #[error(
        "the records area is empty: it has no id; if it is new, run `vestibule store init`, if it \
         was lost, `vestibule restore FILE`"
    )]
    Empty,
    /// It is another installation's.
    #[error(
        "the records area is that of `{found}`, and `store.id` says `{wanted}`; name the right \
         store, correct `store.id`, or run `vestibule restore FILE`"
    )]
    Foreign {
        /// Its id.
        found: String,
        /// The one in the file.
        wanted: String,
    },
    /// A part of it is not there.
    #[error(
        "a part of the records area is missing: not all of its marks are there; bring the lost \
         node back, or run `vestibule restore FILE`"
    )]
    Incomplete,
}

fn keys() -> impl Iterator<Item = String> {
    (0..MARKS).map(|number| format!("{MARK}{number}"))
}
