//! nginx as the origin and as the front to compare with.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::certificate::Files;
use crate::process::Running;

/// A port that was free a moment ago: nginx cannot be asked which one it was given.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A running nginx.
#[derive(Debug)]
pub(crate) struct Nginx {
    pub(crate) running: Running,
    pub(crate) address: SocketAddr,
}

/// Sizes of nginx's proxy buffers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Buffers {
    /// nginx's defaults.
    Default,
    /// 64 KiB, the fairer comparison for large bodies.
    Large,
}

/// Serves the files in `folder`, and takes uploads.
pub(crate) async fn origin(folder: &Path) -> anyhow::Result<Nginx> {
    let (port, sink) = (free_port()?, free_port()?);
    let servers = format!(
        "server {{
            listen 127.0.0.1:{port};
            root {folder};
            location /upload {{
                # Reads the body to its end before it answers.
                client_body_buffer_size 2m;
                proxy_pass_request_body off;
                proxy_set_header Content-Length '';
                proxy_pass http://127.0.0.1:{sink}/;
            }}
        }}
        server {{ listen 127.0.0.1:{sink}; location / {{ return 204; }} }}",
        folder = folder.join("files").display()
    );
    start(folder, "origin", port, &servers).await
}

/// A TLS proxy to `origin`, without authentication and without an access log.
pub(crate) async fn front(
    folder: &Path,
    origin: SocketAddr,
    certificate: &Files,
    buffers: Buffers,
) -> anyhow::Result<Nginx> {
    let port = free_port()?;
    let (name, buffers) = match buffers {
        Buffers::Default => ("front", ""),
        Buffers::Large => (
            "front-large",
            "proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;",
        ),
    };
    let servers = format!(
        "upstream origin {{ server {origin}; keepalive 64; keepalive_requests 1000000; }}
        server {{
            listen 127.0.0.1:{port} ssl http2;
            ssl_certificate {chain};
            ssl_certificate_key {key};
            ssl_protocols TLSv1.3;
            ssl_session_cache shared:tls:10m;
            ssl_session_tickets on;
            location / {{
                proxy_pass http://origin;
                proxy_http_version 1.1;
                proxy_set_header Connection '';
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header X-Forwarded-Proto https;
                proxy_request_buffering off;
                proxy_max_temp_file_size 0;
                {buffers}
            }}
        }}",
        chain = certificate.chain.display(),
        key = certificate.key.display(),
    );
    start(folder, name, port, &servers).await
}

async fn start(folder: &Path, name: &str, port: u16, servers: &str) -> anyhow::Result<Nginx> {
    let own = folder.join(name);
    std::fs::create_dir_all(&own)?;
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {}/{kind};\n", own.display()))
        .collect();
    let configuration = format!(
        "daemon off; worker_processes 2; pid {own}/pid; error_log stderr crit; {user}
        events {{ worker_connections 4096; }}
        http {{
            access_log off; keepalive_requests 1000000; keepalive_timeout 600s;
            client_max_body_size 0; sendfile on; tcp_nodelay on; types {{ }}
            {temporary}
            {servers}
        }}",
        own = own.display(),
        user = if is_root()? { "user root;" } else { "" },
    );
    let file = own.join("nginx.conf");
    std::fs::write(&file, configuration)?;
    let mut command = Command::new("nginx");
    command.arg("-c").arg(&file).arg("-p").arg(&own).args(["-e", "stderr"]);
    let running = Running::start(&mut command)?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    wait_for(address).await.with_context(|| format!("nginx as {name}"))?;
    Ok(Nginx { running, address })
}

/// Without it, root's nginx would read the files as somebody who may not.
pub(crate) fn is_root() -> anyhow::Result<bool> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    Ok(status.lines().any(|line| line.starts_with("Uid:\t0\t")))
}

/// Returns once somebody listens there.
pub(crate) async fn wait_for(address: SocketAddr) -> anyhow::Result<()> {
    for _ in 0..200 {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    bail!("nobody listens on {address}")
}
