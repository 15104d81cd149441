//! Why a call brought no answer.

use std::error::Error;
use std::io;

use hyper_util::client::legacy::Error as ClientError;

/// Why a call brought no answer. Holds the host and the cause, never headers, bodies or paths.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OutboundError {
    /// An extra certificate authority is no usable certificate.
    #[error("an extra certificate authority is not usable: {0}")]
    ExtraCa(#[source] rustls::Error),
    /// The TLS library has no usable protocol version.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[source] rustls::Error),
    /// Not an absolute http or https address.
    #[error("the address is not an absolute http or https address")]
    Address,
    /// Plain http toward another machine.
    #[error("plain http is only allowed toward this machine, not to {host}")]
    PlainHttp {
        /// The host of the address.
        host: String,
    },
    /// The deadline passed before the whole answer was there.
    #[error("{host} has not answered in time")]
    Deadline {
        /// The host that was called.
        host: String,
    },
    /// The host's certificate is not trusted, or is for another name, or expired.
    #[error("the certificate of {host} is not accepted: {reason}")]
    Certificate {
        /// The host that was called.
        host: String,
        /// The TLS library's words.
        reason: String,
    },
    /// No connection: the name is unknown, the port is closed, the handshake failed.
    #[error("{host} cannot be reached: {reason}")]
    Connect {
        /// The host that was called.
        host: String,
        /// The innermost cause.
        reason: String,
    },
    /// The connection broke, or what came back is not HTTP.
    #[error("{host} gave no usable answer: {reason}")]
    Answer {
        /// The host that was called.
        host: String,
        /// The innermost cause.
        reason: String,
    },
    /// The answer is larger than the caller takes.
    #[error("the answer of {host} is larger than {limit} bytes")]
    TooLarge {
        /// The host that was called.
        host: String,
        /// How many bytes the caller takes.
        limit: usize,
    },
}

impl OutboundError {
    pub(crate) fn from_client(host: String, error: &ClientError) -> Self {
        if let Some(reason) = certificate_problem(error) {
            return Self::Certificate { host, reason };
        }
        let reason = innermost(error);
        if error.is_connect() {
            return Self::Connect { host, reason };
        }
        Self::Answer { host, reason }
    }

    pub(crate) fn from_body(host: String, limit: usize, error: &(dyn Error + 'static)) -> Self {
        if error.is::<http_body_util::LengthLimitError>() {
            return Self::TooLarge { host, limit };
        }
        Self::Answer { host, reason: innermost(error) }
    }
}

/// The chain below `error`, through the errors that `io::Error` wraps without naming as source.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|e| e as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

fn certificate_problem(error: &(dyn Error + 'static)) -> Option<String> {
    chain(error).find_map(|e| match e.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::InvalidCertificate(problem)) => Some(problem.to_string()),
        _ => None,
    })
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}
