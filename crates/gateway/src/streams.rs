//! What is open on behalf of sessions: running downloads and tunnels, cut when their session ends.
//!
//! A request is judged when it comes; what it opened goes on without another request. So each
//! download that is worth it and each tunnel is noted here under its session's record. What the
//! change feed says of a record with something open is looked up at once; without the feed all of
//! them are looked up every half second. A download that moves counts as use of its session, a
//! tunnel and a stream of events do not: they move by themselves. Where a second factor must be
//! fresh, these two end when it is not any more; a download is one answer and comes to its end.

mod guarded;
mod watch;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Timestamp;
use http::{Response, header};
use http_body::Body as _;
use proxy::Tunnel;
use session::{Heard, OpenSession};
use tokio::sync::Notify;

use crate::body::Body;
use crate::gateway::Gateway;
use guarded::Download;

pub(crate) use guarded::Guarded;
pub(crate) use watch::watch;

/// The rest of a body that is not longer is not worth cutting.
const SMALL: u64 = 64 * 1024;

/// Everything that is open on behalf of sessions.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// By the key of the session's record.
    open: HashMap<String, Open>,
    due: Due,
}

/// What is open on behalf of one session.
#[derive(Debug)]
struct Open {
    streams: Vec<Stream>,
    /// When the session was last looked up in the store.
    looked_up: Timestamp,
}

/// What must be looked up.
#[derive(Debug, Default)]
struct Due {
    /// In the store, these sessions; at most those that have something open.
    sessions: HashSet<String>,
    /// In the store, all of them.
    all: bool,
    /// Against the marks, all of them.
    marks: bool,
}

/// One open thing and its session.
#[derive(Debug, Clone)]
struct Stream {
    session: Arc<OpenSession>,
    /// When it ends, whatever becomes of the session.
    until: Option<Timestamp>,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Download(Arc<Download>),
    Tunnel(Tunnel),
}

impl Stream {
    fn cut(&self) {
        match &self.kind {
            Kind::Download(download) => download.cut(),
            Kind::Tunnel(tunnel) => tunnel.cut(),
        }
    }

    /// Cuts it when its own time is up.
    fn cut_at(&self, now: Timestamp) {
        if self.until.is_some_and(|until| until <= now) {
            self.cut();
        }
    }

    fn is_over(&self) -> bool {
        match &self.kind {
            // It takes itself away.
            Kind::Download(_) => false,
            Kind::Tunnel(tunnel) => tunnel.is_over(),
        }
    }

    /// Whether somebody has used it since the last time that this was asked.
    fn was_used(&self) -> bool {
        match &self.kind {
            Kind::Download(download) => download.was_used(),
            Kind::Tunnel(_) => false,
        }
    }
}

impl Streams {
    /// Notes what an answer opens, so that it ends with the session, and what moves by itself with
    /// the factor that was enough until then.
    pub(crate) fn guard(
        self: &Arc<Self>,
        gateway: &Gateway,
        session: Option<&Arc<OpenSession>>,
        factor: Option<Timestamp>,
        response: Response<Body>,
    ) -> Response<Body> {
        let Some(session) = session else { return response };
        if let Some(tunnel) = response.extensions().get::<Tunnel>() {
            self.note(gateway, session, factor, Kind::Tunnel(tunnel.clone()));
            return response;
        }
        let body = response.body();
        if body.is_end_stream() || body.size_hint().exact().is_some_and(|size| size <= SMALL) {
            return response;
        }
        let kind = response.headers().get(header::CONTENT_TYPE);
        let by_itself = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let download = Arc::new(Download::new(by_itself));
        let until = factor.filter(|_| by_itself);
        self.note(gateway, session, until, Kind::Download(Arc::clone(&download)));
        let (streams, session) = (Arc::clone(self), Arc::clone(session));
        response.map(|body| Body::Guarded(Box::new(Guarded::new(body, download, streams, session))))
    }

    fn note(
        &self,
        gateway: &Gateway,
        session: &Arc<OpenSession>,
        until: Option<Timestamp>,
        kind: Kind,
    ) {
        let (key, stream) = (session.key(), Stream { session: Arc::clone(session), until, kind });
        let mut state = self.state();
        if let Some(there) = state.open.get_mut(key) {
            there.streams.push(stream);
        } else {
            let looked_up = gateway.clock.now();
            state.open.insert(key.to_owned(), Open { streams: vec![stream], looked_up });
        }
        // What was heard before it was noted here was heard by nobody.
        if gateway.sessions.has_news(session) {
            state.due.sessions.insert(key.to_owned());
            self.news.notify_one();
        }
    }

    /// A download is over.
    fn forget(&self, session: &OpenSession, download: &Arc<Download>) {
        let mut state = self.state();
        let Some(there) = state.open.get_mut(session.key()) else { return };
        there.streams.retain(|stream| match &stream.kind {
            Kind::Download(one) => !Arc::ptr_eq(one, download),
            Kind::Tunnel(_) => true,
        });
        if there.streams.is_empty() {
            state.open.remove(session.key());
        }
    }

    /// Takes down what was heard of the store; what nobody has open is nobody's news.
    pub(crate) fn hear(&self, heard: Heard<'_>) {
        let mut state = self.state();
        if state.open.is_empty() {
            return;
        }
        match heard {
            Heard::Session(key) if state.open.contains_key(key) => {
                state.due.sessions.insert(key.to_owned());
            }
            Heard::Session(_) => return,
            Heard::Mark => state.due.marks = true,
            Heard::Gap => state.due.all = true,
        }
        drop(state);
        self.news.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
