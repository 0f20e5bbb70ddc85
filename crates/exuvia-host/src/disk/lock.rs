//! Locks that die with their holder.

use std::fs;
use std::io;

use super::{File, point};
use crate::HostError;

/// Who may hold a lock beside us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockKind {
    /// Others of the same kind.
    Shared,
    /// Nobody.
    Exclusive,
}

/// What is known of record locks (`fcntl`) that others hold on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// Nobody holds one.
    Free,
    /// This process does.
    HeldBy(u32),
    /// Somebody does whose number is not ours to see: a process of another namespace, or the
    /// holder of a lock that belongs to an open file.
    Held,
}

/// A lock on a whole file (`flock`); given back when dropped or when the process dies.
#[derive(Debug)]
pub struct FileLock {
    file: File,
}

impl FileLock {
    /// The file that is locked.
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl File {
    /// Takes the lock, or gives the file back when somebody else has it.
    pub fn try_lock(self, kind: LockKind) -> Result<Result<FileLock, Self>, HostError> {
        self.gate().reach(point::LOCK, "lock", self.path())?;
        let taken = match kind {
            LockKind::Shared => self.raw().try_lock_shared(),
            LockKind::Exclusive => self.raw().try_lock(),
        };
        match taken {
            Ok(()) => Ok(Ok(FileLock { file: self })),
            Err(fs::TryLockError::WouldBlock) => Ok(Err(self)),
            Err(fs::TryLockError::Error(source)) => Err(self.error("lock", source)),
        }
    }

    /// Takes the write lock on all bytes that are and will be, as databases know it: whoever uses
    /// record locks (`fcntl`) on the file, in this process too, keeps out and is kept out. `false`
    /// when somebody holds any lock on any byte. It lasts until the file is closed.
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    pub fn try_lock_records(&self) -> Result<bool, HostError> {
        use nix::errno::Errno;
        use nix::fcntl::{FcntlArg, fcntl};
        self.gate().reach(point::LOCK, "lock", self.path())?;
        match fcntl(self.raw(), FcntlArg::F_OFD_SETLK(&whole_file())) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            Err(errno) => Err(self.error("lock", io::Error::from(errno))),
        }
    }
}

impl File {
    /// Whether somebody else holds a record lock on any byte. Nothing is locked by asking, so
    /// nobody is kept waiting. Locks of this process itself are not seen, unless they belong to an
    /// open file ([`File::try_lock_records`]).
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    pub fn records(&self) -> Result<Records, HostError> {
        use nix::fcntl::{FcntlArg, fcntl};
        let mut wanted = whole_file();
        fcntl(self.raw(), FcntlArg::F_GETLK(&mut wanted))
            .map_err(|errno| self.error("look at the locks of", io::Error::from(errno)))?;
        if i32::from(wanted.l_type) == nix::libc::F_UNLCK {
            return Ok(Records::Free);
        }
        let pid = u32::try_from(wanted.l_pid).ok().filter(|pid| *pid > 0);
        Ok(pid.map_or(Records::Held, Records::HeldBy))
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
#[allow(clippy::cast_possible_truncation, reason = "the constants are small")]
fn whole_file() -> nix::libc::flock {
    nix::libc::flock {
        l_type: nix::libc::F_WRLCK as _,
        l_whence: nix::libc::SEEK_SET as _,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}
