//! `exuvia history`: what Exuvia did, and what became of it.

mod one;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use exuvia_model::journal::{Operation, RunId, RunRecord};
use exuvia_openclaw::LocateError;
use exuvia_store::journal::{Filter, Journal, JournalError, is_abandoned};
use serde::Serialize;
use serde_json::json;

use crate::exit::Usage;
use crate::output::Output;
use crate::render::{self, Column, Ink, Sheet, Table};
use crate::session::Machine;

pub(crate) const EXAMPLES: &str = "\
Examples:
  exuvia history                            the last runs, newest first
  exuvia history 3f2a91bc                   one run, step by step
  exuvia history --operation restore --limit 5
  exuvia history --parts                    with the snapshots that an upgrade took
  exuvia history --all-installs --json
  exuvia history --export > journal.jsonl   every event, one JSON document a line

A run is named by its id, or by the unique beginning of one.";

/// How many digits of an id are shown in a list.
const SHORT: usize = 8;
/// From how many columns on a list tells why a run failed.
const WIDE: usize = 100;

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// Tell this run step by step: its id, or the unique beginning of one
    #[arg(value_name = "RUN", conflicts_with_all = ["limit", "operation", "all_installs", "parts"])]
    run: Option<String>,
    /// Tell no more than so many runs
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Tell only what did this, such as snapshot, restore or upgrade
    #[arg(long, value_name = "OPERATION")]
    operation: Option<Operation>,
    /// Tell of every install, of one that is gone too
    #[arg(long)]
    all_installs: bool,
    /// Tell, too, what was done in the course of an upgrade, a rehearsal or a rollback: the
    /// snapshots that they took, and put in place
    #[arg(long)]
    parts: bool,
    /// Write every event there is, oldest first, one JSON document a line
    #[arg(long, conflicts_with_all = ["run", "limit", "operation", "all_installs", "parts"])]
    export: bool,
}

/// A run as programs are told of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'r> {
    #[serde(flatten)]
    run: &'r RunRecord,
    state: State,
    /// The run in whose course it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<&'r RunId>,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Ended,
    UnderWay,
    CutShort,
}

impl State {
    fn of(run: &RunRecord) -> Self {
        match run.outcome {
            Some(_) => Self::Ended,
            None if is_abandoned(run) => Self::CutShort,
            None => Self::UnderWay,
        }
    }
}

pub(crate) fn run(machine: &Machine, args: &HistoryArgs, output: &Output) -> Result<ExitCode> {
    if args.export && output.json() {
        let words = "--export writes many JSON documents and --json one: choose";
        return Err(Usage(words.to_owned()).into());
    }
    let journal = Journal::open_existing(machine.host.clone(), &machine.home)?;
    match (&args.run, journal) {
        (Some(asked), None) => Err(JournalError::NoRun(asked.clone()).into()),
        (Some(asked), Some(journal)) => one::run(machine, &journal, asked, output),
        (None, journal) if args.export => export(journal.as_ref()),
        (None, journal) => list(machine, journal.as_ref(), args, output),
    }
}

