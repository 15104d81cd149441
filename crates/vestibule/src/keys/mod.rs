//! `vestibule keys …`: our own keys, made and rolled over.
//!
//! Beside the file of a key that is in use, `saml.pem`, lie at most two others: `saml.next.pem` is
//! published and accepted before anybody meets it, `saml.old.pem` is still accepted after. The
//! operator's file names the first alone and never changes.

mod make;
mod published;
mod rollover;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use gateway::control::{Answer, Command};

use crate::{asking, check, sessions};

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make the first keys in the folder `keys` beside the file; never overwrites one.
    Init,
    /// Make the next key: published and accepted from now on, not yet used.
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

pub(crate) fn keys(config: &Path, command: KeysCommand) -> ExitCode {
    let step = match &command {
        KeysCommand::Init => return told("keys init", init(config)),
        KeysCommand::Published => return published::show(config),
        KeysCommand::Stage { kind } => (*kind, rollover::stage as rollover::Step),
        KeysCommand::Activate { kind } => (*kind, rollover::activate as rollover::Step),
        KeysCommand::Retire { kind } => (*kind, rollover::retire as rollover::Step),
    };
    let settings = match check::load(config) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let (kind, step) = step;
    let mut resealed = String::new();
    if matches!(command, KeysCommand::Retire { kind: Kind::Sealing }) {
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
        Some(file) => step(kind, file).and_then(|done| Ok(resealed + &done + &reload(&settings)?)),
        None => Err(io::Error::other(
            "this key is not in a file, so it cannot be rolled over here: the first of its list must be { file: PATH }",
        )),
    };
    told("keys", done)
}

/// Makes the keys in `keys` beside the file, where the sample looks for them.
fn init(config: &Path) -> io::Result<String> {
    let folder = config.parent().unwrap_or(Path::new("")).join("keys");
    std::fs::create_dir_all(&folder)?;
    for (kind, name) in [
        (Kind::Sealing, "sealing-1"),
        (Kind::Assertion, "assertion-1.pem"),
        (Kind::Saml, "saml-1.pem"),
    ] {
        make::write_new(&folder.join(name), &make::key(kind)?)?;
    }
    Ok(format!(
        "made sealing-1, assertion-1.pem and saml-1.pem in {}; name them in the file:\n\nkeys:\n  sealing: [{{ file: keys/sealing-1 }}]\n  assertion: [{{ file: keys/assertion-1.pem }}]\n  saml: [{{ file: keys/saml-1.pem }}]\n",
        folder.display()
    ))
}

/// Lets the running gateway take the change over.
fn reload(settings: &config::Settings) -> io::Result<String> {
    match asking::send(settings, &Command::ReloadKeys) {
        Ok(Answer::Failed(reason)) => Err(io::Error::other(format!(
            "the files are changed, and the running gateway refused them: {reason}"
        ))),
        Ok(_) => Ok("the running gateway has taken it over; other replicas do within a minute of seeing the files\n".to_owned()),
        Err(_) => Ok("no gateway runs here; it is in force from the next start\n".to_owned()),
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
