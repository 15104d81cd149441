//! Asking the running gateway over its control socket.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use config::Settings;
use gateway::control::{self, Answer, Command};

use crate::check;

/// What an answer of a kind that was not asked for means.
pub(crate) const STRANGE: &str = "the gateway answered something else; are both of one version?";

/// The running gateway's answer; what failed was printed.
pub(crate) fn ask(config: &Path, command: &Command) -> Result<Answer, ExitCode> {
    let settings = check::load(config)?;
    heard(&settings, command).map_err(|said| fail(&said))
}

/// The running gateway's answer.
///
/// # Errors
/// In words: why it did not do what was asked, or that there is none.
pub(crate) fn heard(settings: &Settings, command: &Command) -> Result<Answer, String> {
    match send(settings, command) {
        Ok(Answer::Failed(reason)) => Err(reason),
        Ok(answer) => Ok(answer),
        Err(error) => Err(format!(
            "no gateway answers on {}: {error}; start it, or run this where it runs",
            settings.control_socket.display()
        )),
    }
}

/// The same as it came, for whoever can do without a gateway.
///
/// # Errors
/// When none answers.
pub(crate) fn send(settings: &Settings, command: &Command) -> io::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(control::send(&settings.control_socket, command))
}

/// Says that the answer is of another version.
pub(crate) fn strange() -> ExitCode {
    fail(STRANGE)
}

fn fail(said: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{said}");
    ExitCode::FAILURE
}
