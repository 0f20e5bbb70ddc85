//! `exuvia status`: whether the gateway works, on one screen.

mod document;
mod look;
mod screen;
mod waiting;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::exit;
use crate::output::Output;
use crate::session::Machine;

pub(super) use document::document;
pub(super) use look::Look;
pub(super) use screen::{answer, headline};
use waiting::wait_for;

pub(crate) const EXAMPLES: &str = "\
Examples:
  exuvia status                 does the gateway work?
  exuvia status --wait 120      it was just started: wait until it is up, then look
  exuvia status --watch         again every 2 s, until Ctrl-C
  exuvia doctor                 what to do about what does not work

Exit codes: 0 every required probe passed, 1 one failed or gave no answer";

/// How often a watched gateway is looked at.
const PAUSE: Duration = Duration::from_secs(2);
/// After how many looks OpenClaw's own checks are asked again, which take seconds.
const LOOKS: u32 = 30;
/// Goes to the upper left corner and takes away what is below.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Look again every 2 s; with --json, one document a line
    #[arg(long)]
    watch: bool,
    /// Wait this long for a gateway that is starting
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// List what the gateway has: plugins, skills, cron jobs, sessions, channels
    #[arg(long)]
    vitals: bool,
    /// Ask the gateway only, and not OpenClaw's own checks: a rehearsal has asked them
    #[arg(long, hide = true)]
    without_checks: bool,
}

pub(super) async fn run(machine: &Machine, args: &StatusArgs, output: &Output) -> Result<ExitCode> {
    let wait = args.wait.map(Duration::from_secs);
    let mut look = look(machine, wait, !args.without_checks, output).await?;
    if args.watch {
        return watch(machine, &mut look, args, output).await;
    }
    if output.json() {
        output.document(&document(&look, args.vitals));
    } else {
        output.text(&screen::screen(&look, args.vitals, &sheet(machine, output)));
    }
    Ok(code(&look))
}

/// Looks for the first time, and says that it does; `whole` asks OpenClaw's own checks, too.
pub(super) async fn look(
    machine: &Machine,
    wait: Option<Duration>,
    whole: bool,
    output: &Output,
) -> Result<Look> {
    let words = match wait {
        Some(_) => "Waiting for the gateway, then asking it",
        None => "Asking the gateway, and OpenClaw's own checks",
    };
    let examiner = Look::examiner(machine)?;
    let course = examiner.course();
    let looking = Look::open(machine, examiner, wait, whole);
    wait_for(words, &course, output, looking).await
}

/// Never ends by itself.
async fn watch(
    machine: &Machine,
    look: &mut Look,
    args: &StatusArgs,
    output: &Output,
) -> Result<ExitCode> {
    let clear = if std::io::stdout().is_terminal() {
        CLEAR
    } else {
        ""
    };
    for number in 1_u32.. {
        if output.json() {
            output.text(&serde_json::to_string(&document(look, args.vitals))?);
        } else {
            let screen = screen::screen(look, args.vitals, &sheet(machine, output));
            output.text(&format!("{clear}{screen}"));
        }
        tokio::time::sleep(PAUSE).await;
        look.again(number.is_multiple_of(LOOKS)).await;
    }
    Ok(code(look))
}

fn sheet(machine: &Machine, output: &Output) -> crate::render::Sheet {
    output.sheet(&*machine.host)
}

/// What the verdict means to whoever called.
pub(super) fn code(look: &Look) -> ExitCode {
    if look.verdict.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(exit::ERROR)
    }
}
