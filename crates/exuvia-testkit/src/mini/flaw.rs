//! What is wrong with a release.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One way to be a bad release. Times and sizes are the test's, so that it need not wait for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Flaw {
    /// `gateway run` ends at once; `--version` and the rest are as they should be.
    GatewayRunBroken,
    /// The gateway becomes ready, and dies so long after that.
    DiesAfter(Duration),
    /// Every plugin that the user installed throws at import; `/readyz` says 200, and only
    /// `plugins doctor` shows it.
    PluginsThrow,
    /// The migration forgets the cron job that was added last.
    LosesCronJob,
    /// The migration leaves out this key of the configuration; dots lead to keys within.
    DropsConfigKey(String),
    /// The migration fails when the shared database has moved and the agents' have not.
    MigrationThrows,
    /// A gateway whose `doctor --fix` did not migrate does not start, and says so: 2026.9.5 on a state
    /// of 2026.9.4 starts, without its sessions.
    NeedsDoctor,
    /// It is so long from the start of the gateway until anything listens.
    StartsAfter(Duration),
    /// The gateway keeps so many bytes.
    EatsMemory(usize),
    /// What runs says that it is this version; `--version` and the package say the right one.
    SaysVersion(String),
    /// The registry's `integrity` is that of other bytes.
    WrongIntegrity,
    /// What is in the tarball is this version, whatever the registry calls it.
    IsVersion(String),
    /// It runs on no Node that there is: `engines.node` is `>=99.0.0`.
    NeedsNewerNode,
    /// Its `postinstall` script writes a file of this name into the home directory.
    PostinstallWritesHome(String),
    /// Its `postinstall` script tells this address where it is.
    PostinstallPhonesHome(String),
    /// Turns of agents fail; all else works.
    TurnsFail,
    /// The gateway sends a message through the channel as soon as it starts.
    MessagesChannel,
}
