//! Snapshots of an OpenClaw install or of one of its agents, and the way back to them.
//!
//! [`Recovery`] takes them ([`Recovery::take`]), plans and does restores
//! ([`Recovery::plan_restore`]), and finishes what was cut short ([`Recovery::heal`]). A snapshot
//! of an install holds the whole state directory but for what OpenClaw makes anew
//! ([`excludes`]), and with it, in its [`Context`], the service definition and the config file
//! where they lie elsewhere, and which package it was taken with. What belongs to the install and
//! is not held is named.
//!
//! Everything that changes something is written to the journal before it begins and when it has
//! ended. A restore is refused while OpenClaw runs, takes what it replaces as a snapshot first, and
//! can be finished whenever it was cut short.
#![forbid(unsafe_code)]

mod attestation;
mod config;
mod context;
mod error;
pub mod excludes;
mod heal;
mod journaled;
mod manage;
mod name;
mod recovery;
mod restore;
mod scope;
mod take;

pub use attestation::Attestation;
pub use context::{Context, KeptFile, PackageIdentity};
pub use error::RecoveryError;
pub use heal::Healed;
pub use name::{BadName, automatic as automatic_name};
pub use recovery::Recovery;
pub use restore::{FileChange, FileFate, RestorePlan, RestoreRequest, Restored};
pub use scope::{AgentId, NotAnAgentId, Scope};
pub use take::{TakeOptions, Taken};
