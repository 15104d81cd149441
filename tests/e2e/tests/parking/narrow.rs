//! Memory stays the same however large a form is: pieces in flight are counted.

use std::sync::Arc;
use std::time::Duration;

use e2e::{Scene, Wire};
use fakes::http_client::Answer;
use store::fault::Operation;
use store::{EmbeddedStore, FaultyStore, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::*;

/// The head of a form of ours as it stands on the wire.
fn head(scene: &Scene, cookies: &str, length: &str) -> String {
    let lines: String =
        fields(scene).iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let port = scene.port;
    format!(
        "POST {UPLOAD} HTTP/1.1\r\nHost: help.localhost:{port}\r\nCookie: {cookies}\r\n\
         {lines}{length}\r\nConnection: close\r\n\r\n"
    )
}

/// Submits a form of ours without saying how long it is.
pub(crate) async fn chunked(scene: &Scene, cookies: &str, body: &Bytes) -> Answer {
    let mut wire = Wire::connect(scene, "help.localhost", &[]).await.unwrap();
    let head = head(scene, cookies, "Transfer-Encoding: chunked");
    wire.stream.write_all(head.as_bytes()).await.unwrap();
    for piece in body.chunks(50_021) {
        let size = format!("{:x}\r\n", piece.len());
        for part in [size.as_bytes(), piece, b"\r\n"] {
            wire.stream.write_all(part).await.unwrap();
        }
    }
    wire.stream.write_all(b"0\r\n\r\n").await.unwrap();
    wire.stream.flush().await.unwrap();
    answer(scene, wire).await
}

async fn answer(scene: &Scene, mut wire: Wire) -> Answer {
    let mut read = Vec::new();
    let _ = wire.stream.read_to_end(&mut read).await;
    let text = String::from_utf8_lossy(&read);
    let (head, rest) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = lines.map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
    let body = Bytes::from(rest.to_owned());
    Answer { status, headers, body, url: scene.url(UPLOAD).parse().unwrap() }
}

/// Waits until a count that grows stands still; gives it.
pub(crate) async fn until_still(count: impl AsyncFn() -> usize) -> usize {
    let mut last = 0;
    e2e::until("a count stands still", async || {
        let before = std::mem::replace(&mut last, count().await);
        tokio::time::sleep(Duration::from_millis(100)).await;
        before == last && last > 3
    })
    .await;
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_piece_is_in_flight_however_large_the_form_is() {
    let mut scene = Scene::start().await;
    scene.stop_gateway().await;
    let inner: Arc<EmbeddedStore> = Arc::new(scene.open_store().await);
    let store = Arc::new(FaultyStore::new(inner));
    scene.start_gateway_over(Arc::clone(&store) as Arc<dyn Store>);
    let mut ann = too_late(&scene).await;
    let body = form(20 * MEGABYTE);

    // The store takes nothing: neither does the gateway, beyond what the sockets hold.
    let before = store.calls(Operation::Put);
    let gate = store.hold(Operation::Put);
    let (mut reader, mut writer) = {
        let wire = Wire::connect(&scene, "help.localhost", &[]).await.unwrap();
        tokio::io::split(wire.stream)
    };
    let head = head(&scene, &ann.cookies(), &format!("Content-Length: {}", body.len()));
    let (sent, sending) = tokio::sync::watch::channel(0_usize);
    let whole = body.clone();
    let upload = tokio::spawn(async move {
        writer.write_all(head.as_bytes()).await.unwrap();
        for piece in whole.chunks(64 * 1024) {
            writer.write_all(piece).await.unwrap();
            writer.flush().await.unwrap();
            sent.send_modify(|bytes| *bytes += piece.len());
        }
        writer
    });
    gate.reached_by(1).await;
    // It goes on as long as sockets and one piece take it, and then no more.
    until_still(async || *sending.borrow()).await;
    assert_eq!(store.calls(Operation::Put) - before, 1, "one piece");
    assert!(*sending.borrow() < 12 * MEGABYTE, "{} bytes were taken", *sending.borrow());
    gate.open();
    let _open = upload.await.unwrap();
    let mut answer = vec![0; 12];
    reader.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 303");
    assert!(store.calls(Operation::Put) - before >= 80, "80 pieces of 256 KiB");

    // The way out: the help center reads nothing, and so does the gateway.
    let parked = submit(&mut ann, &scene, &body).await;
    let page = sign_in_again(&scene, &mut ann, &parked, ANN).await;
    let before = store.calls(Operation::Get);
    scene.helpcenter.behave(fakes::Behaviour::BlackHole);
    let form = fakes::http_client::PageForm::all(&page).remove(0);
    let mut browser = ann.browser.clone();
    let pressed =
        tokio::spawn(async move { browser.step(Method::POST, &form.action, &form.fields).await });
    let read = until_still(async || store.calls(Operation::Get) - before).await;
    assert!(read < 60, "{read} of 80 pieces were read although nobody takes them");
    pressed.abort();
}
