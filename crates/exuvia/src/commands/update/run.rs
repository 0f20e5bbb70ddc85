//! `exuvia update run`: upgrades what is selected, or puts into force the package that is in place.

use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use exuvia_gateway::restart::{Ask, RestartError, Restarts};
use exuvia_model::Version;
use exuvia_model::install::PackageManager;
use exuvia_model::restart::{Kind, Millis, SessionKey, UpdateResult};
use exuvia_model::sentinel::Note;

use super::upgrade;
use crate::commands::restart::{Patience, actor, carry_out, expected, restarts};
use crate::commands::upgrade::Choice;
use crate::exit::{Blocked, Usage};
use crate::output::Output;
use crate::session::Machine;

/// What `update status` says that it was.
pub(super) const REASON: &str = "update.run";

const EXAMPLES: &str = "\
Examples:
  exuvia update run 1 --report rep_0123456789abcdef --note \"MARK done\"
                                             upgrades entry 1; the session that asks is told
  exuvia update run --note \"MARK done\"       restarts into the package that is in place
  exuvia update run --note \"MARK done\" --session-key agent:main:main
  exuvia update run --target 2026.9.6        refused unless that is the version it comes to
  exuvia update status                       what came of it

With a selection it is `exuvia upgrade`, which may be asked for from inside of the gateway. Without
one it installs nothing: it restarts the gateway into the package that is in place, at once where
that is a package of npm, when no work is pending where it is a git checkout.
Exit codes: 0 the gateway runs it and says so, 1 it does not, 3 refused and nothing was changed,
4 it failed and was put back, 5 the way back failed too, 75 carried on by a process outside of the
gateway";

/// Upgrade what is selected, or restart the gateway into the package that is in place
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    choice: Choice,
    /// What the session that asks is told afterwards, once
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The session that is told, by its key; the one that is at work, where an agent asks
    #[arg(long, value_name = "KEY")]
    session_key: Option<String>,
    /// Wait this long before; nothing where a package was replaced
    #[arg(long, value_name = "MS", default_value_t = 0)]
    restart_delay_ms: u64,
    /// The version that must be selected, or in place
    #[arg(long, value_name = "VERSION")]
    target: Option<Version>,
}

pub(super) async fn run(machine: Machine, args: RunArgs, output: &Output) -> Result<ExitCode> {
    let note = note(args.note.as_deref())?;
    let session = session(args.session_key.as_deref())?;
    if !args.choice.reply.is_empty() {
        let asker = Asker { note, session };
        let target = args.target.as_ref();
        return upgrade::run(machine, &args.choice, target, asker, output).await;
    }
    let restarts = restarts(&machine)?;
    let expected = in_place(&machine, args.target.as_ref())?;
    let result = match machine.install()?.package_manager {
        PackageManager::Git => UpdateResult::CheckedOut,
        _ => UpdateResult::Swapped,
    };
    let Asker { note, session } = Asker { note, session }.found(&restarts).await?;
    let ask = Ask {
        kind: Kind::Upgrade,
        reason: REASON.to_owned(),
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
            "{target} is wanted and {found} is in place; select it from a report: `exuvia check`, \
             then `exuvia update run` with its number; nothing was changed"
        ))),
        _ => Ok(found),
    }
}

fn session(key: Option<&str>) -> Result<Option<SessionKey>> {
    let key = key.map(str::parse).transpose();
    key.map_err(|error: exuvia_model::restart::NotASessionKey| anyhow!(Usage(error.to_string())))
}

/// Who asks, and what they are told afterwards.
pub(super) struct Asker {
    pub(super) note: Option<Note>,
    pub(super) session: Option<SessionKey>,
}

impl Asker {
    /// With the session whose agent runs this, where there is something to tell and nobody is
    /// named. That nobody can restart the gateway is told before it.
    pub(super) async fn found(self, restarts: &Restarts) -> Result<Self, RestartError> {
        if self.note.is_none() || self.session.is_some() {
            return Ok(self);
        }
        restarts.restartability().await.supervisor()?;
        let session = Some(restarts.asking_session().await?);
        Ok(Self { session, ..self })
    }
}

fn note(text: Option<&str>) -> Result<Option<Note>> {
    let note = text.map(Note::new).transpose();
    note.map_err(|error| anyhow!(Usage(error.to_string())))
}
