//! What all fronts share: a folder, a certificate, the origin.

use std::net::SocketAddr;
use std::path::Path;

use tempfile::TempDir;

use crate::certificate::{self, Files};
use crate::nginx::{self, Nginx};

/// The host name that every front is asked for.
pub(crate) const HOST: &str = "help.localhost";

/// Names and sizes of the origin's files.
const FILES: &[(&str, usize)] =
    &[("1k", 1024), ("16k", 16 * 1024), ("256k", 256 * 1024), ("10m", 10 * 1024 * 1024)];

/// What all fronts share; ended and removed when dropped.
#[derive(Debug)]
pub(crate) struct Lab {
    origin: Nginx,
    pub(crate) certificate: Files,
    folder: TempDir,
}

impl Lab {
    pub(crate) async fn set_up() -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("vestibule-bench-")?;
        let files = folder.path().join("files");
        std::fs::create_dir(&files)?;
        for (name, size) in FILES {
            std::fs::write(files.join(name), vec![b'x'; *size])?;
        }
        let certificate = certificate::make(folder.path(), &[HOST, "127.0.0.1"])?;
        let origin = nginx::origin(folder.path()).await?;
        Ok(Self { origin, certificate, folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn origin(&self) -> SocketAddr {
        self.origin.address
    }
}
