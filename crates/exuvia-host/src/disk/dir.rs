//! A directory that is held open.

use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Gid, Mode, OFlags, RawDir, Timespec, Timestamps, Uid};
use rustix::io::Errno;

use super::{File, FileTime, Gate, Kind, Listing, Stat, point};
use crate::HostError;

/// Room for names in one call of the kernel.
const LIST_BUFFER: usize = 16 * 1024;

/// A directory that is held open: what is done by a name in it is done in this directory, wherever
/// it is moved to. A name is one part of a path; no call follows a link.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
    gate: Gate,
}

impl Dir {
    pub(super) fn new(fd: OwnedFd, path: PathBuf, gate: Gate) -> Self {
        Self { fd, path, gate }
    }

    /// The path by which it was opened, to tell people.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory's own stat.
    pub fn stat_self(&self) -> Result<Stat, HostError> {
        rustix::fs::fstat(&self.fd)
            .map(|stat| Stat::from(&stat))
            .map_err(|errno| HostError::new("look at", &self.path, errno.into()))
    }

    /// What a name is.
    pub fn stat(&self, name: &OsStr) -> Result<Stat, HostError> {
        rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)
            .map(|stat| Stat::from(&stat))
            .map_err(|errno| self.error("look at", name, errno))
    }

    /// All names with what they are. One that vanishes meanwhile is not there.
    pub fn list(&self) -> Result<Listing, HostError> {
        let failed = |errno: Errno| HostError::new("list", &self.path, errno.into());
        self.gate.reach(point::READ, "list", &self.path)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        // A descriptor of its own: two listings at once must not share a position.
        let fd = rustix::fs::openat(&self.fd, ".", flags, Mode::empty()).map_err(failed)?;
        let mut listing = Listing::default();
        let mut buffer = [MaybeUninit::uninit(); LIST_BUFFER];
        let mut names = RawDir::new(fd.as_fd(), &mut buffer);
        while let Some(entry) = names.next() {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => listing.push(name.to_bytes(), Stat::from(&stat)),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
        listing.sort();
        Ok(listing)
    }

    /// Opens a directory in it.
    pub fn open_dir(&self, name: &OsStr) -> Result<Self, HostError> {
        let path = self.path.join(name);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = self.gate.pass(point::OPEN_DIR, "open", &path, || {
            rustix::fs::openat(&self.fd, name, flags, Mode::empty())
        })?;
        Ok(Self::new(fd, path, self.gate.clone()))
    }

    /// Opens a directory below it by several names; an empty path is this directory again. Parts
    /// that would lead out, and links, are refused.
    pub fn open_beneath(&self, path: &Path) -> Result<Self, HostError> {
        if path.as_os_str().is_empty() {
            return self.again();
        }
        let full = self.path.join(path);
        self.gate.reach(point::OPEN_DIR, "open", &full)?;
        match beneath(&self.fd, path) {
            Ok(fd) => Ok(Self::new(fd, full, self.gate.clone())),
            Err(Errno::NOSYS | Errno::PERM) => self.open_parts(path),
            Err(errno) => Err(HostError::new("open", &full, errno.into())),
        }
    }

    /// This directory, opened once more.
    fn again(&self) -> Result<Self, HostError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = self.gate.pass(point::OPEN_DIR, "open", &self.path, || {
            rustix::fs::openat(&self.fd, ".", flags, Mode::empty())
        })?;
        Ok(Self::new(fd, self.path.clone(), self.gate.clone()))
    }

    /// The same, part by part, where the kernel cannot do it at once.
    pub(super) fn open_parts(&self, path: &Path) -> Result<Self, HostError> {
        let mut current = self.again()?;
        for part in path.components() {
            let Component::Normal(name) = part else {
                return Err(self.error("open", path.as_os_str(), Errno::XDEV));
            };
            current = current.open_dir(name)?;
        }
        Ok(current)
    }

    /// Opens a regular file for reading; anything else is refused without waiting on it.
    pub fn open_file(&self, name: &OsStr) -> Result<File, HostError> {
        Ok(self.open_with(name, OFlags::RDONLY)?.0)
    }

    /// The same, with what it was when it was opened.
    pub fn open_file_with_stat(&self, name: &OsStr) -> Result<(File, Stat), HostError> {
        self.open_with(name, OFlags::RDONLY)
    }

    /// Opens a regular file for reading and writing, which record locks need.
    pub fn open_to_lock(&self, name: &OsStr) -> Result<File, HostError> {
        Ok(self.open_with(name, OFlags::RDWR)?.0)
    }

    fn open_with(&self, name: &OsStr, access: OFlags) -> Result<(File, Stat), HostError> {
        let path = self.path.join(name);
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = self.gate.pass(point::OPEN, "read", &path, || {
            rustix::fs::openat(&self.fd, name, flags, Mode::empty())
        })?;
        let file = File::new(fd, path, self.gate.clone());
        let stat = file.stat()?;
        if stat.kind == Kind::File {
            Ok((file, stat))
        } else {
            Err(self.error("read", name, Errno::INVAL))
        }
    }

    /// Makes a new file, open for reading and writing; there must be nothing of this name.
    pub fn create_file(&self, name: &OsStr, mode: u32) -> Result<File, HostError> {
        let path = self.path.join(name);
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = self.gate.pass(point::CREATE, "create", &path, || {
            rustix::fs::openat(&self.fd, name, flags, Mode::from_raw_mode(mode))
        })?;
        Ok(File::new(fd, path, self.gate.clone()))
    }

    /// Opens a file for reading and writing, making it if there is none.
    pub fn open_or_create(&self, name: &OsStr, mode: u32) -> Result<File, HostError> {
        let path = self.path.join(name);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = self.gate.pass(point::CREATE, "create", &path, || {
            rustix::fs::openat(&self.fd, name, flags, Mode::from_raw_mode(mode))
        })?;
        Ok(File::new(fd, path, self.gate.clone()))
    }

    /// Makes a directory.
    pub fn make_dir(&self, name: &OsStr, mode: u32) -> Result<(), HostError> {
        self.gate
            .pass(point::MKDIR, "create", &self.path.join(name), || {
                rustix::fs::mkdirat(&self.fd, name, Mode::from_raw_mode(mode))
            })
    }

    /// Makes a symbolic link that says `target`, whatever that is.
    pub fn make_symlink(&self, target: &OsStr, name: &OsStr) -> Result<(), HostError> {
        self.gate
            .pass(point::LINK, "create", &self.path.join(name), || {
                rustix::fs::symlinkat(target, &self.fd, name)
            })
    }

    /// Where a symbolic link points.
    pub fn read_link(&self, name: &OsStr) -> Result<Vec<u8>, HostError> {
        rustix::fs::readlinkat(&self.fd, name, Vec::new())
            .map(std::ffi::CString::into_bytes)
            .map_err(|errno| self.error("read the link", name, errno))
    }

    /// Gives a file of this directory a second name in another.
    pub fn hard_link(&self, name: &OsStr, to: &Self, new: &OsStr) -> Result<(), HostError> {
        self.gate.pass(point::LINK, "link", &to.path.join(new), || {
            rustix::fs::linkat(&self.fd, name, &to.fd, new, AtFlags::empty())
        })
    }

    /// Renames into a directory of the same file system, replacing what is there.
    pub fn rename(&self, name: &OsStr, to: &Self, new: &OsStr) -> Result<(), HostError> {
        self.gate
            .pass(point::RENAME, "rename to", &to.path.join(new), || {
                rustix::fs::renameat(&self.fd, name, &to.fd, new)
            })
    }

    /// Removes a name that is no directory; that it is gone already is no error.
    pub fn remove_file(&self, name: &OsStr) -> Result<(), HostError> {
        self.remove(name, AtFlags::empty())
    }

    /// Removes an empty directory; that it is gone already is no error.
    pub fn remove_dir(&self, name: &OsStr) -> Result<(), HostError> {
        self.remove(name, AtFlags::REMOVEDIR)
    }

    fn remove(&self, name: &OsStr, flags: AtFlags) -> Result<(), HostError> {
        self.gate.pass(
            point::REMOVE,
            "remove",
            &self.path.join(name),
            || match rustix::fs::unlinkat(&self.fd, name, flags) {
                Err(Errno::NOENT) => Ok(()),
                other => other,
            },
        )
    }

    /// Sets the owner of a name, a link itself.
    pub fn set_owner(&self, name: &OsStr, uid: u32, gid: u32) -> Result<(), HostError> {
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        self.gate.pass(
            point::ATTRIBUTE,
            "set the owner of",
            &self.path.join(name),
            || rustix::fs::chownat(&self.fd, name, Some(uid), Some(gid), flags),
        )
    }

    /// Sets the mode of a directory in it that its mode does not allow to be opened.
    ///
    /// A descriptor that may do nothing (`O_PATH`) can be had all the same, and `/proc` leads from
    /// it to the directory itself, whatever has taken its name meanwhile.
    #[cfg(target_os = "linux")]
    pub fn set_directory_mode(&self, name: &OsStr, mode: u32) -> Result<(), HostError> {
        let path = self.path.join(name);
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        self.gate
            .pass(point::ATTRIBUTE, "set the mode of", &path, || {
                let fd = rustix::fs::openat(&self.fd, name, flags, Mode::empty())?;
                rustix::fs::chmod(by_proc(&fd), Mode::from_raw_mode(mode))
            })
    }

    /// Sets the time of the last change of a name, a link itself; that of the last reading stays.
    pub fn set_modified(&self, name: &OsStr, time: FileTime) -> Result<(), HostError> {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        self.gate.pass(
            point::ATTRIBUTE,
            "set the time of",
            &self.path.join(name),
            || rustix::fs::utimensat(&self.fd, name, &times(time), flags),
        )
    }

    /// The directory itself as something with attributes.
    pub fn as_file(&self) -> Result<File, HostError> {
        let fd = rustix::io::fcntl_dupfd_cloexec(&self.fd, 0)
            .map_err(|errno| HostError::new("open", &self.path, errno.into()))?;
        Ok(File::new(fd, self.path.clone(), self.gate.clone()))
    }

    /// How many bytes this user may still write on its file system.
    pub fn free_space(&self) -> Result<u64, HostError> {
        rustix::fs::fstatvfs(&self.fd)
            .map(|answer| answer.f_bavail.saturating_mul(answer.f_frsize))
            .map_err(|errno| HostError::new("look at", &self.path, errno.into()))
    }

    /// Makes what was done to its names durable.
    pub fn sync(&self) -> Result<(), HostError> {
        self.gate.pass(point::SYNC, "sync", &self.path, || {
            rustix::fs::fsync(&self.fd)
        })
    }

    /// Makes everything on its file system durable.
    pub fn sync_file_system(&self) -> Result<(), HostError> {
        self.gate.pass(point::SYNC, "sync", &self.path, || {
            #[cfg(target_os = "linux")]
            return rustix::fs::syncfs(&self.fd);
            #[cfg(not(target_os = "linux"))]
            return {
                rustix::fs::sync();
                Ok(())
            };
        })
    }

    pub(super) fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    fn error(&self, what: &'static str, name: &OsStr, errno: Errno) -> HostError {
        HostError::new(what, &self.path.join(name), errno.into())
    }
}

/// The path by which the kernel gives what a descriptor stands for.
pub(super) fn by_proc(fd: &OwnedFd) -> PathBuf {
    Path::new("/proc/self/fd").join(fd.as_raw_fd().to_string())
}

/// Sets the time of the last change and leaves that of the last reading.
pub(super) fn times(modified: FileTime) -> Timestamps {
    Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: rustix::fs::UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: modified.seconds,
            tv_nsec: modified.nanos.into(),
        },
    }
}

#[cfg(target_os = "linux")]
fn beneath(fd: &OwnedFd, path: &Path) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::ResolveFlags;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(fd, path, flags, Mode::empty(), resolve)
}

#[cfg(not(target_os = "linux"))]
fn beneath(_fd: &OwnedFd, _path: &Path) -> rustix::io::Result<OwnedFd> {
    Err(Errno::NOSYS)
}
