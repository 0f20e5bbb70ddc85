//! Doing a restore, so that whoever comes after a crash can finish it.

use std::path::{Path, PathBuf};

use exuvia_host::Host;
use exuvia_model::journal::Operation;
use exuvia_openclaw::liveness::{Liveness, Stillness, keep_still, look_at};
use exuvia_store::journal::Run;
use exuvia_store::{
    RestoreOptions, Safety, Snapshot, SnapshotId, SnapshotOptions, StoreError, text,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::settings::put_back;
use super::{RestorePlan, Restored};
use crate::context::collect;
use crate::journaled::Job;
use crate::take::to_json;
use crate::{Context, Recovery, RecoveryError, name};

/// The step before anything is replaced.
const REPLACE: &str = "replace";
/// The step before files outside of the state directory are written.
const BELONGINGS: &str = "belongings";
/// The step after which nothing is left to do.
pub(crate) const SETTLED: &str = "settled";

/// What a restore is to do, as the journal holds it: the places were checked before it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Intent {
    /// What is restored.
    pub(crate) snapshot: SnapshotId,
    /// The state directory.
    #[serde(with = "text")]
    pub(crate) target: PathBuf,
    /// Files outside of it that become what the snapshot has of them.
    #[serde(default, with = "text::list", skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<PathBuf>,
    /// Whether what OpenClaw has on record of the agent's workspaces goes back too.
    #[serde(default)]
    pub(crate) attests: bool,
}

impl RestorePlan<'_> {
    /// Does it: takes what will be replaced as a snapshot, then restores the state directory, then
    /// what belongs to it. Refused, with nothing changed, if OpenClaw was started meanwhile.
    pub fn apply(self) -> Result<Restored, RecoveryError> {
        let recovery = self.recovery;
        let detail = serde_json::to_value(&self.intent).map_err(RecoveryError::Context)?;
        let job = Job {
            operation: Operation::Restore,
            install: Some(self.install.id()),
            subject: self.snapshot.id.to_string(),
            detail,
            what: "the restore",
        };
        let (restored, run) = recovery.journaled(
            job,
            |run| {
                let _still = hold_still(recovery, &self.install.state_dir)?;
                let safety = Safety::As(Box::new(self.safety()?));
                restore(recovery, run, &self.snapshot, &self.intent, safety)
            },
            |restored| json!({ "safety": restored.safety, "changes": restored.changes }),
        )?;
        Ok(Restored::of(run, restored, self.services))
    }

    /// What is said of the snapshot of what will be replaced.
    fn safety(&self) -> Result<SnapshotOptions, RecoveryError> {
        let recovery = self.recovery;
        let host = recovery.host.as_ref();
        let collected = collect(host, &recovery.disk, &self.install, &self.scope)?;
        Ok(SnapshotOptions {
            name: Some(name::automatic("restore", host.now())),
            description: Some(format!(
                "what was there before restoring {}",
                self.snapshot.id
            )),
            scope: self.scope.word().to_owned(),
            context: to_json(&collected)?,
            ..SnapshotOptions::default()
        })
    }
}

/// Refuses a state directory that OpenClaw uses, or may be using.
pub(super) fn refuse_in_use(host: &dyn Host, state_dir: &Path) -> Result<(), RecoveryError> {
    let state_dir = state_dir.to_owned();
    match look_at(host, &state_dir) {
        Liveness::Stopped => Ok(()),
        Liveness::Running { pid, port } => Err(RecoveryError::Running {
            state_dir,
            pid,
            port,
        }),
        Liveness::Unknown { why } => Err(RecoveryError::CannotTell { state_dir, why }),
    }
}

/// Makes sure that OpenClaw does not use it, and does not begin to.
pub(crate) fn hold_still(
    recovery: &Recovery,
    state_dir: &Path,
) -> Result<Stillness, RecoveryError> {
    let host = recovery.host.as_ref();
    refuse_in_use(host, state_dir)?;
    match keep_still(host, &recovery.disk, state_dir)? {
        Some(still) => Ok(still),
        None => Err(RecoveryError::CannotTell {
            state_dir: state_dir.to_owned(),
            why: "it is being started; stop it, and try again".to_owned(),
        }),
    }
}

/// Restores the state directory and what belongs to it. When that fails half-way, says so.
pub(crate) fn restore(
    recovery: &Recovery,
    run: &Run,
    snapshot: &Snapshot,
    intent: &Intent,
    safety: Safety,
) -> Result<exuvia_store::Restored, RecoveryError> {
    let options = RestoreOptions { safety };
    let then = |_: &exuvia_store::Restored| {
        run.record(BELONGINGS, json!({}))?;
        what_belongs(recovery, snapshot, intent)?;
        Ok(run.record(SETTLED, json!({}))?)
    };
    run.record(REPLACE, json!({}))?;
    let restored = recovery
        .store
        .restore_in_place_and(snapshot, &intent.target, options, then);
    restored.map_err(|error| match error {
        // Somebody else is restoring there: what is half done is theirs to finish.
        busy @ RecoveryError::Store(StoreError::Busy(_)) => busy,
        error if is_pending(recovery, &intent.target) => RecoveryError::CutShort {
            snapshot: snapshot.id.clone(),
            state_dir: intent.target.clone(),
            source: Box::new(error),
        },
        error => error,
    })
}

/// Whether a restore is half done there; where that cannot be told, the worse is believed.
fn is_pending(recovery: &Recovery, target: &Path) -> bool {
    recovery.store.pending_restores().map_or(true, |pending| {
        pending.iter().any(|one| one.target == target)
    })
}

/// What goes back with a state directory. It may be done again at any time.
fn what_belongs(
    recovery: &Recovery,
    snapshot: &Snapshot,
    intent: &Intent,
) -> Result<(), RecoveryError> {
    let Some(context) = Context::of(snapshot) else {
        return Ok(());
    };
    for path in &intent.files {
        put_back(recovery, &context, path)?;
    }
    match &context.attestation {
        Some(attestation) if intent.attests => attestation.write(&intent.target),
        _ => Ok(()),
    }
}
