//! Asking for a restart and seeing it through.

use std::process::ExitCode;

use anyhow::Result;
use exuvia_gateway::restart::{Ask, Progress, Restarts};
use exuvia_model::restart::RequestId;
use exuvia_model::sentinel::{Delivery, Outcome, Sentinel};
use exuvia_model::text;
use serde_json::json;

use crate::exit;
use crate::output::Output;

/// Whether the outcome is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    UntilItIsOver,
    None,
}

/// Asks for it, and waits for the outcome where this process outlives it.
pub(crate) async fn carry_out(
    restarts: &Restarts,
    ask: Ask,
    patience: Patience,
    output: &Output,
) -> Result<ExitCode> {
    let inside = restarts.inside().await;
    let run = restarts.ask(ask).await?;
    if inside.is_some() || patience == Patience::None {
        restarts.hand_over(&run).await?;
        tell_handed_over(&run, output);
        return Ok(ExitCode::from(exit::HANDED_OVER));
    }
    output.if_interrupted(format!(
        "the restart {run} is asked for all the same; the next exuvia command carries it on"
    ));
    let sentinel = restarts.wait(&run, |progress| tell_progress(&progress, output));
    let sentinel = sentinel.await?;
    tell(&sentinel, output);
    Ok(code(&sentinel))
}

/// Zero means that another process runs and answered with the version that was expected.
pub(crate) fn code(sentinel: &Sentinel) -> ExitCode {
    match sentinel.outcome {
        Outcome::Restarted => ExitCode::SUCCESS,
        _ => ExitCode::from(exit::ERROR),
    }
}

fn tell_progress(progress: &Progress, output: &Output) {
    let words = text::one_line(&progress.words, 300);
    output.note(&format!("{words} ({})", progress.elapsed));
}

pub(crate) fn tell_handed_over(run: &RequestId, output: &Output) {
    if output.json() {
        output.document(&json!({ "run": run, "handedOver": true }));
        return;
    }
    output.text(&format!(
        "{run}: asked for, and carried on by a process outside of the gateway\n\
         `exuvia update status {run}` tells what comes of it"
    ));
}

fn tell(sentinel: &Sentinel, output: &Output) {
    if output.json() {
        output.document(&json!({ "run": sentinel.run, "sentinel": sentinel }));
        return;
    }
    output.text(&sentinel.to_string());
    let delivery = sentinel.note.as_ref().map(|note| &note.delivery);
    if let Some(undelivered @ Delivery::Impossible { .. }) = delivery {
        output.note(&format!("! the note was {undelivered}"));
    }
}
