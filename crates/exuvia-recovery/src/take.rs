//! Taking snapshots.

use std::path::PathBuf;

use exuvia_model::journal::{Operation, RunId};
use exuvia_openclaw::Install;
use exuvia_store::{Excludes, Snapshot, SnapshotOptions};
use serde_json::json;

use crate::context::{Collected, collect};
use crate::journaled::Job;
use crate::{Recovery, RecoveryError, Scope, excludes, name};

/// What to take, and what to say of it.
#[derive(Debug, Clone)]
pub struct TakeOptions {
    /// What to take.
    pub scope: Scope,
    /// A name for it.
    pub name: Option<String>,
    /// A line about it.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Whether files that never hold still are taken as they are.
    pub accept_unstable: bool,
}

impl TakeOptions {
    /// Takes this, and says nothing of it.
    pub fn of(scope: Scope) -> Self {
        Self {
            scope,
            name: None,
            description: None,
            tags: Vec::new(),
            accept_unstable: false,
        }
    }
}

/// A snapshot that was taken.
#[derive(Debug)]
pub struct Taken {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// What belongs to what was taken, lies elsewhere and is not held.
    pub outside: Vec<PathBuf>,
    /// The run of it in the journal.
    pub run: RunId,
}

impl Recovery {
    /// Takes a snapshot of an install or an agent; OpenClaw may be running.
    pub fn take(&self, install: &Install, options: TakeOptions) -> Result<Taken, RecoveryError> {
        if let Some(name) = &options.name {
            name::check(name)?;
        }
        let excludes = excludes::effective(self.host.as_ref(), &self.home)?;
        let collected = collect(self.host.as_ref(), &self.disk, install, &options.scope)?;
        let outside = collected.context.outside.clone();
        let job = Job {
            operation: Operation::Snapshot,
            install: Some(install.id()),
            subject: options
                .name
                .clone()
                .unwrap_or_else(|| options.scope.to_string()),
            detail: json!({ "scope": options.scope.to_string() }),
            what: "the snapshot",
        };
        let patterns = self.patterns(install, &collected, excludes.patterns);
        let options = SnapshotOptions {
            excludes: Excludes::new(patterns)?,
            name: options.name,
            description: options.description,
            tags: options.tags,
            accept_unstable: options.accept_unstable,
            scope: options.scope.word().to_owned(),
            context: to_json(&collected)?,
        };
        let (snapshot, run) = self.journaled(
            job,
            |_| Ok(self.store.snapshot(&install.state_dir, options)?),
            |snapshot| json!({ "snapshot": snapshot.id }),
        )?;
        Ok(Taken {
            snapshot,
            outside,
            run,
        })
    }

    /// What is left out: all that is not meant, then what the list says, then our own things. The
    /// last word counts, so nothing takes those in again.
    fn patterns(
        &self,
        install: &Install,
        collected: &Collected,
        listed: Vec<String>,
    ) -> Vec<String> {
        let home = self
            .host
            .canonicalize(self.home.root())
            .unwrap_or_else(|_| self.home.root().to_owned());
        let own = home
            .strip_prefix(&install.state_dir)
            .ok()
            .and_then(Excludes::literal)
            .map(|own| format!("/{own}"));
        let meant = collected.patterns.iter().cloned();
        meant.chain(listed).chain(own).collect()
    }
}

/// The context as the store keeps it.
pub(crate) fn to_json(collected: &Collected) -> Result<Option<serde_json::Value>, RecoveryError> {
    let value = serde_json::to_value(&collected.context);
    value.map(Some).map_err(RecoveryError::Context)
}
