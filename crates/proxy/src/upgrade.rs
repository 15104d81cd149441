//! Whether a request switches to WebSocket, and whether the upstream did.

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::response::Parts;
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;

use crate::header_rules::tokens;
use crate::{ForwardError, Limits, RequestBody, Tunnel};

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// RFC 6455 §1.3.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A switch to WebSocket that a client asked for.
#[derive(Debug)]
pub(crate) struct Switch {
    client: OnUpgrade,
    asked: Asked,
}

/// How the client asked.
#[derive(Debug)]
enum Asked {
    /// `Upgrade: websocket` (RFC 6455); key and answer are between client and upstream.
    Http1,
    /// Extended CONNECT (RFC 8441), where no key exists: this one is the gateway's.
    Http2 { key: HeaderValue },
}

/// How the client is told that the switch was made.
#[derive(Debug)]
pub(crate) struct Accept(Asked);

impl Switch {
    /// The switch that `request` asks for. Any other upgrade, such as `h2c`, is none: its fields
    /// are stripped with the other hop-by-hop fields and the request is an ordinary one.
    pub(crate) fn wanted(request: &mut Request<RequestBody>) -> Result<Option<Self>, ForwardError> {
        let asked = if request.method() == Method::CONNECT {
            let protocol = request.extensions().get::<Protocol>();
            if protocol.is_none_or(|protocol| protocol.as_str() != "websocket") {
                return Err(ForwardError::RequestTarget);
            }
            Asked::Http2 { key: random_key()? }
        } else if asks_over_http1(request) {
            Asked::Http1
        } else {
            return Ok(None);
        };
        Ok(Some(Self { client: hyper::upgrade::on(request), asked }))
    }

    /// Adds to a cleaned head what asks the upstream for the switch.
    pub(crate) fn ask(&self, headers: &mut HeaderMap) {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, WEBSOCKET);
        if let Asked::Http2 { key } = &self.asked {
            headers.insert(SEC_WEBSOCKET_KEY, key.clone());
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
    }

    /// Opens the tunnel if the upstream switched, and only then (attacks.md E14); `None` when it
    /// gave an ordinary answer.
    pub(crate) fn make(
        self,
        response: &mut Response<Incoming>,
        limits: &Limits,
    ) -> Result<Option<(Tunnel, Accept)>, ForwardError> {
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            // RFC 8441 §5: over HTTP/2 any success is the switch, which this is not.
            let mistakable =
                matches!(self.asked, Asked::Http2 { .. }) && response.status().is_success();
            return if mistakable { Err(ForwardError::WrongSwitch) } else { Ok(None) };
        }
        if !has_token(response.headers(), &UPGRADE, b"websocket") || !self.asked.accepted(response)
        {
            return Err(ForwardError::WrongSwitch);
        }
        let tunnel = Tunnel::open(self.client, hyper::upgrade::on(response), limits.tunnel_idle);
        Ok(Some((tunnel, Accept(self.asked))))
    }
}

impl Asked {
    /// RFC 6455 §4.1: the client checks the answer to its key; over HTTP/2 the client is us.
    fn accepted(&self, response: &Response<Incoming>) -> bool {
        let Self::Http2 { key } = self else { return true };
        let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
        context.update(key.as_bytes());
        context.update(ACCEPT_SUFFIX);
        let expected = BASE64.encode(context.finish());
        response.headers().get(SEC_WEBSOCKET_ACCEPT).is_some_and(|accept| *accept == *expected)
    }
}

impl Accept {
    /// Makes the cleaned head of the upstream's answer the one that the client waits for.
    pub(crate) fn answer(self, parts: &mut Parts) {
        match self.0 {
            Asked::Http1 => {
                parts.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
                parts.headers.insert(UPGRADE, WEBSOCKET);
            }
            Asked::Http2 { .. } => {
                parts.status = StatusCode::OK;
                parts.headers.remove(SEC_WEBSOCKET_ACCEPT);
            }
        }
    }
}

/// RFC 6455 §4.2.1, with nothing in the body that could be taken for the first frames.
fn asks_over_http1(request: &Request<RequestBody>) -> bool {
    let headers = request.headers();
    request.version() == Version::HTTP_11
        && headers.contains_key(UPGRADE)
        && request.method() == Method::GET
        && request.body().is_end_stream()
        && has_token(headers, &UPGRADE, b"websocket")
        && has_token(headers, &CONNECTION, b"upgrade")
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &[u8]) -> bool {
    headers.get_all(name).iter().flat_map(tokens).any(|t| t.eq_ignore_ascii_case(token))
}

fn random_key() -> Result<HeaderValue, ForwardError> {
    let mut key = [0; 16];
    rand::fill(&mut key).map_err(|_| ForwardError::Signing)?;
    HeaderValue::try_from(BASE64.encode(key)).map_err(|_| ForwardError::Signing)
}
