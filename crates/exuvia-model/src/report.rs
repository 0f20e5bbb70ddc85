//! The report, and the gate in front of it.
//!
//! A [`Report`] exists if and only if every candidate has evidence, a source and a risk: it is made
//! by [`Report::build`] from the documents of the stages, or read back through the same checks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scan::{Skipped, Unreachable, UpToDate};
use crate::{
    Assessment, AssetId, Candidate, Channel, Digest, Evidence, EvidenceFile, InstallSummary,
    Inventory, RiskFile, ScanResult, Update, Vetting, VettingFile,
};

/// What the user decides from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    rename_all = "camelCase",
    try_from = "ReportDocument",
    into = "ReportDocument"
)]
#[schemars(with = "ReportDocument")]
pub struct Report(ReportDocument);

/// The shape of a report on disk and in `--json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportDocument {
    /// Version of this shape: 1.
    pub version: u32,
    /// Names this report; a selection repeats it.
    pub report_id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being something to decide from: 24 hours later.
    pub expires_at: Timestamp,
    /// The install that it is about.
    pub install: InstallSummary,
    /// The channel that was asked for.
    pub channel: Channel,
    /// The candidates, numbered from 1, least risk first.
    pub entries: Vec<Entry>,
    /// The assets at the newest version.
    pub up_to_date: Vec<UpToDate>,
    /// The assets whose source did not answer.
    pub unreachable: Vec<Unreachable>,
    /// The assets that there is nothing to look for.
    pub skipped: Vec<Skipped>,
    /// What could not be read of the install, in words.
    pub warnings: Vec<String>,
    /// Assets that OpenClaw does not load because another has their name.
    #[serde(default)]
    pub shadowed: Vec<Shadowed>,
    /// What the user changed, by asset, for candidates that were changed: number of files.
    pub local_edits: BTreeMap<AssetId, usize>,
    /// Age in seconds of the oldest answer, where some came from the cache unasked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline_age_seconds: Option<u64>,
}

/// Two assets that answer to one name: the one that is loaded and one that is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shadowed {
    /// The name.
    pub name: String,
    /// Where the one lies that is loaded.
    pub loaded: String,
    /// Where the one lies that is not.
    pub ignored: String,
}

/// One candidate in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// What the user answers with, from 1.
    pub number: u32,
    /// What the scan found.
    pub update: Update,
    /// What is known of its changes.
    pub evidence: Evidence,
    /// What was found in it.
    pub vetting: Vetting,
    /// How risky it is, and why.
    pub assessment: Assessment,
    /// The bytes that a selection of this entry approves.
    pub artifact_digest: Option<Digest>,
}

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

/// A stage's document as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    /// There is none.
    Absent,
    /// There is one that cannot be read, for this reason.
    Unreadable(String),
    /// There is one.
    Present(T),
}

/// The documents of all the stages, as they were found.
#[derive(Debug, Clone)]
pub struct Stages {
    /// Phase 1.
    pub inventory: Found<Inventory>,
    /// Phase 2.
    pub scan: Found<ScanResult>,
    /// Phase 3.
    pub evidence: Found<EvidenceFile>,
    /// Phase 4, first half.
    pub vetting: Found<VettingFile>,
    /// Phase 4, second half.
    pub risk: Found<RiskFile>,
}

/// Hours for which a report can be decided from.
pub const REPORT_LIFETIME_HOURS: i64 = 24;

impl Report {
    /// The gate: makes a report, or says everything that is missing for one.
    pub fn build(stages: Stages, report_id: String, now: Timestamp) -> Result<Self, Blocked> {
        let mut gate = Gate::default();
        let inventory = gate.take(Stage::Inventory, stages.inventory);
        let scan = gate.take(Stage::Scan, stages.scan);
        let (Some(inventory), Some(scan)) = (inventory, scan) else {
            return Err(gate.blocked());
        };
        gate.check_scan(&inventory, &scan);
        let candidates = if scan.updates.is_empty() {
            Vec::new()
        } else {
            let evidence = gate.take(Stage::Evidence, stages.evidence);
            let vetting = gate.take(Stage::Vetting, stages.vetting);
            let risk = gate.take(Stage::Risk, stages.risk);
            gate.check_links(&scan, evidence.as_ref(), vetting.as_ref(), risk.as_ref());
            gate.candidates(&scan, evidence.as_ref(), vetting.as_ref(), risk.as_ref())
        };
        if !gate.missing.is_empty() {
            return Err(gate.blocked());
        }
        Ok(Self(document(inventory, scan, candidates, report_id, now)))
    }

