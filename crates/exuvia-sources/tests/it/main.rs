//! Every source against a server that behaves, and one that does not.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests make their own files, look at the clock, and fail by panicking"
)]

mod clawhub;
mod git;
mod github;
mod http;
mod npm;
mod npm_config;
mod npm_trust;
mod setup;
mod tarball;
