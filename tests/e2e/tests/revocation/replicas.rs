//! Two gateways in this process over one store.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails its test"
)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use domain::{Clock, Identity, PersonKey, Timestamp};
use e2e::{Scene, SceneOptions};
use fakes::http_client::{Answer, Call, Connections};
use gateway::control::{self, Command, Whose};
use gateway::{Feed, Running};
use http::Method;
use redis_lab::{Fault, FaultProxy, Server};
use session::{Customer, Facts, Sealer, Secrets, Sessions, Who};
use store::{AreaId, FaultyStore, GuardedStore, RedisStore, Store, conformance};

use crate::{LINK, SESSION};

/// A scene whose gateway has a second beside it.
pub(crate) struct Pair {
    pub(crate) scene: Scene,
    /// What the second gateway sees of the store.
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) second: Running,
    /// What the first sees of it; the same unless each reaches it in a way of its own.
    first: Arc<FaultyStore>,
    redis: Option<(Server, [FaultProxy; 2])>,
}

/// What a replica loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Nothing,
    /// The change feed; the store answers.
    Feed,
    /// The way to Redis is cut.
    Link,
    /// Redis hears nothing and says nothing.
    Answers,
}

impl Pair {
    pub(crate) async fn start() -> Self {
        Self::with(SceneOptions::default(), None).await
    }

    /// With the clock of the scene, or another one.
    pub(crate) async fn with(options: SceneOptions, clock: Option<Arc<dyn Clock>>) -> Self {
        let mut scene = Scene::with(options).await;
        scene.stop_gateway().await;
        let store = Arc::new(FaultyStore::new(Arc::new(scene.open_store().await)));
        Self::over(scene, [Arc::clone(&store), store], clock)
    }

    /// Over a real Redis, which each replica reaches through a proxy of its own.
    pub(crate) async fn on_redis(clock: Option<Arc<dyn Clock>>) -> Self {
        let mut scene = Scene::start().await;
        scene.stop_gateway().await;
        let redis = Server::start();
        let proxies = [FaultProxy::start(redis.port).await, FaultProxy::start(redis.port).await];
        let (id, now) = (AreaId::from_random([7; 16]), scene.clock.now());
        let through = async |proxy: &FaultProxy| {
            let settings = redis.settings_through(proxy.port());
            let store = RedisStore::open(settings, None, session::FOLLOWED).expect("settings");
            conformance::until_heard(&store).await;
            id.write(&store, now).await.expect("a store");
            Arc::new(FaultyStore::new(Arc::new(GuardedStore::new(Arc::new(store), id.clone()))))
        };
        let stores = [through(&proxies[0]).await, through(&proxies[1]).await];
        let pair = Self::over(scene, stores, clock);
        Self { redis: Some((redis, proxies)), ..pair }
    }

    fn over(
        mut scene: Scene,
        stores: [Arc<FaultyStore>; 2],
        clock: Option<Arc<dyn Clock>>,
    ) -> Self {
        let clock = clock.unwrap_or_else(|| Arc::new(scene.clock.clone()));
        let [first, store] = stores;
        let start = |settings, store: &Arc<FaultyStore>| {
            let store = Arc::clone(store) as Arc<dyn Store>;
            let started =
                gateway::start_with_store(settings, Arc::clone(&clock), Feed::Acceptor, store);
            started.expect("a gateway starts")
        };
        scene.gateway = Some(start(scene.settings(), &first));
        let mut settings = scene.settings();
        settings.listen.https = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        settings.control_socket = scene.folder.path().join("data/second.sock");
        settings.audit_file = scene.folder.path().join("data/second.jsonl");
        settings.access_log = None;
        let second = start(settings, &store);
        Self { scene, store, second, first, redis: None }
    }

    /// A replica loses this from now on, and only this.
    pub(crate) fn lose(&self, replica: usize, loss: Loss) {
        let store = [&self.first, &self.store][replica];
        store.heal();
        if loss == Loss::Feed {
            store.cut_feed();
        }
        let fault = match loss {
            Loss::Nothing | Loss::Feed => Fault::None,
            Loss::Link => Fault::Cut,
            Loss::Answers => Fault::BlackHole,
        };
        if let Some((_, proxies)) = &self.redis {
            proxies[replica].fail(fault);
        }
    }

    /// Port of the second gateway.
    pub(crate) fn there(&self) -> u16 {
        self.second.https.port()
    }

    /// Gives the first gateway the order to revoke.
    pub(crate) async fn revoke(&self, whose: Whose) -> control::Answer {
        self.scene.order(&Command::RevokeSessions { whose }).await
    }

    /// Asks one of the gateways for a page, as a browser with this session would.
    pub(crate) async fn ask(&self, connections: &Connections, port: u16, cookie: &str) -> Answer {
        let asked = ask(connections, &self.scene.authority.certificate_pem(), port, cookie).await;
        asked.expect("an answer")
    }
}

/// One request to a gateway on `port` with a session.
pub(crate) async fn ask(
    connections: &Connections,
    authority: &str,
    port: u16,
    cookie: &str,
) -> std::io::Result<Answer> {
    let url = format!("https://help.localhost:{port}{LINK}").parse().expect("a URL");
    let headers = vec![
        ("cookie".to_owned(), format!("{SESSION}={cookie}")),
        ("accept".to_owned(), "text/html".to_owned()),
    ];
    let (method, body) = (Method::GET, bytes::Bytes::new());
    connections.call(Call { method, url: &url, headers, body, authority: Some(authority) }).await
}

/// Puts sessions of different people into the store, as if they had signed in; gives their cookies.
pub(crate) async fn plant(
    scene: &Scene,
    store: &Arc<FaultyStore>,
    count: usize,
    now: Timestamp,
) -> Vec<String> {
    let settings = scene.settings();
    let sealer = Arc::new(Sealer::new(&settings.keys.sealing).expect("keys"));
    let sessions = Sessions::new(Arc::clone(store) as Arc<dyn Store>, sealer);
    let site = &settings.sites.first().expect("a site").name;
    let mut cookies = Vec::new();
    for number in 0..count {
        let subject = format!("person-{number}").parse().expect("a subject");
        let identity = Identity {
            person: PersonKey { idp: "acme".parse().expect("a name"), subject },
            email: format!("person-{number}@acme.example").parse().expect("an address"),
            display_name: format!("Person {number}"),
            groups: None,
            ..template()
        };
        let facts = Facts {
            who: Who::Person(Customer { identity, account: None }),
            site: site.clone(),
            began: now,
            factor: None,
            created: now,
            deadline: now.plus(std::time::Duration::from_secs(3600)),
            idle: std::time::Duration::from_secs(1800),
            shortest_idle: None,
            organizations: Vec::new(),
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            device: String::new(),
        };
        let (cookie, _) = sessions.create(facts, Secrets::default(), now).await.expect("a session");
        let set = cookie.set_cookie();
        let text = set.to_str().expect("text");
        cookies.push(text.split(['=', ';']).nth(1).expect("a value").to_owned());
    }
    cookies
}

/// Everything of an identity that no test here looks at.
fn template() -> Identity {
    serde_json::from_value(serde_json::json!({
        "person": { "idp": "acme", "subject": "nobody" },
        "email": "nobody@acme.example",
        "display_name": "Nobody",
        "groups": null,
        "idp_session": null,
        "session_deadline": null,
        "claims": {}
    }))
    .expect("an identity")
}
