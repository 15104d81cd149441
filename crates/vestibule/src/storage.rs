//! `vestibule store init`, `backup` and `restore`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use config::{Settings, StoreSettings};
use gateway::control::{self, Answer};
use gateway::{StoreCommand, SystemClock};

use crate::{asking, check};

/// Carries out the command: in the running gateway, where it has the store's files open, else here.
pub(crate) fn storage(config: &Path, command: &StoreCommand) -> ExitCode {
    let settings = match check::load(config) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let done = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(execute(&settings, command)));
    match done {
        Ok(said) => {
            let _ = writeln!(io::stdout(), "{said}");
            ExitCode::SUCCESS
        }
        Err(said) => {
            let _ = writeln!(io::stderr(), "{said}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(settings: &Settings, command: &StoreCommand) -> Result<String, String> {
    if let StoreSettings::Embedded { .. } = settings.store
        && let Ok(order) = order(command)
    {
        match control::send(&settings.control_socket, &order).await {
            Ok(Answer::Done(said)) => return Ok(said),
            Ok(Answer::Failed(said)) => return Err(said),
            Ok(_) => return Err(asking::STRANGE.to_owned()),
            // Nobody has it open.
            Err(_) => {}
        }
    }
    gateway::store_command(settings, command, &SystemClock).await
}

/// The same for the gateway, which has another working folder.
fn order(command: &StoreCommand) -> io::Result<control::Command> {
    Ok(match command {
        StoreCommand::Init => control::Command::InitStore,
        StoreCommand::Backup(file) => control::Command::Backup { file: std::path::absolute(file)? },
        StoreCommand::Restore { file, replace } => {
            control::Command::Restore { file: std::path::absolute(file)?, replace: *replace }
        }
    })
}
