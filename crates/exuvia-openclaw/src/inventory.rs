//! Phase 1: what is installed.

use std::collections::{BTreeMap, HashSet};

use exuvia_host::Host;
use exuvia_model::digest::hex;
use exuvia_model::install::NodeRuntime;
use exuvia_model::{Asset, AssetId, Inventory};
use jiff::Timestamp;

use crate::config::{Agent, Config};
use crate::core::{self, Core};
use crate::plugin::{self, PluginIndex, Plugins};
use crate::skill::{self, Skills};
use crate::{Install, database, label, lookalike, node};

/// Reads an install. It never fails as a whole: what cannot be read is a warning, or a problem of
/// the asset that it is about. Nothing is written but a short-lived copy in the install's scratch
/// directory, and OpenClaw is not started.
pub fn take_inventory(host: &dyn Host, install: &Install) -> Inventory {
    std::thread::scope(|scope| {
        // Waiting for a program costs no time beside reading.
        let node = install.node.as_ref();
        let node = scope.spawn(move || node.and_then(|node| node::ask(host, node)));
        let config = Config::read(host, install);
        let agents = config.agents(host, install);
        let parts = read_parts(host, install, &config, &agents);
        // A panic there is a bug here; without a runtime the rest is still true.
        let node = node.join().unwrap_or_default();
        assemble(host, install, &config, &agents, parts, node)
    })
}

struct Parts {
    core: Option<Core>,
    plugins: Plugins,
    skills: Skills,
}

fn read_parts(host: &dyn Host, install: &Install, config: &Config, agents: &[Agent]) -> Parts {
    let plugins = || {
        let index = PluginIndex::read(host, install, config);
        plugin::inventory(host, install, config, agents, &index)
    };
    let rest = || {
        rayon::join(
            || {
                install
                    .package_root
                    .as_ref()
                    .map(|root| core::read(host, install, root))
            },
            || skill::inventory(host, install, config, agents),
        )
    };
    let (plugins, (core, skills)) = rayon::join(plugins, rest);
    Parts {
        core,
        plugins,
        skills,
    }
}

fn assemble(
    host: &dyn Host,
    install: &Install,
    config: &Config,
    agents: &[Agent],
    parts: Parts,
    node: Option<NodeRuntime>,
) -> Inventory {
    let Parts {
        core,
        plugins,
        skills,
    } = parts;
    let mut warnings = config.problems.clone();
    let (mut assets, schema_versions) = package_assets(install, core, &plugins, &skills);
    if assets.is_empty() {
        warnings.push(
            "no OpenClaw package was found for this state directory: name it with --install"
                .to_owned(),
        );
    }
    if let (Some(path), None) = (&install.node, &node) {
        let words = format!("{} did not say its version", label::shown_path(path));
        warnings.push(words);
    }
    warnings.extend(plugins.warnings);
    warnings.extend(skills.warnings);
    assets.extend(plugins.assets);
    assets.extend(skills.assets);
    lookalike::mark(&mut assets);
    make_ids_unique(&mut assets);
    let databases = database::list(host, install, agents, &schema_versions, &mut warnings);
    let scan_time = host.now();
    Inventory {
        version: Inventory::VERSION,
        scan_time,
        total_assets: assets.len(),
        inventory_id: inventory_id(scan_time, &assets),
        assets,
        install: install.summary(node, schema_versions, databases),
        warnings,
    }
}

fn package_assets(
    install: &Install,
    core: Option<Core>,
    plugins: &Plugins,
    skills: &Skills,
) -> (Vec<Asset>, BTreeMap<String, u32>) {
    let (Some(core), Some(root)) = (core, &install.package_root) else {
        return (Vec::new(), BTreeMap::new());
    };
    let counted = |name, directory: &str, count: Option<usize>| {
        core::bundled(&core.asset, name, &root.join(directory), count.unwrap_or(0))
    };
    let skills = counted("_builtin_skills", "skills", skills.bundled);
    let extensions = counted("_builtin_extensions", "dist/extensions", plugins.bundled);
    (vec![core.asset, skills, extensions], core.schema_versions)
}

/// Two assets with one id get a digest of their place behind it.
fn make_ids_unique(assets: &mut [Asset]) {
    let mut seen: HashSet<AssetId> = HashSet::new();
    for asset in assets {
        if !seen.insert(asset.id.clone()) {
            let name = asset
                .id
                .as_str()
                .split_once(':')
                .map_or("", |(_, name)| name);
            let name = format!("{name}~{}", label::short_digest(asset.path.as_bytes()));
            asset.id = AssetId::new(asset.class, &name);
            seen.insert(asset.id.clone());
        }
    }
}

/// Names what was seen and when: `inv_` and 16 hexadecimal digits.
fn inventory_id(scan_time: Timestamp, assets: &[Asset]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(scan_time.to_string().as_bytes());
    for asset in assets {
        // Assets are made of texts and numbers, which can always be written.
        hasher.update(&serde_json::to_vec(asset).unwrap_or_default());
    }
    let mut id = hex(hasher.finalize().as_bytes());
    id.truncate(16);
    format!("inv_{id}")
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
#[path = "inventory_tests.rs"]
mod tests;
