//! What an interrupted command left behind is finished before anything else is done.

use std::sync::Arc;

use anyhow::{Result, bail};
use exuvia_host::disk::Disk;
use exuvia_recovery::{Healed, Recovery};
use exuvia_store::Progress;

use crate::exit::Inconsistent;
use crate::interrupt::NOTHING_HALF_DONE;
use crate::output::Output;
use crate::progress::StoreBar;
use crate::render;
use crate::session::Machine;

/// Over what a command may run, where not everything can be finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tolerance {
    /// Over anything: it only reads.
    Anything,
    /// Over a restore that is stuck: it may be the way out.
    Stuck,
    /// Over nothing that is half done.
    Nothing,
}

/// Finishes it and says so. Where that cannot be done now, only a command runs that can bear it.
pub(crate) fn heal(machine: &Machine, tolerance: Tolerance, output: &Output) -> Result<()> {
    let healed = match finish(machine, output) {
        Ok(healed) => healed,
        Err(error) if tolerance == Tolerance::Anything => {
            output.note(&format!("! {}", render::line(&error.to_string())));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    for one in healed {
        let words = render::line(&one.to_string());
        match one {
            Healed::Restored { safety, .. } => {
                output.note(&format!("finished first: {words}"));
                if let Some(safety) = safety {
                    let undo = format!("`exuvia snapshot restore {safety}` undoes it");
                    output.note(&format!(
                        "what was there before the restore is kept: {undo}"
                    ));
                }
            }
            Healed::Stuck { .. } if tolerance == Tolerance::Nothing => bail!(Inconsistent(words)),
            Healed::Stuck { .. } => output.note(&format!("! {words}")),
            Healed::Gone { .. } | Healed::Ended { .. } => output.note(&words),
        }
    }
    Ok(())
}

fn finish(machine: &Machine, output: &Output) -> Result<Vec<Healed>> {
    if !machine.has_history()? {
        return Ok(Vec::new());
    }
    let bar = StoreBar::new(output);
    let heard: Arc<dyn Progress> = bar.clone();
    let host = machine.host.clone();
    let Some(recovery) = Recovery::open_existing(host, Disk::new(), &machine.home, Some(heard))?
    else {
        return Ok(Vec::new());
    };
    output.if_interrupted(
        "a restore that was cut short before may still be half done: do not start the gateway; the \
         next exuvia command finishes it",
    );
    let healed = recovery.heal();
    bar.end();
    output.if_interrupted(NOTHING_HALF_DONE);
    Ok(healed?)
}
