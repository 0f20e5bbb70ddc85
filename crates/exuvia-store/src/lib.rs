//! The snapshot store: directories as they were at a point in time, taken beside live writers,
//! stored once, verified, and given back exactly.
//!
//! A [`Store`] is a directory:
//!
//! | | |
//! |---|---|
//! | `format` | what this is, and of which format |
//! | `snapshots/` | one small sealed document for each [`Snapshot`] |
//! | `trees/` | what trees looked like, named by their BLAKE3; shared by snapshots that saw the same |
//! | `packs/` | contents, cut, compressed and packed; each with its own index |
//! | `restores/` | the journal of restores that are under way |
//! | `locks/` | who uses the store |
//! | `tmp/` | what is not yet anything |
//! | `quarantine/` | what a repair took out of use |
//!
//! Everything is written under another name, made durable and then renamed, contents before the
//! listing that needs them, the listing before the snapshot. So whatever kills a process, and when,
//! the store is whole, and what was not finished is ignored and collected by the next prune.
//!
//! Taking a snapshot reads a file again only if something of its `lstat` moved, or its times are
//! too close to those of the last snapshot to be trusted. Databases are taken together with their
//! logs, under SQLite's own lock. Restoring in place is journaled, takes what it replaces as a
//! snapshot first, and can be finished by anybody after a crash.
#![forbid(unsafe_code)]

mod adopt;
mod blobs;
mod care;
mod catalog;
mod chunk;
mod compress;
mod contents;
mod database;
mod diff;
mod error;
mod exclude;
mod id;
pub mod journal;
mod layout;
mod lock;
mod manage;
mod pack;
mod plan;
mod progress;
mod restore;
pub mod retention;
mod sealed;
mod snapshot;
mod store;
mod survey;
pub mod text;
mod tree;
mod wire;

pub use care::{Depth, Lost, Pruned, Repaired, Verified};
pub use contents::{Content, Contents, Item, Items};
pub use diff::{Aspects, Change};
pub use error::StoreError;
pub use exclude::Excludes;
pub use id::{BlobId, SnapshotId};
pub use plan::{SnapshotOptions, SnapshotPlan};
pub use progress::{Progress, Stage};
pub use restore::{PendingRestore, Refused, RestoreOptions, Restored, Safety};
pub use snapshot::{Began, LeftOut, Record, Snapshot, Stats, Why};
pub use store::{Located, Opened, Store};
pub use text::escaped;
pub use tree::{Entry, EntryRef, Flavour, Meta, NodeKind};
