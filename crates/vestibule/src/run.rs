//! `vestibule run`: serve until told to stop.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use gateway::{Feed, Running, SystemClock};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::check;

pub(crate) fn run(path: &Path) -> ExitCode {
    let settings = match check::load(path) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    log_to_stderr();
    match serve(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = chain(error.as_ref()), "the gateway does not start");
            ExitCode::FAILURE
        }
    }
}

/// One JSON object a line; `RUST_LOG` chooses the level. Libraries are held to warnings whatever it
/// says: some of them print headers, cookies among these, at their lowest levels.
fn log_to_stderr() {
    let level = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into());
    let ours = filter_fn(|line| *line.level() <= tracing::Level::WARN || is_ours(line.target()));
    let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(lines.with_filter(level.from_env_lossy()).with_filter(ours))
        .init();
}

/// Whether a log line comes from a crate of this program.
fn is_ours(target: &str) -> bool {
    const OURS: [&str; 9] = [
        "audit",
        "federation",
        "gateway",
        "outbound",
        "provisioning",
        "proxy",
        "session",
        "store",
        "vestibule",
    ];
    target.split("::").next().is_some_and(|name| OURS.contains(&name))
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
