//! Carrying a transaction out while somebody watches, and telling how it ended.

use std::process::ExitCode;

use anyhow::Result;
use exuvia_model::upgrade::{End, Kind, State};
use exuvia_upgrade::{Begun, Plan};
use serde_json::json;

use super::course::Course;
use super::rehearsal;
use crate::exit;
use crate::interrupt::NOTHING_HALF_DONE;
use crate::output::Output;
use crate::render;

pub(crate) async fn carry_out(begun: Begun, output: &Output) -> Result<ExitCode> {
    let (run, plan) = (begun.id().clone(), begun.plan().clone());
    let upgrades = begun.upgrades().clone();
    let state = watched(begun, output).await?;
    let rehearsed = upgrades.facts(&run)?.rehearsed;
    if output.json() {
        let mut document = json!({ "run": run, "plan": plan, "state": state });
        if let (Some(rehearsed), Some(fields)) = (&rehearsed, document.as_object_mut()) {
            fields.insert("rehearsed".to_owned(), json!(rehearsed));
        }
        output.document(&document);
    } else {
        for line in rehearsed.iter().flat_map(rehearsal::lines) {
            output.text(&line);
        }
        output.text(&outcome(&state, &plan, run.as_str()));
    }
    Ok(code(end(&state)))
}

/// The same for a command that does something else afterwards: told on standard error.
pub(super) async fn carry_on(begun: Begun, output: &Output) -> Result<End> {
    let (run, plan) = (begun.id().clone(), begun.plan().clone());
    let state = watched(begun, output).await?;
    output.note(&outcome(&state, &plan, run.as_str()));
    Ok(end(&state))
}

fn end(state: &State) -> End {
    state.end().unwrap_or(End::Inconsistent)
}

async fn watched(begun: Begun, output: &Output) -> Result<State> {
    let (run, plan) = (begun.id().clone(), begun.plan().clone());
    let what = match plan.kind {
        Kind::Upgrade => "upgrade",
        Kind::Rollback => "rollback",
        Kind::Rehearsal => "rehearsal",
    };
    output.note(&format!(
        "{run}: {what} of OpenClaw {} to {}",
        plan.from, plan.to
    ));
    output.if_interrupted(format!(
        "{run} is cut short where it stands; the next exuvia command puts everything back, or \
         finishes it where the new version was already being started"
    ));
    let course = Course::new(plan, output);
    let ended = Box::pin(begun.carry_out(&|news| course.tell(news))).await;
    output.if_interrupted(NOTHING_HALF_DONE);
    Ok(ended?)
}

fn code(end: End) -> ExitCode {
    match end {
        End::Done => ExitCode::SUCCESS,
        End::Blocked => ExitCode::from(exit::BLOCKED),
        End::Untouched => ExitCode::from(exit::ERROR),
        End::RolledBack => ExitCode::from(exit::ROLLED_BACK),
        End::Inconsistent => ExitCode::from(exit::INCONSISTENT),
    }
}

/// What happened, what they have now, and what to do next.
fn outcome(state: &State, plan: &Plan, run: &str) -> String {
    let Plan { from, to, .. } = plan;
    let why = |failure: Option<&exuvia_model::upgrade::Failure>| {
        failure.map_or_else(String::new, |failure| {
            format!("{}: {}", failure.during, render::line(&failure.why))
        })
    };
    match state.end() {
        Some(End::Done) if plan.kind == Kind::Rehearsal => rehearsed(plan),
        Some(End::Untouched) if plan.kind == Kind::Rehearsal => format!(
            "An upgrade to {to} would fail. OpenClaw {from} is as it was.\n{}",
            why(state.failure.as_ref())
        ),
        Some(End::Done) => format!(
            "OpenClaw {to} runs, and nothing was lost.\n`exuvia rollback {run}` goes back to {from} \
             with its state."
        ),
        Some(End::Blocked) => format!(
            "Refused, and nothing was changed. {}",
            why(state.failure.as_ref())
        ),
        Some(End::Untouched) => format!(
            "It failed before anything was exchanged: OpenClaw {from} is as it was.\n{}",
            why(state.failure.as_ref())
        ),
        Some(End::RolledBack) => format!(
            "It failed, and everything was put back: OpenClaw {from} runs with its state.\n{}\n\
             `exuvia history {run}` shows each step.",
            why(state.failure.as_ref())
        ),
        Some(End::Inconsistent) | None => format!(
            "IT FAILED, AND SO DID THE WAY BACK. {}\nIt began with {}.\n\
             The packages are at {} and {}; `exuvia snapshot list` shows the state before; \
             `exuvia history {run}` shows each step.",
            why(state.stuck.as_ref()),
            why(state.failure.as_ref()),
            plan.live.display(),
            plan.other().display()
        ),
    }
}

fn rehearsed(plan: &Plan) -> String {
    let Plan { from, to, .. } = plan;
    let next = if plan.keep {
        "It is staged: `exuvia upgrade` of the same report goes on with it, and begins with the stop \
         of the gateway."
    } else {
        "Nothing of it is kept; with --keep an upgrade goes on from here."
    };
    format!("OpenClaw {to} would run, and nothing would be lost. {from} is as it was.\n{next}")
}
