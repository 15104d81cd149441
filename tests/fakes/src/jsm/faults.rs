//! Faults that a test orders.

use std::collections::HashSet;
use std::time::Duration;

use super::Operation;

/// One way to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// This status with an error in the operation's own shape.
    Status(u16),
    /// 503 with `Retry-After` in seconds.
    Busy(u64),
    /// 429 with `Retry-After` in seconds and a `RateLimit-Reason`.
    Throttled(u64),
    /// 429 that names neither a time nor a reason.
    ThrottledSilently,
    /// 200 with the sign-in page, as for a broken credential.
    SignInPage,
    /// 302 to the sign-in page.
    SignInRedirect,
    /// 404 with a page, as for a site that does not exist.
    NoSuchSite,
    /// 200 with JSON of another shape.
    StrangeJson,
    /// 200 with an endless body.
    EndlessBody,
    /// The connection ends in the middle of the answer; nothing was done.
    Cut,
    /// The work is done, then the connection ends in the middle of the answer.
    CutAfterwards,
    /// The right answer after a while.
    Slow(Duration),
    /// No answer at all.
    Silent,
}

/// What is ordered.
#[derive(Debug, Default)]
pub(super) struct Faults {
    orders: Vec<Order>,
    denied: HashSet<Operation>,
}

#[derive(Debug)]
struct Order {
    /// `None`: every operation.
    operation: Option<Operation>,
    left: usize,
    fault: Fault,
}

impl Faults {
    pub(super) fn order(&mut self, operation: Option<Operation>, times: usize, fault: Fault) {
        self.orders.push(Order { operation, left: times, fault });
    }

    pub(super) fn deny(&mut self, operation: Operation) {
        self.denied.insert(operation);
    }

    pub(super) fn is_denied(&self, operation: Operation) -> bool {
        self.denied.contains(&operation)
    }

    /// The fault for this call, which is used up by asking.
    pub(super) fn draw(&mut self, operation: Operation) -> Option<Fault> {
        let due =
            |o: &&mut Order| o.left > 0 && o.operation.is_none_or(|wanted| wanted == operation);
        let order = self.orders.iter_mut().find(due)?;
        order.left -= 1;
        Some(order.fault.clone())
    }
}
