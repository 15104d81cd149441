//! `vestibule store init`, `backup` and `restore`.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use config::{Settings, StoreSettings};
use gateway::control::{self, Answer};
use gateway::{StoreCommand, SystemClock};

use crate::{asking, check};

/// The records' file in an embedded store's folder, there from its first start on.
const RECORDS: &str = "vestibule.redb";

/// Carries out the command: in the running gateway, where it has the store's files open, else here.
pub(crate) fn storage(config: &Path, command: &StoreCommand) -> ExitCode {
    let done = match answered(config, command) {
        Ok(Some(done)) => done,
        Ok(None) => match check::load(config) {
            Ok(settings) => execute(&settings, command),
            Err(code) => return code,
        },
        Err(code) => return code,
    };
    match done {
        Ok(said) => {
            let _ = writeln!(io::stdout(), "{said}");
            ExitCode::SUCCESS
        }
        Err(said) => asking::fail(&said),
    }
}

/// What the running gateway did; none where no gateway has the store open.
fn answered(
    config: &Path,
    command: &StoreCommand,
) -> Result<Option<Result<String, String>>, ExitCode> {
    let excerpt = asking::excerpt(config)?;
    let Some(order) = order(command).ok().filter(|_| excerpt.has_embedded_store()) else {
        return Ok(None);
    };
    let socket = asking::known(excerpt.control_socket())?;
    Ok(match asking::send_to(&socket, &order) {
        Ok(Answer::Done(said)) => Some(Ok(said)),
        Ok(Answer::Failed(said)) => Some(Err(said)),
        Ok(_) => Some(Err(asking::STRANGE.to_owned())),
        Err(_) => None,
    })
}

fn execute(settings: &Settings, command: &StoreCommand) -> Result<String, String> {
    // The other two are how a store comes about on a new machine.
    if let (StoreCommand::Backup(_), Some(said)) = (command, none_yet(settings)) {
        return Err(said);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(gateway::store_command(settings, command, &SystemClock))
}

/// That the gateway has not made its store yet, in words. What only looks into it makes none: that
/// would belong to whoever typed the command, and the gateway could not open it.
pub(crate) fn none_yet(settings: &Settings) -> Option<String> {
    let StoreSettings::Embedded { path } = &settings.store else { return None };
    // What cannot be looked at may be there: opening it says why.
    let absent = matches!(path.join(RECORDS).try_exists(), Ok(false));
    absent.then(|| {
        format!("no store is at {} yet: the gateway makes it when it first starts", path.display())
    })
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
