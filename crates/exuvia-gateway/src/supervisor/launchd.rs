//! launchd, through `launchctl`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::{Command, Host, Links};
use exuvia_model::restart::Manner;
use exuvia_openclaw::Install;

use super::{Overseer, SupervisorError, run};

const PATIENCE: Duration = Duration::from_secs(15);
const MAX_OUTPUT: usize = 256 * 1024;
/// Where the property lists of the system's own domain lie.
const SYSTEM_DAEMONS: &str = "/Library/LaunchDaemons";

/// What launchd says of an agent.
#[derive(Debug)]
pub(super) enum Told {
    /// It is loaded; its process, while one runs.
    Loaded { pid: Option<u32> },
    /// It is not loaded, or there is no launchd.
    NotLoaded { why: String },
}

/// The label of which this is the property list: OpenClaw names the file after it.
pub(super) fn label(file: &Path) -> Option<String> {
    if file.extension()? != "plist" {
        return None;
    }
    Some(file.file_stem()?.to_str()?.to_owned())
}

/// `gui/UID` or `system`.
fn domain(host: &dyn Host, install: &Install) -> String {
    let file = install.service.as_deref();
    if file.is_some_and(|file| file.starts_with(SYSTEM_DAEMONS)) {
        return "system".to_owned();
    }
    // Whose install it is: the owner of the account's home.
    let owner = host.metadata(&install.os_home, Links::Follow);
    format!("gui/{}", owner.map_or(0, |meta| meta.owner))
}

pub(super) async fn ask(host: &Arc<dyn Host>, install: &Install, label: &str) -> Told {
    let target = format!("{}/{label}", domain(host.as_ref(), install));
    let command = Command::new("launchctl")
        .args(["print", target.as_str()])
        .timeout(PATIENCE)
        .max_output(MAX_OUTPUT);
    match run(host, command).await {
        Ok(output) if output.status.success() => Told::Loaded {
            pid: pid(&String::from_utf8_lossy(&output.stdout)),
        },
        Ok(output) => Told::NotLoaded {
            why: output.last_words(),
        },
        Err(error) => Told::NotLoaded {
            why: error.to_string(),
        },
    }
}

/// `pid = 123`, among much else.
fn pid(printed: &str) -> Option<u32> {
    let mut lines = printed.lines().map(str::trim);
    lines.find_map(|line| line.strip_prefix("pid = ")?.trim().parse().ok())
}

impl Overseer {
    async fn launchctl(&self, words: &[&str], within: Duration) -> Result<(), SupervisorError> {
        let command = Command::new("launchctl")
            .args(words.iter().copied())
            .timeout(within)
            .max_output(MAX_OUTPUT);
        let told = format!("launchctl {}", words.join(" "));
        self.order(command, &told).await
    }

    fn launchd_domain(&self) -> String {
        domain(self.host.as_ref(), &self.install)
    }

    /// Loads the agent, which starts it; one that is loaded is started.
    pub(super) async fn launchd_starts(
        &self,
        label: &str,
        within: Duration,
    ) -> Result<(), SupervisorError> {
        let domain = self.launchd_domain();
        let file = self.install.service.as_deref();
        let is_loaded = ask(&self.host, &self.install, label).await;
        if let (Told::NotLoaded { .. }, Some(file)) = (is_loaded, file) {
            let file = file.to_string_lossy();
            return self.launchctl(&["bootstrap", &domain, &file], within).await;
        }
        let target = format!("{domain}/{label}");
        self.launchctl(&["kickstart", &target], within).await
    }

    /// Unloads the agent: one that is only killed is started again (`KeepAlive`).
    pub(super) async fn launchd_stops(
        &self,
        label: &str,
        within: Duration,
    ) -> Result<(), SupervisorError> {
        let target = format!("{}/{label}", self.launchd_domain());
        self.launchctl(&["bootout", &target], within).await
    }

    pub(super) async fn launchd_restarts(
        &self,
        label: &str,
        manner: Manner,
        within: Duration,
    ) -> Result<(), SupervisorError> {
        let target = format!("{}/{label}", self.launchd_domain());
        if manner == Manner::Killed {
            // An agent without a process has none to kill; the restart says whether all is well.
            match self.launchctl(&["kill", "SIGKILL", &target], within).await {
                Ok(()) | Err(SupervisorError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.launchctl(&["kickstart", "-k", &target], within).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_of_an_agent_is_read() {
        let printed = "gui/501/ai.openclaw.gateway = {\n\tstate = running\n\tpid = 77\n}\n";
        assert_eq!(pid(printed), Some(77));
        assert_eq!(pid("state = not running\npid = many"), None);
        assert_eq!(label(Path::new("/a/ai.x.plist")).unwrap(), "ai.x");
        assert_eq!(label(Path::new("/a/x.service")), None);
    }
}
