//! nginx's plain TLS proxying, by which the design measures: machines differ, and one machine does
//! from minute to minute.

use std::time::Duration;

use anyhow::Context as _;

use crate::Effort;
use crate::fronts::{self, Front};
use crate::lab::Lab;
use crate::load::Tools;
use crate::rows::{self, Row};

/// How long one reading takes, after as long a warm-up.
const READING: Duration = Duration::from_secs(1);

/// A running nginx.
pub(crate) struct Yardstick {
    nginx: Vec<Front>,
    row: Row,
}

impl Yardstick {
    pub(crate) async fn start(lab: &Lab) -> anyhow::Result<Self> {
        let row = rows::all(&Tools::find()?).into_iter().next().context("there is no row")?;
        Ok(Self { nginx: fronts::start(lab, &[]).await?, row })
    }

    /// CPU time of nginx for a GET of 1 KiB as fast as it goes, now.
    pub(crate) async fn read(&self) -> anyhow::Result<Duration> {
        let effort = Effort { rounds: 1, time: READING, connections: 64 };
        let rounds = rows::measure(&self.row, &self.nginx, &effort).await?;
        let measured = rounds.first().and_then(|round| round.first()).context("no nginx")?;
        Ok(Duration::from_secs_f64(measured.cost() / 1e6))
    }
}
