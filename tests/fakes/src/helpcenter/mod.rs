//! A help center as upstream: portals, requests, a create form, attachments, uploads, a WebSocket.
//!
//! It believes only a valid `X-Vestibule-Assertion` and shows whom it believes to be signed in.
//! Every connection and request is recorded, so that a test can say "nothing came".

mod assertion;
mod pages;
mod record;
#[cfg(test)]
mod tests;
mod transfer;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub use assertion::{Caller, Trust};
pub use record::Recorded;
use url::Url;

use crate::clock::FakeClock;
use crate::server::{self, Behaviour, Place, Server};

/// What a help center is.
#[derive(Debug, Clone)]
pub struct HelpCenterOptions {
    /// Where it listens.
    pub place: Place,
    /// Name on its pages.
    pub label: String,
    /// What time it is there.
    pub clock: FakeClock,
}

impl Default for HelpCenterOptions {
    fn default() -> Self {
        let label = "Example Support".to_owned();
        Self { place: Place::default(), label, clock: FakeClock::system() }
    }
}

/// A running help center; dropped means stopped.
#[derive(Debug)]
pub struct HelpCenter {
    /// `http://host:port`.
    pub url: String,
    core: Arc<Core>,
    server: Server,
}

#[derive(Debug)]
struct Core {
    options: HelpCenterOptions,
    verifier: assertion::Verifier,
    records: Mutex<Vec<Recorded>>,
    created: Mutex<Vec<pages::CreatedRequest>>,
    websockets: AtomicUsize,
}

impl HelpCenter {
    /// Starts a help center on a free port that trusts nobody yet.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub fn start() -> Self {
        Self::start_with(HelpCenterOptions::default()).expect("a free port")
    }

    /// Starts a help center that trusts nobody yet.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start_with(options: HelpCenterOptions) -> std::io::Result<Self> {
        let bound = server::bind(&options.place)?;
        let url = bound.url.clone();
        let core = Arc::new(Core {
            verifier: assertion::Verifier::new(options.clock.clone()),
            options,
            records: Mutex::default(),
            created: Mutex::default(),
            websockets: AtomicUsize::new(0),
        });
        let server = bound.serve(pages::router(Arc::clone(&core)));
        Ok(Self { url, core, server })
    }

    /// Believes assertions for `audience` that these keys signed.
    pub fn trust(&self, trust: Trust, audience: &str) {
        self.core.verifier.trust(trust, audience);
    }

    /// Believes assertions for the host of `jwks` that the keys published there signed; `authority`
    /// is the PEM of the certificate authority to trust for it.
    pub fn trust_gateway(&self, jwks: &str, authority: &str) {
        let host = Url::parse(jwks).ok().and_then(|u| u.host_str().map(str::to_owned));
        let trust = Trust::Published { url: jwks.to_owned(), authority: authority.to_owned() };
        self.trust(trust, &host.unwrap_or_default());
    }

    /// Every request so far, the oldest first.
    pub fn requests(&self) -> Vec<Recorded> {
        self.core.records.lock().expect("no holder of this lock panics").clone()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.core.records.lock().expect("no holder of this lock panics").clear();
    }

    /// How many connections were ever accepted.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// How many WebSockets are open now.
    pub fn open_websockets(&self) -> usize {
        self.core.websockets.load(Ordering::SeqCst)
    }

    /// How the server treats its peers.
    pub fn behave(&self, behaviour: Behaviour) {
        self.server.behave(behaviour);
    }
}
