//! An area page by page: `SCAN` on one primary after the other.

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::{RedisStore, reply, script};
use crate::{Area, Page, StoreError};

/// How many entries are read at once.
const AT_ONCE: usize = 64;

impl RedisStore {
    /// `after` is the primary's number and its cursor.
    pub(super) async fn read_page(
        &self,
        area: Area,
        after: Option<String>,
    ) -> Result<Page, StoreError> {
        let (link, _) = self.link(area);
        let lost = || StoreError::Unavailable("the nodes changed while reading".to_owned());
        let (number, cursor): (usize, u64) = match &after {
            None => (0, 0),
            Some(after) => {
                let (number, cursor) = after.split_once('.').ok_or_else(lost)?;
                (number.parse().map_err(|_| lost())?, cursor.parse().map_err(|_| lost())?)
            }
        };
        let primaries = link.primaries().await?;
        let primary = primaries.get(number).ok_or_else(lost)?;
        let prefix = link.keys().entries(area);
        let answer = link.run_on(primary, script::scan(&prefix, cursor)).await?;
        let (cursor, keys) = reply::scanned(answer)?;
        let keys = keys.into_iter().filter_map(|key| key.strip_prefix(&prefix).map(str::to_owned));
        let entries = stream::iter(keys).map(|key| async move {
            // Gone since, or an index that begins alike: nothing to read.
            Ok::<_, StoreError>(self.read(area, &key).await?.map(|entry| (key, entry)))
        });
        let entries = entries.buffer_unordered(AT_ONCE).try_filter_map(|found| async { Ok(found) });
        let next = match (cursor, number + 1) {
            (0, next) if next >= primaries.len() => None,
            (0, next) => Some(format!("{next}.0")),
            (cursor, _) => Some(format!("{number}.{cursor}")),
        };
        Ok(Page { entries: entries.try_collect().await?, next })
    }
}
