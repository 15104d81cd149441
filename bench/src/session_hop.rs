//! The whole hop with a session of the cache and with one that is read from Redis, and what 100,000
//! opened sessions weigh in the gateway.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::{Clock as _, Secret, SiteName};
use fakes::openid::OpenIdProvider;
use fakes::people;
use fakes::saml::SamlIdp;
use gateway::SystemClock;
use session::{Sealer, Sessions};
use store::{AreaId, RedisAddress, RedisSettings, RedisStore, Store, Topology, conformance};
use tokio::process::Command;

use crate::gateway_front::{self, FeedName, Gateway};
use crate::lab::{HOST, Lab};
use crate::load;
use crate::nginx::free_port;
use crate::process::Running;
use crate::sessions::{self, SESSIONS};

/// Connections of the load generator.
const CONNECTIONS: usize = 64;
/// Seconds of one piece of a measurement.
const PIECE: u64 = 5;

/// Prints the table.
pub(crate) async fn measure() -> anyhow::Result<()> {
    load::Tools::find()?;
    let lab = Lab::set_up().await.context("the origin does not start")?;
    let (redis, address, store) = start_redis(lab.folder()).await?;
    let (globex, acme) = (OpenIdProvider::start(people::globex()), SamlIdp::start(people::acme()));
    globex.set_auto(Some(globex.person("gil")));
    let line = format!("redis: {{ url: \"redis://{address}\" }}");
    let front =
        gateway_front::start_over(&lab, FeedName::Acceptor, (&globex, &acme), &line).await?;
    let key = BASE64.decode(std::fs::read_to_string(front.folder.join("sealing"))?)?;
    let sealer = Arc::new(Sealer::new(&[Secret::new(key)])?);
    sealer.adopt_names(&*store, SystemClock.now()).await?;
    let planted = Arc::new(Sessions::new(Arc::clone(&store), sealer));
    let site: SiteName = "help".parse()?;
    let cookies = sessions::create(&planted, &site, SystemClock.now()).await?;
    let mut text = String::new();
    for cookie in &cookies {
        let set = cookie.set_cookie();
        text += set.to_str()?.split(';').next().context("a cookie")?;
        text.push('\n');
    }
    let file = lab.folder().join("cookies");
    std::fs::write(&file, text)?;

    let empty = front.running.resident()?;
    println!(
        "| GET 1 KiB, 64 connections, {SESSIONS} sessions in turn | requests/s | CPU µs per request in the gateway | in Redis | p50 ms | p99 ms |"
    );
    println!("|---|---|---|---|---|---|");
    row("read from Redis, once each", &front, &redis, &file, Until::Once).await?;
    let opened = front.running.resident()?;
    row("from the cache", &front, &redis, &file, Until::Pieces(3)).await?;
    println!(
        "\nThe gateway had {} MiB before and {} MiB with {SESSIONS} sessions opened: {:.2} KiB each.",
        empty / 1024,
        opened / 1024,
        opened.saturating_sub(empty) as f64 / SESSIONS as f64
    );
    Ok(())
}

/// How long a row goes on.
enum Until {
    /// Until each session was used once.
    Once,
    Pieces(usize),
}

async fn row(
    name: &str,
    front: &Gateway,
    redis: &Running,
    cookies: &Path,
    until: Until,
) -> anyhow::Result<()> {
    let cpu = || Ok::<_, anyhow::Error>((front.running.cpu()?, redis.cpu()?));
    let (gateway, store) = cpu()?;
    let (mut requests, mut time, mut worst) = (0, Duration::ZERO, (Duration::ZERO, Duration::ZERO));
    for piece in 0.. {
        let done = match until {
            Until::Once => requests >= u64::try_from(SESSIONS)?,
            Until::Pieces(pieces) => piece >= pieces,
        };
        if done {
            break;
        }
        let sample = one(front, cookies, requests).await?;
        requests += sample.requests;
        time += sample.time;
        let (median, high) = sample.latency.unwrap_or_default();
        worst = (worst.0.max(median), worst.1.max(high));
    }
    let (gateway, store) = (cpu()?.0 - gateway, cpu()?.1 - store);
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / requests as f64;
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "| {name} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} |",
        requests as f64 / time.as_secs_f64(),
        micros(gateway),
        micros(store),
        millis(worst.0),
        millis(worst.1),
    );
    Ok(())
}

/// Each of wrk's two threads takes every other cookie, from where the piece before ended.
async fn one(front: &Gateway, cookies: &Path, from: u64) -> anyhow::Result<load::Sample> {
    let script = format!(
        "local threads = 0
function setup(thread) thread:set('number', threads); threads = threads + 1 end
function init(args)
  mine = {{}}
  local line = 0
  for cookie in io.lines('{}') do
    if line % 2 == number then mine[#mine + 1] = cookie end
    line = line + 1
  end
  at = {}
end
request = function()
  at = at % #mine + 1
  return wrk.format('GET', '/1k', {{ ['Host'] = '{HOST}:{}', ['Cookie'] = mine[at] }})
end
",
        cookies.display(),
        from / 2,
        front.address.port()
    );
    let url = format!("https://{}/1k", front.address);
    load::wrk_script(&script, &url, CONNECTIONS, PIECE).await
}

/// Starts a Redis that is a store, as after `vestibule store init`.
pub(crate) async fn start_redis(
    folder: &Path,
) -> anyhow::Result<(Running, SocketAddr, Arc<dyn Store>)> {
    let port = free_port()?;
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--appendonly", "yes", "--logfile", "redis.log"]).current_dir(folder);
    let running = Running::start(&mut command)
        .map_err(|error| anyhow!("{error:#}; `./scripts/install test` installs redis-server"))?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let store: Arc<dyn Store> = Arc::new(open(address)?);
    conformance::until_heard(&*store).await;
    AreaId::from_random([1; 16]).write(&*store, SystemClock.now()).await?;
    Ok((running, address, store))
}

fn open(address: SocketAddr) -> anyhow::Result<RedisStore> {
    let SocketAddr::V4(address) = address else { bail!("an IPv4 address") };
    let host = address.ip().to_string();
    let settings = RedisSettings {
        topology: Topology::Single(RedisAddress { host, port: address.port() }),
        login: None,
        tls: None,
        database: 0,
        prefix: "vestibule".to_owned(),
        replicas: None,
        timeout: Duration::from_secs(5),
    };
    Ok(RedisStore::open(settings, None, session::FOLLOWED)?)
}
