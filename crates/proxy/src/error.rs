//! What can go wrong, and whose fault it is.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use domain::{Blame, Notice, Refusal};
use http::StatusCode;

/// Why an upstream or a signer cannot be set up; found at start, not at the first request.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Not `http://host[:port]` or `https://host[:port]`.
    #[error("upstream.url: `{0}` is not http:// or https:// with a host and without a path")]
    Url(url::Url),
    /// No certificate authority to trust.
    #[error("no certificate authority: the system has none; name one for the upstream")]
    NoAuthorities,
    /// A certificate authority that cannot be used.
    #[error("a certificate authority of the upstream cannot be used")]
    Authority(#[source] rustls::Error),
    /// The TLS library refuses its settings.
    #[error("TLS toward the upstream cannot be set up")]
    Tls(#[source] rustls::Error),
    /// No key to sign the identity assertion with.
    #[error("keys.assertion: no key; make one with `vestibule keys init`")]
    NoAssertionKey,
    /// Not an ECDSA P-256 key in PKCS#8.
    #[error("keys.assertion: key {0} is not an ECDSA P-256 key in PKCS#8 ({1})")]
    AssertionKey(usize, aws_lc_rs::error::KeyRejected),
}

/// Why a request was not forwarded, or got no answer.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// No TCP connection: name unknown, refused, no route.
    #[error("no connection to the upstream")]
    Unreachable(#[source] io::Error),
    /// No connection in time.
    #[error("no connection to the upstream within {} s", .0.as_secs_f32())]
    ConnectTimeout(Duration),
    /// The upstream's certificate or TLS version was not accepted.
    #[error("TLS with the upstream failed")]
    Tls(#[source] io::Error),
    /// No head of an answer in time.
    #[error("the upstream gave no answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// The connection ended, or what came is not HTTP.
    #[error("the upstream broke off or did not answer in HTTP")]
    Broken(#[source] hyper::Error),
    /// A switch of protocols that nobody asked for, or a wrong one.
    #[error("the upstream did not switch protocols as HTTP demands")]
    WrongSwitch,
    /// The client's body ended early or stalled.
    #[error("the client did not send its whole request body")]
    RequestBody(#[source] hyper::Error),
    /// Neither a target in origin-form nor a WebSocket over HTTP/2 (RFC 8441).
    #[error("the request target is not a path")]
    RequestTarget,
    /// The identity at hand is not the one that was permitted.
    #[error("the identity headers are not those of the permitted person")]
    IdentityMismatch,
    /// The signer failed.
    #[error("the identity assertion could not be signed")]
    Signing,
}

impl ForwardError {
    /// The refusal that the customer and the operator see. Its explanation names the causes below
    /// too, such as what is wrong with a certificate: nobody else keeps them.
    pub fn refusal(&self) -> Refusal {
        let (cause, blame, notice, remedy) = self.parts();
        let (mut explanation, mut below) = (self.to_string(), self.source());
        while let Some(error) = below {
            explanation = format!("{explanation}: {error}");
            below = error.source();
        }
        Refusal::new(cause, blame, notice, explanation, remedy)
    }

    /// The status of the answer in which the refusal is shown.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::ConnectTimeout(_) | Self::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Unreachable(_) | Self::Tls(_) | Self::Broken(_) | Self::WrongSwitch => {
                StatusCode::BAD_GATEWAY
            }
            Self::RequestBody(_) | Self::RequestTarget => StatusCode::BAD_REQUEST,
            Self::IdentityMismatch | Self::Signing => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn parts(&self) -> (&'static str, Blame, Notice, &'static str) {
        match self {
            Self::Unreachable(_) | Self::ConnectTimeout(_) => (
                "upstream-unreachable",
                Blame::Upstream,
                Notice::SupportUnavailable,
                "check that the upstream runs and that `upstream.url` is reachable from here",
            ),
            Self::Tls(_) => (
                "upstream-tls",
                Blame::Upstream,
                Notice::SupportUnavailable,
                "the upstream's certificate must be valid for the host in `upstream.url`; name its authority when it is not a public one",
            ),
            Self::Timeout(_) => (
                "upstream-timeout",
                Blame::Upstream,
                Notice::SupportUnavailable,
                "the upstream took the request and did not answer; look at its load and its log",
            ),
            Self::Broken(_) | Self::WrongSwitch => (
                "upstream-broken",
                Blame::Upstream,
                Notice::SupportUnavailable,
                "the upstream closed the connection or sent no HTTP; look at its log, and at `upstream.url`'s scheme and port",
            ),
            Self::RequestBody(_) => (
                "request-body-incomplete",
                Blame::Customer,
                Notice::BadRequest,
                "nothing to mend: the browser or the network stopped during an upload",
            ),
            Self::RequestTarget => (
                "request-target-form",
                Blame::Customer,
                Notice::BadRequest,
                "nothing to mend: no browser sends this",
            ),
            Self::IdentityMismatch | Self::Signing => (
                if matches!(self, Self::Signing) {
                    "assertion-signing"
                } else {
                    "identity-mismatch"
                },
                Blame::Us,
                Notice::TryAgainLater,
                "this is a defect of the gateway; report it with the reference code",
            ),
        }
    }
}

/// Why a body ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection ended or broke the protocol.
    #[error("the body broke off")]
    Broken(#[source] hyper::Error),
    /// What was kept elsewhere could not be read back.
    #[error("the kept body could not be read back")]
    Kept(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nothing came for too long.
    #[error("the body stalled for {} s", .0.as_secs_f32())]
    Idle(Duration),
    /// The caller cut it: whoever reads it may not any more.
    #[error("the body was cut, because its session has ended")]
    Cut,
}
