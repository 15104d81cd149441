//! A proxy before a node that fails on demand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the proxy does to what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Each piece is held back for so long, each way.
    Delay(Duration),
    /// Connections are closed, and new ones at once.
    Cut,
    /// Nothing passes and nothing is closed.
    BlackHole,
    /// What clients say passes, what the server says does not.
    HalfOpen,
}

/// A proxy on loopback; it ends when this is dropped.
pub struct FaultProxy {
    address: SocketAddr,
    fault: Arc<watch::Sender<Fault>>,
    task: JoinHandle<()>,
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.fault.send_replace(Fault::Cut);
        self.task.abort();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

impl FaultProxy {
    /// Before the server on `port`. Needs a tokio runtime.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let fault = Arc::new(watch::Sender::new(Fault::None));
        let task = tokio::spawn(accept(listener, port, Arc::clone(&fault)));
        Self { address, fault, task }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Fails like this from now on, for connections that exist, too.
    pub fn fail(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

async fn accept(listener: TcpListener, port: u16, fault: Arc<watch::Sender<Fault>>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        let told = fault.subscribe();
        tokio::spawn(async move {
            if *told.borrow() == Fault::Cut {
                return;
            }
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            let mut cut = told.clone();
            tokio::select! {
                () = carry(from_client, to_server, Way::ToServer, told.clone()) => {}
                () = carry(from_server, to_client, Way::ToClient, told) => {}
                _ = cut.wait_for(|fault| *fault == Fault::Cut) => {}
            }
        });
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    way: Way,
    mut fault: watch::Receiver<Fault>,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(count) = from.read(&mut buffer).await else { return };
        if count == 0 {
            return;
        }
        let now = *fault.borrow_and_update();
        match (now, way) {
            (Fault::Delay(pause), _) => tokio::time::sleep(pause).await,
            (Fault::BlackHole, _) | (Fault::HalfOpen, Way::ToClient) => {
                // Held back until the fault is over, as a network does that comes back.
                let passes = |fault: &Fault| !matches!(fault, Fault::BlackHole | Fault::HalfOpen);
                if fault.wait_for(passes).await.is_err() {
                    return;
                }
            }
            _ => {}
        }
        let Some(piece) = buffer.get(..count) else { return };
        if to.write_all(piece).await.is_err() {
            return;
        }
    }
}
