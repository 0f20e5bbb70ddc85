//! Carrying a transaction out while somebody watches, and telling how it ended.

use std::process::ExitCode;

use anyhow::Result;
use exuvia_model::upgrade::{End, Failure, Kind, State};
use exuvia_upgrade::{Begun, Facts, Plan, Subject};
use serde_json::{Value, json};

use super::course::Course;
use super::ground::Ground;
use super::{configuration, rehearsal, run_report};
use crate::exit;
use crate::interrupt::NOTHING_HALF_DONE;
use crate::output::Output;
use crate::render;

/// A transaction that has ended.
pub(crate) struct Carried {
    pub(super) end: End,
    /// For programs.
    pub(super) document: Value,
    /// For people.
    pub(super) words: String,
}

impl Carried {
    /// Tells it as the one thing that was done.
    pub(crate) fn tell(&self, output: &Output) -> ExitCode {
        if output.json() {
            output.document(&self.document);
        } else {
            output.text(&self.words);
        }
        self.code()
    }

    pub(super) fn code(&self) -> ExitCode {
        match self.end {
            End::Done => ExitCode::SUCCESS,
            End::Blocked => ExitCode::from(exit::BLOCKED),
            End::Untouched => ExitCode::from(exit::ERROR),
            End::RolledBack => ExitCode::from(exit::ROLLED_BACK),
            End::Inconsistent => ExitCode::from(exit::INCONSISTENT),
        }
    }
}

pub(crate) async fn carry_out(begun: Begun, ground: &Ground, output: &Output) -> Result<Carried> {
    let (run, plan) = (begun.id().clone(), begun.plan().clone());
    let what = match plan.kind {
        Kind::Upgrade => "upgrade",
        Kind::Rollback => "rollback",
        Kind::Rehearsal => "rehearsal",
    };
    output.note(&format!(
        "{run}: {what} of {} {} to {}",
        render::line(plan.name()),
        plan.from.short(),
        plan.to.short()
    ));
    output.if_interrupted(format!(
        "{run} is cut short where it stands; the next exuvia command puts everything back, or \
         finishes it where the new version was already being started"
    ));
    let course = Course::new(plan.clone(), output);
    let ended = Box::pin(begun.carry_out(&|news| course.tell(news))).await;
    output.if_interrupted(NOTHING_HALF_DONE);
    let state = ended?;
    if state.end() == Some(End::Done) && plan.kind == Kind::Upgrade {
        retain(ground, &plan, output);
    }
    let facts = ground.upgrades.facts(&run)?;
    let edits = edits(&facts);
    let ended = outcome(&state, &plan, edits, run.as_str());
    let report = run_report::write(ground, &run, &plan, &facts, &ended);
    // The run has ended, whatever comes of its report.
    output.note(&match &report {
        Ok(file) => format!("  its report: {}", file.display()),
        Err(error) => format!(
            "! its report could not be written: {}",
            render::line(&format!("{error:#}"))
        ),
    });
    let mut document = json!({
        "run": run, "plan": plan, "state": state, "editsKept": edits, "report": report.ok(),
    });
    add_found(&mut document, &facts);
    let mut words: Vec<String> = facts.rehearsed.iter().flat_map(rehearsal::lines).collect();
    words.extend(configuration::lines(&facts));
    words.push(ended);
    Ok(Carried {
        end: state.end().unwrap_or(End::Inconsistent),
        words: words.join("\n"),
        document,
    })
}

/// What was found on the way, where it was: `rehearsed`, and `configuration` where the new version
/// rewrote it.
pub(crate) fn add_found(document: &mut Value, facts: &Facts) {
    let Some(fields) = document.as_object_mut() else {
        return;
    };
    if let Some(rehearsed) = &facts.rehearsed {
        fields.insert("rehearsed".to_owned(), json!(rehearsed));
    }
    if let Some(config) = &facts.config {
        fields.insert("configuration".to_owned(), json!(config));
    }
}

/// Lets go of what is older than the user keeps. The upgrade is done, whatever comes of that.
fn retain(ground: &Ground, plan: &Plan, output: &Output) {
    match ground.upgrades.retain(&plan.asset) {
        Ok(gone) => {
            for generation in gone {
                let (name, version) = (render::line(plan.name()), generation.version.short());
                output.note(&format!("  {name} {version} is not kept any longer"));
            }
        }
        Err(error) => output.note(&format!(
            "! what is older than you keep could not be removed: {}",
            render::line(&error.to_string())
        )),
    }
}

/// The same for a command that does something else afterwards: told on standard error.
pub(super) async fn carry_on(begun: Begun, ground: &Ground, output: &Output) -> Result<End> {
    let carried = carry_out(begun, ground, output).await?;
    output.note(&carried.words);
    Ok(carried.end)
}

fn edits(facts: &Facts) -> &[String] {
    facts.skill.as_ref().map_or(&[], |skill| &skill.edits)
}

/// What happened, what they have now, and what to do next.
fn outcome(state: &State, plan: &Plan, edits: &[String], run: &str) -> String {
    let name = render::line(plan.name());
    let (from, to) = (plan.from.short(), plan.to.short());
    let is_core = matches!(plan.subject, Subject::Core(_));
    match state.end() {
        Some(End::Done) if plan.kind == Kind::Rehearsal => rehearsed(plan),
        Some(End::Untouched) if plan.kind == Kind::Rehearsal => format!(
            "An upgrade to {to} would fail. OpenClaw {from} is as it was.\n{}",
            why(state.failure.as_ref())
        ),
        Some(End::Done) if is_core => format!(
            "OpenClaw {to} runs, and nothing was lost.\n`exuvia rollback {run}` goes back to {from} \
             with its state."
        ),
        Some(End::Done) => format!(
            "{name} {to} is in place.{}\n`exuvia rollback {run}` goes back to {from}.",
            carried_over(edits)
        ),
        Some(End::Blocked) => format!(
            "Refused, and nothing was changed. {}",
            why(state.failure.as_ref())
        ),
        Some(End::Untouched) => format!(
            "It failed before anything was exchanged: {name} {from} is as it was.\n{}",
            why(state.failure.as_ref())
        ),
        Some(End::RolledBack) => format!(
            "It failed, and everything was put back: {name} {from} {}.\n{}\n\
             `exuvia history {run}` shows each step.",
            if is_core {
                "runs with its state"
            } else {
                "is in place"
            },
            why(state.failure.as_ref())
        ),
        Some(End::Inconsistent) | None => format!(
            "IT FAILED, AND SO DID THE WAY BACK. {}\nIt began with {}.\n\
             `exuvia resume` tries the way back again, once what was in its way is gone.\n\
             What was exchanged is at {} and {}; `exuvia snapshot list` shows the state before; \
             `exuvia history {run}` shows each step.",
            why(state.stuck.as_ref()),
            why(state.failure.as_ref()),
            plan.live.display(),
            plan.other().display()
        ),
    }
}

fn why(failure: Option<&Failure>) -> String {
    failure.map_or_else(String::new, |failure| {
        format!("{}: {}", failure.during, render::line(&failure.why))
    })
}

fn carried_over(edits: &[String]) -> String {
    const NAMED: usize = 5;
    if edits.is_empty() {
        return String::new();
    }
    let named: Vec<_> = edits
        .iter()
        .take(NAMED)
        .map(|path| render::line(path))
        .collect();
    let more = match edits.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        " What you changed in it was carried over: {}{more}.",
        named.join(", ")
    )
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
