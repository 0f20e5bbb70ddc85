//! Running the install's own `openclaw`.

use std::ffi::OsString;
use std::path::Path;

use exuvia_host::Command;

use crate::Install;

/// The file that npm links as `openclaw` (`bin` of OpenClaw's package.json).
const ENTRY: &str = "openclaw.mjs";

/// Why an install's `openclaw` cannot be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotInvoke {
    /// There is a state directory and no package.
    #[error(
        "no OpenClaw package was found for this install; name one with --install, or install it \
         with npm i -g openclaw"
    )]
    NoPackage,
    /// There is a package and nothing to run it with.
    #[error("no Node was found to run OpenClaw with; put `node` on the PATH")]
    NoNode,
}

impl Install {
    /// A command of this install's `openclaw`, run by the Node that its gateway is run by, without
    /// a shell. Where the install lies is told by the environment, so that it reaches what
    /// `openclaw` starts in turn (`src/config/paths.ts`).
    pub fn openclaw<A: Into<OsString>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Command, CannotInvoke> {
        let package = self.package_root.as_deref();
        self.openclaw_of(package.ok_or(CannotInvoke::NoPackage)?, arguments)
    }

    /// The same with another package tree.
    pub fn openclaw_of<A: Into<OsString>>(
        &self,
        package: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Command, CannotInvoke> {
        let node = self.node.as_ref().ok_or(CannotInvoke::NoNode)?;
        let command = Command::new(node).arg(package.join(ENTRY)).args(arguments);
        let command = if self.is_default {
            command.env_remove("OPENCLAW_STATE_DIR")
        } else {
            command.env("OPENCLAW_STATE_DIR", &self.state_dir)
        };
        let command = if self.config_path.parent() == Some(&self.state_dir) {
            command.env_remove("OPENCLAW_CONFIG_PATH")
        } else {
            command.env("OPENCLAW_CONFIG_PATH", &self.config_path)
        };
        Ok(match &self.profile {
            Some(profile) => command.env("OPENCLAW_PROFILE", profile),
            None => command.env_remove("OPENCLAW_PROFILE"),
        })
    }
}
