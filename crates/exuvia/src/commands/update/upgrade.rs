//! An upgrade that may be asked for from inside of the gateway, which has to be stopped for it.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, bail};
use exuvia_gateway::restart::AskedUpdate;
use exuvia_model::Version;

use super::run::{Asker, REASON};
use crate::commands::restart::{actor, tell_handed_over};
use crate::commands::upgrade::{Choice, Ground, carry_out, choose};
use crate::exit::{self, Blocked};
use crate::output::Output;
use crate::session::Machine;

/// Carries it out, or has a process outside of the gateway do so where this one is inside.
pub(super) async fn run(
    machine: Machine,
    choice: &Choice,
    target: Option<&Version>,
    asker: Asker,
    output: &Output,
) -> Result<ExitCode> {
    let ground = Ground::open(&machine)?;
    let Some(chosen) = choose(&ground, machine, choice, output)? else {
        return Ok(ExitCode::SUCCESS);
    };
    let plan = chosen.only(&ground)?;
    let Some(expected) = plan.to.version().filter(|_| plan.stops_the_gateway()) else {
        bail!(Blocked(
            "the gateway goes on while this is upgraded: `exuvia upgrade` does it from inside, too; \
             nothing was changed"
                .to_owned()
        ));
    };
    let expected = expected.clone();
    if let Some(target) = target.filter(|target| **target != expected) {
        bail!(Blocked(format!(
            "{target} is wanted and {expected} is selected; nothing was changed"
        )));
    }
    let is_inside = ground.restarts.inside().await.is_some();
    let Asker { note, session } = asker.found(&ground.restarts).await?;
    let begun = ground.upgrades.begin(plan)?;
    let update = AskedUpdate {
        reason: REASON.to_owned(),
        actor: actor(&*ground.host),
        session,
        note,
        expected,
    };
    let run = ground.restarts.expect(begun.id(), update).await?;
    if !is_inside {
        let carried = carry_out(begun, &ground, output).await;
        // Whoever asked is told, however it ended.
        ground.restarts.drive().await?;
        return Ok(carried?.tell(output));
    }
    begun.leave();
    let carrier: [OsString; 5] = [
        "resume".into(),
        "--begun".into(),
        run.as_str().into(),
        "--install".into(),
        ground.install.state_dir.clone().into(),
    ];
    let lock = ground.upgrades.lock_file();
    ground.restarts.hand_over_to(&carrier, &run, &lock).await?;
    tell_handed_over(&run, output);
    Ok(ExitCode::from(exit::HANDED_OVER))
}
