//! The check: from a real install to a report that one can decide from.
//!
//! Five phases, each of which leaves a document that the next one reads: inventory, scan,
//! evidence, vetting and risk, report. [`Check`] runs them; nothing is upgraded here.

pub mod changelog;
mod check;
pub mod documents;
mod evidence;
mod ids;
mod inhibitors;
mod installed;
mod known_bad;
mod leftovers;
mod lists;
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
pub use inhibitors::Inhibitor;
pub use known_bad::BadVersion;
pub use lists::{List, Listed};
pub use pins::Pin;
pub use progress::{Phase, Progress};
