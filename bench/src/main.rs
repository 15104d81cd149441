//! Measures what the gateway costs per request, beside nginx proxying the same without
//! authentication, in one run on one machine.
//!
//! `cargo run --release -p bench` starts an nginx as origin, an nginx as TLS proxy, the bare hop
//! (TLS and `proxy::forward`, nothing else) and the gateway, with access and audit log and a
//! customer who signed in through a fake OpenID provider, once for each way of feeding its
//! workers; all on free loopback ports with two workers each. Every round measures each front in turn, so that a busy machine disturbs all
//! alike: read the ratios. It decides nothing and fails on nothing but errors in answers.
//!
//! Start at `run` below; the rows of the table are in `rows.rs`.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]

mod apache;
mod certificate;
mod fronts;
mod gateway_front;
mod hop;
mod lab;
mod load;
mod nginx;
mod pace;
mod process;
mod provisioning;
mod report;
mod routing;
mod rows;
mod session_hop;
mod sessions;
mod sign_in_load;
mod sign_in_rate;
mod sign_ins;
mod verification;
mod yardstick;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};

/// CPU per request of the gateway beside nginx.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds; every front is measured once in each.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of one measurement.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Connections of the load generator.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Only rows whose name contains this.
    #[arg(long, default_value = "")]
    row: String,
    /// Only the routing of typed addresses, which needs no other program.
    #[arg(long)]
    routing: bool,
    /// Only plans of provisioning and their calls of JSM, which needs no other program.
    #[arg(long)]
    provisioning: bool,
    /// Only what sessions cost: in the store, and in the whole hop over a Redis.
    #[arg(long)]
    sessions: bool,
    /// Only sign-ins at a pace while identity providers change keys or do not answer.
    #[arg(long)]
    sign_in_load: bool,
    /// Fronts beside nginx, which is always there.
    #[arg(long, value_delimiter = ',', default_value = "hop,gateway,gateway-reuse-port")]
    fronts: Vec<fronts::Kind>,
    #[command(subcommand)]
    child: Option<Child>,
}

/// What the program starts itself as.
#[derive(Debug, Subcommand)]
enum Child {
    /// Serve the bare hop.
    #[command(hide = true)]
    Hop {
        /// PEM with certificate and key.
        #[arg(long)]
        identity: PathBuf,
        /// URL of the origin.
        #[arg(long)]
        origin: String,
    },
    /// Check the SAML responses of a folder.
    #[command(hide = true)]
    CheckResponses {
        /// With the metadata and the responses.
        #[arg(long)]
        folder: PathBuf,
    },
    /// Serve the gateway, as `vestibule run` does.
    #[command(hide = true)]
    Gateway {
        /// The operator's file.
        #[arg(long)]
        config: PathBuf,
        /// How connections come to the workers.
        #[arg(long)]
        feed: gateway_front::FeedName,
    },
}

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    pub(crate) time: Duration,
    pub(crate) connections: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.child {
        Some(Child::Hop { identity, origin }) => return hop::serve(identity, origin),
        Some(Child::Gateway { config, feed }) => return gateway_front::serve(config, *feed),
        Some(Child::CheckResponses { folder }) => {
            print!("{}", verification::check(folder)?);
            return Ok(());
        }
        None => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        bail!("figures of a debug build say nothing; run `cargo run --release -p bench`");
    }
    if arguments.routing {
        println!("{}", routing::table()?);
        return Ok(());
    }
    if arguments.provisioning {
        println!("{}", provisioning::tables().await?);
        return Ok(());
    }
    if arguments.sessions {
        sessions::measure().await?;
        return session_hop::measure().await;
    }
    let tools = load::Tools::find()?;
    let effort = Effort {
        rounds: arguments.rounds.max(1),
        time: Duration::from_secs(arguments.seconds.max(1)),
        connections: arguments.connections.max(2),
    };
    let lab = lab::Lab::set_up().await.context("the origin does not start")?;
    if arguments.sign_in_load {
        println!("{}", sign_in_load::measure(&lab).await?);
        return Ok(());
    }
    if "sign-ins".contains(&arguments.row) {
        println!("{}", sign_ins::measure(&lab).await?);
    }
    let fronts = fronts::start(&lab, &arguments.fronts).await?;
    println!("{}\n", report::machine(&effort));
    for row in rows::all(&tools).into_iter().filter(|row| row.name.contains(&arguments.row)) {
        let measured = rows::measure(&row, &fronts, &effort).await?;
        println!("{}", report::table(&row, &measured));
    }
    println!("{}", routing::table()?);
    Ok(())
}
