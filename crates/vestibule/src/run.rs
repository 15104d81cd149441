//! `vestibule run`: serve until told to stop.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use gateway::{Feed, Running, SystemClock};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::check;

pub(crate) fn run(path: &Path) -> ExitCode {
    let settings = match check::load(path) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into());
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter.from_env_lossy())
        .with_writer(std::io::stderr)
        .init();
    match serve(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = chain(error.as_ref()), "the gateway does not start");
            ExitCode::FAILURE
        }
    }
}

fn serve(settings: config::Settings) -> anyhow::Result<()> {
    let waiting = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let running: Running = gateway::start(settings, Arc::new(SystemClock), Feed::Acceptor)?;
    let http = running.http.map(|address| address.to_string());
    tracing::info!(https = %running.https, http, operations = %running.operations, "listening");
    waiting.block_on(async {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok::<_, std::io::Error>(())
    })?;
    tracing::info!("stopping: running requests may end");
    running.stop();
    Ok(())
}

/// An error with all its causes, which each print their own level only.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
