//! `vestibule provisioning …`: what waits to be written to JSM, and orders about it.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use domain::JsmName;
use gateway::control::{Answer, Command};
use provisioning::{Drift, DriftOrder, Queue};

use crate::asking::{ask, strange};

/// What is to be seen or ordered.
#[derive(Debug, Subcommand)]
pub(crate) enum ProvisioningCommand {
    /// Say what waits to be written, and what administrators of JSM have to do.
    Queue,
    /// Let removals go on that stopped because there were too many.
    Release {
        /// The JSM's name, where the file has several.
        #[arg(long)]
        jsm: Option<JsmName>,
    },
    /// Compare JSM with what the gateway granted there.
    Drift {
        /// The JSM's name, where the file has several.
        #[arg(long)]
        jsm: Option<JsmName>,
        /// Grant again what is missing.
        #[arg(long)]
        repair: bool,
    },
}

pub(crate) fn provisioning(config: &Path, command: ProvisioningCommand) -> ExitCode {
    let command = match command {
        ProvisioningCommand::Queue => Command::ProvisioningQueue,
        ProvisioningCommand::Release { jsm } => Command::ProvisioningRelease { jsm },
        ProvisioningCommand::Drift { jsm, repair } => {
            let order = if repair { DriftOrder::Act } else { DriftOrder::Report };
            Command::ProvisioningDrift { jsm, order }
        }
    };
    let text = match ask(config, &command) {
        Ok(Answer::Queues(queues)) => queues.iter().map(|(jsm, queue)| shown(jsm, queue)).collect(),
        Ok(Answer::Released(jsm)) => {
            format!("{jsm}: removals go on with the next round, within seconds\n")
        }
        Ok(Answer::Drift(found)) => drift(&found),
        Ok(_) => return strange(),
        Err(code) => return code,
    };
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

// Writing into a string does not fail: the results of `write!` below are dropped.

fn shown(jsm: &JsmName, queue: &Queue) -> String {
    let mut text = format!("{jsm}: {} waiting, {} tasks\n", queue.waiting.len(), queue.tasks.len());
    if let Some(since) = queue.stopped {
        let _ = writeln!(
            text,
            "   removals stopped at {since}: see who waits below, then `vestibule provisioning release`"
        );
    }
    for waiting in &queue.waiting {
        let why = match (&waiting.cause, waiting.held) {
            (_, true) => "removals wait for `release`".to_owned(),
            (Some(cause), false) => format!("{cause}, next trial {}", waiting.next),
            (None, false) => "under way".to_owned(),
        };
        let (identity, since) = (&waiting.identity, waiting.since);
        let _ = writeln!(
            text,
            "   {} ({}) since {since}, {} trials: {why}",
            identity.email, identity.person, waiting.trials
        );
    }
    for task in &queue.tasks {
        let _ = writeln!(
            text,
            "   an administrator has to grant access again: {} since {} ({})",
            task.person, task.since, task.cause
        );
    }
    text
}

fn drift(found: &[Drift]) -> String {
    if found.is_empty() {
        return "JSM has everything that the gateway granted\n".to_owned();
    }
    let mut text = format!("{} memberships are missing in JSM\n", found.len());
    for drift in found {
        let whose =
            drift.owner.as_ref().map_or_else(|| "nobody yet".to_owned(), ToString::to_string);
        let repaired = if drift.repaired { ", repaired" } else { "" };
        let _ = writeln!(
            text,
            "   {} ({whose}) lacks {}, granted by {}{repaired}",
            drift.account.0, drift.place, drift.rule
        );
    }
    text
}
