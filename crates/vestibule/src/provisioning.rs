//! `vestibule provisioning …`: what waits to be written to JSM, and orders about it.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use domain::JsmName;
use gateway::control::{self, Answer, Command};
use provisioning::{Drift, DriftOrder, Queue};

use crate::check;

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

/// The running gateway's answer; what failed was printed.
pub(crate) fn ask(config: &Path, command: &Command) -> Result<Answer, ExitCode> {
    let settings = check::load(config)?;
    let asked = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(control::send(&settings.control_socket, command)));
    let said = match asked {
        Ok(Answer::Failed(reason)) => reason,
        Ok(answer) => return Ok(answer),
        Err(error) => format!(
            "no gateway answers on {}: {error}; start it, or run this where it runs",
            settings.control_socket.display()
        ),
    };
    let _ = writeln!(io::stderr(), "{said}");
    Err(ExitCode::FAILURE)
}

/// An answer of another version.
pub(crate) fn strange() -> ExitCode {
    let said = "the gateway answered something else; are both of one version?";
    let _ = writeln!(io::stderr(), "{said}");
    ExitCode::FAILURE
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
