//! A small HTTP server for one answer per connection.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Serves with `handle`, which gets head and body; `None` leaves the caller waiting. Gives the
/// port; ends with the test's runtime.
pub(super) async fn start<F>(handle: F) -> u16
where
    F: Fn(&str, &str) -> Option<Answer> + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let handle = Arc::new(handle);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&handle)));
        }
    });
    port
}

async fn serve<F: Fn(&str, &str) -> Option<Answer>>(mut stream: TcpStream, handle: Arc<F>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or_default()];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let Some(answer) = handle(&head, std::str::from_utf8(&body).unwrap()) else {
        return std::future::pending().await;
    };
    let text = format!(
        "HTTP/1.1 {} Said\r\nconnection: close\r\ncontent-length: {}\r\nlocation: /elsewhere\r\n\r\n{}",
        answer.status,
        answer.body.len(),
        answer.body
    );
    // Whoever stopped reading has seen enough.
    let _ = stream.write_all(text.as_bytes()).await;
}
