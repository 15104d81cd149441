//! A Redis, as `store.redis` and `store.records.redis` describe it.

use std::time::Duration;

use domain::Secret;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use store::{RedisAddress, RedisLogin, RedisSettings, RedisTls, Topology};
use url::Url;

use crate::mapping::{Mapping, given};
use crate::reader::Value;
use crate::{files, scalar, secret, tls};

const WANTED: &str = "write redis: { url: rediss://HOST:6379 }";
const URL: &str =
    "write redis://HOST:PORT, or rediss:// for TLS; several between commas or as a list";

/// What `redis.kind` says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Single,
    Sentinel,
    Cluster,
}

/// What the URLs say together.
#[derive(Default)]
struct Place {
    nodes: Vec<RedisAddress>,
    tls: bool,
    database: i64,
    login: Option<RedisLogin>,
}

/// Reads a Redis.
pub(crate) fn read(value: &Value<'_>) -> Option<RedisSettings> {
    let map = value.mapping(WANTED)?;
    let place = map.required("url", URL).and_then(|url| place(&url));
    let kind = given(map.optional("kind"), |v| {
        v.word(&[
            ("single", Kind::Single),
            ("sentinel", Kind::Sentinel),
            ("cluster", Kind::Cluster),
        ])
    });
    let service = given(map.optional("service"), |v| v.text("write a name").map(str::to_owned));
    let sentinels = login(&map, "sentinel_user", "sentinel_password");
    let login = login(&map, "user", "password");
    let tls = tls_keys(&map);
    let prefix =
        given(map.optional("prefix"), |v| v.read("write letters, digits, -, _ and :", name));
    let replicas = given(map.optional("replicas"), |v| v.read("write 0 to 9", number));
    let timeout = given(map.optional("timeout"), |v| v.read("write 50ms to 5s", timeout));
    map.finish();
    let (place, kind, tls) = (place?, kind?.unwrap_or(Kind::Single), tls?);
    let (service, sentinels) = (service?, sentinels?);
    let topology = topology(value, &place, kind, service, sentinels)?;
    if tls.is_some() && !place.tls {
        value.problem("keys for TLS, and a URL without", "write rediss:// in `url`");
        return None;
    }
    Some(RedisSettings {
        topology,
        login: login?.or(place.login),
        tls: place.tls.then(|| tls.unwrap_or_else(plain_tls)),
        database: place.database,
        prefix: prefix?.unwrap_or_else(|| "vestibule".to_owned()),
        replicas: replicas?,
        timeout: timeout?.unwrap_or(Duration::from_millis(500)),
    })
}

fn topology(
    value: &Value<'_>,
    place: &Place,
    kind: Kind,
    service: Option<String>,
    login: Option<RedisLogin>,
) -> Option<Topology> {
    let (nodes, only) = (place.nodes.clone(), "leave it out, or write kind: sentinel");
    if kind != Kind::Sentinel && (service.is_some() || login.is_some()) {
        value.problem("`service` and `sentinel_password` are for Sentinels", only);
        return None;
    }
    match (kind, nodes.as_slice()) {
        (Kind::Single, [only]) => Some(Topology::Single(only.clone())),
        (Kind::Single, _) => {
            value.problem("several URLs for a single Redis", "write kind: sentinel or cluster");
            None
        }
        (Kind::Sentinel, _) => {
            let service = service.unwrap_or_else(|| "mymaster".to_owned());
            Some(Topology::Sentinel { nodes, service, login })
        }
        (Kind::Cluster, _) if place.database != 0 => {
            value.problem("a cluster has no numbered databases", "leave the number out");
            None
        }
        (Kind::Cluster, _) => Some(Topology::Cluster(nodes)),
    }
}

/// The URL or URLs; with a password in it, only as a secret.
fn place(value: &Value<'_>) -> Option<Place> {
    let mut texts = Vec::new();
    if value.is_scalar() {
        texts.extend(value.text(URL)?.split(',').map(|url| Secret::new(url.trim().to_owned())));
    } else if value.keys().is_empty() {
        for item in value.some_items(URL)? {
            texts.push(Secret::new(item.text(URL)?.to_owned()));
        }
    } else {
        let secret = secret::text(value)?;
        let urls = secret.expose().split(',').map(|url| Secret::new(url.trim().to_owned()));
        return whole(value, &urls.collect::<Vec<_>>());
    }
    let place = whole(value, &texts)?;
    if place.login.is_some() {
        let wanted = "write url: { env: REDIS_URL }, or password: { file: PATH }";
        value.problem("a password stands in the configuration itself", wanted);
        return None;
    }
    Some(place)
}

