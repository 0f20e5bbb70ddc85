//! Finding skills in a directory of skills.
//!
//! Follows `discoverSkillCandidates` in `src/skills/loading/skill-root-discovery.ts` of OpenClaw
//! 2026.9.5, but for its limits on numbers: OpenClaw loads 200 skills a directory, and what lies
//! there beyond them is still there.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, HostError, Links};

use super::root::{RootKind, SkillRoot};
use crate::label::shown_path;

/// Deepest grouping of skills in directories without a `SKILL.md` of their own.
const MAX_DEPTH: usize = 6;
/// The same for `skills.load.extraDirs` that are not called `skills`.
const MAX_DEPTH_EXTRA: usize = 2;
/// Most directories that are looked into in one root.
const MAX_DIRECTORIES: usize = 20_000;
/// Most skills that OpenClaw loads from one root (`DEFAULT_MAX_SKILLS_LOADED_PER_SOURCE`).
const LOADED_PER_ROOT: usize = 200;

/// Where the installers of skills leave their records.
const RECORDS: [&str; 3] = [
    ".clawhub/origin.json",
    ".clawdhub/origin.json",
    ".openclaw/source-origin.json",
];

/// A directory with a skill in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its path, as OpenClaw would come to it.
    pub dir: PathBuf,
    /// Its real path.
    pub real: PathBuf,
    /// Its path inside the root.
    pub relative: PathBuf,
    /// The root, by its place in the list.
    pub root: usize,
}

/// What a root holds.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The skills, in OpenClaw's order: of two with one name, the later one counts.
    pub skills: Vec<Found>,
    /// What could not be read or is not loaded, in words.
    pub warnings: Vec<String>,
}

/// Finds the skills of a root; `index` is its place in the list of roots.
pub fn discover(host: &dyn Host, root: &SkillRoot, index: usize) -> Discovered {
    let mut search = Search {
        host,
        root,
        index,
        visited: HashSet::new(),
        found: Discovered::default(),
    };
    match host.canonicalize(&root.dir) {
        Ok(real) => search.root(&real),
        Err(error) if error.is_not_found() => {}
        Err(error) => search.found.warnings.push(error.to_string()),
    }
    let mut found = search.found;
    found.skills.sort_by(|a, b| a.relative.cmp(&b.relative));
    if found.skills.len() > LOADED_PER_ROOT && root.kind != RootKind::Bundled {
        found.warnings.push(format!(
            "{} holds {} skills; OpenClaw loads {LOADED_PER_ROOT} of one directory",
            shown_path(&root.dir),
            found.skills.len()
        ));
    }
    found
}

/// Keeps one of several ways to the same skill: the strongest.
pub(super) fn once_each(found: Vec<Found>, roots: &[SkillRoot]) -> Vec<Found> {
    let strength = |found: &Found| roots.get(found.root).map(|root| root.kind);
    let mut by_place: HashMap<PathBuf, Found> = HashMap::new();
    for skill in found {
        let stronger = by_place
            .get(&skill.real)
            .is_none_or(|other| strength(&skill) > strength(other));
        if stronger {
            by_place.insert(skill.real.clone(), skill);
        }
    }
    let mut found: Vec<Found> = by_place.into_values().collect();
    found.sort_by(|a, b| (a.root, &a.relative).cmp(&(b.root, &b.relative)));
    found
}

struct Search<'a> {
    host: &'a dyn Host,
    root: &'a SkillRoot,
    index: usize,
    /// Real paths of the directories that were entered: a link back to one is not followed.
    visited: HashSet<PathBuf>,
    found: Discovered,
}

