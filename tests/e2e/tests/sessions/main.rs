//! Sessions: how long they live, how they end, and what passes for one.

mod cookies;
mod lifetime;
mod provider;
mod stored;

use std::time::Duration;

use e2e::Visitor;
use fakes::http_client::Answer;
use http::Method;

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";
const SESSION: &str = "__Host-vestibule";
const MINUTE: Duration = Duration::from_secs(60);

/// Asks for a page without following a redirect.
async fn ask(visitor: &mut Visitor) -> Answer {
    visitor.ask(Method::GET, LINK, &[("accept", "text/html")], "").await
}
