//! OpenClaw's databases, read beside a live gateway.
//!
//! Opening an SQLite database in WAL mode where it lies, even to read, writes to its `-shm` file
//! and may create it; a gateway that holds it would be met by our locks. So nothing here opens one
//! in place. What is needed of the shared database is read from a private copy ([`copy_database`]); the schema
//! version of an agent's database, which may be hundreds of megabytes, from its bytes ([`user_version`]).

mod copy;
mod plugin_index;
mod relocate;
mod wal;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use exuvia_host::Host;
use exuvia_model::install::Database;

pub use copy::{CopyError, PrivateCopy, copy_database};
pub use plugin_index::read_plugin_index;
pub use relocate::{NotRelocated, relocate};
pub use wal::user_version;

use crate::Install;
use crate::config::Agent;
use crate::label::shown_path;

/// The shared database, `state/openclaw.sqlite` (`openclaw-state-db.paths.ts`).
pub fn state_database(state_dir: &Path) -> PathBuf {
    state_dir.join("state/openclaw.sqlite")
}

/// Every database that is there, with the schema version it is at. `known` are the versions that
/// the installed package writes (`openclaw.schemaVersions` in its package.json).
pub fn list(
    host: &dyn Host,
    install: &Install,
    agents: &[Agent],
    known: &BTreeMap<String, u32>,
    warnings: &mut Vec<String>,
) -> Vec<Database> {
    let state = state_database(&install.state_dir);
    let found = std::iter::once(("state", None, state))
        .chain(agent_databases(host, install, agents))
        .filter(|(_, _, path)| host.metadata(path, exuvia_host::Links::Follow).is_ok());
    found
        .map(|(role, agent, path)| describe(host, role, agent, &path, known, warnings))
        .collect()
}

/// `agents/<id>/agent/openclaw-agent.sqlite`, of the configured agents and of those that are only
/// on disk.
fn agent_databases(
    host: &dyn Host,
    install: &Install,
    agents: &[Agent],
) -> Vec<(&'static str, Option<String>, PathBuf)> {
    const NAME: &str = "openclaw-agent.sqlite";
    let mut found: BTreeMap<PathBuf, String> = BTreeMap::new();
    let directory = install.state_dir.join("agents");
    // No directory, no agents.
    for (name, _) in host.read_dir(&directory).unwrap_or_default() {
        let path = directory.join(&name).join("agent").join(NAME);
        found.insert(path, crate::label::shown(&name));
    }
    for agent in agents {
        found.insert(agent.dir.join(NAME), agent.id.clone());
    }
    found
        .into_iter()
        .map(|(path, id)| ("agent", Some(id), path))
        .collect()
}

fn describe(
    host: &dyn Host,
    role: &str,
    agent: Option<String>,
    path: &Path,
    known: &BTreeMap<String, u32>,
    warnings: &mut Vec<String>,
) -> Database {
    let user_version = match user_version(host, path) {
        Ok(version) => Some(version),
        Err(error) => {
            warnings.push(error.to_string());
            None
        }
    };
    let expected = known.get(role).copied();
    let known_schema = user_version.is_some() && user_version == expected;
    if let Some(version) = user_version
        && !known_schema
    {
        let expected = expected.map_or_else(
            || "the package does not say which it writes".to_owned(),
            |expected| format!("the package writes {expected}"),
        );
        warnings.push(format!(
            "{} is at schema version {version}, but {expected}: it is read by what is there",
            shown_path(path)
        ));
    }
    Database {
        role: role.to_owned(),
        agent,
        path: path.to_string_lossy().into_owned(),
        user_version,
        known_schema,
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
#[path = "database_tests.rs"]
mod tests;
