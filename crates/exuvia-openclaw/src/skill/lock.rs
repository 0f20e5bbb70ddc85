//! `.clawhub/lock.json`: what the two ClawHub clients say they installed.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use exuvia_host::{Host, HostError, Links, read_limited};
use exuvia_model::text::one_line;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::asset::Taken;
use super::clawhub::is_reference;
use super::root::{SkillRoot, roots};
use crate::config::{Agent, Config};
use crate::label::shown_path;
use crate::{Install, json};

/// Largest lock file that is read.
const MAX_BYTES: u64 = 20 * 1024 * 1024;
/// Most entries of one file that are warned of.
const MAX_WARNINGS: usize = 20;

/// An entry of a lock file: the file, and the key in it.
pub(super) type LockKey = (PathBuf, String);

/// The lock files of an install, by path.
#[derive(Debug, Default)]
pub(super) struct Locks {
    files: BTreeMap<PathBuf, BTreeMap<String, Value>>,
    problems: Vec<String>,
}

impl Locks {
    /// Reads those beside the roots' directories and in the workspaces.
    pub(super) fn read(host: &dyn Host, roots: &[SkillRoot], agents: &[Agent]) -> Self {
        let mut locks = Self::default();
        let bases = roots.iter().flat_map(|root| bases(&root.dir));
        for base in bases.chain(agents.iter().map(|agent| agent.workspace.as_path())) {
            for path in paths(base) {
                if !locks.files.contains_key(&path) {
                    locks.read_file(host, path);
                }
            }
        }
        locks
    }

    fn read_file(&mut self, host: &dyn Host, path: PathBuf) {
        let entries = match json::read(host, &path, MAX_BYTES) {
            Ok(None) => return,
            Ok(Some(value)) => {
                let skills = value.get("skills").and_then(Value::as_object);
                if skills.is_none() {
                    let words = format!("{} lists no skills", shown_path(&path));
                    self.problems.push(words);
                }
                skills.cloned().unwrap_or_default().into_iter().collect()
            }
            Err(problem) => {
                self.problems.push(problem);
                BTreeMap::new()
            }
        };
        self.files.insert(path, entries);
    }

    /// The entry for a skill: by the path that the `clawhub` command was asked for, else by the
    /// bare name that OpenClaw writes.
    pub(super) fn entry(
        &self,
        root: &Path,
        relative: &Path,
        slug: Option<&str>,
    ) -> Option<(LockKey, &Value)> {
        let keys = [relative.to_str(), slug];
        bases(root).flat_map(paths).find_map(|path| {
            let entries = self.files.get(&path)?;
            let key = keys
                .iter()
                .flatten()
                .find(|key| entries.contains_key(**key))?;
            Some(((path.clone(), (*key).to_owned()), entries.get(*key)?))
        })
    }

    /// What the files say that is not so.
    pub(super) fn unmatched(&self, taken: &[Taken]) -> Vec<String> {
        let used: HashSet<&LockKey> = taken.iter().filter_map(|t| t.lock_key.as_ref()).collect();
        let mut warnings = self.problems.clone();
        for (path, entries) in &self.files {
            let keys = entries.keys();
            let unused = keys.filter(|key| !used.contains(&(path.clone(), (*key).clone())));
            warnings.extend(unused.take(MAX_WARNINGS).map(|key| {
                let shown = one_line(key, 120);
                if is_reference(key) {
                    let path = shown_path(path);
                    format!("{path} records the skill \"{shown}\", which is not there")
                } else {
                    let path = shown_path(path);
                    format!(
                        "{path} records \"{shown}\", which cannot be a skill: it is passed over"
                    )
                }
            }));
        }
        warnings
    }
}

/// Where a client that installed into `skills` may have kept its records: the directory above it,
/// and the one above `.agents`.
fn bases(root: &Path) -> impl Iterator<Item = &Path> {
    let parent = root.parent();
    let is_agents = parent
        .and_then(Path::file_name)
        .is_some_and(|name| name == ".agents");
    let above = parent.filter(|_| is_agents).and_then(Path::parent);
    parent.into_iter().chain(above)
}

/// The present place, and that of older clients (`metadataPaths` in OpenClaw's
/// `src/skills/lifecycle/clawhub-store.ts`).
fn paths(base: &Path) -> [PathBuf; 2] {
    [".clawhub/lock.json", ".clawdhub/lock.json"].map(|name| base.join(name))
}

/// What a lock file says of one skill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LockEntry {
    /// The lock file.
    pub file: PathBuf,
    /// The key in it.
    pub key: String,
    /// What stands there.
    pub entry: Value,
}

/// The entry of a lock file that is about the skill in this directory; nothing where no client
/// wrote one.
pub fn lock_entry(
    host: &dyn Host,
    install: &Install,
    skill: &Path,
    slug: &str,
) -> Option<LockEntry> {
    let config = Config::read(host, install);
    let agents = config.agents(host, install);
    let roots = roots(host, install, &config, &agents);
    let locks = Locks::read(host, &roots, &agents);
    let inside = roots.iter().filter_map(|root| {
        let relative = skill.strip_prefix(&root.dir).ok()?;
        Some((root.dir.as_path(), relative))
    });
    inside
        .filter_map(|(root, relative)| locks.entry(root, relative, Some(slug)))
        .map(|((file, key), entry)| LockEntry {
            file,
            key,
            entry: entry.clone(),
        })
        .next()
}

/// Makes a lock file say this of a skill, and leaves all else in it as it is. Nothing is written
/// where it says so already.
pub fn put_lock_entry(host: &dyn Host, wanted: &LockEntry) -> Result<(), HostError> {
    let LockEntry { file, key, entry } = wanted;
    let bytes = read_limited(host, file, MAX_BYTES, Links::Refuse)?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let broken = |why: &str| HostError::new("change", file, std::io::Error::other(why.to_owned()));
    let mut lock: Value = serde_json::from_slice(text).map_err(|e| broken(&e.to_string()))?;
    let skills = lock.get_mut("skills").and_then(Value::as_object_mut);
    let skills = skills.ok_or_else(|| broken("it lists no skills"))?;
    if skills.get(key) == Some(entry) {
        return Ok(());
    }
    skills.insert(key.clone(), entry.clone());
    let mut json = serde_json::to_vec_pretty(&lock).map_err(|e| broken(&e.to_string()))?;
    json.push(b'\n');
    let mode = host.metadata(file, Links::Refuse)?.mode & 0o777;
    host.write_atomic(file, &json, mode)
}
