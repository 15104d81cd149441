//! What an operator says of a Redis.

use std::fmt;
use std::time::Duration;

use domain::Secret;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// One Redis, however many nodes it has.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// Where it is.
    pub topology: Topology,
    /// The ACL user and its password.
    pub login: Option<RedisLogin>,
    /// `None`: without TLS.
    pub tls: Option<RedisTls>,
    /// Number of the database; 0 in a cluster.
    pub database: i64,
    /// What all our keys begin with.
    pub prefix: String,
    /// How many replicas must hold a record before it counts as written. `None`: one where there
    /// is one, and always one with Sentinel or in a cluster.
    pub replicas: Option<usize>,
    /// How long one answer may take.
    pub timeout: Duration,
}

/// Where a Redis is, and who knows it.
#[derive(Clone, Debug)]
pub enum Topology {
    /// One address; who is behind it is the network's matter.
    Single(RedisAddress),
    /// Sentinels that know which node is the primary.
    Sentinel {
        /// Some of them.
        nodes: Vec<RedisAddress>,
        /// The name under which they watch it.
        service: String,
        /// Who we are to them; `None`: they ask nobody.
        login: Option<RedisLogin>,
    },
    /// A cluster: some of its nodes.
    Cluster(Vec<RedisAddress>),
}

/// Host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RedisAddress {
    /// A name or an IP address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Who we are to Redis or to its Sentinels.
#[derive(Clone)]
pub struct RedisLogin {
    /// The ACL user; `None`: the one named `default`.
    pub user: Option<String>,
    /// Its password.
    pub password: Secret<String>,
}

impl fmt::Debug for RedisLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLogin").field("user", &self.user).finish_non_exhaustive()
    }
}

/// How TLS is spoken.
#[derive(Debug)]
pub struct RedisTls {
    /// Who may issue its certificates; empty: the system's authorities.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Our own certificate, leaf first, and its key.
    pub identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    /// The name in its certificates; `None`: that of the address.
    pub server_name: Option<String>,
}

impl Clone for RedisTls {
    fn clone(&self) -> Self {
        let identity = self.identity.as_ref();
        Self {
            authorities: self.authorities.clone(),
            identity: identity.map(|(chain, key)| (chain.clone(), key.clone_key())),
            server_name: self.server_name.clone(),
        }
    }
}
