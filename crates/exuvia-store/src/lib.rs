//! The snapshot store.
#![forbid(unsafe_code)]

mod blobs;
mod care;
mod catalog;
mod chunk;
mod compress;
mod database;
mod diff;
mod error;
mod exclude;
mod id;
mod layout;
mod lock;
mod manage;
mod pack;
mod plan;
mod restore;
pub mod retention;
mod sealed;
mod snapshot;
mod store;
mod survey;
mod text;
mod tree;
mod wire;

pub use care::{Depth, Lost, Pruned, Repaired, Verified};
pub use diff::{Aspects, Change};
pub use error::StoreError;
pub use exclude::Excludes;
pub use id::{BlobId, SnapshotId};
pub use plan::{SnapshotOptions, SnapshotPlan};
pub use restore::{PendingRestore, Refused, RestoreOptions, Restored};
pub use snapshot::{Began, LeftOut, Snapshot, Stats, Why};
pub use store::{Located, Opened, Store};
pub use tree::{Entry, EntryRef, Flavour, Meta, NodeKind};
