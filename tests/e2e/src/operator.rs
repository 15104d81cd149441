//! What an operator does to a scene: edits the file, stops and starts, breaks the store.

use std::time::Duration;

use gateway::control::{self, Answer, Command};
use store::EmbeddedStore;

use crate::Scene;
use crate::scene::write_secret;

impl Scene {
    /// Puts a file into the operator's folder, readable by its owner alone.
    pub fn put_file(&self, name: &str, text: &str) {
        write_secret(&self.folder.path().join(name), text);
    }

    /// Replaces a piece of the operator's file, which takes effect at the next start.
    pub fn edit(&self, piece: &str, by: &str) {
        let file = std::fs::read_to_string(self.file_path()).expect("the file");
        assert!(file.contains(piece), "the file has no `{piece}`");
        write_secret(&self.file_path(), &file.replacen(piece, by, 1));
    }

    /// Gives an order to the running gateway.
    pub async fn order(&self, command: &Command) -> Answer {
        let socket = self.folder.path().join("data/control.sock");
        control::send(&socket, command).await.expect("the gateway answers")
    }

    /// Stops the gateway and starts it again in the same folder.
    pub async fn restart_gateway(&mut self) {
        self.stop_gateway().await;
        // The store takes one owner: when it can be opened, the old one has let go.
        drop(self.open_store().await);
        self.start_gateway();
    }

    /// Lets time pass quickly, a second at a time, until something is done: for what waits by the
    /// clock before it tries again.
    pub async fn as_time_passes<T>(&self, done: impl Future<Output = T>) -> T {
        let passing = async {
            loop {
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.clock.advance(Duration::from_secs(1));
            }
        };
        tokio::select! {
            done = done => done,
            () = passing => unreachable!("time never ends"),
        }
    }

    /// The store of the stopped gateway.
    pub async fn open_store(&self) -> EmbeddedStore {
        let folder = self.folder.path().join("data");
        for _ in 0..1000 {
            if let Ok(store) = EmbeddedStore::open(&folder, session::FOLLOWED) {
                return store;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the store is still open elsewhere");
    }
}

/// Asks again until the answer is yes, for ten seconds at most.
///
/// # Panics
/// When it stays no.
pub async fn until(what: &str, mut yes: impl AsyncFnMut() -> bool) {
    for _ in 0..1000 {
        if yes().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came true that {what}");
}
