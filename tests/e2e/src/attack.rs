//! What a refusal leaves behind: one record under its code, and nothing else.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use audit::Record;
use domain::AuditEvent;
use fakes::http_client::Answer;
use gateway::Feed;
use store::Store;

use crate::{Scene, reference};

/// How long a test waits for what happens by itself before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the peers behind the gateway have seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traces {
    jsm_calls: usize,
    upstream_connections: usize,
    upstream_requests: usize,
}

impl Scene {
    /// What the peers behind the gateway have seen so far.
    pub fn traces(&self) -> Traces {
        Traces {
            jsm_calls: self.jsm.calls().len(),
            upstream_connections: self.helpcenter.connections(),
            upstream_requests: self.helpcenter.requests().len(),
        }
    }

    /// The cause for which `answer` refuses. `before` was taken before the refused request.
    ///
    /// # Panics
    /// When the answer is no 4xx and no 503, sets a session cookie, has no reference code or not
    /// exactly one record under it, or when JSM or the help center were called meanwhile.
    pub fn cause(&self, before: &Traces, answer: &Answer) -> String {
        let status = answer.status;
        assert!((400..500).contains(&status) || status == 503, "{status}: {}", answer.text());
        assert!(!sets_session(answer), "a refusal sets a session cookie");
        assert_eq!(answer.header("location"), None, "a refusal redirects");
        assert_eq!(self.traces(), *before, "a refusal reached JSM or the help center");
        let records = self.recorded(&reference(answer));
        match records.as_slice() {
            [Record { event: AuditEvent::Refused { refusal, .. }, .. }] => refusal.cause.clone(),
            other => panic!("not exactly one refusal, but {other:?}"),
        }
    }

    /// Stops the gateway in good order.
    pub async fn stop_gateway(&mut self) {
        let Some(running) = self.gateway.take() else { return };
        let stopped = tokio::task::spawn_blocking(move || running.stop());
        stopped.await.expect("the gateway stops");
    }

    /// Stops the gateway, replaces pieces of its file and starts it again in the same folder.
    pub async fn restart_with(&mut self, pieces: &[(&str, &str)]) {
        for (piece, other) in pieces {
            self.edit(piece, other);
        }
        self.restart_gateway().await;
    }

    /// Starts the stopped gateway over a store of the test's.
    pub fn start_gateway_over(&mut self, store: Arc<dyn Store>) {
        let path = self.folder.path().join("vestibule.yaml");
        let settings = config::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let clock = Arc::new(self.clock.clone());
        let running = gateway::start_with_store(settings, clock, Feed::Acceptor, store);
        self.gateway = Some(running.expect("the gateway starts"));
    }

    /// Waits until the audit log holds `count` lines that have all of these parts.
    ///
    /// # Panics
    /// When that does not happen in time.
    pub async fn until_audited(&self, count: usize, parts: &[&str]) {
        let seen = || {
            let log = self.audit_log();
            log.lines().filter(|line| parts.iter().all(|part| line.contains(part))).count()
        };
        let waited = tokio::time::timeout(PATIENCE, async {
            while seen() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        if waited.await.is_err() {
            let mut why = format!("{count} lines with {parts:?} have not come:\n");
            let _ = write!(why, "{}", self.audit_log());
            panic!("{why}");
        }
    }
}

/// Whether an answer gives a browser a session.
pub fn sets_session(answer: &Answer) -> bool {
    let cookies = answer.headers.get_all("set-cookie").iter();
    cookies.filter_map(|line| line.to_str().ok()).any(|line| {
        let value = line.strip_prefix("__Host-vestibule=");
        value.is_some_and(|value| !value.starts_with(';'))
    })
}
