//! Looking after a store: verifying, pruning, repairing.

mod prune;
mod references;
mod repair;
mod verify;

pub use prune::Pruned;
pub use repair::Repaired;
pub use verify::{Depth, Lost, Verified};
