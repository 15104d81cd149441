//! One store, and as many replicas over it as a test wants.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Identity, IdpSession, PersonKey, Secret, SiteName, Sleep, Timestamp};
use session::{Customer, Facts, OpenSession, Sealer, Secrets, SessionCookie, Sessions, Who};
use store::{Change, EmbeddedStore, FaultyStore, Followed, Store};
use tokio::sync::broadcast::Receiver;

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);
pub(crate) const IDLE: Duration = Duration::from_secs(30 * 60);
pub(crate) const ABSOLUTE: Duration = Duration::from_secs(12 * 60 * 60);
/// A use may go unnoted for so long: min(60 s, idle/20).
pub(crate) const UNNOTED: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Arc<FaultyStore>,
}

pub(crate) fn key(fill: u8) -> Secret<Vec<u8>> {
    Secret::new(vec![fill; 32])
}

pub(crate) fn sealer(keys: &[u8]) -> Arc<Sealer> {
    let keys: Vec<_> = keys.iter().map(|fill| key(*fill)).collect();
    // The store was first written under key 1: names are made with it, whatever seals.
    let sealer = Sealer::new(&[key(1)]).unwrap();
    sealer.replace(&keys).unwrap();
    Arc::new(sealer)
}

pub(crate) fn site(name: &str) -> SiteName {
    name.parse().unwrap()
}

pub(crate) fn facts() -> Facts {
    let person =
        PersonKey { idp: "acme".parse().unwrap(), subject: "subject-4711".parse().unwrap() };
    let identity = Identity {
        person,
        email: "ann@acme.example".parse().unwrap(),
        display_name: "Ann Lee".to_owned(),
        groups: Some(vec!["acme-admins".to_owned()]),
        claims: std::collections::BTreeMap::new(),
        idp_session: Some(Box::new(IdpSession {
            subject: "ann".to_owned(),
            format: None,
            name_qualifier: None,
            sp_name_qualifier: None,
            id: Some("idp-session-9".to_owned()),
        })),
        session_deadline: None,
    };
    Facts {
        who: Who::Person(Customer { identity, account: None }),
        site: site("help"),
        began: NOW,
        created: NOW,
        deadline: NOW.plus(ABSOLUTE),
        idle: IDLE,
        shortest_idle: None,
        organizations: vec!["Acme".to_owned()],
        client: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
        factor: None,
        device: "Mozilla/5.0 (Testbrowser)".to_owned(),
    }
}

pub(crate) fn secrets() -> Secrets {
    let mut secrets = Secrets::default();
    secrets.insert("upstream cookie", Secret::new("JSESSIONID=hush-hush".to_owned()));
    secrets
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let inner = Arc::new(EmbeddedStore::open(folder.path(), Followed::ALL).unwrap());
        Self { folder, store: Arc::new(FaultyStore::new(inner)) }
    }

    /// What lies on the disk: all files of the store behind each other, without room that is only set
    /// aside.
    pub(crate) fn files(&self) -> Vec<u8> {
        let (mut folders, mut all) = (vec![self.folder.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|there| there.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                all.extend(std::fs::read(path).unwrap());
                all.truncate(all.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
            }
        }
        all
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as Arc<dyn Store>
    }

    /// A replica whose keys are those of `fills`, which listens to nothing yet.
    pub(crate) fn replica(&self, fills: &[u8]) -> Arc<Sessions> {
        Arc::new(Sessions::new(self.store(), sealer(fills)).of_sites(vec![site("help")]))
    }

    /// A replica that listens to changes.
    pub(crate) async fn listening(&self) -> Arc<Sessions> {
        let sessions = self.replica(&[1]);
        let follower = Arc::clone(&sessions);
        tokio::spawn(async move { follower.follow(&StandingClock, |_| ()).await });
        settle().await;
        sessions
    }
}

/// It is always [`NOW`].
pub(crate) struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn sleep_until(&self, _: Timestamp) -> Sleep {
        Box::pin(std::future::pending())
    }
}

/// Lets every task that can run do so: what a store announced before is then heard. Needs the
/// current-thread runtime.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Key of the session's record that changed next.
pub(crate) async fn next_session(changes: &mut Receiver<Change>) -> String {
    loop {
        let key = changes.recv().await.unwrap().key;
        if key.starts_with("session/") {
            return key;
        }
    }
}

pub(crate) async fn sign_in(sessions: &Sessions) -> SessionCookie {
    sessions.create(facts(), secrets(), NOW).await.unwrap().0
}

pub(crate) async fn open(
    sessions: &Sessions,
    cookie: &SessionCookie,
    now: Timestamp,
) -> Option<Arc<OpenSession>> {
    sessions.open(cookie, &site("help"), now).await.unwrap()
}
