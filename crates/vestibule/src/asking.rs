//! Asking the running gateway over its control socket.
//!
//! All that this takes of the file is where the socket is: the gateway has read the rest, from an
//! environment of its own, and the file may be under edit.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use config::{Excerpt, Problems, Settings};
use gateway::control::{self, Answer, Command};

use crate::check;

/// What an answer of a kind that was not asked for means.
pub(crate) const STRANGE: &str = "the gateway answered something else; are both of one version?";

/// The running gateway's answer; what failed was printed.
pub(crate) fn ask(config: &Path, command: &Command) -> Result<Answer, ExitCode> {
    let socket = known(excerpt(config)?.control_socket())?;
    heard_at(&socket, command).map_err(|said| fail(&said))
}

/// The file, of which single values are wanted; what failed was printed.
pub(crate) fn excerpt(config: &Path) -> Result<Excerpt, ExitCode> {
    known(Excerpt::of(config))
}

/// A value of the file; what is wrong with it was printed.
pub(crate) fn known<T>(value: Result<T, Problems>) -> Result<T, ExitCode> {
    value.map_err(|problems| check::refuse(&problems))
}

fn heard_at(socket: &Path, command: &Command) -> Result<Answer, String> {
    match send_to(socket, command) {
        Ok(Answer::Failed(reason)) => Err(reason),
        Ok(answer) => Ok(answer),
        Err(error) => Err(format!(
            "no gateway answers on {}: {error}; start it, or run this where it runs",
            socket.display()
        )),
    }
}

/// As [`send_to`], where the whole file was read.
///
/// # Errors
/// When none answers.
pub(crate) fn send(settings: &Settings, command: &Command) -> io::Result<Answer> {
    send_to(&settings.control_socket, command)
}

/// The answer as it came, for whoever can do without a gateway.
///
/// # Errors
/// When none answers.
pub(crate) fn send_to(socket: &Path, command: &Command) -> io::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(control::send(socket, command))
}

/// Says that the answer is of another version.
pub(crate) fn strange() -> ExitCode {
    fail(STRANGE)
}

/// Says why nothing was done.
pub(crate) fn fail(said: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{said}");
    ExitCode::FAILURE
}
