//! Going back to a snapshot.

mod apply;
mod checks;
mod settings;

use std::path::{Path, PathBuf};

use exuvia_model::journal::{Operation, RunId};
use exuvia_openclaw::Install;
use exuvia_store::{Change, Refused, Snapshot, SnapshotId};
use serde_json::json;

pub(crate) use apply::{Intent, SETTLED, hold_still, restore};
pub use settings::{FileChange, FileFate};

use crate::journaled::Job;
use crate::{Context, Recovery, RecoveryError, Scope};

/// How to restore.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RestoreRequest {
    /// Whether to restore what is of another install, or was taken with a newer package.
    pub force: bool,
}

/// A restore that could be done now; nothing is changed yet.
#[derive(Debug)]
#[must_use = "a plan does nothing until it is applied"]
pub struct RestorePlan<'r> {
    recovery: &'r Recovery,
    install: Install,
    snapshot: Snapshot,
    scope: Scope,
    intent: Intent,
    /// What would change in the state directory, in the order of the paths.
    pub changes: Vec<Change>,
    /// What would change of the service's definition, and of a config file that lies elsewhere.
    pub services: Vec<FileChange>,
    /// What to know before.
    pub warnings: Vec<String>,
}

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// The run of it in the journal.
    pub run: RunId,
    /// The snapshot of what was there before.
    pub safety: Option<SnapshotId>,
    /// How many paths were made, changed or removed.
    pub changes: usize,
    /// Directories that are not in the snapshot and were kept, because something is in them that no
    /// snapshot holds.
    pub kept: Vec<PathBuf>,
    /// What the machine did not allow.
    pub refused: Vec<Refused>,
    /// What became of the service's definition, and of a config file that lies elsewhere.
    pub services: Vec<FileChange>,
}

impl Recovery {
    /// Finds what restoring a snapshot in place would change, and refuses what should not be done.
    pub fn plan_restore(
        &self,
        install: &Install,
        snapshot: &Snapshot,
        request: RestoreRequest,
    ) -> Result<RestorePlan<'_>, RecoveryError> {
        let host = self.host.as_ref();
        checks::refuse_links(host, &install.state_dir)?;
        apply::refuse_in_use(host, &install.state_dir)?;
        let scope = Scope::of(snapshot).ok_or_else(|| RecoveryError::Scope {
            snapshot: snapshot.id.clone(),
            scope: snapshot.scope.clone(),
        })?;
        let context = Context::of(snapshot);
        let is_own = crate::recovery::is_of(snapshot, install);
        if !is_own && !request.force {
            return Err(RecoveryError::OtherInstall {
                snapshot: snapshot.id.clone(),
                of: snapshot.source.clone(),
                this: install.state_dir.clone(),
            });
        }
        let mut warnings = Vec::new();
        checks::compare_packages(
            host,
            install,
            snapshot,
            context.as_ref(),
            request.force,
            &mut warnings,
        )?;
        checks::warn_of_gaps(snapshot, context.as_ref(), &mut warnings);
        checks::warn_of_shared(host, install, &scope, &mut warnings);
        let mut services = Vec::new();
        let mut attests = false;
        if let Some(context) = &context {
            if is_own {
                services = settings::compare(self, install, &scope, context, &mut warnings)?;
                attests = checks::can_attest(host, install, context, &mut warnings);
            } else {
                checks::warn_of_foreign(context, &mut warnings);
            }
        }
        let changes = self.store.restore_changes(snapshot, &install.state_dir)?;
        let intent = Intent {
            snapshot: snapshot.id.clone(),
            target: install.state_dir.clone(),
            files: services.iter().map(|one| one.path.clone()).collect(),
            attests,
        };
        Ok(RestorePlan {
            recovery: self,
            install: install.clone(),
            snapshot: snapshot.clone(),
            scope,
            intent,
            changes,
            services,
            warnings,
        })
    }

    /// Writes a copy of a snapshot into a directory that is empty or not there yet. OpenClaw may be
    /// running; what the snapshot holds of files outside of the state directory is not written.
    pub fn restore_to(
        &self,
        snapshot: &Snapshot,
        target: &Path,
    ) -> Result<Restored, RecoveryError> {
        let job = Job {
            operation: Operation::Restore,
            install: Context::of(snapshot).map(|context| context.install),
            subject: snapshot.id.to_string(),
            detail: json!({ "copyTo": exuvia_store::escaped(target) }),
            what: "the restore",
        };
        let (restored, run) = self.journaled(
            job,
            |_| Ok(self.store.restore_into(snapshot, target)?),
            |restored| json!({ "changes": restored.changes }),
        )?;
        Ok(Restored::of(run, restored, Vec::new()))
    }
}

impl Restored {
    pub(crate) fn of(
        run: RunId,
        restored: exuvia_store::Restored,
        services: Vec<FileChange>,
    ) -> Self {
        Self {
            run,
            safety: restored.safety,
            changes: restored.changes,
            kept: restored.kept,
            refused: restored.refused,
            services,
        }
    }
}
