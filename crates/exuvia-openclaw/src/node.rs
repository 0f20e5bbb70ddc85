//! The Node.js that runs OpenClaw.

use std::path::Path;
use std::time::Duration;

use exuvia_host::{Command, Host};
use exuvia_model::install::NodeRuntime;

/// Asks a Node for its version; nothing where it does not answer like one.
pub(crate) fn ask(host: &dyn Host, node: &Path) -> Option<NodeRuntime> {
    let command = Command::new(node)
        .arg("--version")
        // Would load code of somebody's choice before the answer.
        .env_remove("NODE_OPTIONS")
        .timeout(Duration::from_secs(10))
        .max_output(1024);
    let output = host.run(&command).ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.trim().strip_prefix('v')?;
    let good = output.status.success() && version.parse::<exuvia_model::Version>().is_ok();
    good.then(|| NodeRuntime {
        path: node.to_string_lossy().into_owned(),
        version: version.to_owned(),
    })
}