    /// What it says.
    pub fn document(&self) -> &ReportDocument {
        &self.0
    }

    /// Whether it is too old to decide from.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.0.expires_at || now < self.0.created_at
    }

    /// The entry of that number.
    pub fn entry(&self, number: u32) -> Option<&Entry> {
        self.0.entries.iter().find(|entry| entry.number == number)
    }
}

impl From<Report> for ReportDocument {
    fn from(report: Report) -> Self {
        report.0
    }
}

impl TryFrom<ReportDocument> for Report {
    type Error = Blocked;

    fn try_from(document: ReportDocument) -> Result<Self, Blocked> {
        let mut gate = Gate::default();
        for entry in &document.entries {
            let asset = &entry.update.asset_id;
            gate.check_evidence(asset, &entry.evidence);
            gate.check_assessment(asset, &entry.assessment);
        }
        if gate.missing.is_empty() {
            Ok(Self(document))
        } else {
            Err(gate.blocked())
        }
    }
}

fn document(
    inventory: Inventory,
    scan: ScanResult,
    mut candidates: Vec<Candidate<crate::candidate::Assessed>>,
    report_id: String,
    now: Timestamp,
) -> ReportDocument {
    candidates.sort_by_key(|candidate| candidate.assessment().risk);
    let entries: Vec<Entry> = (1..)
        .zip(candidates)
        .map(|(number, candidate)| {
            let (update, evidence, vetting, assessment) = candidate.into_parts();
            let promised = update.artifact.digest();
            let artifact_digest = promised.or_else(|| vetting.artifact_digest.clone());
            Entry {
                number,
                update,
                evidence,
                vetting,
                assessment,
                artifact_digest,
            }
        })
        .collect();
    let local_edits = entries
        .iter()
        .filter_map(|entry| {
            let asset = inventory.asset(&entry.update.asset_id)?;
            match &asset.local_changes {
                crate::asset::LocalChanges::Modified { files, .. } => {
                    Some((asset.id.clone(), files.len()))
                }
                _ => None,
            }
        })
        .collect();
    let shadowed = shadowed(&inventory);
    ReportDocument {
        version: 1,
        report_id,
        created_at: now,
        expires_at: now + SignedDuration::from_hours(REPORT_LIFETIME_HOURS),
        install: inventory.install,
        channel: scan.channel,
        entries,
        up_to_date: scan.up_to_date,
        unreachable: scan.unreachable,
        skipped: scan.skipped,
        warnings: inventory.warnings,
        shadowed,
        local_edits,
        offline_age_seconds: scan.offline_age_seconds,
    }
}

fn shadowed(inventory: &Inventory) -> Vec<Shadowed> {
    let losing = |asset: &crate::Asset| {
        let path = asset.path.clone();
        asset
            .conflicts
            .iter()
            .filter(|conflict| !conflict.wins)
            .map(move |conflict| Shadowed {
                name: conflict.name.clone(),
                loaded: conflict.other_path.clone(),
                ignored: path.clone(),
            })
            .collect::<Vec<_>>()
    };
    inventory.assets.iter().flat_map(losing).collect()
}

#[derive(Default)]
struct Gate {
    missing: BTreeSet<Missing>,
}

impl Gate {
    fn take<T>(&mut self, stage: Stage, found: Found<T>) -> Option<T> {
        match found {
            Found::Present(document) => return Some(document),
            Found::Absent => self.missing.insert(Missing::Document { stage }),
            Found::Unreadable(reason) => self.missing.insert(Missing::Unreadable { stage, reason }),
        };
        None
    }

