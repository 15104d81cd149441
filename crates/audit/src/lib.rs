//! One event type per fact, appended as JSON lines without secrets.
