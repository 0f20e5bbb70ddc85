//! The report, and the gate in front of it.
//!
//! A [`Report`] exists if and only if every candidate has evidence, a source and a risk: it is made
//! by [`Report::build`] from the documents of the stages, or read back through the same checks.

mod blocked;
mod gate;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scan::{Skipped, Unreachable, UpToDate};
use crate::{Assessment, AssetId, Channel, Digest, Evidence, InstallSummary, Update, Vetting};

pub use blocked::{Blocked, Missing, Stage};
pub use gate::{Found, Stages};

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
    /// When it stops being something to decide from: 24 hours after the sources were asked.
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

/// Hours for which a report can be decided from.
pub const REPORT_LIFETIME_HOURS: i64 = 24;

impl Report {
    /// The gate: makes a report, or says everything that is missing for one.
    pub fn build(stages: Stages, report_id: String, now: Timestamp) -> Result<Self, Blocked> {
        gate::pass(stages, report_id, now).map(Self)
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
        gate::still_passes(&document)?;
        Ok(Self(document))
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
