//! Finishing an upgrade or a rollback that was cut short, before anything else is done.

use anyhow::{Result, bail};
use exuvia_model::upgrade::End;

use super::ground::{FROM_A_TERMINAL, Ground};
use super::told;
use crate::exit::Inconsistent;
use crate::heal::Tolerance;
use crate::output::Output;
use crate::session::Machine;

/// Carries it on, unless the command only reads; then says that it is left.
pub(crate) async fn heal(machine: &Machine, tolerance: Tolerance, output: &Output) -> Result<()> {
    if !machine.has_history()? {
        return Ok(());
    }
    // Without an install there is nothing to finish; the command says so itself.
    let Ok(ground) = Ground::open(machine) else {
        return Ok(());
    };
    let Some(run) = ground.upgrades.is_left()? else {
        return Ok(());
    };
    if tolerance == Tolerance::Anything {
        output.note(&format!(
            "! {run} was cut short: `exuvia resume` puts everything back, or finishes it"
        ));
        return Ok(());
    }
    let Some(begun) = ground.upgrades.resume()? else {
        return Ok(());
    };
    // Only now: what the dead driver has left running may hold the state like a gateway.
    ground.must_be_outside(FROM_A_TERMINAL).await?;
    output.note(&format!("{run} was cut short; that is seen to first"));
    let quiet = told::carry_on(begun, &ground, output).await?;
    // Going back to a snapshot may be the way out.
    if quiet == End::Inconsistent && tolerance == Tolerance::Nothing {
        bail!(Inconsistent(format!(
            "{run} is half done; `exuvia history {run}` shows each step"
        )));
    }
    Ok(())
}
