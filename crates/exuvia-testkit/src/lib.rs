//! Stand-ins and builders for the tests.
//!
//! | Wanted | Take |
//! |---|---|
//! | a ClawHub registry that both real clients install from | [`clawhub::Registry`] |
//! | an npm registry for scripted packages, signed or not | [`npm::Registry`] |
//! | a GitHub API with releases | [`github::Api`] |
//! | an OpenClaw gateway without OpenClaw, in this process or as a program of its own | [`gateway`] |
//! | a model provider that answers OpenClaw's turns | [`model::Provider`] |
//! | a server that misbehaves | [`faults::Faults`], which every stand-in has |
//! | what a server was asked | [`Requests`], which every stand-in has |
//! | a server for backups, as restic has them | [`rest_server::RestServer`] |
//! | a git remote with commits | [`git::Repo`] |
//! | an OpenClaw install on disk, in milliseconds, without OpenClaw | [`install::Builder`] |
//! | an OpenClaw that npm installs and that starts, migrates and fails in milliseconds | [`mini::World`] |
//! | the real OpenClaw, installed by the real clients | [`sandbox::Sandbox`] |
//! | a machine of its own with a real systemd | [`machine::Machine`] |
//! | "nothing changed" | [`tree::Snapshot`] |
//!
//! Every stand-in speaks HTTP on a port of 127.0.0.1 that the system chose, runs on a thread of
//! its own, may be started from synchronous and asynchronous tests alike, and stops when it is
//! dropped.
//!
//! ```
//! use exuvia_testkit::{clawhub, faults::Fault};
//!
//! let hub = clawhub::Registry::start();
//! hub.publish(clawhub::Skill::new("acme", "demo").version(
//!     clawhub::Release::new("1.0.0").changelog("First.").skill_md("demo", "A demo"),
//! ));
//! hub.faults().on("/api/v1/skills/demo", Fault::status(500));
//! assert!(hub.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(hub.requests().count(), 0);
//! ```
#![allow(
    clippy::disallowed_methods,
    reason = "the tests' own ground is the machine; product code goes through exuvia-host"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a stand-in or builder that cannot do its work is a failed test, and panicking is how tests fail"
)]

pub mod clawhub;
pub mod faults;
pub mod gateway;
pub mod git;
pub mod github;
mod hash;
pub mod install;
pub mod machine;
pub mod mini;
pub mod model;
pub mod npm;
mod reply;
mod request;
pub mod rest_server;
pub mod sandbox;
mod server;
mod step;
pub mod tree;

pub use request::{Request, Requests};
