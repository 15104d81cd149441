//! `vestibule break-glass` and `vestibule idp test`: links that the running gateway makes.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use gateway::control::{self, Answer, Command};

use crate::check;

/// Asks the running gateway for a link and prints it.
pub(crate) fn link(config: &Path, command: &Command, about: &str) -> ExitCode {
    let settings = match check::load(config) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let asked = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(control::send(&settings.control_socket, command)));
    let said = match asked {
        Ok(Answer::Link { url, until }) => {
            let _ = writeln!(io::stdout(), "{url}\n{about}, until {until}");
            return ExitCode::SUCCESS;
        }
        Ok(Answer::Failed(reason)) => reason,
        Ok(_) => "the gateway answered something else; are both of one version?".to_owned(),
        Err(error) => format!(
            "no gateway answers on {}: {error}; start it, or run this where it runs",
            settings.control_socket.display()
        ),
    };
    let _ = writeln!(io::stderr(), "{said}");
    ExitCode::FAILURE
}