impl Search<'_> {
    fn root(&mut self, real: &Path) {
        let is_container = self.root.kind == RootKind::Workshop;
        let dir = self.root.dir.clone();
        if !is_container && self.has_skill_file(&dir) {
            self.add(dir, real.to_owned(), PathBuf::new());
            return;
        }
        let base = if is_container {
            dir.clone()
        } else {
            self.nested_root(&dir)
        };
        let base_real = self
            .host
            .canonicalize(&base)
            .unwrap_or_else(|_| real.to_owned());
        if !self.may_enter(&base, &base_real, real) {
            return;
        }
        if base != dir && self.has_skill_file(&base) {
            let relative = relative_to(&base, &dir);
            self.add(base, base_real, relative);
            return;
        }
        self.visited.insert(base_real.clone());
        self.warn_of_hidden(&base);
        self.below(base, &base_real);
    }

    /// OpenClaw takes `<dir>/skills` in place of `<dir>` where only that holds skills.
    fn nested_root(&self, dir: &Path) -> PathBuf {
        let nested = dir.join("skills");
        let children = self.directories(dir).unwrap_or_default();
        if children.iter().any(|(name, _)| *name == "skills")
            && !children
                .iter()
                .any(|(name, kind)| *name != "skills" && self.holds_skill(&dir.join(name), *kind))
            && self.holds_skill(&nested, EntryKind::Directory)
        {
            nested
        } else {
            dir.to_owned()
        }
    }

    /// Whether a skill lies in a directory or below it, links not followed. A link counts as one.
    fn holds_skill(&self, dir: &Path, kind: EntryKind) -> bool {
        let mut queue = VecDeque::from([(dir.to_owned(), kind, 0)]);
        let mut looked = 0;
        while let Some((dir, kind, depth)) = queue.pop_front() {
            looked += 1;
            if kind == EntryKind::Symlink || self.has_skill_file(&dir) {
                return true;
            }
            if depth < MAX_DEPTH && looked < MAX_DIRECTORIES {
                let children = self.directories(&dir).unwrap_or_default().into_iter();
                queue.extend(children.map(|(name, kind)| (dir.join(name), kind, depth + 1)));
            }
        }
        false
    }

    fn below(&mut self, base: PathBuf, base_real: &Path) {
        let max_depth = self.max_depth(&base);
        let mut groups = Vec::new();
        let mut queue = VecDeque::from([(base, 0)]);
        while let Some((dir, depth)) = queue.pop_front() {
            for (name, kind) in self.listed(&dir) {
                let child = dir.join(&name);
                let Some(real) = self.enter(&child, kind, base_real) else {
                    continue;
                };
                if self.has_skill_file(&child) || self.has_record(&child) {
                    let relative = relative_to(&child, &self.root.dir);
                    self.add(child, real, relative);
                    continue;
                }
                if depth == 0 {
                    groups.push(child.clone());
                }
                if depth + 1 < max_depth && self.visited.len() < MAX_DIRECTORIES {
                    queue.push_back((child, depth + 1));
                }
            }
        }
        self.warn_of_empty(&groups);
    }

    /// Tells of directories in the root that came to nothing.
    fn warn_of_empty(&mut self, groups: &[PathBuf]) {
        for group in groups {
            let skills = &self.found.skills;
            if !skills.iter().any(|skill| skill.dir.starts_with(group)) {
                let words = format!("{} holds no SKILL.md", shown_path(group));
                self.found.warnings.push(words);
            }
        }
    }

    fn max_depth(&self, base: &Path) -> usize {
        let named_skills = base.file_name() == Some(OsStr::new("skills"));
        if self.root.kind == RootKind::Extra && !named_skills {
            MAX_DEPTH_EXTRA
        } else {
            MAX_DEPTH
        }
    }

    /// The real path of a directory that may be looked into, and was not yet.
    fn enter(&mut self, child: &Path, kind: EntryKind, base_real: &Path) -> Option<PathBuf> {
        let real = match self.host.canonicalize(child) {
            Ok(real) => real,
            Err(error) => {
                self.found.warnings.push(error.to_string());
                return None;
            }
        };
        if kind == EntryKind::Symlink && !self.may_enter(child, &real, base_real) {
            return None;
        }
        if !self.visited.insert(real.clone()) {
            self.found.warnings.push(format!(
                "{} leads to {}, which is looked at already",
                shown_path(child),
                shown_path(&real)
            ));
            return None;
        }
        Some(real)
    }

    /// Whether OpenClaw follows a path to where it really leads.
    fn may_enter(&mut self, path: &Path, real: &Path, inside: &Path) -> bool {
        let allowed = self.root.kind.may_be_left()
            || real.starts_with(inside)
            || self
                .root
                .link_targets
                .iter()
                .any(|target| real.starts_with(target));
        if !allowed {
            self.found.warnings.push(format!(
                "{} leads to {}, outside its directory: OpenClaw loads nothing from it",
                shown_path(path),
                shown_path(real)
            ));
        }
        allowed
    }

    fn add(&mut self, dir: PathBuf, real: PathBuf, relative: PathBuf) {
        self.found.skills.push(Found {
            dir,
            real,
            relative,
            root: self.index,
        });
    }

    fn listed(&mut self, dir: &Path) -> Vec<(OsString, EntryKind)> {
        self.directories(dir).unwrap_or_else(|error| {
            self.found.warnings.push(error.to_string());
            Vec::new()
        })
    }

    /// The directories in one, and links to directories; hidden ones and `node_modules` left out.
    fn directories(&self, dir: &Path) -> Result<Vec<(OsString, EntryKind)>, HostError> {
        let mut entries = self.host.read_dir(dir)?;
        entries.retain(|(name, kind)| {
            let is_directory = match kind {
                EntryKind::Directory => true,
                EntryKind::Symlink => self
                    .host
                    .metadata(&dir.join(name), Links::Follow)
                    .is_ok_and(|meta| meta.kind == EntryKind::Directory),
                EntryKind::File | EntryKind::Other => false,
            };
            is_directory && !is_hidden(name) && name != "node_modules"
        });
        Ok(entries)
    }

    /// Tells of skills in the root that OpenClaw passes over because of their names.
    fn warn_of_hidden(&mut self, base: &Path) {
        let entries = self.host.read_dir(base).unwrap_or_default();
        let hidden = entries.into_iter().filter(|(name, _)| is_hidden(name));
        for (name, _) in hidden {
            let dir = base.join(name);
            if self
                .host
                .metadata(&dir.join("SKILL.md"), Links::Refuse)
                .is_ok()
            {
                let words = format!(
                    "{} is hidden by its name: OpenClaw does not load it",
                    shown_path(&dir)
                );
                self.found.warnings.push(words);
            }
        }
    }

    /// Whether an installer left its record, though there is no `SKILL.md` any more.
    fn has_record(&self, dir: &Path) -> bool {
        RECORDS
            .iter()
            .any(|record| self.host.metadata(&dir.join(record), Links::Refuse).is_ok())
    }

    /// Whether there is anything called `SKILL.md`; an unreadable directory counts, so that it is
    /// told of.
    fn has_skill_file(&self, dir: &Path) -> bool {
        match self.host.metadata(&dir.join("SKILL.md"), Links::Refuse) {
            Ok(_) => true,
            Err(error) => !error.is_not_found(),
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

fn relative_to(path: &Path, base: &Path) -> PathBuf {
    path.strip_prefix(base).unwrap_or(path).to_owned()
}
