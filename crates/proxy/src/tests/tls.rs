//! TLS toward the upstream is verified.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::support::*;
use crate::*;

/// An upstream with a certificate for `name`; its port and the certificate.
async fn upstream_named(name: &str) -> (u16, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = vec![0; 4096];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        }
    });
    (address.port(), certificate)
}

async fn cause(url: &str, authority: CertificateDer<'static>) -> Option<String> {
    refusal(url, authority).await.map(|refusal| refusal.cause)
}

async fn refusal(url: &str, authority: CertificateDer<'static>) -> Option<domain::Refusal> {
    let settings = UpstreamSettings { certificate_authorities: vec![authority], ..settings(url) };
    let upstream = Upstream::new(settings).unwrap();
    let answer = send(get("/"), &upstream, &Pool::new()).await;
    answer.err().map(|error| error.refusal())
}

#[tokio::test]
async fn certificate_must_be_of_a_trusted_authority_and_for_the_host() {
    let (port, certificate) = upstream_named("jira.localhost").await;
    let (_, stranger) = upstream_named("jira.localhost").await;
    let right = format!("https://jira.localhost:{port}");
    assert_eq!(cause(&right, certificate.clone()).await, None);
    let tls = Some("upstream-tls".to_owned());
    assert_eq!(cause(&right, stranger).await, tls);
    assert_eq!(cause(&format!("https://other.localhost:{port}"), certificate.clone()).await, tls);
    assert_eq!(cause(&format!("https://127.0.0.1:{port}"), certificate.clone()).await, tls);
    let explained = refusal(&format!("https://other.localhost:{port}"), certificate).await;
    let explanation = explained.unwrap().explanation;
    assert!(explanation.contains("jira.localhost"), "says which name it is for: {explanation}");
}

#[tokio::test]
async fn plain_http_behind_an_https_url_is_a_tls_error() {
    let (_, certificate) = upstream_named("jira.localhost").await;
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let url = format!("https://jira.localhost:{}", address.port());
    assert_eq!(cause(&url, certificate).await.as_deref(), Some("upstream-tls"));
}
