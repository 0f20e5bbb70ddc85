//! The real machine.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use rustix::fs::{Access, OFlags};

use crate::points::{GoOn, Points, name};
use crate::{Command, EntryKind, Host, HostError, Links, Lock, Meta, Output, TEMPORARY_SUFFIX};

/// The machine that this process runs on.
#[derive(Debug, Clone)]
pub struct SystemHost {
    started: Instant,
    points: Arc<dyn Points>,
}

impl Default for SystemHost {
    fn default() -> Self {
        Self::new()
    }
}

impl SystemHost {
    /// The machine as it is.
    pub fn new() -> Self {
        Self::with_points(Arc::new(GoOn))
    }

    /// The machine, with somebody to ask before each effect.
    pub fn with_points(points: Arc<dyn Points>) -> Self {
        Self {
            started: Instant::now(),
            points,
        }
    }

    fn reach(&self, point: &'static str, what: &'static str, path: &Path) -> Result<(), HostError> {
        self.points
            .reach(point, path)
            .map_err(|source| HostError::new(what, path, source))
    }

    /// Writes the new content beside the old one. What is left of it after a failure is removed,
    /// and after a crash has a name that [`SystemHost::write_atomic`] never takes for a document.
    fn write_beside(&self, path: &Path, content: &[u8], mode: u32) -> Result<PathBuf, HostError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(
            ".{}-{number}{TEMPORARY_SUFFIX}",
            std::process::id()
        ));
        let beside = path.with_file_name(name);
        let written = self.fill(&beside, content, mode);
        if written.is_err() {
            // The first error is the one to tell; a leftover harms nobody.
            let _ = self.remove_file(&beside);
        }
        written.map(|()| beside)
    }

    fn fill(&self, path: &Path, content: &[u8], mode: u32) -> Result<(), HostError> {
        let failed = |source| HostError::new("write", path, source);
        self.reach(name::WRITE_CREATE, "write", path)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .custom_flags(flags(OFlags::NOFOLLOW))
            .mode(mode)
            .open(path)
            .map_err(failed)?;
        self.reach(name::WRITE_CONTENT, "write", path)?;
        file.write_all(content).map_err(failed)?;
        // The mode at creation is cut by the umask, and kept from a leftover of the same name.
        file.set_permissions(fs::Permissions::from_mode(mode))
            .map_err(failed)?;
        self.reach(name::WRITE_SYNC, "write", path)?;
        file.sync_all().map_err(failed)
    }
}

impl Host for SystemHost {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn utc_offset(&self, at: Timestamp) -> Offset {
        TimeZone::system().to_offset(at)
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn env(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|value| !value.is_empty())
    }

    fn env_with_prefix(&self, prefix: &str) -> Vec<(String, OsString)> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| {
                name.get(..prefix.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
            })
            .collect()
    }

    fn current_dir(&self) -> Result<PathBuf, HostError> {
        std::env::current_dir()
            .map_err(|source| HostError::new("find", Path::new("the current directory"), source))
    }

    fn metadata(&self, path: &Path, links: Links) -> Result<Meta, HostError> {
        let meta = match links {
            Links::Follow => fs::metadata(path),
            Links::Refuse => fs::symlink_metadata(path),
        };
        meta.map(|meta| Meta::from(&meta))
            .map_err(|source| HostError::new("look at", path, source))
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<(OsString, EntryKind)>, HostError> {
        let failed = |source| HostError::new("list", path, source);
        let mut entries = fs::read_dir(path)
            .map_err(failed)?
            .map(|entry| {
                let entry = entry?;
                Ok((entry.file_name(), entry.file_type()?.into()))
            })
            .collect::<io::Result<Vec<(OsString, EntryKind)>>>()
            .map_err(failed)?;
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(entries)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, HostError> {
        fs::read_link(path).map_err(|source| HostError::new("read the link", path, source))
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, HostError> {
        fs::canonicalize(path).map_err(|source| HostError::new("find", path, source))
    }

    fn open(&self, path: &Path, links: Links) -> Result<Box<dyn Read + Send>, HostError> {
        self.reach(name::OPEN, "read", path)?;
        let failed = |source| HostError::new("read", path, source);
        let extra = match links {
            Links::Follow => OFlags::empty(),
            Links::Refuse => OFlags::NOFOLLOW,
        };
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags(OFlags::NONBLOCK | extra))
            .open(path)
            .map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            )));
        }
        Ok(Box::new(file))
    }

    fn is_writable(&self, directory: &Path) -> bool {
        rustix::fs::access(directory, Access::WRITE_OK | Access::EXEC_OK).is_ok()
    }

    fn create_private_dir(&self, path: &Path) -> Result<(), HostError> {
        self.reach(name::MKDIR, "create", path)?;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|source| HostError::new("create", path, source))
    }

    fn write_atomic(&self, path: &Path, content: &[u8], mode: u32) -> Result<(), HostError> {
        let beside = self.write_beside(path, content, mode)?;
        let renamed = self
            .reach(name::WRITE_RENAME, "write", path)
            .and_then(|()| {
                fs::rename(&beside, path).map_err(|source| HostError::new("write", path, source))
            });
        if let Err(error) = renamed {
            // The first error is the one to tell; a leftover harms nobody.
            let _ = self.remove_file(&beside);
            return Err(error);
        }
        self.reach(name::WRITE_SYNC_DIR, "write", path)?;
        // The parent of a bare file name is the empty path, which nothing opens.
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let directory = parent.unwrap_or(Path::new("."));
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(|source| HostError::new("write", path, source))
    }

    fn remove_file(&self, path: &Path) -> Result<(), HostError> {
        self.reach(name::REMOVE, "remove", path)?;
        or_gone(fs::remove_file(path)).map_err(|source| HostError::new("remove", path, source))
    }

    fn remove_tree(&self, path: &Path) -> Result<(), HostError> {
        self.reach(name::REMOVE, "remove", path)?;
        or_gone(fs::remove_dir_all(path)).map_err(|source| HostError::new("remove", path, source))
    }

    fn copy_file(&self, from: &Path, to: &Path) -> Result<u64, HostError> {
        self.reach(name::COPY, "copy", from)?;
        let mut source = self.open(from, Links::Refuse)?;
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(flags(OFlags::NOFOLLOW))
            .open(to)
            .and_then(|mut target| io::copy(&mut source, &mut target))
            .map_err(|source| HostError::new("copy to", to, source))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), HostError> {
        self.reach(name::RENAME, "rename", from)?;
        fs::rename(from, to).map_err(|source| HostError::new("rename", from, source))
    }

    fn run(&self, command: &Command) -> Result<Output, HostError> {
        self.reach(name::RUN, "run", command.program())?;
        command
            .run()
            .map_err(|source| HostError::new("run", command.program(), source))
    }

    fn try_lock(&self, path: &Path) -> Result<Option<Lock>, HostError> {
        self.reach(name::LOCK, "lock", path)?;
        let failed = |source| HostError::new("lock", path, source);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(flags(OFlags::NOFOLLOW))
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

fn or_gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

#[cfg(test)]
#[path = "system_tests.rs"]
mod tests;
