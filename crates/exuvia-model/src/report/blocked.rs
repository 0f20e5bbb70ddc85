//! What keeps a report from being made.

use std::fmt;

use serde::Serialize;

use crate::AssetId;

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("BLOCKED: {}", .missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Blocked {
    /// Everything that is missing; never empty.
    pub missing: Vec<Missing>,
}

/// A stage of the check that leaves a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Phase 1.
    Inventory,
    /// Phase 2.
    Scan,
    /// Phase 3.
    Evidence,
    /// Phase 4, first half.
    Vetting,
    /// Phase 4, second half.
    Risk,
}

impl Stage {
    /// The file that the stage leaves.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory.json",
            Self::Scan => "scan-result.json",
            Self::Evidence => "evidence.json",
            Self::Vetting => "vetting.json",
            Self::Risk => "risk.json",
        }
    }

    /// The command that makes it anew.
    pub fn command(self) -> &'static str {
        match self {
            Self::Inventory => "exuvia inventory",
            Self::Scan => "exuvia scan",
            Self::Evidence => "exuvia changelog",
            Self::Vetting | Self::Risk => "exuvia risk",
        }
    }
}

/// One thing that keeps a report from being made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(
    tag = "what",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Missing {
    /// The stage left no document.
    Document {
        /// The stage.
        stage: Stage,
    },
    /// The document cannot be read.
    Unreadable {
        /// The stage.
        stage: Stage,
        /// Why not.
        reason: String,
    },
    /// The document is about an earlier run of the stage before it.
    Stale {
        /// The stage.
        stage: Stage,
        /// The stage that has run since.
        than: Stage,
    },
    /// The scan says nothing of an asset, or says it twice.
    Unaccounted {
        /// The asset.
        asset: AssetId,
        /// In how many lists it stands.
        times: usize,
    },
    /// A candidate has no evidence.
    Evidence {
        /// The asset.
        asset: AssetId,
    },
    /// A candidate's evidence does not say where it came from.
    Source {
        /// The asset.
        asset: AssetId,
    },
    /// A candidate was not vetted.
    Vetting {
        /// The asset.
        asset: AssetId,
    },
    /// A candidate has no risk.
    Risk {
        /// The asset.
        asset: AssetId,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document { stage } => {
                write!(
                    f,
                    "{} is missing (run `{}`)",
                    stage.file_name(),
                    stage.command()
                )
            }
            Self::Unreadable { stage, reason } => {
                let (file, command) = (stage.file_name(), stage.command());
                write!(f, "{file} cannot be read: {reason} (run `{command}`)")
            }
            Self::Stale { stage, than } => write!(
                f,
                "{} is older than {} (run `{}`)",
                stage.file_name(),
                than.file_name(),
                stage.command()
            ),
            Self::Unaccounted { asset, times: 0 } => write!(f, "scan result for {asset}"),
            Self::Unaccounted { asset, times } => {
                write!(f, "one scan result for {asset} (there are {times})")
            }
            Self::Evidence { asset } => write!(f, "evidence for {asset}"),
            Self::Source { asset } => write!(f, "source of the evidence for {asset}"),
            Self::Vetting { asset } => write!(f, "vetting of {asset}"),
            Self::Risk { asset } => write!(f, "risk of {asset}"),
        }
    }
}
