//! Two names that take each other's place in one step (`RENAME_EXCHANGE`, renameat2(2)): at no
//! instant is either of them missing.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::{Dir, point};
use crate::HostError;

/// Why two names did not take each other's place. Both are as they were.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// They lie on different file systems, or one is a directory of an overlay's lower layer,
    /// which cannot be moved (`EXDEV`).
    #[error(
        "{} and {} cannot take each other's place: they lie on different file systems or \
         layers; stage on the file system of the first", .0.display(), .1.display()
    )]
    Across(PathBuf, PathBuf),
    /// The file system or the kernel cannot do it (`EINVAL`, `ENOSYS`), or one lies in the other.
    #[error("the file system of {} cannot exchange two names in one step", .0.display())]
    Unsupported(PathBuf),
    /// One of them is a mount point or held by the kernel (`EBUSY`).
    #[error(
        "{} or {} is in use as a mount point; unmount it first", .0.display(), .1.display()
    )]
    Busy(PathBuf, PathBuf),
    /// This user may not (`EPERM`, `EACCES`, `EROFS`).
    #[error(
        "{} and {} may not be exchanged by this user; run as the owner of their directories",
        .0.display(), .1.display()
    )]
    NotAllowed(PathBuf, PathBuf),
    /// Anything else: one of them is missing, for instance.
    #[error(transparent)]
    Failed(#[from] HostError),
}

impl Dir {
    /// Exchanges a name of this directory with one of another, whatever they are. Make both
    /// directories durable afterwards ([`Dir::sync`]).
    pub fn exchange(&self, name: &OsStr, with: &Self, other: &OsStr) -> Result<(), ExchangeError> {
        let (one, two) = (self.path().join(name), with.path().join(other));
        self.gate().reach(point::EXCHANGE, "exchange", &one)?;
        swap(self, name, with, other).map_err(|errno| match errno {
            Errno::XDEV => ExchangeError::Across(one, two),
            Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP => ExchangeError::Unsupported(one),
            Errno::BUSY => ExchangeError::Busy(one, two),
            Errno::PERM | Errno::ACCESS | Errno::ROFS => ExchangeError::NotAllowed(one, two),
            errno => HostError::new("exchange", &one, errno.into()).into(),
        })
    }

    /// Tries, on two directories of its own that it makes here and removes again, whether names in
    /// this directory can be exchanged.
    ///
    /// It cannot tell that of a directory in an overlay's lower layer: what is made here lies in
    /// the upper one.
    pub fn can_exchange(&self) -> Result<(), ExchangeError> {
        let probe =
            |letter| OsString::from(format!(".exuvia-probe-{}-{letter}", std::process::id()));
        let (one, two) = (probe('a'), probe('b'));
        let tried = self.try_exchange(&one, &two);
        let removed = self.remove_dir(&one).and(self.remove_dir(&two));
        tried?;
        Ok(removed?)
    }

    fn try_exchange(&self, one: &OsStr, two: &OsStr) -> Result<(), ExchangeError> {
        for name in [one, two] {
            // One of a process of the same number that was killed may be left.
            self.remove_dir(name)?;
            self.make_dir(name, 0o700)?;
        }
        let before = self.stat(one)?.inode;
        self.exchange(one, self, two)?;
        if self.stat(two)?.inode == before {
            return Ok(());
        }
        // It said yes and did nothing.
        Err(ExchangeError::Unsupported(self.path().to_owned()))
    }
}

#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn swap(one: &Dir, name: &OsStr, two: &Dir, other: &OsStr) -> rustix::io::Result<()> {
    let flags = rustix::fs::RenameFlags::EXCHANGE;
    rustix::fs::renameat_with(one.fd(), name, two.fd(), other, flags)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn swap(_one: &Dir, _name: &OsStr, _two: &Dir, _other: &OsStr) -> rustix::io::Result<()> {
    Err(Errno::NOSYS)
}

impl ExchangeError {
    /// Whether another way has to be found: no later try can succeed here.
    pub fn is_for_good(&self) -> bool {
        matches!(self, Self::Across(..) | Self::Unsupported(_))
    }

    /// The first path that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Across(path, _)
            | Self::Unsupported(path)
            | Self::Busy(path, _)
            | Self::NotAllowed(path, _) => path,
            Self::Failed(error) => &error.path,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;

    use super::*;
    use crate::disk::Disk;
    use crate::testing::{Fault, Faults};

    fn tree() -> (tempfile::TempDir, Dir) {
        let directory = tempfile::tempdir().unwrap();
        for name in ["live", "staged"] {
            fs::create_dir(directory.path().join(name)).unwrap();
            fs::write(directory.path().join(name).join("version"), name).unwrap();
        }
        let dir = Disk::new().open_dir(directory.path()).unwrap();
        (directory, dir)
    }

    fn name(name: &str) -> &OsStr {
        OsStr::new(name)
    }

    #[test]
    fn two_trees_take_each_others_place_and_one_is_always_there() {
        let (directory, dir) = tree();
        let live = directory.path().join("live/version");
        std::thread::scope(|scope| {
            let watch = scope.spawn(|| (0..20_000).filter(|_| !live.exists()).count());
            for _ in 0..201 {
                dir.exchange(name("live"), &dir, name("staged")).unwrap();
            }
            assert_eq!(watch.join().unwrap(), 0);
        });
        assert_eq!(fs::read_to_string(&live).unwrap(), "staged");
        dir.can_exchange().unwrap();
        assert_eq!(dir.list().unwrap().len(), 2, "the probe leaves nothing");
    }

    #[test]
    fn what_cannot_be_exchanged_says_why_and_stays_as_it_was() {
        let (directory, dir) = tree();
        let missing = dir.exchange(name("live"), &dir, name("gone"));
        assert!(matches!(&missing, Err(ExchangeError::Failed(e)) if e.is_not_found()));
        let below = dir.open_dir(name("live")).unwrap();
        let inside = dir
            .exchange(name("live"), &below, name("version"))
            .unwrap_err();
        assert!(
            inside.is_for_good() && inside.path().ends_with("live"),
            "{inside}"
        );
        assert!(directory.path().join("live/version").exists());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn across_file_systems_and_where_nothing_may_be_made_it_is_told_beforehand() {
        let (_directory, dir) = tree();
        let Ok(shared) = tempfile::tempdir_in("/dev/shm") else {
            return;
        };
        fs::create_dir(shared.path().join("other")).unwrap();
        let other = Disk::new().open_dir(shared.path()).unwrap();
        if other.stat_self().unwrap().device != dir.stat_self().unwrap().device {
            let across = dir
                .exchange(name("live"), &other, name("other"))
                .unwrap_err();
            assert!(matches!(across, ExchangeError::Across(..)), "{across}");
        }
        let proc = Disk::new().open_dir(Path::new("/proc")).unwrap();
        assert!(proc.can_exchange().is_err());
    }

    #[test]
    fn it_passes_its_point_and_a_probe_that_fails_is_cleared_away() {
        let (directory, _) = tree();
        let faults = Faults::new();
        let dir = Disk::with_points(faults.clone())
            .open_dir(directory.path())
            .unwrap();
        faults.plan(point::EXCHANGE, "", 0, Fault::Fail(ErrorKind::Unsupported));
        assert!(dir.can_exchange().is_err());
        assert_eq!(dir.list().unwrap().len(), 2);
        faults.plan(point::EXCHANGE, "live", 0, Fault::Die);
        assert!(dir.exchange(name("live"), &dir, name("staged")).is_err());
        let version = fs::read_to_string(directory.path().join("live/version"));
        assert_eq!(version.unwrap(), "live");
    }
}
