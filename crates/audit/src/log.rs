//! The file and the one thread that writes it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::sync::{mpsc, oneshot};

use crate::Record;

/// Records that may wait for the disk.
const QUEUE: usize = 4096;

/// Why a fact could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The file cannot be opened for appending.
    #[error(
        "audit.file: `{path}` cannot be opened for appending; create its folder and let the gateway write there"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is full, gone or far too slow.
    #[error(
        "the audit log cannot be written; free space on its disk, or look at the disk's errors"
    )]
    Write,
}

struct Line {
    bytes: Vec<u8>,
    written: oneshot::Sender<bool>,
}

/// The audit log of a running gateway.
#[derive(Debug, Clone)]
pub struct AuditLog {
    lines: mpsc::Sender<Line>,
}

impl AuditLog {
    /// Opens the file for appending (mode 0600, its folder is made) and starts its writer thread.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let failed = |source| AuditError::Open { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let file =
            OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(failed)?;
        let (lines, queue) = mpsc::channel(QUEUE);
        let writer = std::thread::Builder::new().name("audit".to_owned());
        writer.spawn(move || write_lines(file, queue)).map_err(failed)?;
        Ok(Self { lines })
    }

    /// Appends one record; returns once the system has it.
    ///
    /// # Errors
    /// When the queue is full or the file cannot be written. The fact must then not happen.
    pub async fn record(&self, record: &Record) -> Result<(), AuditError> {
        let mut bytes = serde_json::to_vec(record).map_err(|_| AuditError::Write)?;
        bytes.push(b'\n');
        let (written, answer) = oneshot::channel();
        self.lines.try_send(Line { bytes, written }).map_err(|_| AuditError::Write)?;
        match answer.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(AuditError::Write),
        }
    }
}

/// Writes what waits in one piece; a system call for each record would be the slow part.
fn write_lines(mut file: File, mut queue: mpsc::Receiver<Line>) {
    while let Some(first) = queue.blocking_recv() {
        let mut waiting = vec![first];
        while let Ok(line) = queue.try_recv() {
            waiting.push(line);
        }
        let bytes: Vec<u8> = waiting.iter().flat_map(|line| line.bytes.iter().copied()).collect();
        let written = file.write_all(&bytes).is_ok();
        if !written {
            tracing::error!("the audit log cannot be written; sign-ins are refused until it can");
        }
        for line in waiting {
            // A caller that went away does not mind.
            let _ = line.written.send(written);
        }
    }
}
