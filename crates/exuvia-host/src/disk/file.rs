//! A file that is held open.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Mode, Uid};
use rustix::io::Errno;

use super::dir::times;
use super::{FileTime, Gate, Stat, point};
use crate::HostError;

/// A file that is held open; closed when dropped.
#[derive(Debug)]
pub struct File {
    inner: fs::File,
    path: PathBuf,
    gate: Gate,
}

/// A part of a file that has bytes on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where it begins.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
}

impl File {
    pub(super) fn new(fd: OwnedFd, path: PathBuf, gate: Gate) -> Self {
        Self {
            inner: fd.into(),
            path,
            gate,
        }
    }

    /// The path by which it was opened, to tell people.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is now.
    pub fn stat(&self) -> Result<Stat, HostError> {
        rustix::fs::fstat(&self.inner)
            .map(|stat| Stat::from(&stat))
            .map_err(|errno| self.error("look at", errno.into()))
    }

    /// Reads until the buffer is full or the file ends; tells how much that was.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, HostError> {
        self.gate.reach(point::READ, "read", &self.path)?;
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.inner.read_at(rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.error("read", error)),
            }
        }
        Ok(filled)
    }

    /// Reads exactly so much; a file that ends before is an error.
    pub fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), HostError> {
        if self.read_at(buffer, offset)? == buffer.len() {
            Ok(())
        } else {
            Err(self.error("read", io::ErrorKind::UnexpectedEof.into()))
        }
    }

    /// Writes all of it.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> Result<(), HostError> {
        self.gate.reach(point::WRITE, "write", &self.path)?;
        self.inner
            .write_all_at(bytes, offset)
            .map_err(|error| self.error("write", error))
    }

    /// Lets the kernel begin to write this part to the disk, so that [`File::sync`] has less to wait
    /// for. Nothing is promised, and nothing can fail.
    pub fn begin_write_back(&self, offset: u64, len: u64) {
        #[cfg(target_os = "linux")]
        if let Some(len) = std::num::NonZeroU64::new(len) {
            // Linux begins to write dirty pages before it drops clean ones (mm/fadvise.c).
            let _ =
                rustix::fs::fadvise(&self.inner, offset, Some(len), rustix::fs::Advice::DontNeed);
        }
    }

    /// Makes it this long; what is new is a hole.
    pub fn set_len(&self, len: u64) -> Result<(), HostError> {
        self.gate.reach(point::WRITE, "write", &self.path)?;
        self.inner
            .set_len(len)
            .map_err(|error| self.error("write", error))
    }

    /// Makes content and size durable.
    pub fn sync(&self) -> Result<(), HostError> {
        self.gate.reach(point::SYNC, "sync", &self.path)?;
        self.inner
            .sync_all()
            .map_err(|error| self.error("sync", error))
    }

    /// The part with bytes on disk that begins at or after `offset`, if there is one. A file
    /// system that knows no holes answers with the whole rest.
    pub fn next_extent(&self, offset: u64) -> Result<Option<Extent>, HostError> {
        use rustix::fs::SeekFrom;
        let failed = |errno: Errno| self.error("read", errno.into());
        let start = match rustix::fs::seek(&self.inner, SeekFrom::Data(offset)) {
            Ok(start) => start,
            Err(Errno::NXIO) => return Ok(None),
            Err(errno) => return Err(failed(errno)),
        };
        let end = rustix::fs::seek(&self.inner, SeekFrom::Hole(start)).map_err(failed)?;
        Ok(Some(Extent { start, end }))
    }

    /// Sets the low twelve bits of the mode.
    pub fn set_mode(&self, mode: u32) -> Result<(), HostError> {
        self.gate
            .pass(point::ATTRIBUTE, "set the mode of", &self.path, || {
                rustix::fs::fchmod(&self.inner, Mode::from_raw_mode(mode))
            })
    }

    /// Sets owner and group.
    pub fn set_owner(&self, uid: u32, gid: u32) -> Result<(), HostError> {
        let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
        self.gate
            .pass(point::ATTRIBUTE, "set the owner of", &self.path, || {
                rustix::fs::fchown(&self.inner, Some(uid), Some(gid))
            })
    }

    /// Sets the time of the last change; that of the last reading stays.
    pub fn set_modified(&self, time: FileTime) -> Result<(), HostError> {
        self.gate
            .pass(point::ATTRIBUTE, "set the time of", &self.path, || {
                rustix::fs::futimens(&self.inner, &times(time))
            })
    }

    pub(super) fn raw(&self) -> &fs::File {
        &self.inner
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(super) fn error(&self, what: &'static str, source: io::Error) -> HostError {
        HostError::new(what, &self.path, source)
    }
}
