//! Findings, sifted: each once, and no more than a person can read.

use std::collections::{BTreeMap, BTreeSet};

use exuvia_model::Finding;
use exuvia_model::vetting::FindingKind;

/// Most findings of one kind in one file.
const OF_ONE_KIND_IN_A_FILE: usize = 20;

/// Most findings in all; the worst are kept.
const ALL: usize = 200;

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    seen: BTreeSet<(FindingKind, String, String)>,
    counts: BTreeMap<(FindingKind, String), usize>,
}

impl Findings {
    /// Adds findings of which the first on a subject in a file counts.
    pub(super) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            let key = (finding.kind, finding.subject.clone(), finding.file.clone());
            if !self.seen.insert(key) {
                continue;
            }
            let count = self
                .counts
                .entry((finding.kind, finding.file.clone()))
                .or_default();
            if *count < OF_ONE_KIND_IN_A_FILE {
                *count += 1;
                self.list.push(finding);
            }
        }
    }

    /// All of them, the worst first.
    pub(super) fn worst_first(mut self) -> Vec<Finding> {
        self.list.sort_by(|a, b| {
            (a.kind, &a.file, a.line, &a.subject).cmp(&(b.kind, &b.file, b.line, &b.subject))
        });
        self.list.truncate(ALL);
        self.list
    }
}
