//! All knowledge of OpenClaw: layout on disk, config, databases, skills and plugins.
//!
//! [`locate`] finds an install, [`take_inventory`] says what is in it. Both only read: OpenClaw is
//! never started, no database is opened where it lies, and nothing under the state directory, the
//! workspaces or the package changes.
//!
//! Facts about OpenClaw were read in the `dist/` of 2026.9.5; comments name the source file that
//! the bundles name.

pub mod config;
mod core;
pub mod database;
pub mod digest;
mod environment;
pub mod gateway;
pub mod git;
mod held;
mod install;
mod inventory;
mod invoke;
mod json;
mod label;
pub mod liveness;
mod locate;
mod lookalike;
mod node;
pub mod plugin;
mod profile;
mod script;
pub mod skill;
pub mod tree;

pub use held::{Held, package_in};
pub use install::Install;
pub use inventory::take_inventory;
pub use invoke::CannotInvoke;
pub use locate::{LocateError, LocateOptions, locate, locate_all};
pub use profile::{NotAProfile, Profile};
