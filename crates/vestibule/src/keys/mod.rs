//! `vestibule keys …`: our own keys, made and rolled over.
//!
//! Beside the file of a key that is in use, `saml.pem`, lie at most two others: `saml.next.pem` is
//! published and accepted before anybody meets it, `saml.old.pem` is still accepted after. The
//! operator's file names the first alone and never changes.

mod init;
mod make;
mod published;
mod rollover;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use gateway::control::{Answer, Command};

use crate::{asking, check, sessions};

use rollover::{Heard, Step};

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make the first keys in the folder `keys` beside the file, where they are missing; never overwrites one.
    Init,
    /// Make the next key: accepted from now on, and published unless it seals; not yet used.
    Stage {
        /// Which kind.
        kind: Kind,
    },
    /// Use the staged key; the one before it is still accepted.
    Activate {
        /// Which kind.
        kind: Kind,
    },
    /// Show our published SAML keys and which identity provider has read them.
    Published,
    /// Forget the key that was in use before.
    Retire {
        /// Which kind.
        kind: Kind,
    },
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Seals what the store holds.
    Sealing,
    /// Signs the identity assertion toward upstreams.
    Assertion,
    /// Signs SAML messages and decrypts assertions.
    Saml,
}

impl Kind {
    /// The word for it on the command line.
    fn word(self) -> &'static str {
        match self {
            Self::Sealing => "sealing",
            Self::Assertion => "assertion",
            Self::Saml => "saml",
        }
    }
}

pub(crate) fn keys(config: &Path, command: KeysCommand) -> ExitCode {
    let (step, kind) = match command {
        KeysCommand::Init => return told("keys init", init::init(config)),
        KeysCommand::Published => return published::show(config),
        KeysCommand::Stage { kind } => (Step::Stage, kind),
        KeysCommand::Activate { kind } => (Step::Activate, kind),
        KeysCommand::Retire { kind } => (Step::Retire, kind),
    };
    let settings = match check::load(config) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    // What it still seals or signs with must not be forgotten.
    if step == Step::Retire
        && let Heard::Refused(reason) = reload(&settings)
    {
        return told("keys", Err(io::Error::other(format!("nothing is changed: {reason}"))));
    }
    let mut resealed = String::new();
    if (step, kind) == (Step::Retire, Kind::Sealing) {
        match sessions::reseal(&settings) {
            Ok(said) => resealed = said,
            Err(reason) => {
                return told(
                    "keys retire",
                    Err(io::Error::other(format!("the key stays: {reason}"))),
                );
            }
        }
    }
    let files = &settings.keys.files;
    let file = match kind {
        Kind::Sealing => &files.sealing,
        Kind::Assertion => &files.assertion,
        Kind::Saml => &files.saml,
    };
    let done = match file {
        Some(file) => {
            rollover::take(step, kind, file, || reload(&settings)).map(|done| resealed + &done)
        }
        None => Err(io::Error::other(
            "this key is not in a file, so it cannot be rolled over here: the first of its list must be { file: PATH }",
        )),
    };
    told("keys", done)
}

/// Lets the running gateway take the change over.
fn reload(settings: &config::Settings) -> Heard {
    let error = match asking::send(settings, &Command::ReloadKeys) {
        Ok(Answer::Keys { .. }) => return Heard::TakenOver,
        Ok(Answer::Failed(reason)) => {
            return Heard::Refused(format!("the running gateway refused the files: {reason}"));
        }
        Ok(_) => io::Error::other(asking::STRANGE),
        Err(error) => error,
    };
    let socket = settings.control_socket.display();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Heard::Nobody,
        io::ErrorKind::PermissionDenied => Heard::Refused(format!(
            "only root and the gateway's user can use {socket}; run this as root"
        )),
        _ => Heard::Refused(format!("the gateway on {socket} did not answer: {error}")),
    }
}

fn told(what: &str, done: io::Result<String>) -> ExitCode {
    match done {
        Ok(text) => {
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{what}: {error}");
            ExitCode::FAILURE
        }
    }
}
