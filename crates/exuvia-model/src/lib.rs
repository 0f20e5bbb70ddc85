//! The nouns of Exuvia and the rules between them.
//!
//! Nothing here does I/O, is async or knows the time: a rule gets what it needs as arguments, so
//! that it can be tested by table and by property. The documents that the stages of a check leave
//! on disk ([`Inventory`], [`ScanResult`], [`EvidenceFile`], [`VettingFile`], [`RiskFile`],
//! [`Report`]) are defined here too, because they are the contract between the stages.

pub mod asset;
pub mod candidate;
pub mod channel;
pub mod digest;
pub mod evidence;
pub mod install;
pub mod inventory;
pub mod journal;
pub mod named;
pub mod policy;
pub mod probe;
pub mod report;
pub mod restart;
pub mod risk;
pub mod scan;
pub mod selection;
pub mod sentinel;
pub mod supervision;
pub mod text;
pub mod upgrade;
pub mod version;
pub mod vetting;
pub mod vitals;

#[cfg(test)]
pub(crate) mod fixtures;

pub use asset::{Asset, AssetClass, AssetId, AssetKind, SourceName};
pub use candidate::Candidate;
pub use channel::Channel;
pub use digest::Digest;
pub use evidence::{Attempt, Evidence, EvidenceFile};
pub use install::InstallSummary;
pub use inventory::Inventory;
pub use report::{Blocked, Report};
pub use risk::{Assessment, Risk, RiskFile};
pub use scan::{ScanResult, Update};
pub use selection::{Reply, Selection};
pub use version::{ChangeType, Revision, Version};
pub use vetting::{Finding, Vetting, VettingFile};
