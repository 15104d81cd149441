//! Valid input, mutated: what is accepted must say what the original said, and nothing may panic.
//!
//! ```text
//! fuzz [--seconds N] [--seed N] [TARGET…]
//! ```
//!
//! Each target has seeds (inputs that are valid) and a check. The mutations are repeatable: the same
//! seed gives the same run. It is not guided by coverage; its strength is that it starts from whole,
//! signed messages and asks for more than the absence of a crash. Start at `targets`.

mod mutation;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use mutation::Mutator;
use targets::{Target, Verdict};

/// No single input may keep the gateway busy for longer.
const SLOWEST: Duration = Duration::from_secs(1);

struct Order {
    time: Duration,
    seed: u64,
    names: Vec<String>,
}

fn main() -> Result<()> {
    let order = read_order(std::env::args().skip(1))?;
    // A panic is a finding, reported with its input below.
    std::panic::set_hook(Box::new(|_| {}));
    let mut failed = 0;
    for target in targets::all()? {
        if order.names.is_empty() || order.names.iter().any(|name| name == target.name) {
            failed += usize::from(!run(&target, &order)?);
        }
    }
    if failed > 0 {
        bail!("{failed} targets have findings");
    }
    Ok(())
}

fn read_order(mut words: impl Iterator<Item = String>) -> Result<Order> {
    let mut order = Order { time: Duration::from_secs(10), seed: 1, names: Vec::new() };
    while let Some(word) = words.next() {
        let mut number =
            || words.next().context("a number is missing")?.parse::<u64>().context("no number");
        match word.as_str() {
            "--seconds" => order.time = Duration::from_secs(number()?),
            "--seed" => order.seed = number()?,
            name => order.names.push(name.to_owned()),
        }
    }
    Ok(order)
}

/// Feeds one target; false when it has a finding, whose input is kept.
fn run(target: &Target, order: &Order) -> Result<bool> {
    let mut mutator = Mutator::new(order.seed);
    let (mut inputs, mut accepted, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    for seed in &target.seeds {
        if (target.check)(seed) != Verdict::Accepted {
            bail!("{}: a seed is not accepted as it is", target.name);
        }
    }
    let begin = Instant::now();
    while begin.elapsed() < order.time {
        let input = mutator.mutate(&target.seeds);
        let (verdict, took) = timed(target, &input);
        // A busy machine makes a quick input slow once; a slow one is slow again.
        let took = if took > SLOWEST { took.min(timed(target, &input).1) } else { took };
        slowest = slowest.max(took);
        inputs += 1;
        let finding = match verdict {
            Ok(Verdict::Accepted) => {
                accepted += 1;
                None
            }
            Ok(Verdict::Refused) => None,
            Ok(Verdict::Wrong(what)) => Some(what),
            Err(_) => Some("it panicked".to_owned()),
        };
        let finding =
            finding.or_else(|| (slowest > SLOWEST).then(|| format!("it took {slowest:?}")));
        if let Some(finding) = finding {
            report(target.name, &input, &finding)?;
            return Ok(false);
        }
    }
    print(&format!(
        "{:<16} {inputs:>9} inputs, {accepted:>7} accepted unchanged, slowest {slowest:?}",
        target.name
    ));
    Ok(true)
}

/// What a target makes of an input, and how long it takes.
fn timed(target: &Target, input: &[u8]) -> (std::thread::Result<Verdict>, Duration) {
    let started = Instant::now();
    let verdict = catch_unwind(AssertUnwindSafe(|| (target.check)(input)));
    (verdict, started.elapsed())
}

fn report(name: &str, input: &[u8], finding: &str) -> Result<()> {
    let folder = Path::new("target/fuzz");
    std::fs::create_dir_all(folder)?;
    let file = folder.join(name);
    std::fs::write(&file, input)?;
    print(&format!("{name}: {finding}; the input is in {}", file.display()));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "figures are this program's output")]
fn print(line: &str) {
    println!("{line}");
}
