//! One record for each fact, appended as JSON lines without secrets.
//!
//! The log is a file that only grows. A full queue or a failing disk is reported to the caller,
//! who refuses the sign-in: nothing happens that the log does not hold. It does not rotate, search
//! by person, or chain hashes yet.
//!
//! Invariant: a record is a [`domain::AuditEvent`] with a time and a reference code; no field of
//! one can hold a secret.
//!
//! Start at [`AuditLog::record`] and [`find`].

mod log;
mod record;
mod search;

pub use log::{AuditError, AuditLog};
pub use record::Record;
pub use search::find;
