//! Programs of the user's that say whether a gateway works.

use std::path::{Path, PathBuf};
use std::time::Duration;

use exuvia_host::{Command, EntryKind, Home, Host, HostError, Links, Output};
use exuvia_model::probe::{Answer, Need, Probe};
use exuvia_model::restart::Millis;
use exuvia_model::text;

use crate::probe::Examiner;

/// How long one may take.
const DEADLINE: Duration = Duration::from_secs(30);
const MAX_PRINTED: usize = 1024 * 1024;
/// What any other user may not have: a right to write.
const OTHERS_WRITE: u32 = 0o022;
/// The user who may do everything anyway.
const ROOT: u32 = 0;
/// What must not reach it: what opens the gateway or a backup.
const SECRETS: [&str; 3] = [
    "OPENCLAW_GATEWAY_TOKEN",
    "OPENCLAW_GATEWAY_PASSWORD",
    "EXUVIA_BACKUP_PASSWORD",
];

/// A program in one of the two directories. It runs without a shell and with nothing but where the
/// install is; exit code 0 is a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Where it lies.
    pub path: PathBuf,
    /// By which directory it is in.
    pub need: Need,
    /// What it is called, or why it is not run.
    name: String,
    objection: Option<String>,
}

/// Those in both directories, each by name. One that may not be run is there too.
pub(super) fn list(host: &dyn Host, home: &Home) -> Result<Vec<Program>, HostError> {
    let probes = home.root().join("probes");
    let mut programs = Vec::new();
    for (name, need) in [("required.d", Need::Required), ("wanted.d", Need::Wanted)] {
        let directory = probes.join(name);
        let entries = match host.read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error),
        };
        for (name, _) in entries {
            let shown = name.to_string_lossy();
            // What an editor leaves behind, and what is put aside.
            if shown.starts_with('.') || shown.ends_with('~') {
                continue;
            }
            let path = directory.join(&name);
            programs.push(Program {
                objection: objection(host, home, &directory, &path),
                name: shown.into_owned(),
                path,
                need,
            });
        }
    }
    Ok(programs)
}

impl Program {
    /// As a probe.
    pub fn probe(&self) -> Probe {
        Probe {
            name: self.name.as_str().into(),
            need: self.need,
            deadline: Millis::from_secs(DEADLINE.as_secs() + 1),
        }
    }

    pub(in crate::probe) async fn ask(&self, examiner: &Examiner) -> Answer {
        if let Some(objection) = &self.objection {
            return Answer::unknown(&format!("{} was not run: {objection}", self.path.display()));
        }
        let command = self.command(examiner);
        let host = examiner.host.clone();
        let ran = tokio::task::spawn_blocking(move || host.run(&command)).await;
        match ran {
            Ok(Ok(output)) => self.answer(&output),
            Ok(Err(error)) => Answer::unknown(&error.to_string()),
            Err(error) => Answer::unknown(&error.to_string()),
        }
    }

    fn command(&self, examiner: &Examiner) -> Command {
        let install = &examiner.install;
        let mut command = Command::new(&self.path)
            .env("EXUVIA_INSTALL", install.id())
            .env("EXUVIA_STATE_DIR", &install.state_dir)
            .timeout(DEADLINE)
            .max_output(MAX_PRINTED);
        if let Some(address) = examiner.address() {
            command = command.env("EXUVIA_GATEWAY_URL", format!("http://{address}"));
        }
        SECRETS.into_iter().fold(command, Command::env_remove)
    }

    fn answer(&self, output: &Output) -> Answer {
        if output.status.success() {
            return Answer::Pass;
        }
        let printed = String::from_utf8_lossy(&output.stdout);
        let last = printed.lines().rev().find(|line| !line.trim().is_empty());
        let last = last.map_or_else(|| output.last_words(), str::to_owned);
        let words = match text::one_line(&last, 300) {
            said if said.is_empty() => format!("it failed and said nothing ({})", output.status),
            said => said,
        };
        let remedy = format!("it is a probe of yours, {}", self.path.display());
        Answer::fail(&words, &remedy)
    }
}

/// Why a program may not be run, if so: somebody else could have put it there.
fn objection(host: &dyn Host, home: &Home, directory: &Path, path: &Path) -> Option<String> {
    let meta = match host.canonicalize(path) {
        Ok(real) => {
            let inside = host.canonicalize(directory);
            if !inside.is_ok_and(|inside| real.parent() == Some(&inside)) {
                return Some("it is a link to somewhere else; put the program itself there".into());
            }
            host.metadata(&real, Links::Refuse)
        }
        Err(error) => return Some(error.source.to_string()),
    };
    let (meta, above) = match (meta, host.metadata(directory, Links::Follow)) {
        (Ok(meta), Ok(above)) => (meta, above),
        (Err(error), _) | (_, Err(error)) => return Some(error.source.to_string()),
    };
    let own = host.metadata(home.root(), Links::Follow).ok()?.owner;
    let is_ours = |owner: u32| owner == own || owner == ROOT;
    if meta.kind != EntryKind::File {
        Some("it is no file".into())
    } else if !meta.is_executable() {
        Some("it is not executable; `chmod +x` makes it that".into())
    } else if (meta.mode | above.mode) & OTHERS_WRITE != 0 {
        Some("others may write to it or its directory; `chmod go-w` both".into())
    } else if !is_ours(meta.owner) || !is_ours(above.owner) {
        Some("it or its directory belongs to another user".into())
    } else {
        None
    }
}