    fn check_scan(&mut self, inventory: &Inventory, scan: &ScanResult) {
        if scan.inventory_id != inventory.inventory_id || scan.scan_time < inventory.scan_time {
            self.stale(Stage::Scan, Stage::Inventory);
            return;
        }
        let mut times: BTreeMap<&AssetId, usize> = inventory
            .assets
            .iter()
            .map(|asset| (&asset.id, 0))
            .collect();
        let listed = (scan.updates.iter().map(|item| &item.asset_id))
            .chain(scan.up_to_date.iter().map(|item| &item.asset_id))
            .chain(scan.unreachable.iter().map(|item| &item.asset_id))
            .chain(scan.skipped.iter().map(|item| &item.asset_id));
        for asset in listed {
            *times.entry(asset).or_default() += 1;
        }
        for (asset, times) in times.into_iter().filter(|(_, times)| *times != 1) {
            self.missing.insert(Missing::Unaccounted {
                asset: asset.clone(),
                times,
            });
        }
    }

    fn check_links(
        &mut self,
        scan: &ScanResult,
        evidence: Option<&EvidenceFile>,
        vetting: Option<&VettingFile>,
        risk: Option<&RiskFile>,
    ) {
        if evidence.is_some_and(|file| file.scan_id != scan.scan_id) {
            self.stale(Stage::Evidence, Stage::Scan);
        }
        if vetting.is_some_and(|file| file.scan_id != scan.scan_id) {
            self.stale(Stage::Vetting, Stage::Scan);
        }
        let Some(risk) = risk else { return };
        if risk.scan_id != scan.scan_id {
            self.stale(Stage::Risk, Stage::Scan);
        }
        if evidence.is_some_and(|file| file.evidence_id != risk.evidence_id) {
            self.stale(Stage::Risk, Stage::Evidence);
        }
        if vetting.is_some_and(|file| file.vetting_id != risk.vetting_id) {
            self.stale(Stage::Risk, Stage::Vetting);
        }
    }

    fn stale(&mut self, stage: Stage, than: Stage) {
        self.missing.insert(Missing::Stale { stage, than });
    }

    /// Takes every candidate through its stages; what one lacks is noted, not skipped over.
    fn candidates(
        &mut self,
        scan: &ScanResult,
        evidence: Option<&EvidenceFile>,
        vetting: Option<&VettingFile>,
        risk: Option<&RiskFile>,
    ) -> Vec<Candidate<crate::candidate::Assessed>> {
        let mut complete = Vec::with_capacity(scan.updates.len());
        for update in &scan.updates {
            let asset = &update.asset_id;
            let known = evidence.and_then(|file| file.of(asset)).cloned();
            let vetted = vetting.and_then(|file| file.of(asset)).cloned();
            let assessed = risk.and_then(|file| file.of(asset)).cloned();
            if evidence.is_some() {
                match &known {
                    Some(evidence) => self.check_evidence(asset, evidence),
                    None => self.need(Missing::Evidence {
                        asset: asset.clone(),
                    }),
                }
            }
            if vetting.is_some() && vetted.is_none() {
                self.need(Missing::Vetting {
                    asset: asset.clone(),
                });
            }
            if risk.is_some() {
                match &assessed {
                    Some(assessment) => self.check_assessment(asset, assessment),
                    None => self.need(Missing::Risk {
                        asset: asset.clone(),
                    }),
                }
            }
            if let (Some(known), Some(vetted), Some(assessed)) = (known, vetted, assessed) {
                let candidate = Candidate::new(update.clone()).with_evidence(known);
                complete.push(candidate.with_assessment(vetted, assessed));
            }
        }
        complete
    }

    fn check_evidence(&mut self, asset: &AssetId, evidence: &Evidence) {
        if !evidence.has_content() {
            self.need(Missing::Evidence {
                asset: asset.clone(),
            });
        }
        if !evidence.has_source() {
            self.need(Missing::Source {
                asset: asset.clone(),
            });
        }
    }

    fn check_assessment(&mut self, asset: &AssetId, assessment: &Assessment) {
        if assessment.reasons.is_empty() {
            self.need(Missing::Risk {
                asset: asset.clone(),
            });
        }
    }

    fn need(&mut self, missing: Missing) {
        self.missing.insert(missing);
    }

    fn blocked(self) -> Blocked {
        Blocked {
            missing: self.missing.into_iter().collect(),
        }
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
