//! `vestibule break-glass` and `vestibule idp test`: links that the running gateway makes.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use gateway::control::{Answer, Command};

use crate::asking::{ask, strange};

/// Asks the running gateway for a link and prints it.
pub(crate) fn link(config: &Path, command: &Command, about: &str) -> ExitCode {
    match ask(config, command) {
        Ok(Answer::Link { url, until }) => {
            let _ = writeln!(io::stdout(), "{url}\n{about}, until {until}");
            ExitCode::SUCCESS
        }
        Ok(_) => strange(),
        Err(code) => code,
    }
}
