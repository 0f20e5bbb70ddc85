//! Phase 3: fetches what changed in each candidate, source after source until one answers.
//!
//! Every try is recorded. What is told is an extract of what a source said; where none said
//! anything, that is what is told.

mod clawhub;
mod git;
mod npm;

use std::fmt::Display;

use exuvia_model::evidence::{EvidenceItem, EvidenceOutcome, ReleaseNote};
use exuvia_model::scan::Artifact;
use exuvia_model::{Attempt, Evidence, EvidenceFile, ScanResult, Update, text};
use futures::StreamExt;

use crate::changelog::{self, Extract, Section};
use crate::ids::document_id;
use crate::progress::{Phase, Progress};
use crate::sources::Sources;

/// How many candidates are under way at once.
const CANDIDATES_AT_ONCE: usize = 64;

/// Fetches evidence for every candidate of a scan.
pub(crate) async fn fetch(
    sources: &Sources,
    scan: &ScanResult,
    progress: &dyn Progress,
) -> EvidenceFile {
    progress.begin(Phase::Evidence, scan.updates.len());
    let fetched = scan.updates.iter().map(|update| async move {
        let evidence = of(sources, update).await;
        progress.advance(&update.name);
        EvidenceItem {
            asset_id: update.asset_id.clone(),
            evidence,
        }
    });
    let items: Vec<EvidenceItem> = futures::stream::iter(fetched)
        .buffered(CANDIDATES_AT_ONCE)
        .collect()
        .await;
    progress.end();
    let fetched_at = sources.host.now();
    EvidenceFile {
        version: 1,
        fetched_at,
        evidence_id: document_id("evi", fetched_at, &(&items, &scan.scan_id)),
        scan_id: scan.scan_id.clone(),
        items,
    }
}

/// Goes through the chain of the candidate's source.
async fn of(sources: &Sources, update: &Update) -> Evidence {
    let mut chain = Chain::default();
    let found = match &update.artifact {
        Artifact::ClawHub {
            registry,
            slug,
            owner,
            ..
        } => {
            clawhub::notes(
                sources,
                update,
                registry,
                owner.as_deref(),
                slug,
                &mut chain,
            )
            .await
        }
        Artifact::Npm {
            package,
            repository,
            ..
        } => npm::notes(sources, update, package, repository.as_deref(), &mut chain).await,
        Artifact::Git { url, commit, .. } => {
            git::commits(sources, update, url, commit, &mut chain).await
        }
    };
    chain.finish(found)
}

/// What a source said.
struct Notes {
    extract: Extract,
    source: String,
    by_version: Vec<ReleaseNote>,
}

impl Notes {
    /// What these sections say, if they say anything.
    fn of(sections: &[Section], source: &str) -> Option<Self> {
        let extract = changelog::extract(sections)?;
        let by_version = changelog::notes(sections);
        Some(Self {
            extract,
            source: source.to_owned(),
            by_version,
        })
    }
}

/// The sources that were tried, in order.
#[derive(Default)]
struct Chain {
    attempts: Vec<Attempt>,
}

impl Chain {
    fn tried(&mut self, source: &str, outcome: &(impl Display + ?Sized)) {
        let source = text::one_line(source, 500);
        let outcome = text::one_line(&outcome.to_string(), 300);
        self.attempts.push(Attempt { source, outcome });
    }

    fn finish(mut self, found: Option<Notes>) -> Evidence {
        let Some(Notes {
            extract,
            source,
            by_version,
        }) = found
        else {
            return self.give_up();
        };
        self.tried(&source, "answered");
        let outcome = EvidenceOutcome::Available {
            summary: extract.summary,
            breaking: extract.breaking,
            nature: extract.nature,
            source,
            notes: by_version,
        };
        Evidence {
            outcome,
            attempts: self.attempts,
        }
    }

    fn give_up(mut self) -> Evidence {
        let reason = match self.attempts.as_slice() {
            [] => "its source keeps no notes".to_owned(),
            [only] => only.outcome.clone(),
            [.., last] => {
                let count = self.attempts.len();
                format!("none of {count} sources told; the last: {}", last.outcome)
            }
        };
        if self.attempts.is_empty() {
            self.tried("none", &reason);
        }
        Evidence::unavailable(reason, self.attempts)
    }
}
