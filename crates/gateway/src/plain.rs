//! Port 80: sends browsers to https and does nothing else.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::gateway::Gateway;
use crate::{listen, serve, target};

/// Serves redirects until the task is dropped.
pub(crate) async fn serve(gateway: Arc<Gateway>, listener: TcpListener) {
    loop {
        let (mut stream, peer) = listen::accept(&listener).await;
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move {
            if serve::introduced(&gateway, &mut stream, peer).await.is_err() {
                return;
            }
            let service = service_fn(|request| {
                std::future::ready(Ok::<_, Infallible>(answer(&gateway, &request)))
            });
            let mut server = hyper::server::conn::http1::Builder::new();
            // A browser that hangs up early is no event.
            let _ = server
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(gateway: &Gateway, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    let site = target::host(request.uri(), request.headers()).ok();
    let site = site.and_then(|host| gateway.site(&host).map(|(site, _)| Arc::clone(site)));
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let location =
        site.filter(|_| target::check_path(request.uri().path()).is_ok()).and_then(|site| {
            let base = site.settings.public_url.as_str().trim_end_matches('/');
            HeaderValue::try_from(format!("{base}{path}")).ok()
        });
    match location {
        Some(location) => {
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response.headers_mut().insert(header::LOCATION, location);
        }
        None => *response.status_mut() = StatusCode::MISDIRECTED_REQUEST,
    }
    response
}