fn whole(value: &Value<'_>, urls: &[Secret<String>]) -> Option<Place> {
    let mut place = Place::default();
    for (index, url) in urls.iter().enumerate() {
        let Some(part) = single(url.expose()) else {
            // Not repeated: a password may be in it.
            value.problem("this is no URL of a Redis", URL);
            return None;
        };
        if index > 0 && (part.tls, part.database) != (place.tls, place.database) {
            value.problem("the URLs differ in more than host and port", URL);
            return None;
        }
        place.nodes.extend(part.nodes);
        place.login = part.login.or(place.login);
        (place.tls, place.database) = (part.tls, part.database);
    }
    Some(place)
}

fn single(text: &str) -> Option<Place> {
    let url = Url::parse(text).ok()?;
    let tls = match url.scheme() {
        "redis" => false,
        "rediss" => true,
        _ => return None,
    };
    let database = match url.path().trim_start_matches('/') {
        "" => 0,
        number => number.parse().ok().filter(|number| (0..1024).contains(number))?,
    };
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    if url.query().is_some() || url.fragment().is_some() {
        return None;
    }
    let decoded = |text: &str| {
        let text = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
        Some(text.into_owned())
    };
    let login = match (decoded(url.username())?, url.password()) {
        (user, Some(password)) => {
            let password = Secret::new(decoded(password)?);
            Some(RedisLogin { user: Some(user).filter(|user| !user.is_empty()), password })
        }
        (user, None) if user.is_empty() => None,
        _ => return None,
    };
    let nodes = vec![RedisAddress { host, port: url.port().unwrap_or(6379) }];
    Some(Place { nodes, tls, database, login })
}

fn login(
    map: &Mapping<'_>,
    user: &'static str,
    password: &'static str,
) -> Option<Option<RedisLogin>> {
    let user = given(map.optional(user), |v| v.text("write a name").map(str::to_owned));
    let password = map.optional(password);
    match (user?, password) {
        (user, Some(password)) => {
            Some(Some(RedisLogin { user, password: secret::text(&password)? }))
        }
        (None, None) => Some(None),
        (Some(_), None) => {
            map.value.problem("a user without a password", "write password: { file: PATH }");
            None
        }
    }
}

fn plain_tls() -> RedisTls {
    RedisTls { authorities: Vec::new(), identity: None, server_name: None }
}

fn tls_keys(map: &Mapping<'_>) -> Option<Option<RedisTls>> {
    let authorities = given(map.optional("certificate_authorities"), files::certificates);
    let identity = given(map.optional("certificate"), identity);
    let server_name = given(map.optional("server_name"), |v| {
        v.read("write a host name or an IP address", |name| {
            ServerName::try_from(name).ok().map(|_| name.to_owned())
        })
    });
    let (authorities, identity, server_name) = (authorities?, identity?, server_name?);
    if authorities.is_none() && identity.is_none() && server_name.is_none() {
        return Some(None);
    }
    let authorities = authorities.unwrap_or_default();
    Some(Some(RedisTls { authorities, identity, server_name }))
}

fn identity(value: &Value<'_>) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let wanted = "write { chain: PATH, key: { file: PATH } }";
    let map = value.mapping(wanted)?;
    let (chain, key) = (map.required("chain", wanted), map.required("key", wanted));
    map.finish();
    let chain = chain.and_then(|chain| files::pem_certificates(&chain));
    let key = key.and_then(|key| tls::key_file(&key))?;
    let der = tls::private_key(&key)?;
    let chain = chain?;
    if CertifiedKey::from_der(chain.clone(), der.clone_key(), &default_provider()).is_err() {
        key.problem("this key does not belong to the certificate", wanted);
        return None;
    }
    Some((chain, der))
}

fn name(text: &str) -> Option<String> {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
    (text.len() <= 64 && text.chars().all(usual)).then(|| text.to_owned())
}

fn number(text: &str) -> Option<usize> {
    text.parse().ok().filter(|number| *number <= 9)
}

fn timeout(text: &str) -> Option<Duration> {
    let bounds = Duration::from_millis(50)..=Duration::from_secs(5);
    scalar::duration(text).filter(|timeout| bounds.contains(timeout))
}