fn export(journal: Option<&Journal>) -> Result<ExitCode> {
    let Some(journal) = journal else {
        return Ok(ExitCode::SUCCESS);
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match journal.export(&mut out) {
        // A reader that went away (`| head`) wants no more, and what is left in the buffer neither.
        Err(JournalError::Export(error)) if error.kind() == ErrorKind::BrokenPipe => {
            let _ = out.into_parts();
        }
        exported => exported.and_then(|()| out.flush().map_err(JournalError::Export))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(
    machine: &Machine,
    journal: Option<&Journal>,
    args: &HistoryArgs,
    output: &Output,
) -> Result<ExitCode> {
    // Finding an install writes; where nothing was done, nothing is.
    let install = match journal {
        Some(_) => whose(machine, args, output)?,
        None => None,
    };
    let filter = Filter {
        install,
        operation: args.operation.clone(),
        limit: None,
    };
    let all = journal.map_or_else(|| Ok(Vec::new()), |journal| journal.runs(&filter))?;
    let wholes: Vec<&RunRecord> = all.iter().filter(|run| has_parts(run)).collect();
    let part_of = |run: &RunRecord| wholes.iter().find(|whole| is_part(run, whole));
    // Whoever asks for one kind means all of it.
    let with_parts = args.parts || args.operation.is_some() || output.json();
    let runs = all
        .iter()
        .filter(|run| with_parts || part_of(run).is_none());
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut runs: Vec<&RunRecord> = runs.take(limit.saturating_add(1)).collect();
    let has_more = runs.len() > limit;
    runs.truncate(limit);
    if output.json() {
        let told = runs.iter().map(|run| Told {
            part_of: part_of(run).map(|whole| &whole.id),
            ..told(run)
        });
        let told: Vec<Told<'_>> = told.collect();
        output.document(&json!({ "runs": told, "hasMore": has_more }));
        return Ok(ExitCode::SUCCESS);
    }
    if runs.is_empty() {
        output.note(&nothing(journal, &filter)?);
        return Ok(ExitCode::SUCCESS);
    }
    let sheet = output.sheet(&*machine.host);
    output.text(&table(&runs, filter.install.is_none(), &sheet));
    if has_more {
        let more = sheet.typed(format!("--limit {}", args.limit.saturating_mul(5)));
        output.note(&format!("older runs are not shown; {more} shows more"));
    }
    Ok(ExitCode::SUCCESS)
}

fn told(run: &RunRecord) -> Told<'_> {
    Told {
        run,
        state: State::of(run),
        part_of: None,
    }
}

/// Whether others may have been done in its course.
fn has_parts(run: &RunRecord) -> bool {
    use Operation::{Rehearse, Rollback, Upgrade};
    matches!(run.operation, Upgrade | Rollback | Rehearse)
}

/// Whether a run was done in the course of another one: by the same process, meanwhile.
fn is_part(run: &RunRecord, whole: &RunRecord) -> bool {
    let is_over = |end| run.started_at > end;
    run.id != whole.id
        && run.holder == whole.holder
        && run.started_at >= whole.started_at
        && !whole.ended_at.is_some_and(is_over)
}

/// The id of the install whose runs are told; `None` for all. Where no install is left to be found,
/// what was done to it is what one looks for.
fn whose(machine: &Machine, args: &HistoryArgs, output: &Output) -> Result<Option<String>> {
    if args.all_installs {
        return Ok(None);
    }
    match machine.install() {
        Ok(install) => Ok(Some(install.id())),
        Err(LocateError::NotFound { .. }) if !machine.names_an_install() => {
            output.note("no OpenClaw was found; told are the runs of all installs");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Why there is nothing to tell.
fn nothing(journal: Option<&Journal>, filter: &Filter) -> Result<String, JournalError> {
    let any = Filter {
        limit: Some(1),
        ..Filter::default()
    };
    let is_empty = match journal {
        None => true,
        Some(journal) => journal.runs(&any)?.is_empty(),
    };
    Ok(match (&filter.operation, &filter.install) {
        _ if is_empty => "nothing has been done yet".to_owned(),
        (Some(Operation::Other(_)), _) => {
            let known = Operation::KNOWN.map(|known| known.to_string()).join(", ");
            format!("no run did that; what is known: {known}")
        }
        (Some(_), _) => "no run did that".to_owned(),
        (None, _) => {
            "nothing has been done to this install yet; --all-installs tells of others".to_owned()
        }
    })
}

fn table(runs: &[&RunRecord], with_install: bool, sheet: &Sheet) -> String {
    let mut table = Table::new([
        Column::left("RUN").ink(Ink::Strong),
        Column::left("WHEN"),
        Column::right("TOOK"),
        Column::left("OPERATION"),
        Column::left("SUBJECT").gives_way(),
        Column::left("OUTCOME"),
        Column::left("WHY").gives_way().ink(Ink::Attention),
        Column::left("INSTALL").ink(Ink::Dim),
    ]);
    // Elsewhere a run's own page says why.
    let is_wide = sheet.width.is_none_or(|width| width >= WIDE);
    for run in runs {
        let why = run.error.as_deref().filter(|_| is_wide);
        let install = run.install.as_deref().filter(|_| with_install);
        table.row([
            short(&run.id),
            sheet.short(run.started_at),
            took(run).unwrap_or_default(),
            run.operation.to_string(),
            render::line(&run.subject),
            became(run),
            why.map(render::line).unwrap_or_default(),
            install.map(render::line).unwrap_or_default(),
        ]);
    }
    table.draw(sheet)
}

fn short(id: &RunId) -> String {
    let digits = id.as_str().trim_start_matches(RunId::PREFIX);
    digits.chars().take(SHORT).collect()
}

/// How a run ended, or where it stands.
fn became(run: &RunRecord) -> String {
    match (run.outcome, State::of(run)) {
        (Some(outcome), _) => outcome.name().replace('-', " "),
        (None, State::CutShort) => "cut short".to_owned(),
        (None, _) => "under way".to_owned(),
    }
}

/// How long it took; nothing as long as it has not ended, or if the clock was set back meanwhile.
fn took(run: &RunRecord) -> Option<String> {
    let time = run.ended_at?.duration_since(run.started_at);
    Duration::try_from(time).ok().map(render::took)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(outcome: Option<&str>) -> RunRecord {
        RunRecord {
            id: RunId::from_bits(0x3f2a_91bc_0000_0000),
            operation: Operation::Restore,
            install: None,
            subject: "x".to_owned(),
            actor: "me".to_owned(),
            started_at: "2026-11-20T00:00:10Z".parse().unwrap(),
            ended_at: outcome.map(|_| "2026-11-20T00:00:12Z".parse().unwrap()),
            outcome: outcome.map(|outcome| outcome.parse().unwrap()),
            error: None,
            holder: "4194999 1 another-boot".to_owned(),
        }
    }

    #[test]
    fn a_run_is_told_by_where_it_stands() {
        let ended = record(Some("rolled-back"));
        assert_eq!(became(&ended), "rolled back");
        assert_eq!(took(&ended).as_deref(), Some("2.00 s"));
        assert_eq!(short(&ended.id), "3f2a91bc");
        assert_eq!(became(&record(None)), "cut short");
        let mut alive = record(None);
        alive.holder = exuvia_host::disk::Holder::current().to_string();
        assert_eq!(became(&alive), "under way");
        assert_eq!(took(&alive), None);
    }

    #[test]
    fn what_the_same_process_did_meanwhile_is_a_part() {
        let whole = record(Some("done"));
        let mut part = record(Some("done"));
        part.id = RunId::from_bits(1);
        assert!(is_part(&part, &whole));
        assert!(!is_part(&whole, &whole));
        part.started_at = "2026-11-20T00:00:13Z".parse().unwrap();
        assert!(!is_part(&part, &whole), "it was over");
        part.started_at = whole.started_at;
        part.holder = "1 1 another-boot".to_owned();
        assert!(!is_part(&part, &whole), "somebody else did it");
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_negative_time() {
        let mut run = record(Some("done"));
        run.ended_at = Some("2020-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(took(&run), None);
    }
}
