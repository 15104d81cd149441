//! The process: arguments, signals, exit codes, operator commands.
//!
//! Everything else is in the crates below: `config` reads the operator's file, `gateway` serves.
//! Exit codes: 0 done, 1 refused or failed, 64 usage, 78 configuration.

mod check;
mod keys;
mod run;
mod why;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// sysexits.h `EX_USAGE`.
const USAGE: u8 = 64;

/// sysexits.h `EX_CONFIG`.
const CONFIGURATION: u8 = 78;

/// Identity broker and gateway in front of Jira Service Management help centers.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version)]
struct Arguments {
    /// The operator's file.
    #[arg(long, short, global = true, default_value = "vestibule.yaml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until told to stop.
    Run,
    /// Read the file and everything that it names, and say all that is wrong.
    Check,
    /// Say what is behind a reference code such as K7F3-92QX.
    Why {
        /// The code on the customer's page.
        code: String,
    },
    /// Make keys.
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make the first sealing and assertion keys in the folder `keys` beside the file; never
    /// overwrites one.
    Init,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // `--help` and `--version` come here too, and are no mistakes.
            let code = if error.use_stderr() { USAGE } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let config = arguments.config;
    match arguments.command {
        Command::Run => run::run(&config),
        Command::Check => check::check(&config),
        Command::Why { code } => why::why(&config, &code),
        Command::Keys(KeysCommand::Init) => keys::init(&config),
    }
}
