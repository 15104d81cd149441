//! Why a gateway does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use audit::AuditError;
use federation::FederationError;
use outbound::OutboundError;
use proxy::SetupError;
use saml::KeyError;
use session::{NamesError, SealingKeyError};
use store::StoreError;

use crate::tls::CertificateError;

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener cannot be bound.
    #[error("listen.{name}: {address} cannot be bound; another program may listen there")]
    Listen {
        /// Which listener.
        name: &'static str,
        /// Its address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The control socket cannot be bound.
    #[error(
        "control.socket: `{path}` cannot be bound; stop the other gateway, or give this one a socket of its own"
    )]
    Control {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store's records cannot be named.
    #[error(transparent)]
    Names(#[from] NamesError),
    /// The audit log cannot be opened.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The access log cannot be opened.
    #[error("access_log: `{path}` cannot be opened for appending")]
    AccessLog {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An upstream or an assertion key cannot be used.
    #[error(transparent)]
    Proxy(#[from] SetupError),
    /// A sealing key cannot be used.
    #[error("keys.sealing: {0}")]
    Sealing(#[from] SealingKeyError),
    /// A key toward SAML identity providers cannot be used.
    #[error("keys.saml: a key cannot be used: {0}; make one with `vestibule keys init`")]
    SamlKey(#[from] KeyError),
    /// Certificate authorities cannot be used.
    #[error("outbound: {0}")]
    Outbound(#[from] OutboundError),
    /// Identity providers whose metadata file or settings cannot be used.
    #[error("{}", .0.iter().map(|error| error.refusal().explanation).collect::<Vec<_>>().join("\n"))]
    Federation(Vec<FederationError>),
    /// The mail server's settings cannot be used.
    #[error("mail: the settings make no connection")]
    Mail(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Threads cannot be started.
    #[error("the system gives no threads")]
    Threads(#[source] io::Error),
}
