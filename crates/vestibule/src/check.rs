//! `vestibule check`: everything that is wrong with the file, at once.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use config::Settings;
use domain::Clock;
use gateway::SystemClock;

use crate::CONFIGURATION;

/// Reads the file; on problems prints them all.
pub(crate) fn load(path: &Path) -> Result<Settings, ExitCode> {
    match config::load(path) {
        Ok(settings) => {
            for warning in &settings.warnings {
                let _ = writeln!(std::io::stderr(), "warning: {warning}");
            }
            Ok(settings)
        }
        Err(problems) => {
            let _ = writeln!(std::io::stderr(), "{}", config::describe(&problems));
            Err(ExitCode::from(CONFIGURATION))
        }
    }
}

pub(crate) fn check(path: &Path) -> ExitCode {
    let settings = match load(path) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    if let Err(errors) = gateway::check(&settings, SystemClock.now()) {
        let _ = writeln!(std::io::stderr(), "{}: {errors}", path.display());
        return ExitCode::from(CONFIGURATION);
    }
    let (sites, idps) = (settings.sites.len(), settings.identity_providers.len());
    let _ = writeln!(
        std::io::stdout(),
        "{}: good: {sites} sites, {idps} identity providers",
        path.display()
    );
    ExitCode::SUCCESS
}
