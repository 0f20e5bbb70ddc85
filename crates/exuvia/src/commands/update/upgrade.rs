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
    let Some(plan) = choose(machine, &ground, choice, output)? else {
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(target) = target.filter(|target| **target != plan.to) {
        bail!(Blocked(format!(
            "{target} is wanted and {} is selected; nothing was changed",
            plan.to
        )));
    }
    let is_inside = ground.restarts.inside().await.is_some();
    let Asker { note, session } = asker.found(&ground.restarts).await?;
    let expected = plan.to.clone();
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
        let code = carry_out(begun, output).await;
        // Whoever asked is told, however it ended.
        ground.restarts.drive().await?;
        return code;
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
