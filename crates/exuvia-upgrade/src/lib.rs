//! Upgrades of OpenClaw, and their undoing.
//!
//! [`exuvia_model::upgrade`] says what follows on what; [`drive`] makes each state durable in the
//! journal before it has its effect performed; the effects are in [`core`], [`extension`]
//! and [`skill`]. What a transaction must
//! know to be carried on by another process is its [`Plan`], which the journal holds, and its
//! [`Facts`], a file of the run's own.
//!
//! The package that an upgrade replaces stays beside the live one, on the same file system, so that
//! going back is a rename: it and the snapshot of the state that belongs to it are a
//! [`Generation`].
#![forbid(unsafe_code)]

mod bytes;
pub mod core;
mod driver;
mod error;
pub mod extension;
mod facts;
#[cfg(feature = "failpoints")]
mod failpoint;
mod generation;
mod kept;
mod kept_away;
mod orphans;
mod plan;
mod policy;
mod retain;
mod run;
pub mod skill;
mod sweep;
mod tree;

pub use driver::{News, Trouble, Works, drive};
pub use error::UpgradeError;
pub use facts::Facts;
pub use generation::{Generation, Generations, KeptExtension, KeptSkill};
pub use kept::Kept;
pub use kept_away::KeptAway;
pub use plan::{CorePlan, ExtensionPlan, Plan, SkillPlan, Subject};
pub use policy::{PolicyError, channel, policy};
pub use retain::RetainError;
pub use run::{Begun, Upgrades};
pub use tree::TreeId;
