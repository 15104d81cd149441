//! The tables, in Markdown.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use crate::Effort;
use crate::fronts::Role;
use crate::rows::{Measured, Row};

/// Where and how the figures were made.
pub(crate) fn machine(effort: &Effort) -> String {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        let text = output.map(|o| [o.stdout, o.stderr].concat()).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().next().unwrap_or("?").trim().to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{}, {cores} cores, Linux {}, {}, {} rounds of {} s",
        said("date", &["-u", "+%F"]),
        said("uname", &["-r"]),
        said("nginx", &["-v"]),
        effort.rounds,
        effort.time.as_secs(),
    )
}

/// One row: each front's median over all rounds, and the median of its ratios to the reference of
/// the same round.
pub(crate) fn table(row: &Row, rounds: &[Vec<Measured>]) -> String {
    let mut text = format!("### {}\n\n", row.name);
    text.push_str(
        "| front | CPU µs per request | ratio (lowest to highest) | requests/s | p50 / p99 ms |\n",
    );
    text.push_str("|---|---|---|---|---|\n");
    let fronts = rounds.first().map(Vec::as_slice).unwrap_or_default();
    for front in fronts {
        let own: Vec<&Measured> =
            rounds.iter().flatten().filter(|measured| measured.front == front.front).collect();
        let cost = median(own.iter().map(|measured| measured.cost()));
        let rate =
            median(own.iter().map(|m| m.sample.requests as f64 / m.sample.time.as_secs_f64()));
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "| {} | {cost:.1} | {} | {rate:.0} | {} |",
            front.front,
            ratio(row, front, rounds),
            latency(&own)
        );
    }
    text
}

fn ratio(row: &Row, front: &Measured, rounds: &[Vec<Measured>]) -> String {
    if front.role != Role::Subject {
        return "1.00".to_owned();
    }
    let ratios: Vec<f64> = rounds
        .iter()
        .filter_map(|round| {
            let own = round.iter().find(|measured| measured.front == front.front)?;
            let reference = round.iter().find(|measured| measured.role == row.reference)?;
            Some(own.cost() / reference.cost())
        })
        .collect();
    let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = ratios.iter().copied().fold(0.0, f64::max);
    let goal = row.must.map(|must| format!(", must be ≤ {must:.2}")).unwrap_or_default();
    format!("**{:.2}** ({lowest:.2} to {highest:.2}){goal}", median(ratios.into_iter()))
}

fn latency(own: &[&Measured]) -> String {
    let of = |pick: fn((Duration, Duration)) -> Duration| {
        median(own.iter().filter_map(|m| m.sample.latency).map(|l| pick(l).as_secs_f64() * 1e3))
    };
    if own.iter().all(|measured| measured.sample.latency.is_none()) {
        return "-".to_owned();
    }
    format!("{:.2} / {:.2}", of(|l| l.0), of(|l| l.1))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
