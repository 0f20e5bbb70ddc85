//! Running git so that it asks nobody, runs nothing and changes nothing beside.

use std::time::Duration;

use exuvia_host::{Command, Host, Output};

use super::Git;
use super::address::Address;
use crate::{SourceError, redact};

/// Variables of the environment that are about how the network is reached or which configuration
/// holds. All others that begin with `GIT_` (and those below in any case) would point git at
/// another repository than the one that is meant.
const KEPT: [&str; 12] = [
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_CERT",
    "GIT_SSL_KEY",
    "GIT_SSL_VERSION",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_PROXY_COMMAND",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
];
const DROPPED: [&str; 16] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_ATTR_SOURCE",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_EXTERNAL_DIFF",
    "GIT_TRACE",
    "GIT_QUARANTINE_PATH",
];

/// Settings that hold whatever a repository's own configuration says: nothing in it may start a
/// program, and no reading may begin a clean-up.
const SETTINGS: [&str; 9] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "protocol.ext.allow=never",
    "protocol.fd.allow=never",
    "log.showSignature=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.alternateRefsCommand=",
];

const NEAR: Duration = Duration::from_mins(1);
const FAR: Duration = Duration::from_mins(3);

impl Git {
    /// git, on this machine alone.
    pub(super) fn near(&self) -> Command {
        let mut command = Command::new("git").timeout(NEAR).arg("--no-pager");
        for setting in SETTINGS {
            command = command.arg("-c").arg(setting);
        }
        for name in DROPPED {
            command = command.env_remove(name);
        }
        for (name, value) in self.host.env_with_prefix("GIT_") {
            command = if KEPT.contains(&name.as_str()) {
                command.env(name, value)
            } else {
                command.env_remove(name)
            };
        }
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            // A repository with parts left out would fetch them, unasked.
            .env("GIT_NO_LAZY_FETCH", "1")
            // Replacement objects would show another history than the one that is there.
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            // Empty, not unset: nobody is asked for a password in a window either.
            .env("GIT_ASKPASS", "")
            .env("LC_ALL", "C")
    }

    /// git, asking a remote.
    pub(super) fn far(&self, address: &Address) -> Command {
        let command = self.near().timeout(FAR);
        let is_chosen = ["GIT_SSH_COMMAND", "GIT_SSH"]
            .iter()
            .any(|name| self.host.env(name).is_some());
        if !address.is_ssh() || is_chosen || self.has_ssh_command() {
            return command;
        }
        // ssh would ask for a passphrase on the terminal and wait for ever.
        command.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    }

    /// Whether the user's own configuration says how to call ssh.
    fn has_ssh_command(&self) -> bool {
        let ask = self
            .near()
            .directory("/")
            .args(["config", "--get", "core.sshCommand"]);
        self.host
            .run(&ask)
            .is_ok_and(|output| output.status.success())
    }

    /// Runs it. Anything but success is an error with git's last words.
    pub(super) fn run(&self, name: &str, command: &Command) -> Result<Output, SourceError> {
        let output = self.attempt(name, command)?;
        if output.status.success() {
            return Ok(output);
        }
        Err(failed(name, &words(&output)))
    }

    /// Runs it, whatever it answers.
    pub(super) fn attempt(&self, name: &str, command: &Command) -> Result<Output, SourceError> {
        self.host.run(command).map_err(|error| {
            if error.is_not_found() {
                failed(name, "git was not found; install it")
            } else {
                failed(name, &error.source.to_string())
            }
        })
    }
}

/// What git says went wrong: its first `fatal:` line, which advice may follow, else its last words.
fn words(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let fatal = said.lines().find_map(|line| line.strip_prefix("fatal: "));
    let words = fatal.map_or_else(|| output.last_words(), ToOwned::to_owned);
    if words.is_empty() {
        format!("it ended with {}", output.status)
    } else {
        words
    }
}

pub(super) fn failed(name: &str, reason: &str) -> SourceError {
    SourceError::Git {
        command: name.to_owned(),
        reason: redact::text(reason),
    }
}

/// Whether there is such a directory; git's own message about one that is missing is puzzling.
pub(super) fn exists(host: &dyn Host, path: &std::path::Path) -> bool {
    host.metadata(path, exuvia_host::Links::Follow).is_ok()
}
