//! Evidence: what is known of a candidate's changes, and from where.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AssetId;

/// The result of phase 3: evidence for every candidate of one scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceFile {
    /// Version of this shape: 1.
    pub version: u32,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Names this file; the risk stage repeats it.
    pub evidence_id: String,
    /// The scan that it is for.
    pub scan_id: String,
    /// One for each candidate.
    pub items: Vec<EvidenceItem>,
}

impl EvidenceFile {
    /// What is known of that asset's candidate.
    pub fn of(&self, asset: &AssetId) -> Option<&Evidence> {
        self.items
            .iter()
            .find(|item| &item.asset_id == asset)
            .map(|item| &item.evidence)
    }
}

/// The evidence for one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceItem {
    /// The asset.
    pub asset_id: AssetId,
    /// What is known.
    pub evidence: Evidence,
}

/// What is known of a candidate's changes. Fetched, never inferred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What was found, or that nothing was.
    #[serde(flatten)]
    pub outcome: EvidenceOutcome,
    /// Every source that was tried, in order.
    pub attempts: Vec<Attempt>,
}

/// What the sources came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "state",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum EvidenceOutcome {
    /// A source answered.
    Available {
        /// One line of the notes, as they stand there; at most 160 characters.
        summary: String,
        /// The lines that speak of breaking changes, as they stand there.
        breaking: Vec<String>,
        /// What the notes speak of.
        nature: Nature,
        /// The URL or command that it came from.
        source: String,
        /// The notes themselves, newest first.
        notes: Vec<ReleaseNote>,
    },
    /// None did.
    Unavailable {
        /// Why, in words.
        reason: String,
    },
}

/// The notes of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseNote {
    /// The version they are about, as the source writes it.
    pub version: String,
    /// The text, control and bidirectional characters removed, cut at 64 KiB.
    pub text: String,
}

/// What notes speak of. Worst first in the order of the type.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    /// Only of fixes.
    Fixes,
    /// Of something else or of nothing recognisable.
    Unclear,
    /// Of features.
    Features,
    /// Of breaking changes.
    Breaking,
}

/// One source that was asked for evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The URL or command.
    pub source: String,
    /// What it answered, in words.
    pub outcome: String,
}

impl Evidence {
    /// Longest summary, in characters.
    pub const SUMMARY_MAX: usize = 160;

    /// Nothing answered.
    pub fn unavailable(reason: impl Into<String>, attempts: Vec<Attempt>) -> Self {
        Self {
            outcome: EvidenceOutcome::Unavailable {
                reason: reason.into(),
            },
            attempts,
        }
    }

    /// Whether this says where it came from, or which sources were tried in vain.
    pub fn has_source(&self) -> bool {
        match &self.outcome {
            EvidenceOutcome::Available { source, .. } => !source.trim().is_empty(),
            EvidenceOutcome::Unavailable { .. } => !self.attempts.is_empty(),
        }
    }

    /// Whether this says something: a summary, or why there is none.
    pub fn has_content(&self) -> bool {
        match &self.outcome {
            EvidenceOutcome::Available { summary, .. } => !summary.trim().is_empty(),
            EvidenceOutcome::Unavailable { reason } => !reason.trim().is_empty(),
        }
    }
}
