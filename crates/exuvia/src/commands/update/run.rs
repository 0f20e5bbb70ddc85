//! `exuvia update run`: puts into force the package that is in place.

use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use exuvia_gateway::restart::{Ask, RestartError, Restarts};
use exuvia_model::Version;
use exuvia_model::install::PackageManager;
use exuvia_model::restart::{Kind, Millis, SessionKey, UpdateResult};
use exuvia_model::sentinel::Note;

use crate::commands::restart::{Patience, actor, carry_out, expected, restarts};
use crate::exit::{Blocked, Usage};
use crate::output::Output;
use crate::session::Machine;

const EXAMPLES: &str = "\
Examples:
  exuvia update run --note \"MARK done\"       asked by an agent: its session is told afterwards
  exuvia update run --note \"MARK done\" --session-key agent:main:main
  exuvia update run --target 2026.9.6        refused unless that is the version in place
  exuvia update status                       what came of it

It installs nothing yet: it restarts the gateway into the package that is in place, at once where
that is a package of npm, when no work is pending where it is a git checkout.
Exit codes: 0 the gateway runs it and says so, 1 it does not, 3 refused and nothing was changed,
75 carried on by a process outside of the gateway";

/// Restart the gateway into the package that is in place
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArgs {
    /// What the session that asks is told afterwards, once
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The session that is told, by its key; the one that is at work, where an agent asks
    #[arg(long, value_name = "KEY")]
    session_key: Option<String>,
    /// Wait this long before; nothing where a package was replaced
    #[arg(long, value_name = "MS", default_value_t = 0)]
    restart_delay_ms: u64,
    /// The version that must be in place
    #[arg(long, value_name = "VERSION")]
    target: Option<Version>,
}

pub(super) async fn run(machine: Machine, args: RunArgs, output: &Output) -> Result<ExitCode> {
    let restarts = restarts(&machine)?;
    let expected = in_place(&machine, args.target.as_ref())?;
    let result = match machine.install()?.package_manager {
        PackageManager::Git => UpdateResult::CheckedOut,
        _ => UpdateResult::Swapped,
    };
    let note = note(args.note.as_deref())?;
    let session = match session(args.session_key.as_deref())? {
        None if note.is_some() => Some(asking(&restarts).await?),
        named => named,
    };
    let ask = Ask {
        kind: Kind::Upgrade,
        reason: "update.run".to_owned(),
        actor: actor(&*machine.host),
        force: false,
        delay: Millis::new(args.restart_delay_ms),
        patience: None,
        session,
        note,
        expected,
    };
    let ask = ask
        .after(result)
        .ok_or_else(|| anyhow!("no restart follows on this update"))?;
    output.note(&format!(
        "nothing is installed: the gateway is restarted into {}, which is in place",
        ask.expected
    ));
    carry_out(&restarts, ask, Patience::UntilItIsOver, output).await
}

fn in_place(machine: &Machine, target: Option<&Version>) -> Result<Version> {
    let found = expected(machine)?;
    match target {
        Some(target) if *target != found => bail!(Blocked(format!(
            "{target} is wanted and {found} is in place; install it first, `update run` does not \
             yet; nothing was changed"
        ))),
        _ => Ok(found),
    }
}

fn session(key: Option<&str>) -> Result<Option<SessionKey>> {
    let key = key.map(str::parse).transpose();
    key.map_err(|error: exuvia_model::restart::NotASessionKey| anyhow!(Usage(error.to_string())))
}

/// The session whose agent runs this. That nobody can restart the gateway is told before it.
async fn asking(restarts: &Restarts) -> Result<SessionKey, RestartError> {
    restarts.restartability().await.supervisor()?;
    restarts.asking_session().await
}

fn note(text: Option<&str>) -> Result<Option<Note>> {
    let note = text.map(Note::new).transpose();
    note.map_err(|error| anyhow!(Usage(error.to_string())))
}
