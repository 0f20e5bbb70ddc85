//! Whether a lock that nobody holds proves that nobody runs.
//!
//! It does where whoever wrote the lock file asked the same kernel for the lock: locks reach
//! through containers, but not into a virtual machine or over most network file systems.

use std::path::Path;

use exuvia_host::{Host, Links, read_limited};
use jiff::{SignedDuration, Timestamp};

use super::claim::Claim;

const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// `USER_HZ`: what `/proc` counts in on every Linux.
const TICKS_PER_SECOND: u64 = 100;
/// A process writes its lock file within this time of its start, a slow machine taken into account.
const SOON: SignedDuration = SignedDuration::from_mins(10);
/// How far two readings of the clock may be apart.
const JITTER: SignedDuration = SignedDuration::from_secs(5);
/// File systems that somebody may use through another kernel.
const SHARED: [&str; 13] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "virtiofs",
    "ceph",
    "lustre",
    "afs",
    "vboxsf",
    "vmhgfs",
    "prl_fs",
    "glusterfs",
];

/// Why a gateway may run though its lock is free; nothing if it cannot.
pub(super) fn doubt(host: &dyn Host, state_dir: &Path, claim: &Claim) -> Option<String> {
    let Some(kind) = file_system(host, state_dir) else {
        return Some("the kernel does not tell what file system it lies on".to_owned());
    };
    if SHARED.contains(&kind.as_str()) || kind.starts_with("fuse") {
        return Some(format!(
            "it lies on {kind}, through which another machine may use it"
        ));
    }
    let (created, started) = claim.times()?;
    let Some(boot) = boot_time(host) else {
        return Some("the kernel does not tell when it was booted".to_owned());
    };
    let seconds = i64::try_from(started / TICKS_PER_SECOND).unwrap_or(i64::MAX);
    let since_boot = created.duration_since(boot);
    let since_start = since_boot.saturating_sub(SignedDuration::from_secs(seconds));
    let is_ours = -JITTER <= since_start && since_start <= SOON;
    let is_of_earlier_boot = since_boot < -JITTER;
    (!is_ours && !is_of_earlier_boot)
        .then(|| "it was written on another machine, or the clock was set since".to_owned())
}

fn boot_time(host: &dyn Host) -> Option<Timestamp> {
    let stat = read_limited(host, Path::new("/proc/stat"), MAX_BYTES, Links::Refuse).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    Timestamp::from_second(line.trim().parse().ok()?).ok()
}

/// The type of the file system that a path lies on (`/proc/self/mountinfo`, proc(5)); the last of
/// the deepest mounts lies on top.
fn file_system(host: &dyn Host, path: &Path) -> Option<String> {
    let table = Path::new("/proc/self/mountinfo");
    let table = read_limited(host, table, MAX_BYTES, Links::Refuse).ok()?;
    let path = host.canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let table = String::from_utf8_lossy(&table);
    let mounts = table.lines().filter_map(|line| {
        let (mount, rest) = line.split_once(" - ")?;
        let point = unescape(mount.split(' ').nth(4)?);
        let kind = rest.split(' ').next()?;
        let depth = Path::new(&point).components().count();
        path.starts_with(&point).then(|| (depth, kind.to_owned()))
    });
    mounts.max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

/// Blanks, tabs, newlines and backslashes are `\` and three octal digits.
fn unescape(text: &str) -> String {
    [
        (r"\040", " "),
        (r"\011", "\t"),
        (r"\012", "\n"),
        (r"\134", "\\"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
