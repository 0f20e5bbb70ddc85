//! Writing the new version beside the live one.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exuvia_host::disk::{Dir, Disk};
use exuvia_host::{Host, Links};
use exuvia_openclaw::skill::{Record, read_frontmatter};
use sha2::{Digest as _, Sha256};

use super::SkillWorks;
use super::live::Live;
use super::merge::{Items, Kind, Merged, Source};
use super::source::CLIENT_NOTE;
use crate::tree::TreeId;
use crate::{Plan, Trouble};

/// What is to be staged, all of it known.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) merged: Merged,
    pub(super) offered: Items,
    pub(super) own: Items,
    pub(super) live: Live,
    pub(super) record: Record,
}

impl Ready {
    /// About how many bytes it is.
    pub(super) fn size(&self) -> u64 {
        let offered = self.offered.values();
        let offered = offered.filter_map(|item| item.content.as_ref());
        let offered: usize = offered.map(Vec::len).sum();
        self.live.tree.len() + offered as u64
    }
}

impl SkillWorks {
    /// Writes what the check made ready, and reads it again.
    pub(super) async fn stage(&mut self) -> Result<(), Trouble> {
        let ready = self.ready.take();
        let ready = ready.ok_or_else(|| Trouble::new("nothing was made ready"))?;
        let (host, disk) = (Arc::clone(&self.upgrades.host), self.upgrades.disk.clone());
        let plan = Arc::clone(&self.plan);
        let staged = tokio::task::spawn_blocking(move || {
            let stage = Stage::begin(host, disk, &plan)?;
            stage.write(&ready)?;
            stage.compare(&ready)
        });
        let content = staged.await??;
        let new_tree = TreeId::of(self.upgrades.host.as_ref(), &self.plan.other())?;
        self.learn(|facts| facts.new_tree = new_tree)?;
        self.learn_of_skill(|facts| facts.new_content = Some(content))
    }

    /// Whether OpenClaw would load what was staged. There is nothing to rehearse: a skill is text
    /// that is read.
    pub(super) fn would_load(&self) -> Result<(), Trouble> {
        let (host, staged) = (self.upgrades.host.as_ref(), self.plan.other());
        let frontmatter = read_frontmatter(host, &staged, &staged);
        if frontmatter.loads {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "OpenClaw would not load it: {}",
            frontmatter.problems.join("; ")
        )))
    }
}

struct Stage {
    host: Arc<dyn Host>,
    disk: Disk,
    root: PathBuf,
    live: PathBuf,
    /// Whose the live directory is, where that is somebody else.
    owner: Option<(u32, u32)>,
}

impl Stage {
    /// An empty directory, with the live one's mode and owner.
    fn begin(host: Arc<dyn Host>, disk: Disk, plan: &Plan) -> Result<Self, Trouble> {
        let root = plan.other();
        host.remove_tree(&root)?;
        let shelf = root.parent().unwrap_or(Path::new("/"));
        host.create_private_dir(shelf)?;
        let live = disk.open_dir(&plan.live)?.stat_self()?;
        let shelf = disk.open_dir(shelf)?;
        let name = root.file_name().unwrap_or_default();
        shelf.make_dir(name, live.mode & 0o777)?;
        shelf.set_directory_mode(name, live.mode & 0o777)?;
        let made = shelf.stat(name)?;
        let is_ours = (made.uid, made.gid) == (live.uid, live.gid);
        let owner = (!is_ours).then_some((live.uid, live.gid));
        if let Some((uid, gid)) = owner {
            shelf.set_owner(name, uid, gid)?;
        }
        Ok(Self {
            host,
            disk,
            live: plan.live.clone(),
            root,
            owner,
        })
    }

    fn write(&self, ready: &Ready) -> Result<(), Trouble> {
        let mut known = BTreeSet::from([PathBuf::new()]);
        for (path, source) in &ready.merged.files {
            self.file(Path::new(path), source, ready, &mut known)?;
        }
        if ready.offered.contains_key(CLIENT_NOTE) {
            self.file(Path::new(CLIENT_NOTE), &Source::Offered, ready, &mut known)?;
        }
        for path in ready.live.records(&ready.record.file) {
            self.copy(path, &mut known)?;
        }
        for path in ready.live.empty_directories() {
            self.directories(path, &mut known)?;
        }
        let mut record = serde_json::to_vec_pretty(&ready.record.value)?;
        record.push(b'\n');
        self.content(&ready.record.file, &record, false, &mut known)?;
        for dir in &known {
            self.disk.open_dir(&self.root.join(dir))?.sync()?;
        }
        Ok(())
    }

