//! The check: from a real install to a report that one can decide from.
//!
//! Five phases, each of which leaves a document that the next one reads: inventory, scan,
//! evidence, vetting and risk, report. [`Check`] runs them; nothing is upgraded here.

pub mod changelog;
mod check;
pub mod documents;
mod evidence;
mod ids;
mod installed;
mod known_bad;
mod leftovers;
mod local_changes;
mod pattern;
mod pins;
pub mod progress;
pub mod render;
mod scan;
mod sources;
pub mod vet;
mod vetting;

pub use check::{Check, CheckError, CheckOptions};
pub use documents::{DocumentError, Documents};
pub use known_bad::{BadVersion, KnownBad};
pub use pins::{Pin, Pins};
pub use progress::{Phase, Progress};
