//! Provisioning against a JSM Cloud that keeps state and fails on order.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test, as it should"
)]

mod bulk;
mod commands;
mod contract;
mod crash;
mod credentials;
mod data_center;
mod dormancy;
mod dormant;
mod ends;
mod happy;
mod mirror;
mod orders;
mod outbox;
mod outlook;
mod persons;
mod sharing;
mod trouble;
mod waiting;
mod world;
