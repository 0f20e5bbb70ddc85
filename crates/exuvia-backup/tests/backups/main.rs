//! Backups, against real repositories in directories and behind stand-ins, and against restic.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    missing_docs,
    reason = "tests prepare and inspect real files, and may panic"
)]

#[path = "../../../exuvia-store/tests/common/mod.rs"]
mod common;
mod faithful;
mod hostile;
mod lab;
mod restic;
mod server;
mod upkeep;
