//! One line for each request, written in large pieces.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{ReferenceCode, Timestamp};
use http::{Method, StatusCode};

/// A piece is written when it is this long, or a second old.
const PIECE: usize = 32 * 1024;

/// Room for a line beside its path.
const LINE: usize = 256;

/// How long a line may wait.
const AGE: Duration = Duration::from_secs(1);

/// One finished request. The query is left out: it may hold what is nobody's business.
#[derive(Debug)]
pub(crate) struct Finished<'a> {
    pub(crate) reference: ReferenceCode,
    pub(crate) now: Timestamp,
    pub(crate) client: IpAddr,
    pub(crate) site: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) status: StatusCode,
    pub(crate) took: Duration,
}

impl Finished<'_> {
    fn line(&self) -> String {
        let Finished { reference, now, client, site, method, path, status, took } = self;
        // Paths are printable ASCII by now: nothing else needs an escape.
        let path = match path.contains(['\\', '"']) {
            true => Cow::Owned(path.replace('\\', "\\\\").replace('"', "\\\"")),
            false => Cow::Borrowed(*path),
        };
        let (status, took) = (status.as_u16(), took.as_micros());
        let mut line = String::with_capacity(LINE + path.len());
        // Writing into a string does not fail.
        let _ = writeln!(
            line,
            r#"{{"time":"{now}","reference":"{reference}","client":"{client}","site":"{site}","method":"{method}","path":"{path}","status":{status},"took_us":{took}}}"#,
        );
        line
    }
}

/// The access log; clones share the file.
#[derive(Debug, Clone)]
pub(crate) struct AccessLog(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Vec<u8>>,
    file: Mutex<File>,
}

impl AccessLog {
    /// Opens the file for appending and starts its writer thread.
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let shared = Arc::new(Shared { waiting: Mutex::default(), file: Mutex::new(file) });
        let weak = Arc::downgrade(&shared);
        std::thread::Builder::new().name("access-log".to_owned()).spawn(move || {
            while let Some(shared) = weak.upgrade() {
                shared.flush();
                drop(shared);
                std::thread::sleep(AGE);
            }
        })?;
        Ok(Self(shared))
    }

    /// Writes what waits. A process ends without its writer thread.
    pub(crate) fn flush(&self) {
        self.0.flush();
    }

    /// Notes one request.
    pub(crate) fn note(&self, finished: &Finished<'_>) {
        let line = finished.line();
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend_from_slice(line.as_bytes());
        if waiting.len() >= PIECE {
            let piece = std::mem::replace(&mut *waiting, Vec::with_capacity(PIECE + LINE));
            drop(waiting);
            self.0.write(&piece);
        }
    }
}

impl Shared {
    fn flush(&self) {
        let piece =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if !piece.is_empty() {
            self.write(&piece);
        }
    }

    fn write(&self, piece: &[u8]) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(piece) {
            tracing::warn!(%error, "the access log cannot be written");
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_whatever_the_path() {
        let (method, path) = (Method::GET, r#"/a"b\c"#);
        let line = Finished {
            reference: "K7F3-92QX".parse().unwrap(),
            now: Timestamp::from_seconds(1_800_000_000),
            client: "192.0.2.7".parse().unwrap(),
            site: "main",
            method: &method,
            path,
            status: StatusCode::NOT_FOUND,
            took: Duration::from_micros(1234),
        }
        .line();
        assert!(line.ends_with('\n'));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        let said = serde_json::json!({
            "time": "2027-01-15T08:00:00Z", "reference": "K7F3-92QX", "client": "192.0.2.7",
            "site": "main", "method": "GET", "path": path, "status": 404, "took_us": 1234,
        });
        assert_eq!(read, said);
    }
}
