//! Risk: DESIGN.md, section 5, as a function.

mod assess;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AssetId;

pub use assess::{Facts, assess};

/// How much could go wrong. Worse is greater.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// 🟢 Fixes only.
    Low,
    /// 🟡 Features, an extension, or a migration.
    Medium,
    /// 🔴 Something is said to break.
    High,
    /// 🟠 Nobody can say: a person must look.
    Unknown,
    /// ⛔ It will not be done.
    Blocked,
}

impl Risk {
    /// Every risk, least first.
    pub const ALL: [Self; 5] = [
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Unknown,
        Self::Blocked,
    ];

    /// The sign in reports.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Low => "🟢",
            Self::Medium => "🟡",
            Self::High => "🔴",
            Self::Unknown => "🟠",
            Self::Blocked => "⛔",
        }
    }
}

/// A row of the risk table that applies to a candidate.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    /// A patch whose notes speak only of fixes.
    PatchOfFixes,
    /// A patch whose notes do not say that it only fixes.
    PatchUnclear,
    /// A minor step.
    MinorStep,
    /// The notes speak of features.
    NotesOfFeatures,
    /// A git checkout: there are no versions to compare.
    NoVersions,
    /// A major step.
    MajorStep,
    /// The notes speak of breaking changes.
    NotesOfBreaking,
    /// The way of counting versions moved.
    SchemeMoved,
    /// An extension runs inside the gateway.
    IsExtension,
    /// The databases will be migrated.
    MigratesDatabases,
    /// The publisher deprecated this very version.
    DeprecatedByPublisher,
    /// No source told what changed.
    EvidenceUnavailable,
    /// New programs or install hooks.
    NewExecutables,
    /// Signs of an attack or of hiding: injection, obfuscation.
    SuspiciousContent,
    /// The archive could not be looked at as a whole.
    VettingIncomplete,
    /// The registry gave no judgement though it should have.
    VerdictUnknown,
    /// The signature could not be looked at.
    SignatureUnknown,
    /// Another asset answers to the same name.
    NameConflict,
    /// Nothing trustworthy says where the installed one came from.
    SourceUntracked,
    /// The offered version is below the installed one.
    Downgrade,
    /// The registry publishes keys and this is not signed with them.
    BadSignature,
    /// The bytes are not those promised, or nothing says which bytes they must be.
    BadIntegrity,
    /// The archive would write outside of its directory, or is a bomb.
    HostileArchive,
    /// Somebody else publishes it now.
    PublisherChanged,
    /// The registry judges it unsafe.
    VerdictFailed,
    /// It needs another Node than the one that runs OpenClaw.
    NodeTooOld,
    /// It failed here before.
    KnownBad,
    /// Exuvia does not replace assets of this kind.
    KindNotUpgradable,
}

impl Row {
    /// The risk that this row alone means.
    pub fn risk(self) -> Risk {
        match self {
            Self::PatchOfFixes => Risk::Low,
            Self::PatchUnclear
            | Self::MinorStep
            | Self::NotesOfFeatures
            | Self::NoVersions
            | Self::IsExtension
            | Self::MigratesDatabases => Risk::Medium,
            Self::MajorStep
            | Self::NotesOfBreaking
            | Self::SchemeMoved
            | Self::DeprecatedByPublisher => Risk::High,
            Self::EvidenceUnavailable
            | Self::NewExecutables
            | Self::SuspiciousContent
            | Self::VettingIncomplete
            | Self::VerdictUnknown
            | Self::SignatureUnknown => Risk::Unknown,
            Self::NameConflict
            | Self::SourceUntracked
            | Self::Downgrade
            | Self::BadSignature
            | Self::BadIntegrity
            | Self::HostileArchive
            | Self::PublisherChanged
            | Self::VerdictFailed
            | Self::NodeTooOld
            | Self::KnownBad
            | Self::KindNotUpgradable => Risk::Blocked,
        }
    }
}

/// A row that applies, and what it applies to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The row.
    pub row: Row,
    /// What made it apply, as data: a version, a host, a path. May be empty.
    pub detail: String,
}

/// How risky one candidate is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assessment {
    /// The worst row's risk.
    pub risk: Risk,
    /// Every row that applies, worst first. Never empty.
    pub reasons: Vec<Reason>,
}

impl Assessment {
    /// Whether the user must confirm this candidate by its name.
    pub fn needs_confirmation(&self) -> bool {
        self.reasons
            .iter()
            .any(|reason| matches!(reason.row.risk(), Risk::High | Risk::Unknown))
    }
}

/// The second half of phase 4: the risk of every candidate of one scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskFile {
    /// Version of this shape: 1.
    pub version: u32,
    /// When it was assessed.
    pub assessed_at: Timestamp,
    /// The scan that it is for.
    pub scan_id: String,
    /// The evidence that it stands on.
    pub evidence_id: String,
    /// The vetting that it stands on.
    pub vetting_id: String,
    /// One for each candidate.
    pub items: Vec<RiskItem>,
}

impl RiskFile {
    /// The risk of that asset's candidate.
    pub fn of(&self, asset: &AssetId) -> Option<&Assessment> {
        self.items
            .iter()
            .find(|item| &item.asset_id == asset)
            .map(|item| &item.assessment)
    }
}

/// The risk of one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskItem {
    /// The asset.
    pub asset_id: AssetId,
    /// How risky, and why.
    pub assessment: Assessment,
}

#[cfg(test)]
#[path = "risk_tests.rs"]
mod tests;
