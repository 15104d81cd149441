//! What is open when its session ends.
#![expect(clippy::expect_used, reason = "a helper that fails fails its test")]

use std::time::Duration;

use e2e::{Scene, SceneOptions, Wire, open_websocket, until};
use futures_util::{SinkExt as _, StreamExt as _};
use gateway::control::Whose;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::replicas::Pair;
use crate::{SECOND, SESSION};

const GIGABYTE: u64 = 1 << 30;

/// A download of which the head and a piece have come.
pub(crate) struct Download {
    wire: Wire,
    read: u64,
}

impl Download {
    pub(crate) async fn begin(scene: &Scene, cookie: &str) -> Self {
        let mut wire = Wire::connect(scene, "help.localhost", &["http/1.1"]).await.expect("TLS");
        let request = format!(
            "GET /attachment/{GIGABYTE} HTTP/1.1\r\nHost: help.localhost:{}\r\nCookie: {SESSION}={cookie}\r\n\r\n",
            scene.port
        );
        wire.stream.write_all(request.as_bytes()).await.expect("sent");
        let mut download = Self { wire, read: 0 };
        let head = download.some().await;
        assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
        download
    }

    /// Whatever comes next; nothing at the end.
    async fn some(&mut self) -> Vec<u8> {
        let mut buffer = vec![0; 64 * 1024];
        let patience = Duration::from_secs(30);
        let read = tokio::time::timeout(patience, self.wire.stream.read(&mut buffer)).await;
        let read = read.expect("something or the end").unwrap_or_default();
        self.read += read as u64;
        buffer.truncate(read);
        buffer
    }

    pub(crate) async fn some_more(&mut self, bytes: u64) {
        let until = self.read + bytes;
        while self.read < until {
            assert!(!self.some().await.is_empty(), "it ended after {}", self.read);
        }
    }

    /// Reads on; it must not come to its end.
    pub(crate) async fn is_running(&mut self) -> bool {
        let running = !self.some().await.is_empty();
        assert!(self.read < GIGABYTE, "it came to its end");
        running
    }

    /// Reads to the end; gives how many bytes came after now.
    async fn rest(&mut self) -> u64 {
        let before = self.read;
        while !self.some().await.is_empty() {}
        self.read - before
    }
}

/// attacks.md D7, N07: a WebSocket and a running download of 1 GB end; others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_what_is_open_ends_with_the_session_and_nothing_else_does() {
    let pair = Pair::start().await;
    let scene = &pair.scene;
    let (ann, bob) =
        (scene.signed_in("ann@acme.example").await, scene.signed_in("bob@globex.example").await);
    for feed in ["with the feed", "without the feed"] {
        let ann =
            if feed == "with the feed" { &ann } else { &scene.signed_in("ann@acme.example").await };
        let (hers, his) = (ann.cookies(), bob.cookies());
        let mut her_socket =
            open_websocket(scene, "/ws", &[("cookie", &hers)]).await.expect("open");
        let mut his_socket = open_websocket(scene, "/ws", &[("cookie", &his)]).await.expect("open");
        let mut hers = Download::begin(scene, ann.cookie(SESSION).expect("a session")).await;
        let mut his = Download::begin(scene, bob.cookie(SESSION).expect("a session")).await;
        hers.some_more(8 << 20).await;
        if feed == "without the feed" {
            pair.store.cut_feed();
        }
        scene.clock.advance(SECOND);
        // The order is given to the other replica.
        let command = gateway::control::Command::RevokeSessions {
            whose: Whose::Person("ann@acme.example".to_owned()),
        };
        let socket = scene.folder.path().join("data/second.sock");
        gateway::control::send(&socket, &command).await.expect("an answer");
        let passing = scene.as_time_passes(async {
            let rest = hers.rest().await;
            while let Some(Ok(_)) = her_socket.next().await {}
            rest
        });
        let rest = passing.await;
        assert!(hers.read < GIGABYTE, "{feed}: the download came to its end");
        println!("{feed}: {rest} bytes came between the order and the end of the download");
        his.some_more(8 << 20).await;
        his_socket.send(Message::text("still here?")).await.expect("sent");
        let echo = his_socket.next().await.expect("an echo").expect("whole");
        assert_eq!(echo, Message::text("still here?"), "{feed}");
        drop((his_socket, his));
        until("no WebSocket is left", async || scene.helpcenter.open_websockets() == 0).await;
    }
}

/// A download is use of its session; at the absolute end it ends with it, and a tunnel too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_ends_at_the_absolute_end_and_a_download_is_not_idle() {
    let lifetimes = "    session: { idle: 30m, absolute: 12h }";
    let short = "    session: { idle: 5m, absolute: 20m }".to_owned();
    let scene =
        Scene::with(SceneOptions { instead: vec![(lifetimes, short)], ..SceneOptions::default() })
            .await;
    let ann = scene.signed_in("ann@acme.example").await;
    let mut socket =
        open_websocket(&scene, "/ws", &[("cookie", &ann.cookies())]).await.expect("open");
    let mut download = Download::begin(&scene, ann.cookie(SESSION).expect("a session")).await;
    for _ in 0..18 {
        download.some_more(1 << 20).await;
        scene.clock.advance(Duration::from_secs(60));
        // The use is noted before the next minute passes.
        tokio::time::timeout(Duration::from_secs(1), download.some_more(4 << 20))
            .await
            .expect("it runs");
    }
    assert_eq!(scene.helpcenter.open_websockets(), 1);
    scene.clock.advance(Duration::from_secs(120));
    download.rest().await;
    assert!(download.read < GIGABYTE);
    while let Some(Ok(_)) = socket.next().await {}
    until("no WebSocket is left", async || scene.helpcenter.open_websockets() == 0).await;
}
