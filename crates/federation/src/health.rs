//! Whether an identity provider answers, asked before people are sent there (capabilities N16).

use std::time::Duration;

use bytes::Bytes;
use domain::{IdpName, Timestamp};
use http::Request;
use outbound::{Limits, OutboundError};
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use crate::FederationError;
use crate::cached::is_due;
use crate::fetch::{Caller, PATIENCE};

/// The longest that asking may take; a notice must be there within three seconds.
const PROBE: Duration = Duration::from_millis(2500);
/// How long a good answer holds.
const WELL: Duration = Duration::from_secs(30);
/// How long a bad one does.
const ILL: Duration = Duration::from_secs(10);
/// Answers are looked at by their being there alone.
const MAX_ANSWER: usize = 64 * 1024;

/// Where browsers are sent, and what the gateway itself calls.
#[derive(Debug)]
pub(crate) struct Doors {
    pub(crate) sign_in: Url,
    pub(crate) called: Vec<Url>,
}

impl Doors {
    /// Whether to knock before people are sent to the sign-in page. Unless the operator says so,
    /// only a host is asked that the gateway calls anyhow: others may not be reachable from here
    /// and yet be so for browsers.
    pub(crate) fn knock(&self, operator: Option<bool>) -> bool {
        let known = || self.called.iter().any(|url| url.host() == self.sign_in.host());
        operator.unwrap_or_else(known)
    }
}

/// What was last seen of one provider.
#[derive(Debug)]
pub(crate) struct Health {
    idp: IdpName,
    /// Held while asking: who else wants to know waits for that answer.
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug)]
struct Seen {
    at: Timestamp,
    trouble: Option<Trouble>,
}

#[derive(Debug, Clone)]
struct Trouble {
    since: Timestamp,
    error: FederationError,
}

impl Health {
    pub(crate) fn unknown(idp: IdpName) -> Self {
        Self { idp, seen: Mutex::default() }
    }

    /// What was seen a short while ago, or what `ask` brings.
    pub(crate) async fn check(
        &self,
        now: Timestamp,
        ask: impl AsyncFnOnce() -> Result<(), FederationError>,
    ) -> Result<(), FederationError> {
        let turn = async {
            let mut seen = self.seen.lock().await;
            if let Some(seen) = seen.as_ref().filter(|seen| seen.holds(now)) {
                return self.told(seen.trouble.clone());
            }
            let answer = timeout(PROBE, Box::pin(ask())).await;
            let answer = answer.unwrap_or_else(|_| Err(self.timed_out()));
            let trouble = answer.err().map(|error| Trouble { since: since(&seen, now), error });
            *seen = Some(Seen { at: now, trouble: trouble.clone() });
            self.told(trouble)
        };
        timeout(PATIENCE, turn).await.unwrap_or_else(|_| Err(self.timed_out()))
    }

    /// Remembers that a call of somebody's sign-in brought no answer, and since when.
    pub(crate) fn failed(&self, error: FederationError, now: Timestamp) -> FederationError {
        // Whoever asks at this moment will know by themselves; waiting for them would make the
        // notice late.
        let Ok(mut seen) = self.seen.try_lock() else {
            return self.not_reachable(Trouble { since: now, error });
        };
        let trouble = Trouble { since: since(&seen, now), error };
        *seen = Some(Seen { at: now, trouble: Some(trouble.clone()) });
        self.not_reachable(trouble)
    }

    fn told(&self, trouble: Option<Trouble>) -> Result<(), FederationError> {
        trouble.map_or(Ok(()), |trouble| Err(self.not_reachable(trouble)))
    }

    fn not_reachable(&self, trouble: Trouble) -> FederationError {
        let Trouble { since, error } = trouble;
        FederationError::NotReachable { idp: self.idp.clone(), since, source: Box::new(error) }
    }

    fn timed_out(&self) -> FederationError {
        FederationError::TimedOut(self.idp.clone())
    }
}

impl Seen {
    fn holds(&self, now: Timestamp) -> bool {
        let how_long = if self.trouble.is_some() { ILL } else { WELL };
        !is_due(Some(self.at), now, how_long)
    }
}

/// An outage goes on from when it was first seen.
fn since(seen: &Option<Seen>, now: Timestamp) -> Timestamp {
    let trouble = seen.as_ref().and_then(|seen| seen.trouble.as_ref());
    trouble.map_or(now, |trouble| trouble.since.min(now))
}

impl Caller {
    /// Whether any HTTP answer comes from an address; which one does not matter.
    pub(crate) async fn knock(&self, url: &Url) -> Result<(), FederationError> {
        let request = Request::head(url.as_str())
            .body(Bytes::new())
            .map_err(|_| self.failed(OutboundError::Address))?;
        let limits = Limits { deadline: PROBE, max_body: MAX_ANSWER };
        match self.send(request, limits).await {
            Err(FederationError::Call { source: OutboundError::TooLarge { .. }, .. }) => Ok(()),
            other => other.map(|_| ()),
        }
    }
}
