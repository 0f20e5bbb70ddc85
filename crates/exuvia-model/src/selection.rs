//! What the user answers to a report.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AssetId, Digest, Report, Risk};

/// A reply in the first Smart Updater's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `1 2`: these entries.
    Numbers(BTreeSet<u32>),
    /// `all`: every entry that may be selected.
    All,
    /// `skip`: none.
    Skip,
    /// `detail N`: tell more of that one.
    Detail(u32),
}

/// The reply cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reply:?} is not a reply; answer with numbers (`1 2`), `all`, `skip` or `detail N`")]
pub struct NotAReply {
    /// What was answered, shortened to 80 characters.
    pub reply: String,
}

impl Reply {
    /// Reads a reply; the Chinese words 全部, 跳过 and 详情 are understood too.
    pub fn parse(text: &str) -> Result<Self, NotAReply> {
        let error = || NotAReply {
            reply: crate::text::one_line(text, 80),
        };
        let lower = text.trim().to_lowercase();
        let words: Vec<&str> = lower
            .split(|c: char| c.is_whitespace() || ",，、".contains(c))
            .filter(|w| !w.is_empty())
            .collect();
        match words.as_slice() {
            [] => Err(error()),
            ["all" | "全部"] => Ok(Self::All),
            ["skip" | "none" | "跳过"] => Ok(Self::Skip),
            ["detail" | "details" | "详情", number] => {
                number.parse().map(Self::Detail).map_err(|_| error())
            }
            numbers => numbers
                .iter()
                .map(|number| number.parse::<u32>())
                .collect::<Result<_, _>>()
                .map(Self::Numbers)
                .map_err(|_| error()),
        }
    }
}

/// What the user chose from one report. Bound to the report and to the bytes it showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    /// Version of this shape: 1.
    pub version: u32,
    /// The report that was answered.
    pub report_id: String,
    /// When.
    pub selected_at: Timestamp,
    /// What was chosen; empty for `skip`.
    pub entries: Vec<Selected>,
}

/// One chosen entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selected {
    /// Its number in the report.
    pub number: u32,
    /// The asset.
    pub asset_id: AssetId,
    /// The version chosen.
    pub version: String,
    /// The bytes approved.
    pub artifact_digest: Option<Digest>,
    /// Whether the user confirmed it by its name.
    pub confirmed_by_name: bool,
}

/// Why a choice was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The report is too old.
    #[error("report {report_id} expired at {expired_at}; run `exuvia check` for a new one")]
    Expired {
        /// The report.
        report_id: String,
        /// When it expired.
        expired_at: Timestamp,
    },
    /// There is no such entry.
    #[error("report {report_id} has no entry {number}; it has {count}")]
    NoSuchEntry {
        /// The report.
        report_id: String,
        /// The number asked for.
        number: u32,
        /// How many there are.
        count: usize,
    },
    /// The entry is blocked.
    #[error("{number} ({name}) is blocked; `exuvia detail {number}` says what would unblock it")]
    EntryBlocked {
        /// Its number.
        number: u32,
        /// Its name.
        name: String,
    },
    /// The entry must be confirmed by name.
    #[error("{} must be confirmed by name: read `exuvia detail N`, then add {}",
        .names.join(", "),
        .names.iter().map(|name| format!("`--confirm {name}`")).collect::<Vec<_>>().join(" "))]
    Unconfirmed {
        /// The names of the entries.
        names: Vec<String>,
    },
}

impl Selection {
    /// Takes a choice: the entries of these numbers, of which those that need it are confirmed by
    /// name. All of them, or none.
    pub fn take(
        report: &Report,
        reply: &Reply,
        confirmed: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let document = report.document();
        if report.is_expired(now) {
            return Err(Refused::Expired {
                report_id: document.report_id.clone(),
                expired_at: document.expires_at,
            });
        }
        let numbers: Vec<u32> = match reply {
            Reply::Numbers(numbers) => numbers.iter().copied().collect(),
            Reply::All => document
                .entries
                .iter()
                .filter(|entry| entry.assessment.risk != Risk::Blocked)
                .map(|entry| entry.number)
                .collect(),
            Reply::Skip | Reply::Detail(_) => Vec::new(),
        };
        let mut entries = Vec::with_capacity(numbers.len());
        let mut unconfirmed = Vec::new();
        for number in numbers {
            let Some(entry) = report.entry(number) else {
                return Err(Refused::NoSuchEntry {
                    report_id: document.report_id.clone(),
                    number,
                    count: document.entries.len(),
                });
            };
            let name = &entry.update.name;
            if entry.assessment.risk == Risk::Blocked {
                return Err(Refused::EntryBlocked {
                    number,
                    name: name.clone(),
                });
            }
            let confirmed_by_name = confirmed.contains(name);
            if entry.assessment.needs_confirmation() && !confirmed_by_name {
                unconfirmed.push(name.clone());
            }
            entries.push(Selected {
                number,
                asset_id: entry.update.asset_id.clone(),
                version: entry.update.latest.to_string(),
                artifact_digest: entry.artifact_digest.clone(),
                confirmed_by_name,
            });
        }
        if unconfirmed.is_empty() {
            let report_id = document.report_id.clone();
            Ok(Self {
                version: 1,
                report_id,
                selected_at: now,
                entries,
            })
        } else {
            Err(Refused::Unconfirmed { names: unconfirmed })
        }
    }
}

#[cfg(test)]
#[path = "selection_tests.rs"]
mod tests;
