//! Two replicas on one Redis: no request knows which of them the one before reached.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a helper that fails fails its test, and figures are printed"
)]

mod attacks;
mod balancer;
mod dump;
mod failover;
mod journeys;
mod killed;
mod outage;
mod processes;
mod provisioned;
mod records;
mod stopped;

use e2e::{Replicas, Visitor};
use fakes::http_client::Answer;
use http::Method;

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";

/// Asks for a page without following a redirect.
async fn ask(visitor: &mut Visitor) -> Answer {
    visitor.ask(Method::GET, LINK, &[("accept", "text/html")], "").await
}

/// Whether both replicas know this browser.
async fn known_to_both(replicas: &Replicas, visitor: &mut Visitor) -> bool {
    let mut known = true;
    for number in [0, 1] {
        replicas.only(number);
        known &= ask(visitor).await.status == 200;
    }
    replicas.in_turn();
    known
}
