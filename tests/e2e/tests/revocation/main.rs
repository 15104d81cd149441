//! Revocation: on every replica within a second, whatever is open, and nothing in between.

mod gone;
mod idp;
mod keys;
mod marks;
mod measured;
mod open;
mod replicas;

use std::time::Duration;

const LINK: &str = "/servicedesk/customer/portal/1/SUP-1042";
const SESSION: &str = "__Host-vestibule";
const SECOND: Duration = Duration::from_secs(1);
