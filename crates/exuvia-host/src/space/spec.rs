//! What a space is to be made of.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::SpaceError;

/// A directory or file that lies at another path inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// Where it really lies.
    pub source: PathBuf,
    /// Where the programs find it. It must exist already, but below one of [`SpaceSpec::fresh`],
    /// where it is made.
    pub target: PathBuf,
    /// Whether they may only read it.
    pub read_only: bool,
}

/// What programs may still do in a space that is a partial one, where the kernel can hold them to
/// it (Landlock, landlock(7)). One that is a full one has no need of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fence {
    /// The directories in which they may write, make and remove.
    pub writable: Vec<PathBuf>,
    /// The TCP ports to which they may connect.
    pub ports: Vec<u16>,
}

/// What programs in a space may use before they are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, all programs together; each alone may reserve four times as much.
    pub memory_bytes: u64,
    /// Processes and threads, all together, with those that have ended and nobody waited for.
    pub processes: u64,
    /// Open files, for each process.
    pub open_files: u64,
    /// Bytes of the largest file that may be written.
    pub file_bytes: u64,
    /// Seconds of computing, for each process.
    pub cpu_seconds: u64,
}

impl Limits {
    /// How many processes and threads the kernel lets there be, where it can be told. More than the
    /// programs may have, so that there being too many is seen.
    pub(super) fn most_at_all(&self) -> u64 {
        self.processes.saturating_mul(2)
    }
}

impl Default for Limits {
    /// Plenty for one gateway: 4 GiB, 2048 processes and threads, 64 Ki files, files of 16 GiB, an
    /// hour of computing.
    fn default() -> Self {
        Self {
            memory_bytes: 4 << 30,
            processes: 2048,
            open_files: 64 << 10,
            file_bytes: 16 << 30,
            cpu_seconds: 60 * 60,
        }
    }
}

/// What to make a space of. Paths are absolute and go through no symbolic link.
#[derive(Debug, Clone)]
pub struct SpaceSpec {
    /// What lies elsewhere inside.
    pub binds: Vec<Bind>,
    /// Directories that are empty at first, writable, and gone with the space. Those of the
    /// machine's that are meant for passing things on (`/tmp`, `/var/tmp`, `/run`, `/dev/shm`) are
    /// among them in any case: sockets in them lead out.
    pub fresh: Vec<PathBuf>,
    /// Directories that are empty and not writable inside.
    pub hidden: Vec<PathBuf>,
    /// What they are held to where no namespaces are to be had; nothing by default.
    pub fence: Option<Fence>,
    /// What the programs may use.
    pub limits: Limits,
    /// How long the space may be there before everything in it is killed.
    pub deadline: Duration,
    /// The program that becomes the space's first process: one whose `main` begins with
    /// [`super::enter_if_asked`]. This very program, unless set.
    pub helper: PathBuf,
}

impl Default for SpaceSpec {
    fn default() -> Self {
        Self {
            binds: Vec::new(),
            fresh: Vec::new(),
            hidden: Vec::new(),
            fence: None,
            limits: Limits::default(),
            deadline: Duration::from_mins(10),
            helper: PathBuf::from("/proc/self/exe"),
        }
    }
}

impl SpaceSpec {
    /// Refuses what could not mean what it says.
    pub(super) fn check(&self) -> Result<(), SpaceError> {
        let binds = self.binds.iter();
        let sources = binds.clone().map(|bind| &bind.source);
        let targets = binds.map(|bind| &bind.target);
        for path in sources.clone().chain(targets.clone()) {
            check_path(path)?;
        }
        let writable = self.fence.iter().flat_map(|fence| &fence.writable);
        for path in self
            .fresh
            .iter()
            .chain(&self.hidden)
            .chain(writable.clone())
        {
            check_path(path)?;
        }
        for source in sources.chain(writable) {
            if !source.exists() {
                return Err(SpaceError::NoSource(source.clone()));
            }
        }
        let mut covered: Vec<&PathBuf> = targets.chain(&self.fresh).chain(&self.hidden).collect();
        covered.sort();
        match covered.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(twice) => Err(SpaceError::Twice(
                twice.first().copied().cloned().unwrap_or_default(),
            )),
            None => Ok(()),
        }
    }
}

fn check_path(path: &Path) -> Result<(), SpaceError> {
    let mut parts = path.components();
    let is_plain = parts.next() == Some(Component::RootDir)
        && parts.clone().count() > 0
        && parts.all(|part| matches!(part, Component::Normal(_)));
    if !is_plain {
        return Err(SpaceError::NotPlain(path.to_owned()));
    }
    let link = path.ancestors().find(|above| above.is_symlink());
    link.map_or(Ok(()), |link| Err(SpaceError::Link(link.to_owned())))
}
