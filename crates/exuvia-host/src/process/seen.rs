//! What can be seen of a process.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::disk::Holder;

/// A process, as it was at one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which one it is.
    pub id: Holder,
    /// The number of its parent; 0 when that lies outside of what we see.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// Its words, as it shows them: a program may have replaced them by a title of one word.
    pub words: Vec<OsString>,
    /// Its cgroup (the line of the unified hierarchy), where there are cgroups.
    pub cgroup: Option<String>,
    /// Bytes of memory that it holds.
    pub resident: u64,
    /// Whether it was stopped by a signal or a debugger.
    pub stopped: bool,
    /// The user that it runs as.
    pub user: u32,
}

/// Longest command line that is kept.
const MAX_WORDS: usize = 64 * 1024;

pub(super) fn look(pid: u32) -> Option<Seen> {
    let dir = PathBuf::from(format!("/proc/{pid}"));
    let stat = fs::read(dir.join("stat")).ok()?;
    let stat = Stat::parse(&String::from_utf8_lossy(&stat))?;
    if stat.has_ended() {
        return None;
    }
    Some(Seen {
        id: Holder {
            pid,
            started: stat.started,
            boot: Holder::current().boot,
        },
        parent: stat.parent,
        group: stat.group,
        session: stat.session,
        words: words(&dir),
        cgroup: cgroup(&dir),
        resident: stat.resident_pages * rustix::param::page_size() as u64,
        stopped: matches!(stat.state, 'T' | 't'),
        user: user(&dir)?,
    })
}

pub(super) fn all() -> Vec<Seen> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let mut pids: Vec<u32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids.into_iter().filter_map(look).collect()
}

/// Whether a process was started with this (`NAME=value`) in its environment.
pub(super) fn has_variable(pid: u32, wanted: &[u8]) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|variable| variable == wanted)
}

/// The fields of `/proc/<pid>/stat` (proc(5)) that matter here.
struct Stat {
    state: char,
    parent: u32,
    group: u32,
    session: u32,
    started: u64,
    resident_pages: u64,
}

impl Stat {
    /// The second field is the program's name in brackets, which may hold anything: fields are
    /// counted from its end.
    fn parse(stat: &str) -> Option<Self> {
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        Some(Self {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
            resident_pages: fields.get(21)?.parse().ok()?,
        })
    }

    fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

fn words(dir: &Path) -> Vec<OsString> {
    let mut bytes = fs::read(dir.join("cmdline")).unwrap_or_default();
    bytes.truncate(MAX_WORDS);
    bytes
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty())
        .map(|word| OsString::from_vec(word.to_vec()))
        .collect()
}

fn cgroup(dir: &Path) -> Option<String> {
    let text = fs::read_to_string(dir.join("cgroup")).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("0::"))
        .map(str::to_owned)
}

fn user(dir: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(fs::metadata(dir).ok()?.uid())
}
