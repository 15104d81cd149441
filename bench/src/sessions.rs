//! What a session costs: opened from the cache, read from the store, and kept in memory.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use domain::{Identity, Secret, SiteName, Timestamp};
use session::{Customer, Facts, Sealer, Secrets, SessionCookie, Sessions, Who};
use store::{EmbeddedStore, Store};

/// Sessions that are kept open, as in issue and figures.
pub(crate) const SESSIONS: usize = 100_000;
/// Openings of each kind that are timed.
const OPENINGS: usize = 100_000;
/// Writes at once: the store syncs them together.
const AT_ONCE: usize = 256;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Prints time per opening and memory per session, over the embedded store.
pub(crate) async fn measure() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store: Arc<dyn Store> = Arc::new(EmbeddedStore::open(folder.path(), session::FOLLOWED)?);
    let sealer = Arc::new(Sealer::new(&[Secret::new(vec![7; 32])])?);
    let sessions = Arc::new(Sessions::new(Arc::clone(&store), sealer));
    let site: SiteName = "help".parse()?;
    let empty = resident()?;
    let cookies = create(&sessions, &site, NOW).await?;
    let written = resident()?;
    for cookie in &cookies {
        let opened = sessions.open(cookie, &site, NOW).await?;
        opened.context("a session that was just made")?;
    }
    let opened = resident()?;
    let kib = |from: u64, to: u64| to.saturating_sub(from) as f64 / SESSIONS as f64;
    println!(
        "memory for {SESSIONS} sessions: {:.2} KiB each while open in the cache",
        kib(written, opened)
    );
    println!(
        "  the process had {empty} KiB, with the store written {written}, with all open {opened}"
    );
    hit(&sessions, &cookies, &site)?;
    read(&sessions, &cookies, &site).await
}

/// Sessions of as many people; gives their cookies.
pub(crate) async fn create(
    sessions: &Arc<Sessions>,
    site: &SiteName,
    now: Timestamp,
) -> anyhow::Result<Vec<SessionCookie>> {
    let mut cookies = Vec::with_capacity(SESSIONS);
    for round in 0..SESSIONS.div_ceil(AT_ONCE) {
        let first = round * AT_ONCE;
        let some = (first..SESSIONS.min(first + AT_ONCE)).map(|number| {
            let (sessions, facts) = (Arc::clone(sessions), facts(number, site, now));
            async move {
                sessions.create(facts?, Secrets::default(), now).await.map_err(anyhow::Error::from)
            }
        });
        for made in futures_util::future::join_all(some).await {
            cookies.push(made?.0);
        }
    }
    Ok(cookies)
}

fn hit(sessions: &Sessions, cookies: &[SessionCookie], site: &SiteName) -> anyhow::Result<()> {
    let began = Instant::now();
    for cookie in cookies.iter().cycle().take(OPENINGS) {
        sessions.open_cached(cookie, site, NOW).context("a session in the cache")?;
    }
    println!("opened from the cache: {:.2} µs each", micros(began));
    Ok(())
}

/// One after the other, each a second later than its cached self, so that the store is asked.
async fn read(
    sessions: &Sessions,
    cookies: &[SessionCookie],
    site: &SiteName,
) -> anyhow::Result<()> {
    let (began, later) = (Instant::now(), NOW.plus(Duration::from_secs(1)));
    for cookie in cookies.iter().take(OPENINGS) {
        sessions.open(cookie, site, later).await?.context("a session in the store")?;
    }
    println!("read from the embedded store: {:.2} µs each, one after the other", micros(began));
    Ok(())
}

fn micros(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e6 / OPENINGS as f64
}

/// Memory of this process in KiB.
fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn facts(number: usize, site: &SiteName, now: Timestamp) -> anyhow::Result<Facts> {
    let identity: Identity = Identity {
        person: domain::PersonKey { idp: "acme".parse()?, subject: format!("s-{number}").parse()? },
        email: format!("person-{number}@acme.example").parse()?,
        display_name: format!("Person {number}"),
        groups: Some(vec!["customers".to_owned()]),
        claims: std::collections::BTreeMap::new(),
        idp_session: None,
        session_deadline: None,
    };
    Ok(Facts {
        who: Who::Person(Customer { identity, account: None }),
        site: site.clone(),
        began: now,
        created: now,
        deadline: now.plus(Duration::from_secs(12 * 3600)),
        idle: Duration::from_secs(1800),
        shortest_idle: None,
        factor: None,
        organizations: vec!["Acme".to_owned()],
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        device: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned(),
    })
}
