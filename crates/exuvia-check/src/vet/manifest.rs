//! What a package.json says of dependencies, install hooks and commands.

use std::collections::BTreeMap;

use exuvia_model::Finding;
use exuvia_model::vetting::FindingKind;
use serde_json::Value;

const FILE: &str = "package.json";

/// The scripts that npm runs when somebody installs the package
/// (<https://docs.npmjs.com/cli/v11/using-npm/scripts>).
const INSTALL_SCRIPTS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// The parts of a package.json that decide what else is installed and run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManifestFacts {
    /// Direct dependencies, name to range, optional ones included.
    pub dependencies: BTreeMap<String, String>,
    /// Install hooks, name to command.
    pub install_scripts: BTreeMap<String, String>,
    /// Commands that are put on the path, name to file.
    pub bin: BTreeMap<String, String>,
}

impl ManifestFacts {
    /// Reads them; what has not the form that npm wants is left out, as npm does.
    pub fn from_package_json(json: &Value) -> Self {
        let mut dependencies = texts(json.get("dependencies"));
        dependencies.extend(texts(json.get("optionalDependencies")));
        let mut install_scripts = texts(json.get("scripts"));
        install_scripts.retain(|name, _| INSTALL_SCRIPTS.contains(&name.as_str()));
        Self {
            dependencies,
            install_scripts,
            bin: bin(json),
        }
    }
}

/// What the new manifest brings that the old did not have, worst first.
pub fn compare_manifests(old: &ManifestFacts, new: &ManifestFacts) -> Vec<Finding> {
    compare_at(FILE, old, new)
}

/// The same for a manifest that lies elsewhere.
pub(super) fn compare_at(file: &str, old: &ManifestFacts, new: &ManifestFacts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = changed(&old.install_scripts, &new.install_scripts)
        .map(|(name, command)| of(FindingKind::InstallHook, file, name, command))
        .chain(changed(&old.bin, &new.bin).map(|(name, target)| {
            let kind = if old.bin.contains_key(name) {
                FindingKind::ChangedExecutable
            } else {
                FindingKind::NewExecutable
            };
            of(kind, file, name, target)
        }))
        .chain(
            changed(&old.dependencies, &new.dependencies)
                .filter(|(name, range)| {
                    !old.dependencies.contains_key(*name) || is_elsewhere(range)
                })
                .map(|(name, range)| of(FindingKind::DependencyAdded, file, name, range)),
        )
        .chain(
            old.dependencies
                .iter()
                .filter(|(name, _)| !new.dependencies.contains_key(*name))
                .map(|(name, range)| of(FindingKind::DependencyRemoved, file, name, range)),
        )
        .collect();
    findings.sort();
    findings
}

fn of(kind: FindingKind, file: &str, name: &str, value: &str) -> Finding {
    Finding::new(kind, name, file, None, &format!("\"{name}\": \"{value}\""))
}

fn changed<'a>(
    old: &'a BTreeMap<String, String>,
    new: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    new.iter()
        .filter(|(name, value)| old.get(*name) != Some(*value))
        .map(|(name, value)| (name.as_str(), value.as_str()))
}

/// A range that names a place or another package is code from elsewhere under a known name.
fn is_elsewhere(range: &str) -> bool {
    range.contains(':') || range.contains('/')
}

fn texts(object: Option<&Value>) -> BTreeMap<String, String> {
    object
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// One command may be given as a text: it has the package's name, without the scope.
fn bin(json: &Value) -> BTreeMap<String, String> {
    let Some(target) = json.get("bin").and_then(Value::as_str) else {
        return texts(json.get("bin"));
    };
    let name = json.get("name").and_then(Value::as_str).unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    BTreeMap::from([(name.to_owned(), target.to_owned())])
}
