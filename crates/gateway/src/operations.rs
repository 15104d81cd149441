//! The operations listener: `/livez`, `/readyz` and `/metrics`, never public (attacks.md E9).

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::gateway::Gateway;
use crate::listen;

/// Serves probes until the task is dropped.
pub(crate) async fn serve(gateway: Arc<Gateway>, listener: TcpListener) {
    loop {
        let (stream, _) = listen::accept(&listener).await;
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&gateway, request));
            let mut server = hyper::server::conn::http1::Builder::new();
            // A probe that hangs up early is no event.
            let _ = server
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Alive: the process answers. Ready: configuration loaded, keys in hand, store reachable; an
/// identity provider or JSM that is down does not make a replica unready.
async fn answer(
    gateway: &Gateway,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if (request.method(), request.uri().path()) == (&Method::GET, "/metrics") {
        return Ok(metrics(gateway));
    }
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/livez") => (StatusCode::OK, "alive\n"),
        (&Method::GET | &Method::HEAD, "/readyz") => {
            match gateway.store.probe(gateway.clock.now()).await {
                Ok(()) if !gateway.draining() => (StatusCode::OK, "ready\n"),
                Ok(()) => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
                Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n"),
            }
        }
        _ => (StatusCode::NOT_FOUND, "only /livez, /readyz and /metrics are here\n"),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    Ok(response)
}

fn metrics(gateway: &Gateway) -> Response<Full<Bytes>> {
    let Ok(text) = gateway.metrics.text() else {
        let mut response = Response::new(Full::from("the metrics could not be written\n"));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    };
    let mut response = Response::new(Full::from(text));
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
