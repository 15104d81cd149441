//! What is measured.

use std::time::Duration;

use crate::Effort;
use crate::fronts::{Front, Role};
use crate::load::{self, Ask, Sample, Tools};
use crate::pace::{self, Handshake};

/// Connections for large bodies.
const LARGE: usize = 8;

const SMALL: Ask = Ask { path: "/1k", upload: 0, connections: usize::MAX };

/// One row: a kind of load.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) load: Load,
    /// What the subjects are compared with.
    pub(crate) reference: Role,
    /// The ratio that the design demands at most; none: it is not a ratio of CPU.
    pub(crate) must: Option<f64>,
}

/// A kind of load.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Load {
    /// wrk, as fast as it goes.
    KeepAlive(Ask),
    /// h2load, as fast as it goes.
    Http2(Ask),
    /// A connection for each request.
    Connections(Handshake),
    /// So many a second.
    Rate(u32),
    /// Half of what nginx can do.
    HalfOfNginx,
}

/// One front in one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) front: &'static str,
    pub(crate) role: Role,
    pub(crate) cpu: Duration,
    pub(crate) sample: Sample,
}

impl Measured {
    /// CPU time of the front for one request, in microseconds.
    pub(crate) fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.sample.requests.max(1) as f64
    }
}

/// All rows, those left out for which a generator is missing.
pub(crate) fn all(tools: &Tools) -> Vec<Row> {
    let get = |path| Load::KeepAlive(Ask { path, upload: 0, connections: usize::MAX });
    let download = Ask { path: "/10m", upload: 0, connections: LARGE };
    let upload = Ask { path: "/upload", upload: 1 << 20, connections: LARGE };
    let large = Role::LargeReference;
    let row = |name, load, must| Row { name, load, reference: Role::Reference, must };
    let mut rows = vec![
        row("GET 1 KiB", get("/1k"), Some(1.10)),
        row("GET 16 KiB", get("/16k"), Some(0.85)),
        row("GET 256 KiB", get("/256k"), Some(0.85)),
        Row { reference: large, ..row("GET 10 MiB", Load::KeepAlive(download), Some(0.90)) },
        row("POST 1 MiB", Load::KeepAlive(upload), Some(0.95)),
        row("TLS connection, full", Load::Connections(Handshake::Full), Some(0.50)),
        row("TLS connection, resumed", Load::Connections(Handshake::Resumed), Some(0.50)),
        row("GET 1 KiB at 2,000/s", Load::Rate(2_000), None),
        row("GET 1 KiB at half of nginx's capacity", Load::HalfOfNginx, None),
    ];
    if tools.h2load {
        let http2 = Load::Http2(SMALL);
        rows.insert(1, row("HTTP/2 GET 1 KiB", http2, Some(1.30)));
    }
    rows
}

/// Measures `row` on every front that it concerns, one after the other, in every round.
pub(crate) async fn measure(
    row: &Row,
    fronts: &[Front],
    effort: &Effort,
) -> anyhow::Result<Vec<Vec<Measured>>> {
    let concerned = |front: &&Front| front.role == row.reference || front.role == Role::Subject;
    let fronts: Vec<&Front> = fronts.iter().filter(concerned).collect();
    let load = match row.load {
        Load::HalfOfNginx => Load::Rate(half_capacity(&fronts, effort).await?),
        load => load,
    };
    for front in &fronts {
        let warm_up = Effort { time: Duration::from_secs(1), ..*effort };
        once(front, load, &warm_up).await?;
    }
    let mut rounds = Vec::new();
    for _ in 0..effort.rounds {
        let mut round = Vec::new();
        for front in &fronts {
            let before = front.cpu()?;
            let sample = once(front, load, effort).await?;
            let cpu = front.cpu()?.saturating_sub(before);
            round.push(Measured { front: front.name, role: front.role, cpu, sample });
        }
        rounds.push(round);
    }
    Ok(rounds)
}

async fn once(front: &Front, load: Load, effort: &Effort) -> anyhow::Result<Sample> {
    match load {
        Load::KeepAlive(ask) => load::wrk(front, ask, effort).await,
        Load::Http2(ask) => load::h2load(front, ask, effort).await,
        Load::Connections(handshake) => pace::connections(front, handshake, effort.time).await,
        Load::Rate(rate) => pace::at_rate(front, rate, effort.time).await,
        Load::HalfOfNginx => anyhow::bail!("the rate is not known yet"),
    }
}

async fn half_capacity(fronts: &[&Front], effort: &Effort) -> anyhow::Result<u32> {
    let reference = fronts.iter().find(|front| front.role != Role::Subject);
    let Some(reference) = reference else { anyhow::bail!("no reference") };
    let sample = load::wrk(reference, SMALL, effort).await?;
    Ok((sample.requests as f64 / sample.time.as_secs_f64() / 2.0) as u32)
}
