//! Finishing what was cut short.

use std::fmt;
use std::path::PathBuf;

use exuvia_host::Links;
use exuvia_model::journal::{Operation, Outcome, RunId, RunRecord};
use exuvia_openclaw::liveness::Stillness;
use exuvia_store::journal::{Filter, JournalError, Run};
use exuvia_store::{PendingRestore, Safety, SnapshotId, SnapshotOptions, StoreError};
use serde_json::json;

use crate::journaled::{Job, carry};
use crate::restore::{Intent, SETTLED, hold_still, restore};
use crate::{Recovery, RecoveryError, name};

const WHAT: &str = "the restore";

/// Something that was cut short, and what became of it.
#[derive(Debug)]
pub enum Healed {
    /// A restore was finished.
    Restored {
        /// What was restored.
        snapshot: SnapshotId,
        /// Where to.
        target: PathBuf,
        /// What was there before the restore began.
        safety: Option<SnapshotId>,
        /// How many paths were left to make, change or remove.
        changes: usize,
    },
    /// A restore cannot be finished; another snapshot can be restored there instead.
    Stuck {
        /// What was being restored.
        snapshot: SnapshotId,
        /// Where to.
        target: PathBuf,
        /// What is in the way.
        why: String,
    },
    /// A restore has no directory any more to be finished in.
    Gone {
        /// Where it was.
        target: PathBuf,
    },
    /// A run whose process died was ended in the journal.
    Ended {
        /// The run.
        run: RunId,
        /// What it was.
        operation: Operation,
    },
}

impl fmt::Display for Healed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restored {
                snapshot,
                target,
                changes,
                ..
            } => write!(
                f,
                "the restore of {snapshot} into {} ({changes} changes were left to do)",
                target.display()
            ),
            Self::Stuck {
                snapshot,
                target,
                why,
            } => write!(
                f,
                "the restore of {snapshot} into {} cannot be finished: {why}; do not start OpenClaw \
                 before another snapshot is restored there (`exuvia snapshot list`)",
                target.display()
            ),
            Self::Gone { target } => write!(
                f,
                "a restore into {} has nothing left to finish: the directory is gone",
                target.display()
            ),
            Self::Ended { run, operation } => {
                write!(
                    f,
                    "{run} ({operation}) had been cut short, and left nothing to finish"
                )
            }
        }
    }
}

impl Recovery {
    /// Finishes restores that were cut short, and ends the runs of processes that died. Refused,
    /// with nothing changed, while OpenClaw runs on what is half restored, or may be running.
    pub fn heal(&self) -> Result<Vec<Healed>, RecoveryError> {
        let mut healed = Vec::new();
        for pending in self.store.pending_restores()? {
            if !self.store.is_interrupted(&pending)? {
                continue;
            }
            match self.finish(&pending) {
                Ok(Some(Healed::Stuck { .. })) | Err(_) if !self.is_pending(&pending)? => {}
                finished => healed.extend(finished?),
            }
        }
        for run in self.journal.unfinished()? {
            healed.extend(self.end(run)?);
        }
        Ok(healed)
    }

    /// Whether nobody else has finished it meanwhile.
    fn is_pending(&self, pending: &PendingRestore) -> Result<bool, RecoveryError> {
        Ok(self.store.pending_restores()?.contains(pending))
    }

    fn finish(&self, pending: &PendingRestore) -> Result<Option<Healed>, RecoveryError> {
        let (id, target) = (&pending.snapshot, &pending.target);
        let stuck = |error: RecoveryError| Healed::Stuck {
            snapshot: id.clone(),
            target: target.clone(),
            why: error.to_string(),
        };
        match self.host.metadata(target, Links::Refuse) {
            Ok(_) => {}
            Err(error) if error.is_not_found() => {
                self.store.forget_restore(target)?;
                let target = target.clone();
                return Ok(Some(Healed::Gone { target }));
            }
            Err(error) => return Ok(Some(stuck(error.into()))),
        }
        // Nothing is begun while OpenClaw is in the way: every command would begin it again.
        drop(self.hold_half(pending)?);
        let begun = self.begun_by(pending)?;
        let work = |run: &Run| self.finish_with(run, pending, &begun.intent);
        let tell = |restored: &exuvia_store::Restored| json!({ "changes": restored.changes });
        let finished = match self.take_over(&begun)? {
            Some(run) => carry(run, WHAT, work, tell),
            None => self.journaled(job(&begun.intent)?, work, tell),
        };
        match finished {
            Ok((restored, _)) => Ok(Some(Healed::Restored {
                snapshot: id.clone(),
                target: target.clone(),
                safety: pending.safety.clone(),
                changes: restored.changes,
            })),
            // Somebody else finishes it.
            Err(RecoveryError::Store(StoreError::Busy(_))) => Ok(None),
            Err(error @ (RecoveryError::HalfRestored { .. } | RecoveryError::Journal(_))) => {
                Err(error)
            }
            Err(error) => Ok(Some(stuck(error))),
        }
    }

