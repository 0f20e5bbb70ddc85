//! The miniature: an OpenClaw that npm installs and that starts, migrates and fails in
//! milliseconds.
//!
//! Its package has the real one's layout, its program the real one's commands, pages, methods,
//! databases and refusals. What it does not do: turns of a real agent, plugins of any code (it sees
//! which modules throw), ClawHub.
//!
//! | Wanted | Take |
//! |---|---|
//! | a home in which npm installed it, with something to lose | [`World::new`] |
//! | one in which pnpm or bun did | [`World::by`] |
//! | a release to publish | [`Mini::release`], then [`World::publish`] |
//! | a bad one | [`Mini::broken`] with a [`Flaw`] |
//! | a gateway that runs, with or without `exuvia` above it | [`World::run`], [`World::keep`] |
//!
//! Node itself is stood in for: `<prefix>/bin/node` runs the miniature in its own process and hands
//! everything else to the next Node on the `PATH`. Under a plain Node the package works, too; where
//! that Node cannot become another program (`process.execve`), the gateway is its child.

mod channel;
mod content;
mod flaw;
mod gateway;
mod manager;
mod model;
mod module;
mod plan;
mod release;
mod state;
mod world;

pub use channel::Channel;
pub use flaw::Flaw;
pub use gateway::Gateway;
pub use manager::Manager;
pub use module::{THROWS, throws_where};
pub use plan::Schemas;
pub use release::Mini;
pub use world::World;

pub(crate) use content::Content;
pub(crate) use model::ask;
pub(crate) use plan::Plan;
pub(crate) use state::{Newer, State, refresh_index};
