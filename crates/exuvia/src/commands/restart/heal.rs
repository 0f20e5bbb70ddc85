//! Carrying on a restart whose driver was killed.

use anyhow::Result;

use super::restarts;
use crate::output::Output;
use crate::render;
use crate::session::Machine;

/// Has it carried on in the background, and says so. No command waits for it, and none fails by it.
pub(crate) async fn heal(machine: &Machine, output: &Output) {
    match carry_on(machine).await {
        Ok(None) => {}
        Ok(Some(run)) => output.note(&format!(
            "a restart that was cut short is carried on; `exuvia update status {run}` tells what \
             comes of it"
        )),
        Err(error) => output.note(&format!("! {}", render::line(&error.to_string()))),
    }
}

async fn carry_on(machine: &Machine) -> Result<Option<String>> {
    // Without an install there is nothing to restart; the command says so itself.
    let Ok(restarts) = restarts(machine) else {
        return Ok(None);
    };
    if !restarts.is_left_behind()? {
        return Ok(None);
    }
    let unsettled = restarts.unsettled()?;
    let Some(run) = unsettled.first() else {
        return Ok(None);
    };
    restarts.hand_over(run).await?;
    Ok(Some(run.to_string()))
}
