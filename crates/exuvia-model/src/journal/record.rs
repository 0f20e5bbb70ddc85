//! What the journal tells of runs and of events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Operation, Outcome, RunId};

/// What a run is: known when it begins, and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Began {
    /// What it does.
    pub operation: Operation,
    /// The id of the install that it is about.
    #[serde(default)]
    pub install: Option<String>,
    /// What it is done to, in one line.
    pub subject: String,
    /// The user who asked for it.
    pub actor: String,
}

/// A run, as its events so far make it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// Its name.
    pub id: RunId,
    /// What it does.
    pub operation: Operation,
    /// The id of the install that it is about.
    pub install: Option<String>,
    /// What it is done to, in one line.
    pub subject: String,
    /// The user who asked for it.
    pub actor: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended. Before [`Self::started_at`], if the clock was set back meanwhile.
    pub ended_at: Option<Timestamp>,
    /// How it ended; nothing as long as it has not.
    pub outcome: Option<Outcome>,
    /// What went wrong: `error` in the detail of its last event.
    pub error: Option<String>,
    /// The process that carries it, or carried it last: number, start and boot.
    pub holder: String,
}

/// One event, as it was written; a line of the export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventRecord {
    /// Its place in the journal: one that was written later has a higher number.
    pub seq: u64,
    /// The run that it is of.
    pub run: RunId,
    /// When it was written, by the clock of then.
    pub at: Timestamp,
    /// What was about to be done, or `begin`, `resume`, `finish`.
    pub step: String,
    /// Of `begin` only: what the run is.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Began>,
    /// Of `begin` and `resume`: the process that carries the run from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Of `finish` only: how the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What else is to be known of it.
    pub detail: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_export_is_flat_and_read_back() {
        let first = EventRecord {
            seq: 1,
            run: RunId::from_bits(1),
            at: Timestamp::UNIX_EPOCH,
            step: super::super::BEGIN.to_owned(),
            began: Some(Began {
                operation: Operation::Upgrade,
                install: None,
                subject: "openclaw".to_owned(),
                actor: "me".to_owned(),
            }),
            holder: Some("1 2 boot".to_owned()),
            outcome: None,
            detail: serde_json::json!({ "from": "2026.9.5" }),
        };
        let step = EventRecord {
            seq: 2,
            step: "swap".to_owned(),
            began: None,
            holder: None,
            ..first.clone()
        };
        for event in [first, step] {
            let line = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<EventRecord>(&line).unwrap(), event);
            assert!(!line.contains("began"), "{line}");
        }
    }
}
