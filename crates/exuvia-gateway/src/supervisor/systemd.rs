//! systemd, through `systemctl`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use exuvia_host::process::Seen;
use exuvia_host::{Command, Host, Links};
use exuvia_model::restart::{Manner, Supervisor};

use super::{Overseer, SupervisorError, run};

const SYSTEMCTL: &str = "systemctl";
/// What polkit calls starting and stopping system units.
const MANAGE: &str = "org.freedesktop.systemd1.manage-units";
/// How long a question may take.
const PATIENCE: Duration = Duration::from_secs(15);
const MAX_OUTPUT: usize = 64 * 1024;
/// Is there exactly where systemd is the system's first process (`sd_booted(3)`).
const BOOTED: &str = "/run/systemd/system";
/// Where system units of the administrator lie.
const SYSTEM_UNITS: &str = "/etc/systemd/system";

/// A unit, and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) is_user: bool,
}

/// What systemd says of a unit.
#[derive(Debug)]
pub(super) enum Told {
    /// It knows the unit.
    Loaded { main_pid: u32, can_start: bool },
    /// It does not.
    NotLoaded { state: String },
    /// There is no systemd here.
    NoSystemd,
    /// It did not answer.
    Silent { why: String },
}

impl Unit {
    /// The unit of which this is the file.
    pub(super) fn of(file: &Path) -> Option<Self> {
        let name = file.file_name()?.to_str()?;
        name.ends_with(".service").then(|| Self {
            name: name.to_owned(),
            is_user: !file.starts_with(SYSTEM_UNITS),
        })
    }

    pub(super) fn supervisor(&self) -> Supervisor {
        let unit = self.name.clone();
        if self.is_user {
            Supervisor::SystemdUser { unit }
        } else {
            Supervisor::SystemdSystem { unit }
        }
    }

    /// Whether a process is its main one, or one of its control group.
    pub(super) fn holds(&self, main_pid: u32, seen: &Seen) -> bool {
        let suffix = format!("/{}", self.name);
        let within = |cgroup: &String| cgroup.ends_with(&suffix);
        seen.id.pid == main_pid || seen.cgroup.as_ref().is_some_and(within)
    }

    /// Who this process is, where it may not tell the unit's manager what to do as far as can be
    /// told: that of the system heeds root, and whom polkit lets.
    pub(super) async fn heeds_not(&self, host: &Arc<dyn Host>) -> Option<u32> {
        let user = own_user(host.as_ref()).filter(|user| !self.is_user && *user != 0)?;
        let own = std::process::id().to_string();
        let check = Command::new("pkcheck")
            .args(["--action-id", MANAGE, "--process", own.as_str()])
            .timeout(PATIENCE)
            .max_output(MAX_OUTPUT);
        let is_let = run(host, check)
            .await
            .is_ok_and(|output| output.status.success());
        (!is_let).then_some(user)
    }

    pub(super) async fn ask(&self, host: &Arc<dyn Host>) -> Told {
        let command = reaching(host.as_ref(), SYSTEMCTL, self.is_user)
            .args(["show", self.name.as_str()])
            .args(["-p", "MainPID,ActiveState,LoadState,CanStart"])
            .timeout(PATIENCE)
            .max_output(MAX_OUTPUT);
        let why = match run(host, command).await {
            Ok(output) if output.status.success() => {
                return told(&String::from_utf8_lossy(&output.stdout));
            }
            Ok(output) => output.last_words(),
            Err(error) => error.to_string(),
        };
        match host.metadata(Path::new(BOOTED), Links::Follow) {
            Err(error) if error.is_not_found() => Told::NoSystemd,
            _ => Told::Silent { why },
        }
    }
}

/// A program that speaks with systemd, and where the user's own is found when nobody said so, as in
/// a job of cron.
pub(crate) fn reaching(host: &dyn Host, program: &str, is_user: bool) -> Command {
    let command = Command::new(program);
    if !is_user {
        return command;
    }
    let command = command.arg("--user");
    if host.env("XDG_RUNTIME_DIR").is_some() {
        return command;
    }
    let dir = own_user(host).map(|user| PathBuf::from(format!("/run/user/{user}")));
    match dir {
        Some(dir) if host.metadata(&dir, Links::Follow).is_ok() => {
            command.env("XDG_RUNTIME_DIR", dir)
        }
        _ => command,
    }
}

fn own_user(host: &dyn Host) -> Option<u32> {
    let own = host.metadata(Path::new("/proc/self"), Links::Follow);
    own.ok().map(|meta| meta.owner)
}

fn told(answer: &str) -> Told {
    let said: BTreeMap<&str, &str> = answer
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let get = |name| said.get(name).copied().unwrap_or_default();
    if get("LoadState") != "loaded" {
        let state = get("LoadState").to_owned();
        return Told::NotLoaded { state };
    }
    Told::Loaded {
        main_pid: get("MainPID").parse().unwrap_or(0),
        can_start: get("CanStart") == "yes",
    }
}

impl Overseer {
    fn unit(&self) -> Option<(&str, bool)> {
        match &self.supervisor {
            Supervisor::SystemdUser { unit } => Some((unit, true)),
            Supervisor::SystemdSystem { unit } => Some((unit, false)),
            _ => None,
        }
    }

    /// `systemctl [--user] WORDS UNIT`.
    pub(super) async fn systemctl<const N: usize>(
        &self,
        words: [&str; N],
        within: Duration,
    ) -> Result<(), SupervisorError> {
        let Some((unit, is_user)) = self.unit() else {
            return Err(self.out_of_reach());
        };
        let command = reaching(self.host.as_ref(), SYSTEMCTL, is_user)
            .args(words)
            .arg(unit)
            .timeout(within)
            .max_output(MAX_OUTPUT);
        let scope = if is_user { " --user" } else { "" };
        let told = format!("systemctl{scope} {} {unit}", words.join(" "));
        self.order(command, &told).await
    }

    pub(super) async fn systemd_restarts(
        &self,
        manner: Manner,
        within: Duration,
    ) -> Result<(), SupervisorError> {
        if manner == Manner::Killed {
            // A unit without processes has none to kill; the restart says whether all is well.
            match self.systemctl(["kill", "-s", "SIGKILL"], within).await {
                Ok(()) | Err(SupervisorError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.systemctl(["restart"], within).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_says_of_a_unit_is_read() {
        let answer = "MainPID=42\nActiveState=active\nLoadState=loaded\nCanStart=yes\n";
        assert!(matches!(
            told(answer),
            Told::Loaded {
                main_pid: 42,
                can_start: true
            }
        ));
        for other in ["LoadState=not-found\n", "", "\u{1b}[2J", "LoadState=masked"] {
            assert!(matches!(told(other), Told::NotLoaded { .. }), "{other}");
        }
    }

    #[test]
    fn a_unit_is_the_users_unless_it_lies_with_the_systems() {
        let user = Unit::of(Path::new("/home/me/.config/systemd/user/a.service")).unwrap();
        assert!(user.is_user && user.name == "a.service");
        assert!(
            !Unit::of(Path::new("/etc/systemd/system/a.service"))
                .unwrap()
                .is_user
        );
        assert!(Unit::of(Path::new("/x/a.plist")).is_none());
    }
}
