//! Limits that the kernel keeps for a whole space: a control group (cgroups(7), version 2) of its
//! own, where we may make one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::mountinfo;
use super::spec::Limits;
use crate::disk::Holder;

/// How the names of ours begin. The process that made one follows, so that those of one that was
/// killed are told from the others and swept.
const PREFIX: &str = "exuvia-space-";

/// A control group; removed when dropped, by when nobody may be left in it.
#[derive(Debug)]
pub(super) struct Cgroup(PathBuf);

impl Cgroup {
    /// Makes one with these limits, or says in words why there is none.
    pub(super) fn make(limits: &Limits) -> Result<Self, String> {
        let own = own().ok_or("there is no cgroup of version 2")?;
        let mut why = "no cgroup above this process's passes memory and pids on".to_owned();
        for above in own.ancestors().take(2) {
            if !passes_on(above) {
                continue;
            }
            sweep(above);
            match Self::make_in(above, limits) {
                Ok(cgroup) => return Ok(cgroup),
                Err(error) => why = format!("cannot make a cgroup in {}: {error}", above.display()),
            }
        }
        Err(why)
    }

    fn make_in(above: &Path, limits: &Limits) -> io::Result<Self> {
        use std::sync::atomic::{AtomicU64, Ordering};
        static MADE: AtomicU64 = AtomicU64::new(0);
        let Holder { pid, started, .. } = Holder::current();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = above.join(format!("{PREFIX}{pid}-{started}-{number}"));
        fs::create_dir(&path)?;
        let cgroup = Self(path);
        fs::write(cgroup.0.join("memory.max"), limits.memory_bytes.to_string())?;
        fs::write(cgroup.0.join("pids.max"), limits.most_at_all().to_string())?;
        Ok(cgroup)
    }

    /// Puts a process into it, and with it what that will start.
    pub(super) fn take(&self, pid: u32) -> io::Result<()> {
        fs::write(self.0.join("cgroup.procs"), pid.to_string())
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // If it fails the next one sweeps it.
        let _ = fs::remove_dir(&self.0);
    }
}

/// The directory of this process's group.
fn own() -> Option<PathBuf> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    let below = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mounts = mountinfo::all().ok()?;
    let root = mounts.into_iter().find(|one| {
        one.at.starts_with("/sys/fs/cgroup") && one.at.join("cgroup.controllers").exists()
    })?;
    Some(root.at.join(below))
}

fn passes_on(group: &Path) -> bool {
    let text = fs::read_to_string(group.join("cgroup.subtree_control")).unwrap_or_default();
    let has = |name| text.split_whitespace().any(|one| one == name);
    has("memory") && has("pids")
}

/// Removes what a process that was killed left.
fn sweep(above: &Path) {
    let Ok(entries) = fs::read_dir(above) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(made) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
            continue;
        };
        let mut parts = made.split('-').map(|part| part.parse::<u64>().ok());
        let (Some(Some(pid)), Some(Some(started))) = (parts.next(), parts.next()) else {
            continue;
        };
        let maker = u32::try_from(pid).ok().and_then(Holder::of);
        if maker.is_none_or(|maker| maker.started != started) {
            // One that still holds a process cannot be removed; the next sweep tries again.
            let _ = fs::remove_dir(entry.path());
        }
    }
}
