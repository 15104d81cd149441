//! Why the store could not be opened, or did not answer.

use std::path::PathBuf;

use domain::{Blame, Notice, Refusal};

use crate::AreaProblem;

/// Why the store could not be opened, or did not answer. Never means "absent".
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store did not answer in time, or failed; a write may or may not have happened.
    #[error("the store did not answer: {0}")]
    Unavailable(String),
    /// Another process, or another part of this one, has the file open.
    #[error(
        "store.embedded.path: `{}` is in use by another process; the embedded store serves one \
         process: stop the other one, or give this one a path of its own",
        .file.display()
    )]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// The file exists and is no usable store. It is never replaced by a new one.
    #[error(
        "store.embedded.path: `{}` is damaged or no store of this program ({reason}); restore it \
         from a backup, or move it away to start with an empty store",
        .file.display()
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file or its folder could not be made or opened.
    #[error(
        "store.embedded.path: `{}` cannot be opened; check that the folder exists or can be made, \
         and belongs to the user that runs this program",
        .path.display()
    )]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What the file says of a Redis cannot be used.
    #[error("store.redis.{section}: {reason}")]
    Settings {
        /// Which key of the section.
        section: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The records are not those of this installation.
    #[error(transparent)]
    Area(#[from] AreaProblem),
}

impl StoreError {
    /// What the gateway shows and keeps when a request meets this error.
    pub fn refusal(&self) -> Refusal {
        let (cause, blame, remedy) = match self {
            Self::Unavailable(_) => (
                "store-unavailable",
                Blame::Us,
                "check the store: its disk, its process, its network",
            ),
            Self::InUse { .. } => (
                "store-in-use",
                Blame::Operator,
                "stop the other process, or give each its own path",
            ),
            Self::Damaged { .. } => {
                ("store-damaged", Blame::Us, "restore the file from a backup, or move it away")
            }
            Self::Open { .. } => (
                "store-not-opened",
                Blame::Operator,
                "check the path, its owner and its permissions",
            ),
            Self::Area(_) => (
                "store-records-lost",
                Blame::Operator,
                "`vestibule restore FILE`, or `vestibule store init` for new records",
            ),
            Self::Settings { .. } => {
                ("store-settings", Blame::Operator, "correct what the file says of the store")
            }
        };
        Refusal::new(cause, blame, Notice::TryAgainLater, self.to_string(), remedy)
    }
}
