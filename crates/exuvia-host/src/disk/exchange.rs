//! Exchanging two names in one step.

use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{Disk, Gate, point};
use crate::HostError;

impl Disk {
    /// Exchanges what two names stand for, in one step: at no instant is there nothing at either,
    /// and a crash leaves both as before or both exchanged. Durable when this returns. Both must
    /// lie on one file system that can do it (see [`Disk::can_exchange`]).
    pub fn exchange(&self, one: &Path, other: &Path) -> Result<(), HostError> {
        let gate = Gate::new(&self.points);
        gate.reach(point::EXCHANGE, "exchange", one)?;
        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)
            .map_err(|errno| HostError::new("exchange", one, errno.into()))?;
        for name in [one, other] {
            let dir = name.parent().unwrap_or(Path::new("/"));
            self.open_dir(dir)?.sync()?;
        }
        Ok(())
    }

    /// Tries whether names in a directory can be exchanged: not every file system can, and some
    /// only within one of their layers.
    pub fn can_exchange(&self, dir: &Path) -> Result<(), HostError> {
        let scratch = |name: &str| -> PathBuf {
            dir.join(format!(".exuvia-exchange-{}-{name}", std::process::id()))
        };
        let (one, other) = (scratch("one"), scratch("other"));
        let tried = [&one, &other]
            .into_iter()
            .try_for_each(|path| {
                std::fs::create_dir(path).map_err(|source| HostError::new("make", path, source))
            })
            .and_then(|()| self.exchange(&one, &other));
        for path in [&one, &other] {
            // Empty and ours; one that was not made is not there to be removed.
            let _ = std::fs::remove_dir(path);
        }
        tried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_directories_change_places_whole() {
        let dir = tempfile::TempDir::new().unwrap();
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        for (path, content) in [(&one, "1"), (&other, "2")] {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("file"), content).unwrap();
        }
        Disk::new().exchange(&one, &other).unwrap();
        assert_eq!(std::fs::read_to_string(one.join("file")).unwrap(), "2");
        assert_eq!(std::fs::read_to_string(other.join("file")).unwrap(), "1");
    }

    #[test]
    fn what_is_not_there_is_not_exchanged() {
        let dir = tempfile::TempDir::new().unwrap();
        let one = dir.path().join("one");
        std::fs::create_dir(&one).unwrap();
        let refused = Disk::new().exchange(&one, &dir.path().join("other"));
        assert!(refused.unwrap_err().is_not_found());
        assert!(one.is_dir());
    }

    #[test]
    fn trying_leaves_nothing_behind() {
        let dir = tempfile::TempDir::new().unwrap();
        Disk::new().can_exchange(dir.path()).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