    fn file(
        &self,
        path: &Path,
        source: &Source,
        ready: &Ready,
        known: &mut BTreeSet<PathBuf>,
    ) -> Result<(), Trouble> {
        let name = path.to_str().unwrap_or_default();
        let (own, offered) = (ready.own.get(name), ready.offered.get(name));
        let runs = |item: Option<&super::merge::Item>| {
            matches!(
                item.map(|item| &item.kind),
                Some(Kind::File {
                    executable: true,
                    ..
                })
            )
        };
        let executable = runs(own) || runs(offered);
        let item = if *source == Source::Own { own } else { offered };
        let missing = || Trouble::new(format!("{name} is gone"));
        let item = item.ok_or_else(missing)?;
        match (&item.kind, source) {
            (Kind::Link { target }, _) => self.link(path, target, known),
            (_, Source::Both(content)) => self.content(path, content, executable, known),
            (_, Source::Own) => self.copy(path, known),
            (_, Source::Offered) => {
                let content = item.content.as_deref().ok_or_else(missing)?;
                self.content(path, content, executable, known)
            }
        }
    }

    fn content(
        &self,
        path: &Path,
        content: &[u8],
        executable: bool,
        known: &mut BTreeSet<PathBuf>,
    ) -> Result<(), Trouble> {
        let (dir, name) = self.place(path, known)?;
        let mode = self.mode(path).unwrap_or(0o644);
        let mode = if executable {
            mode | (mode & 0o444) >> 2
        } else {
            mode
        };
        let file = dir.create_file(name, 0o600)?;
        file.write_at(content, 0)?;
        file.set_mode(mode)?;
        file.sync()?;
        self.give(&dir, name)
    }

    /// One of the live directory, as it is.
    fn copy(&self, path: &Path, known: &mut BTreeSet<PathBuf>) -> Result<(), Trouble> {
        let (dir, name) = self.place(path, known)?;
        let to = dir.path().join(name);
        self.host.copy_file(&self.live.join(path), &to)?;
        let file = dir.open_file(name)?;
        file.set_mode(self.mode(path).unwrap_or(0o600))?;
        file.sync()?;
        self.give(&dir, name)
    }

    fn link(
        &self,
        path: &Path,
        target: &str,
        known: &mut BTreeSet<PathBuf>,
    ) -> Result<(), Trouble> {
        let (dir, name) = self.place(path, known)?;
        dir.make_symlink(OsStr::new(target), name)?;
        self.give(&dir, name)
    }

    /// The permission bits that the live directory has for this path.
    fn mode(&self, path: &Path) -> Option<u32> {
        let meta = self.host.metadata(&self.live.join(path), Links::Refuse);
        meta.ok().map(|meta| meta.mode & 0o777)
    }

    fn place<'p>(
        &self,
        path: &'p Path,
        known: &mut BTreeSet<PathBuf>,
    ) -> Result<(Dir, &'p OsStr), Trouble> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Trouble::new(format!("{} names no file", path.display())));
        };
        self.directories(parent, known)?;
        Ok((self.disk.open_dir(&self.root.join(parent))?, name))
    }

    /// Makes a directory and those above it.
    fn directories(&self, path: &Path, known: &mut BTreeSet<PathBuf>) -> Result<(), Trouble> {
        let mut above: Vec<&Path> = path
            .ancestors()
            .filter(|dir| !known.contains(*dir))
            .collect();
        above.reverse();
        for dir in above {
            let parent = self.root.join(dir.parent().unwrap_or(Path::new("")));
            let (parent, name) = (self.disk.open_dir(&parent)?, dir.file_name());
            let name = name.unwrap_or_default();
            let mode = self.mode(dir).unwrap_or(0o755);
            parent.make_dir(name, mode)?;
            parent.set_directory_mode(name, mode)?;
            self.give(&parent, name)?;
            known.insert(dir.to_owned());
        }
        Ok(())
    }

    fn give(&self, dir: &Dir, name: &OsStr) -> Result<(), Trouble> {
        if let Some((uid, gid)) = self.owner {
            dir.set_owner(name, uid, gid)?;
        }
        Ok(())
    }

    /// Reads what was written: every file has the bytes that it should have, and there is no other.
    fn compare(&self, ready: &Ready) -> Result<exuvia_model::Digest, Trouble> {
        let staged = Live::read(self.host.as_ref(), &self.root)?;
        let mut count = ready.live.records(&ready.record.file).count() + 1;
        for (path, source) in &ready.merged.files {
            let item = match source {
                Source::Own => ready.own.get(path),
                Source::Offered | Source::Both(_) => ready.offered.get(path),
            };
            let expected = match (source, item.map(|item| &item.kind)) {
                (Source::Both(content), _) => Some(Sha256::digest(content).into()),
                (_, Some(Kind::File { sha256, .. })) => Some(*sha256),
                (_, Some(Kind::Link { .. }) | None) => continue,
            };
            if staged.sha256(path) != expected {
                let path = self.root.join(path);
                return Err(Trouble::new(format!(
                    "{} does not have the bytes that were written to it",
                    path.display()
                )));
            }
            count += 1;
        }
        count += usize::from(ready.offered.contains_key(CLIENT_NOTE));
        if staged.tree.files.len() != count {
            let root = self.root.display();
            return Err(Trouble::new(format!(
                "{root} does not hold the files that were written"
            )));
        }
        Ok(staged.content)
    }
}
