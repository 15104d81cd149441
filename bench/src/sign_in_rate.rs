//! Sign-ins as fast as they go, the load of the other rows: CPU for each, from the first request
//! until there is a session.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::future::try_join_all;

use crate::gateway_front::Customer;
use crate::sign_ins::{CpuClock, Desk};

/// Rounds of one measurement, after one that fills caches and pools.
const ROUNDS: u32 = 3;

/// What one sign-in costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rate {
    pub(crate) cpu: Duration,
    /// Time from one to the next, with the generator and the provider on the same cores.
    pub(crate) pace: Duration,
}

/// The round with the median CPU time, of `sign_ins` in all by `customers` who keep their
/// connections and never wait for each other.
pub(crate) async fn measure(
    desk: &Desk<'_>,
    sign_ins: u32,
    customers: u32,
) -> anyhow::Result<Rate> {
    let arrive = || Customer::at_sign_in(desk.authority, &desk.base, desk.email);
    let mut customers = try_join_all((0..customers).map(|_| arrive())).await?;
    round(desk, &mut customers, sign_ins / ROUNDS).await?;
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        rates.push(round(desk, &mut customers, sign_ins / ROUNDS).await?);
    }
    rates.sort_unstable();
    rates.get(rates.len() / 2).copied().context("no round")
}

async fn round(
    desk: &Desk<'_>,
    customers: &mut [Customer<'_>],
    sign_ins: u32,
) -> anyhow::Result<Rate> {
    let (mut clock, began) = (CpuClock::start(desk.running)?, Instant::now());
    let left = &Cell::new(sign_ins);
    let busy = customers.iter_mut().map(|customer| async move {
        while let Some(rest) = left.get().checked_sub(1) {
            left.set(rest);
            customer.come_as_a_stranger(&desk.base).await?;
            customer.go_to_provider().await?;
            customer.sign_in_there().await?;
            customer.come_back().await?;
            customer.is_sent_to_the_page()?;
        }
        anyhow::Ok(())
    });
    try_join_all(busy).await?;
    Ok(Rate { cpu: clock.lap()? / sign_ins, pace: began.elapsed() / sign_ins })
}
