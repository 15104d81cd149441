//! Groups that a token refers to in place of listing them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Subject, Timestamp};
use oidc::{GroupQuery, OverageError};
use outbound::OutboundError;
use tokio::time::timeout;

use crate::FederationError;
use crate::cached::is_due;
use crate::fetch::{Caller, PATIENCE, WAITED_FOR};

/// Somebody who signs in again soon after has the same groups.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// People whose groups are remembered.
const MAX_PEOPLE: usize = 4096;
/// More groups than anybody is in.
const MAX_GROUPS: usize = 20_000;
/// Pages that are read for one person.
const MAX_PAGES: usize = 40;

/// The groups of those who signed in lately.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    known: Mutex<HashMap<Subject, Known>>,
}

#[derive(Debug)]
struct Known {
    at: Timestamp,
    groups: Arc<[String]>,
}

impl Groups {
    /// Somebody's groups, as they were known a short while ago or as they are now.
    pub(crate) async fn of(
        &self,
        subject: &Subject,
        caller: &Caller,
        query: &GroupQuery,
        now: Timestamp,
    ) -> Result<Arc<[String]>, GroupsError> {
        if let Some(known) = self.known().get(subject).filter(|known| !old(known, now)) {
            return Ok(Arc::clone(&known.groups));
        }
        let fetched = timeout(PATIENCE, fetch(caller, query)).await;
        let fetched =
            fetched.unwrap_or_else(|_| Err(FederationError::TimedOut(caller.idp.clone()).into()));
        let groups: Arc<[String]> = fetched?.into();
        let mut known = self.known();
        known.retain(|_, known| !old(known, now));
        if known.len() < MAX_PEOPLE {
            known.insert(subject.clone(), Known { at: now, groups: Arc::clone(&groups) });
        }
        Ok(groups)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Subject, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why groups could not be had; the sign-in goes on without them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GroupsError {
    #[error(transparent)]
    Overage(#[from] OverageError),
    #[error(transparent)]
    Call(#[from] FederationError),
}

fn old(known: &Known, now: Timestamp) -> bool {
    is_due(Some(known.at), now, FRESH)
}

async fn fetch(caller: &Caller, query: &GroupQuery) -> Result<Vec<String>, GroupsError> {
    let unsendable = || caller.failed(OutboundError::Address);
    let mut request = query.request().ok_or_else(unsendable)?;
    let mut groups = Vec::new();
    for _ in 0..MAX_PAGES {
        let answer = caller.send(request, WAITED_FOR).await?;
        let page = query.read(answer.status(), answer.body())?;
        groups.extend(page.groups);
        if groups.len() > MAX_GROUPS {
            break;
        }
        let Some(next) = page.next else { return Ok(groups) };
        request = query.request_page(&next).ok_or_else(unsendable)?;
    }
    Err(OverageError::TooMany.into())
}
