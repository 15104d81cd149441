//! Ports for servers that bind them themselves.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// A port that nobody uses just now, and that the system gives to no outgoing connection before a
/// server binds it: those come from 32768 upwards.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id().wrapping_mul(131) % 22_000;
    for _ in 0..22_000 {
        let offset = (first + u32::from(NEXT.fetch_add(1, Ordering::Relaxed)) * 7) % 22_000;
        let port = 10_000 + u16::try_from(offset).expect("less than 22,000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}
