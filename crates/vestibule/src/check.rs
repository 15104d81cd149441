//! `vestibule check`: everything that is wrong with the file, at once.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use config::{Problems, Settings};
use domain::Clock;
use gateway::{Asking, SystemClock};

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
        Err(problems) => Err(refuse(&problems)),
    }
}

/// Prints what is wrong with the file.
pub(crate) fn refuse(problems: &Problems) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{}", config::describe(problems));
    ExitCode::from(CONFIGURATION)
}

pub(crate) fn check(path: &Path, online: bool) -> ExitCode {
    let settings = match load(path) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    if let Err(errors) = gateway::check(&settings, SystemClock.now()) {
        let _ = writeln!(std::io::stderr(), "{}: {errors}", path.display());
        return ExitCode::from(CONFIGURATION);
    }
    let asking = if online { Asking::Everybody } else { Asking::FilesAlone };
    let providers = providers_are_good(&settings, asking);
    let (sites, idps) = (settings.sites.len(), settings.identity_providers.len());
    let _ = writeln!(
        std::io::stdout(),
        "{}: good: {sites} sites, {idps} identity providers",
        path.display()
    );
    if online {
        let store = store_is_good(&settings);
        if !(probe(settings) && store && providers) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Looks at the identity providers; false when one that was asked signs nobody in. A certificate
/// that ends soon is a warning, as everything that still works.
fn providers_are_good(settings: &Settings, asking: Asking) -> bool {
    let looked = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            let looked = gateway::check_providers(settings, asking, SystemClock.now());
            runtime.block_on(looked).map_err(|error| error.to_string())
        });
    let findings = match looked {
        Ok(findings) => findings,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "identity_providers: {error}");
            return false;
        }
    };
    for warning in &findings.ending {
        let _ = writeln!(std::io::stderr(), "warning: {warning}");
    }
    for line in &findings.unusable {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    findings.unusable.is_empty()
}

/// Asks each JSM what its credential may do; false when something that rules need is missing.
fn probe(settings: Settings) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outbound = outbound::Outbound::new(&settings.extra_certificate_authorities);
    let (Ok(runtime), Ok(outbound)) = (runtime, outbound) else {
        let _ = writeln!(std::io::stderr(), "no peer can be asked: no client can be made");
        return false;
    };
    let mut whole = true;
    for jsm in &settings.jsm {
        let _ = writeln!(std::io::stdout(), "JSM `{}`", jsm.name);
        let probed = provisioning::probe(jsm, outbound.clone(), Arc::new(SystemClock));
        for finding in runtime.block_on(probed) {
            let line = match &finding.lacks {
                None => format!("   {} ✓", finding.about),
                Some(lacks) => {
                    whole = false;
                    format!("   {} ✗ → {lacks}", finding.about)
                }
            };
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }
    whole
}

/// Asks the store and prints what would lose records.
fn store_is_good(settings: &Settings) -> bool {
    let findings = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(gateway::check_store(settings, &SystemClock)));
    let findings = findings.unwrap_or_else(|error| vec![format!("store: {error}")]);
    for finding in &findings {
        let _ = writeln!(std::io::stderr(), "{finding}");
    }
    findings.is_empty()
}
