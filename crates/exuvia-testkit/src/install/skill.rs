//! Skills: files, and the records of whoever installed them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::provenance::{Hub, record_git};
use super::{Install, pretty, write};
use crate::clawhub::skill_md;
use crate::git::git;

/// Directories that OpenClaw looks for skills in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// `~/.openclaw/workspace/skills`.
    #[default]
    Workspace,
    /// `~/.openclaw/workspace/.agents/skills`.
    WorkspaceAgents,
    /// `~/.agents/skills`.
    HomeAgents,
    /// `~/.openclaw/skills`.
    Managed,
}

/// One skill.
#[derive(Clone, Debug)]
pub struct Skill {
    place: Place,
    dir: OsString,
    files: Vec<(String, Vec<u8>)>,
    edits: Vec<(String, Vec<u8>)>,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Origin {
    Local,
    OpenClaw(Hub),
    Cli(Hub),
    Git { url: String, commit: String },
    Clone { url: String, commit: Option<String> },
}

impl Skill {
    fn new(dir: impl AsRef<OsStr>, origin: Origin) -> Self {
        let dir = dir.as_ref().to_owned();
        Self {
            place: Place::default(),
            dir,
            files: Vec::new(),
            edits: Vec::new(),
            origin,
        }
    }

    /// Installed from ClawHub by `openclaw skills install @owner/slug`: directory `slug`, digests
    /// in `.clawhub/origin.json` and in the workspace's `.clawhub/lock.json`.
    pub fn clawhub(owner: &str, slug: &str, version: &str) -> Self {
        Self::new(slug, Origin::OpenClaw(Hub::new(owner, slug, version)))
            .file("SKILL.md", skill_md(slug, "A skill from ClawHub", version))
    }

    /// Installed from ClawHub by `clawhub install @owner/slug`: directory `@owner/slug`, a
    /// fingerprint in `.clawhub/origin.json`, and no digest in the lock file.
    pub fn clawhub_cli(owner: &str, slug: &str, version: &str) -> Self {
        let dir = format!("@{owner}/{slug}");
        Self::new(dir, Origin::Cli(Hub::new(owner, slug, version)))
            .file("SKILL.md", skill_md(slug, "A skill from ClawHub", version))
    }

    /// Installed by `openclaw skills install git:<url>`: `.openclaw/source-origin.json`.
    pub fn git(slug: &str, url: &str, commit: &str) -> Self {
        let origin = Origin::Git {
            url: url.to_owned(),
            commit: commit.to_owned(),
        };
        Self::new(slug, origin).file("SKILL.md", skill_md(slug, "A skill from git", "1.0.0"))
    }

    /// Cloned by hand with `git clone <url>`; its files are the repository's.
    pub fn clone_of(dir: &str, url: &str) -> Self {
        Self::new(
            dir,
            Origin::Clone {
                url: url.to_owned(),
                commit: None,
            },
        )
    }

    /// Checks a clone out at this commit, so that it is behind its remote.
    #[must_use]
    pub fn at(mut self, hash: &str) -> Self {
        if let Origin::Clone { commit, .. } = &mut self.origin {
            *commit = Some(hash.to_owned());
        }
        self
    }

    /// Written by hand, in a directory of any name (any bytes), with frontmatter `name`.
    pub fn local(dir: impl AsRef<OsStr>, name: &str) -> Self {
        Self::new(dir, Origin::Local).file("SKILL.md", skill_md(name, "A skill of my own", "1"))
    }

    /// A directory without any file.
    pub fn empty(dir: impl AsRef<OsStr>) -> Self {
        Self::new(dir, Origin::Local)
    }

    /// Adds a file that was installed, in place of one of the same path.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.retain(|(other, _)| other != path);
        self.files.push((path.to_owned(), content.into()));
        self
    }

    /// Writes a file after the records were made: a local modification.
    #[must_use]
    pub fn edited(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.edits.push((path.to_owned(), content.into()));
        self
    }

    /// The registry that the records name.
    #[must_use]
    pub fn registry(mut self, url: &str) -> Self {
        if let Origin::OpenClaw(hub) | Origin::Cli(hub) = &mut self.origin {
            url.clone_into(&mut hub.registry);
        }
        self
    }

    /// Puts it into another of OpenClaw's directories.
    #[must_use]
    pub fn place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    fn root(&self, install: &Install) -> PathBuf {
        let skills = match self.place {
            Place::Workspace => install.workspace.join("skills"),
            Place::WorkspaceAgents => install.workspace.join(".agents/skills"),
            Place::HomeAgents => install.home.join(".agents/skills"),
            Place::Managed => install.state.join("skills"),
        };
        skills.join(&self.dir)
    }

    /// Writes the skill; gives its entry for the lock file, if it has one.
    fn write(&self, install: &Install) -> Option<(String, Value)> {
        let root = self.root(install);
        if let Origin::Clone { url, commit } = &self.origin {
            clone(&root, url, commit.as_deref());
        }
        std::fs::create_dir_all(&root)
            .unwrap_or_else(|error| panic!("{}: {error}", root.display()));
        for (path, content) in &self.files {
            write(&root.join(path), content);
        }
        let locked = match &self.origin {
            Origin::Local | Origin::Clone { .. } => None,
            Origin::OpenClaw(hub) => Some(hub.record_openclaw(&root, &self.files)),
            Origin::Cli(hub) => Some(hub.record_cli(&root, &self.files)),
            Origin::Git { url, commit } => {
                record_git(&root, &self.dir, url, commit);
                None
            }
        };
        for (path, content) in &self.edits {
            write(&root.join(path), content);
        }
        locked
    }
}

fn clone(root: &Path, url: &str, commit: Option<&str>) {
    let parent = root.parent().expect("a skill below some directory");
    std::fs::create_dir_all(parent).expect("the skills directory");
    git(
        parent,
        &[
            "clone",
            "--quiet",
            url,
            root.to_str().expect("a path in UTF-8"),
        ],
    );
    if let Some(commit) = commit {
        git(root, &["reset", "--quiet", "--hard", commit]);
    }
}

/// Writes all skills, and the lock file of the directory that the workspace's clients share.
pub(super) fn write_all(skills: &[Skill], install: &Install) {
    let locked: BTreeMap<String, Value> = skills
        .iter()
        .filter_map(|skill| skill.write(install))
        .collect();
    if !locked.is_empty() {
        let lock = json!({ "version": 1, "skills": Map::from_iter(locked) });
        write(&install.workspace.join(".clawhub/lock.json"), pretty(&lock));
    }
}
