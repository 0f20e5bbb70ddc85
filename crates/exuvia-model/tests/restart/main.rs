//! The scheduler of restarts, checked against a small world: a driver that is killed at any point,
//! a gateway that may not obey, work that may never end, and clocks that jump.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "clippy's allowance for tests does not reach what the tests call"
)]

mod checks;
mod exhaustive;
mod menu;
mod random;
mod world;