    fn hold_half(&self, pending: &PendingRestore) -> Result<Stillness, RecoveryError> {
        hold_still(self, &pending.target).map_err(|error| half(pending, error))
    }

    /// Somebody may have worked with what was half restored, so that is taken as a snapshot first.
    fn finish_with(
        &self,
        run: &Run,
        pending: &PendingRestore,
        intent: &Intent,
    ) -> Result<exuvia_store::Restored, RecoveryError> {
        let _still = self.hold_half(pending)?;
        let snapshot = self.store.get(pending.snapshot.as_str())?;
        let before = pending
            .safety
            .as_ref()
            .and_then(|safety| self.store.get(safety.as_str()).ok());
        let safety = SnapshotOptions {
            name: Some(name::automatic("heal", self.host.now())),
            description: Some(format!(
                "what was half restored, before the restore of {} was finished",
                snapshot.id
            )),
            scope: snapshot.scope.clone(),
            context: before.and_then(|before| before.context),
            ..SnapshotOptions::default()
        };
        restore(self, run, &snapshot, intent, Safety::As(Box::new(safety)))
    }

    /// What the one who began it had in mind, by the journal; the state directory alone, where that
    /// says nothing.
    fn begun_by(&self, pending: &PendingRestore) -> Result<Begun, RecoveryError> {
        let filter = Filter {
            operation: Some(Operation::Restore),
            ..Filter::default()
        };
        for run in self.journal.runs(&filter)? {
            let detail = self.journal.begun(&run.id)?.unwrap_or_default();
            // That of a restore to elsewhere is another.
            let Ok(intent) = serde_json::from_value::<Intent>(detail) else {
                continue;
            };
            if intent.target == pending.target && intent.snapshot == pending.snapshot {
                return Ok(Begun {
                    intent,
                    run: run.outcome.is_none().then_some(run.id),
                });
            }
        }
        Ok(Begun {
            intent: Intent {
                snapshot: pending.snapshot.clone(),
                target: pending.target.clone(),
                files: Vec::new(),
                attests: false,
            },
            run: None,
        })
    }

    /// Carries on the run that began it, if it has not ended and nobody else does.
    fn take_over(&self, begun: &Begun) -> Result<Option<Run>, RecoveryError> {
        let Some(id) = &begun.run else {
            return Ok(None);
        };
        match self.journal.resume(id) {
            Ok(run) => Ok(Some(run)),
            Err(JournalError::Ended(_) | JournalError::Carried { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends a run whose process died. What leaves something to be undone is left to those who know
    /// how.
    fn end(&self, run: RunRecord) -> Result<Option<Healed>, RecoveryError> {
        use Operation as Op;
        // These outlive their driver: the next one takes them up where they were left.
        if matches!(
            run.operation,
            Op::Restart | Op::Upgrade | Op::Rollback | Op::Other(_)
        ) {
            return Ok(None);
        }
        let events = self.journal.events(&run.id)?;
        let outcome = if events.iter().any(|event| event.step == SETTLED) {
            Outcome::Done
        } else {
            Outcome::Interrupted
        };
        match self.journal.close(&run.id, outcome, json!({})) {
            Ok(()) => Ok(Some(Healed::Ended {
                run: run.id,
                operation: run.operation,
            })),
            // Somebody else was faster.
            Err(JournalError::Ended(_) | JournalError::Carried { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// How a restore began.
struct Begun {
    intent: Intent,
    /// The run of it, if that has not ended.
    run: Option<RunId>,
}

fn job(intent: &Intent) -> Result<Job, RecoveryError> {
    Ok(Job {
        operation: Operation::Restore,
        install: None,
        subject: intent.snapshot.to_string(),
        detail: serde_json::to_value(intent).map_err(RecoveryError::Context)?,
        what: WHAT,
    })
}

fn half(pending: &PendingRestore, error: RecoveryError) -> RecoveryError {
    let why = match error {
        RecoveryError::Running { pid, .. } => format!("process {pid}"),
        RecoveryError::CannotTell { why, .. } => why,
        other => return other,
    };
    RecoveryError::HalfRestored {
        state_dir: pending.target.clone(),
        snapshot: pending.snapshot.clone(),
        safety: pending.safety.clone(),
        why,
    }
}
