//! Carrying a restart on outside of the gateway that it ends.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use exuvia_host::Command;
use exuvia_host::process::{Ending, Processes, Seen, Sink};
use exuvia_model::restart::{RequestId, Restartability, Supervisor};
use tokio::time::{Instant, sleep};

use super::{Carrier, RestartError, Restarts};
use crate::supervisor::reaching;

/// How long the carrier may take to begin.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);
/// What of OpenClaw's environment says where an install is and how it is opened. The rest is about
/// the one process that was given it.
const KEPT: [&str; 7] = [
    "OPENCLAW_STATE_DIR",
    "OPENCLAW_CONFIG_PATH",
    "OPENCLAW_PROFILE",
    "OPENCLAW_HOME",
    "OPENCLAW_GATEWAY_PORT",
    "OPENCLAW_GATEWAY_TOKEN",
    "OPENCLAW_GATEWAY_PASSWORD",
];
/// What else a gateway's child has that would mislead a process outside: the keeper's mark, by
/// which it would be taken for the gateway, and what systemd and Node say to one process.
const DROPPED: [&str; 10] = [
    crate::keeper::MARK,
    "NODE_OPTIONS",
    "NODE_CHANNEL_FD",
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "LISTEN_PID",
    "LISTEN_FDS",
];

/// How a process is part of what ends with the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// The gateway started it, or something that the gateway started did.
    Descendant,
    /// It is in the gateway's session.
    Session,
    /// It is in the gateway's control group.
    ControlGroup,
}

impl Restarts {
    /// Whether this process would end with the gateway that runs now.
    pub async fn inside(&self) -> Option<Inside> {
        let presence = self.presence();
        let gateway = presence.process()?;
        let restartability = self.detect(&presence).await;
        inside(&self.processes, gateway, is_systemd(&restartability))
    }

    /// Has a process outside of the gateway carry on what was asked, and returns once it does.
    pub async fn hand_over(&self, run: &RequestId) -> Result<(), RestartError> {
        let arguments = &self.options.carrier.arguments;
        self.hand_over_to(arguments, run, &self.lock_file()).await
    }

    /// The same for what these arguments carry on: they have begun once they hold this lock.
    pub async fn hand_over_to(
        &self,
        arguments: &[OsString],
        run: &RequestId,
        lock: &Path,
    ) -> Result<(), RestartError> {
        self.host.create_private_dir(&self.home.logs())?;
        let carrier = Carrier {
            program: self.options.carrier.program.clone(),
            arguments: arguments.to_owned(),
        };
        if let Some(scope) = self.scope_of_its_own(run, &carrier).await
            && self.begins(scope, run, lock).await.is_ok()
        {
            return Ok(());
        }
        let alone = Command::new(&carrier.program).args(carrier.arguments.iter().cloned());
        self.begins(alone, run, lock).await
    }

    /// The same in a scope of its own, where systemd would end it with the gateway's unit.
    async fn scope_of_its_own(&self, run: &RequestId, carrier: &Carrier) -> Option<Command> {
        let found = self.restartability().await;
        let is_user = match found.supervisor().ok()? {
            Supervisor::SystemdUser { .. } => true,
            Supervisor::SystemdSystem { .. } => false,
            _ => return None,
        };
        let words = ["--scope", "--collect", "--quiet"];
        let unit = format!("--unit=exuvia-restart-{run}");
        let scope = reaching(self.host.as_ref(), "systemd-run", is_user);
        let scope = scope.args(words).arg(unit);
        let scope = scope.arg("--").arg(&carrier.program);
        Some(scope.args(carrier.arguments.iter().cloned()))
    }

    async fn begins(
        &self,
        carrier: Command,
        run: &RequestId,
        lock: &Path,
    ) -> Result<(), RestartError> {
        let not_carried = |why: String| RestartError::NotCarried {
            run: run.clone(),
            why,
        };
        let carrier = self.outside(carrier);
        let mut child = self.processes.spawn(&carrier, &Sink::Append(self.log()))?;
        let end = Instant::now() + PATIENCE;
        loop {
            if self.host.try_lock(lock)?.is_none() {
                return Ok(());
            }
            match child.ended()? {
                Some(Ending::Exit(0)) => return Ok(()),
                Some(ending) => {
                    let log = self.log();
                    let why = format!("its process ended ({ending:?}); see {}", log.display());
                    return Err(not_carried(why));
                }
                None if Instant::now() >= end => {
                    return Err(not_carried("its process does not begin".to_owned()));
                }
                None => sleep(LOOK).await,
            }
        }
    }

    /// A command without what the environment says of the gateway.
    pub(super) fn outside(&self, command: Command) -> Command {
        let mut command = command;
        for (name, _) in self.host.env_with_prefix("OPENCLAW_") {
            if !KEPT.contains(&name.as_str()) {
                command = command.env_remove(name);
            }
        }
        DROPPED.into_iter().fold(command, Command::env_remove)
    }
}

fn is_systemd(found: &Restartability) -> bool {
    matches!(
        found,
        Restartability::By {
            supervisor: Supervisor::SystemdUser { .. } | Supervisor::SystemdSystem { .. }
        }
    )
}

/// A control group counts where systemd ends it with its unit.
fn inside(processes: &Processes, gateway: &Seen, by_group: bool) -> Option<Inside> {
    let ancestors = processes.ancestors();
    if ancestors.iter().any(|seen| seen.id == gateway.id) {
        return Some(Inside::Descendant);
    }
    let own = processes.find(std::process::id())?;
    if own.session == gateway.session {
        return Some(Inside::Session);
    }
    let group = gateway.cgroup.as_deref().filter(|group| *group != "/");
    (by_group && group.is_some() && own.cgroup.as_deref() == group).then_some(Inside::ControlGroup)
}
