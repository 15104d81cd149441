//! The process: arguments, signals, exit codes, operator commands.
//!
//! Everything else is in the crates below: `config` reads the operator's file, `gateway` serves.
//! Exit codes: 0 done, 1 refused or failed, 64 usage, 78 configuration.

mod asking;
mod check;
mod customers;
mod explain;
mod factor;
mod idp;
mod keys;
mod links;
mod provisioning;
mod run;
mod sessions;
mod storage;
mod why;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use customers::CustomersCommand;
use domain::{EmailAddress, SiteName};
use factor::FactorCommand;
use gateway::{StoreCommand, control};
use idp::IdpCommand;
use keys::KeysCommand;
use provisioning::ProvisioningCommand;

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
    Check {
        /// Ask the peers, too: what identity providers publish, what the JSM credentials may do, and
        /// which settings of a Redis would lose records. Writes nothing that stays.
        #[arg(long)]
        online: bool,
    },
    /// Say which way somebody signs in and why, from the file alone. Ends with 1 when they do not get
    /// in that way.
    Explain(explain::Asked),
    /// Say what is behind a reference code such as K7F3-92QX.
    Why {
        /// The code on the customer's page.
        code: String,
    },
    /// Make keys and roll them over.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// See to customers by a file.
    #[command(subcommand)]
    Customers(CustomersCommand),
    /// See to what waits to be written to JSM.
    #[command(subcommand)]
    Provisioning(ProvisioningCommand),
    /// See to an identity provider.
    #[command(subcommand)]
    Idp(IdpCommand),
    /// See to somebody's second factor.
    #[command(subcommand)]
    Factor(FactorCommand),
    /// See to the store.
    #[command(subcommand)]
    Store(StoreOrder),
    /// Write all records (factors, links, marks, what was granted) to a new file.
    Backup {
        /// The file; must not be there yet.
        file: PathBuf,
    },
    /// Write a backup's records to the store.
    Restore {
        /// A file of `vestibule backup`.
        file: PathBuf,
        /// Remove the records that are there first.
        #[arg(long)]
        replace: bool,
    },
    /// See who is signed in, and end it.
    #[command(subcommand)]
    Sessions(sessions::SessionsCommand),
    /// Make a link that signs one person in once, without an identity provider.
    BreakGlass {
        /// The person's address; they must have signed in before.
        email: EmailAddress,
        /// The site's name, where the file has several.
        #[arg(long)]
        site: Option<SiteName>,
        /// How many minutes link and session last, at most 60.
        #[arg(long, default_value_t = 30)]
        minutes: u8,
    },
}

#[derive(Debug, Subcommand)]
enum StoreOrder {
    /// Give new records their id. Until then a Redis is not used, and records that were lost are not
    /// taken for new ones.
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
        Command::Check { online } => check::check(&config, online),
        Command::Explain(asked) => explain::explain(&config, &asked),
        Command::Why { code } => why::why(&config, &code),
        Command::Keys(command) => keys::keys(&config, command),
        Command::Customers(command) => customers::customers(&config, command),
        Command::Provisioning(command) => provisioning::provisioning(&config, command),
        Command::Idp(command) => idp::idp(&config, command),
        Command::Factor(command) => factor::factor(&config, command),
        Command::Store(StoreOrder::Init) => storage::storage(&config, &StoreCommand::Init),
        Command::Backup { file } => storage::storage(&config, &StoreCommand::Backup(file)),
        Command::Restore { file, replace } => {
            storage::storage(&config, &StoreCommand::Restore { file, replace })
        }
        Command::Sessions(command) => sessions::sessions(&config, command),
        Command::BreakGlass { email, site, minutes } => {
            let command = control::Command::BreakGlass { email, site, minutes };
            links::link(&config, &command, "for this person alone: it works once")
        }
    }
}
