//! One OpenClaw on this machine.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use exuvia_host::Host;
use exuvia_model::InstallSummary;
use exuvia_model::digest::hex;
use exuvia_model::install::{Database, NodeRuntime, PackageManager};

/// An install that was found: where its parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// The state directory, a real path where it exists.
    pub state_dir: PathBuf,
    /// The config file in force; it need not exist.
    pub config_path: PathBuf,
    /// The package tree, a real path; one of pnpm's by the link that stays while versions come and
    /// go.
    pub package_root: Option<PathBuf>,
    /// What put the package there.
    pub package_manager: PackageManager,
    /// Whether this process may replace the package tree.
    pub package_writable: bool,
    /// The profile, when one other than the default is in force.
    pub profile: Option<String>,
    /// The home that `~` in OpenClaw's config stands for: `$OPENCLAW_HOME`, else `$HOME`.
    pub home: PathBuf,
    /// The account's home, whose `.agents/skills` OpenClaw loads.
    pub os_home: PathBuf,
    /// Whether the state directory is the default one; only then are the account's own skills
    /// loaded (`isDefaultStateDir` in OpenClaw's `src/config/paths.ts`).
    pub is_default: bool,
    /// The workspace of the default agent where no config names one
    /// (`resolveDefaultAgentWorkspaceDir`).
    pub default_workspace: PathBuf,
    /// The systemd unit or launchd property list that runs the gateway.
    pub service: Option<PathBuf>,
    /// The Node that runs the gateway.
    pub node: Option<PathBuf>,
    /// A directory of Exuvia's own for short-lived private copies of databases: `tmp` under
    /// `$EXUVIA_HOME`, which is `~/.exuvia` by default.
    pub scratch_dir: PathBuf,
}

impl Install {
    /// Names the install for as long as its state directory stays where it is.
    pub fn id(&self) -> String {
        let digest = blake3::hash(self.state_dir.as_os_str().as_bytes());
        let mut text = hex(digest.as_bytes());
        text.truncate(16);
        text
    }

    /// Where the definition of its service may be, whether there is one or not.
    pub fn service_places(&self, host: &dyn Host) -> Vec<PathBuf> {
        crate::locate::service::places(host, &self.os_home, self.profile.as_deref())
    }

    /// Asks the Node that runs the gateway for its version.
    pub fn node_runtime(&self, host: &dyn Host) -> Option<NodeRuntime> {
        crate::node::ask(host, self.node.as_deref()?)
    }

    /// The install as documents tell it.
    pub fn summary(
        &self,
        node: Option<NodeRuntime>,
        schema_versions: BTreeMap<String, u32>,
        databases: Vec<Database>,
    ) -> InstallSummary {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        InstallSummary {
            id: self.id(),
            state_dir: text(&self.state_dir),
            config_path: text(&self.config_path),
            package_root: self.package_root.as_ref().map(text),
            package_manager: self.package_manager,
            package_writable: self.package_writable,
            profile: self.profile.clone(),
            node,
            schema_versions,
            databases,
        }
    }
}
