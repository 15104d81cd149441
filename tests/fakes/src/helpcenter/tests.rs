//! The help center, asked directly.

use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::http_client::{self, Answer, Call};
use crate::keys::{Algorithm, SigningKey};
use crate::text::base64url;

async fn send(help: &HelpCenter, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let url = Url::parse(&format!("{}{path}", help.url)).unwrap();
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let method = if body.is_empty() { http::Method::GET } else { http::Method::POST };
    let body = bytes::Bytes::copy_from_slice(body);
    http_client::call(Call { method, url: &url, headers, body, authority: None }).await.unwrap()
}

fn token(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    let input = format!("{}.{}", part(header), part(claims));
    format!("{input}.{}", base64url(&key.sign(Algorithm::EcdsaSha256, input.as_bytes())))
}

fn claims(now: i64) -> Value {
    json!({
        "iss": "https://help.localhost", "aud": "upstream", "sub": "acme/ann", "iat": now,
        "exp": now + 60, "name": "Ann Archer", "email": "ann@acme.example"
    })
}

fn trusting(key: &SigningKey) -> HelpCenter {
    let help = HelpCenter::start();
    help.trust(Trust::Keys(json!({ "keys": [key.jwk("one")] })), "upstream");
    help
}

#[tokio::test]
async fn a_valid_assertion_is_believed_and_nothing_else() {
    let (key, other) = (SigningKey::p256("gateway"), SigningKey::p256("mallory"));
    let help = trusting(&key);
    let header = json!({ "alg": "ES256", "kid": "one" });
    let now = FakeClock::system().now();
    let good = token(&key, &header, &claims(now));
    let path = "/servicedesk/customer/portals";
    let page = send(&help, path, &[("X-Vestibule-Assertion", &good)], b"").await.text();
    assert!(page.contains("Signed in as Ann Archer &lt;ann@acme.example&gt;"), "{page}");
    let with = |name: &str, value: Value| {
        let mut claims = claims(now);
        claims[name] = value;
        token(&key, &header, &claims)
    };
    for bad in [
        token(&other, &header, &claims(now)),
        token(&key, &json!({ "alg": "none", "kid": "one" }), &claims(now)),
        token(&key, &json!({ "alg": "ES256", "kid": "two" }), &claims(now)),
        with("aud", json!("another")),
        with("exp", json!(now - 10)),
        with("exp", json!(now + 3600)),
        with("sub", json!("")),
        "a.b".to_owned(),
    ] {
        let page = send(&help, path, &[("X-Vestibule-Assertion", &bad)], b"").await.text();
        assert!(page.contains("Signed in as nobody"), "{bad}");
    }
    let twice = [("X-Vestibule-Assertion", good.as_str()), ("X-Vestibule-Assertion", &good)];
    assert!(send(&help, path, &twice, b"").await.text().contains("Signed in as nobody"));
    assert!(send(&help, path, &[], b"").await.text().contains("Signed in as nobody"));
}

#[tokio::test]
async fn a_known_customer_raises_a_request_in_either_encoding() {
    let key = SigningKey::p256("gateway");
    let help = trusting(&key);
    let now = FakeClock::system().now();
    let good = token(&key, &json!({ "alg": "ES256", "kid": "one" }), &claims(now));
    let path = "/servicedesk/customer/portal/1/create";
    let url_encoded = [("content-type", "application/x-www-form-urlencoded")];
    let refused = send(&help, path, &url_encoded, b"summary=Help").await;
    assert_eq!(refused.status, 403);
    let known = [url_encoded[0], ("x-vestibule-assertion", good.as_str())];
    let answer = send(&help, path, &known, b"summary=Help").await;
    assert_eq!(answer.header("location"), Some("/servicedesk/customer/portal/1/SUP-2001"));
    let multipart = b"--b\r\nContent-Disposition: form-data; name=\"summary\"\r\n\r\nBroken <b>\r\n\
        --b\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"a\"\r\n\r\nxyz\r\n--b--";
    let known = [("content-type", "multipart/form-data; boundary=b"), known[1]];
    assert_eq!(send(&help, path, &known, multipart).await.status, 303);
    let page = send(&help, "/servicedesk/customer/portal/1/SUP-2002", &[], b"").await.text();
    assert!(page.contains("Broken &lt;b&gt;") && page.contains("Raised by Ann Archer"), "{page}");
}

#[tokio::test]
async fn what_arrives_is_recorded_and_counted() {
    let help = HelpCenter::start();
    assert_eq!((help.connections(), help.requests().len()), (0, 0));
    let answer = send(&help, "/upload?x=1", &[("x-own", "1")], &[7; 100_000]).await;
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(answer["bytes"], 100_000);
    let recorded = &help.requests()[0];
    assert_eq!((recorded.method.as_str(), recorded.target.as_str()), ("POST", "/upload?x=1"));
    assert_eq!((recorded.values("x-own"), recorded.body_bytes()), (vec!["1"], 100_000));
    assert_eq!(send(&help, "/attachment/200001", &[], b"").await.body.len(), 200_001);
    let echo: Value =
        serde_json::from_slice(&send(&help, "/echo/a%2Fb?c", &[], b"").await.body).unwrap();
    assert_eq!(echo["target"], "/echo/a%2Fb?c");
    assert_eq!(help.connections(), 3);
}

#[tokio::test]
async fn the_websocket_echoes() {
    use futures_util::{SinkExt as _, StreamExt as _};
    let help = HelpCenter::start();
    let url = format!("{}/ws", help.url.replace("http", "ws"));
    let address = help.url.trim_start_matches("http://").to_owned();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    socket.send("hello".into()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().into_text().unwrap(), "hello");
    assert_eq!(help.open_websockets(), 1);
}
