//! Finds what is to be remembered, and which part of the state directory is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use exuvia_host::disk::Disk;
use exuvia_host::{Host, HostError, Links, read_limited};
use exuvia_model::digest::hex;
use exuvia_openclaw::Install;
use exuvia_openclaw::config::{Agent, Config};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::files::{config_outside, services};
use super::{Context, FORM, PackageIdentity, outside};
use crate::scope::nothing_but;
use crate::{AgentId, RecoveryError, Scope, attestation};

/// Largest `package.json` that is read; the real one has 30 KB.
const MAX_MANIFEST: u64 = 4 * 1024 * 1024;

/// What is to be remembered of an install, and which part of the state directory is meant.
#[derive(Debug)]
pub(crate) struct Collected {
    /// What is remembered.
    pub(crate) context: Context,
    /// Patterns that leave out what is not meant.
    pub(crate) patterns: Vec<String>,
}

/// Looks at an install.
pub(crate) fn collect(
    host: &dyn Host,
    disk: &Disk,
    install: &Install,
    scope: &Scope,
) -> Result<Collected, RecoveryError> {
    let config = Config::read(host, install);
    let agents = config.agents(host, install);
    let mut context = Context {
        form: FORM,
        install: install.id(),
        state_dir: install.state_dir.clone(),
        agent: None,
        package: package(host, install).map(|package| PackageIdentity {
            node: install.node_runtime(host),
            ..package
        }),
        services: Vec::new(),
        config: None,
        agents: agents.iter().map(|agent| agent.id.clone()).collect(),
        outside: Vec::new(),
        attestation: None,
    };
    let patterns = match scope {
        Scope::Install => {
            of_install(host, disk, install, &config, &agents, &mut context);
            Vec::new()
        }
        Scope::Agent(id) => of_agent(host, install, &agents, id, &mut context)?,
    };
    Ok(Collected { context, patterns })
}

fn of_install(
    host: &dyn Host,
    disk: &Disk,
    install: &Install,
    config: &Config,
    agents: &[Agent],
    context: &mut Context,
) {
    let mut outside = outside::find(host, install, config, agents);
    let services = services(host, disk, install);
    context.services = services.files;
    outside.extend(services.not_held);
    match config_outside(host, disk, install) {
        Ok(file) => context.config = file,
        Err(path) => {
            outside.insert(path);
        }
    }
    context.outside = outside.into_iter().collect();
}

fn of_agent(
    host: &dyn Host,
    install: &Install,
    agents: &[Agent],
    id: &AgentId,
    context: &mut Context,
) -> Result<Vec<String>, RecoveryError> {
    let own = Path::new("agents").join(id.as_str());
    let agent = agents.iter().find(|agent| agent.id == id.as_str());
    let exists = host
        .metadata(&install.state_dir.join(&own), Links::Refuse)
        .is_ok();
    if agent.is_none() && !exists {
        return Err(RecoveryError::NoAgent {
            id: id.clone(),
            known: context.agents.clone(),
        });
    }
    let workspaces = workspaces(install, agent, id);
    let mut held = BTreeSet::from([own]);
    let mut outside = BTreeSet::new();
    let places = workspaces
        .iter()
        .chain(agent.map(|agent| &agent.dir))
        .collect::<Vec<_>>();
    for place in places {
        let within = outside::within(host, install, place);
        match within.filter(|below| is_of_one_agent(below)) {
            Some(below) => {
                held.insert(below);
            }
            None if host.metadata(place, Links::Follow).is_ok() => {
                outside.insert(host.canonicalize(place).unwrap_or_else(|_| place.clone()));
            }
            None => {}
        }
    }
    held.extend(attestation::legacy_places(install, &workspaces));
    context.agent = Some(id.clone());
    context.outside = outside.into_iter().collect();
    context.attestation = attestation::read(host, install, &workspaces)?;
    nothing_but(&held).ok_or_else(|| RecoveryError::OddPath {
        id: id.clone(),
        paths: held.into_iter().collect(),
    })
}

/// Where an agent works: what its configuration says, and the directory that carries its name. A
/// gateway of 2026.9.5 with two agents was seen to work in `workspace-main` while `openclaw agents
/// list` named `workspace`.
fn workspaces(install: &Install, agent: Option<&Agent>, id: &AgentId) -> BTreeSet<PathBuf> {
    let named = install.state_dir.join(format!("workspace-{id}"));
    let configured = agent.map(|agent| agent.workspace.clone());
    configured.into_iter().chain([named]).collect()
}

/// Not a directory that holds other agents, or the databases of the install.
fn is_of_one_agent(below: &Path) -> bool {
    !["agents", "state", "."]
        .iter()
        .any(|shared| Path::new(shared) == below)
}

/// Which package an install runs on; the Node is not asked.
pub(crate) fn package(host: &dyn Host, install: &Install) -> Option<PackageIdentity> {
    let root = install.package_root.as_ref()?;
    let bytes = manifest(host, root).ok()?;
    let manifest: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let text = |key: &str| manifest.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(PackageIdentity {
        name: text("name").unwrap_or_default(),
        version: text("version"),
        root: root.clone(),
        manager: install.package_manager,
        node: None,
        schema_versions: schema_versions(&manifest),
        manifest_sha256: hex(&Sha256::digest(&bytes)),
    })
}

fn manifest(host: &dyn Host, root: &Path) -> Result<Vec<u8>, HostError> {
    read_limited(
        host,
        &root.join("package.json"),
        MAX_MANIFEST,
        Links::Refuse,
    )
}

fn schema_versions(manifest: &Value) -> BTreeMap<String, u32> {
    let versions = manifest
        .get("openclaw")
        .and_then(|own| own.get("schemaVersions"));
    let versions = versions.and_then(Value::as_object).into_iter().flatten();
    versions
        .filter_map(|(name, value)| Some((name.clone(), u32::try_from(value.as_u64()?).ok()?)))
        .collect()
}
