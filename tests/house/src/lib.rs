//! The rules of the house, checked: who may use whom, what stays pure, how long files and functions
//! get, whose licences we take on.
//!
//! Every rule is a function from what was read (`cargo metadata`, `docs/ARCHITECTURE.md`,
//! `deny.toml`, the sources) to a list of findings; an empty list is a pass. It does not format,
//! lint or read advisories: rustfmt, clippy and cargo-deny do. Start at `tests/house.rs`.

pub mod edges;
pub mod graph;
pub mod licences;
pub mod sizes;
pub mod workspace;
