//! The whole product on one machine: the built `vestibule` between fake identity providers, a fake
//! JSM and a help center, all on loopback.
//!
//! ```text
//! demo           starts everything, says what to try, runs until Ctrl-C
//! demo --check   starts everything, signs customers in, prints OK and ends
//! ```
//!
//! Everything that it writes is in `target/demo` (`target/demo-check`). Start at [`world::World`].

mod check;
mod guide;
mod process;
mod second_factor;
mod world;

use std::io::{self, Write as _};
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use process::Gateway;
use second_factor::UmasApp;
use world::{Purpose, World};

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let purpose = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Purpose::Show,
        ["--check"] => Purpose::Check,
        _ => {
            writeln!(io::stderr(), "usage: demo [--check]")?;
            return Ok(ExitCode::from(64));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(purpose))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(purpose: Purpose) -> anyhow::Result<()> {
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        outcome = serve(purpose) => outcome,
    }
    // What `serve` held is dropped by now: the gateway's process and the fakes.
}

async fn serve(purpose: Purpose) -> anyhow::Result<()> {
    let world = World::set_up(purpose).await?;
    let mut gateway = Gateway::start(&world.folder).await?;
    world.introduce().await?;
    let mut app = UmasApp::enrol(&world).await?;
    if purpose == Purpose::Check {
        check::walk(&world).await?;
        second_factor::check(&world, &mut app).await?;
        writeln!(io::stdout(), "demo: OK")?;
        return Ok(());
    }
    guide::print(&world, gateway.pid())?;
    loop {
        tokio::select! {
            () = gateway.ended() => {}
            shown = app.show() => return Ok(shown?),
        }
        writeln!(io::stdout(), "The gateway was ended; it is started again.")?;
        gateway = Gateway::start(&world.folder).await?;
        writeln!(io::stdout(), "It runs as process {} now.", gateway.pid())?;
    }
}
