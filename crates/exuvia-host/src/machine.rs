//! How much of the machine there is for programs that are started now.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the unified hierarchy of cgroups is mounted (`cgroups(7)`).
const CGROUPS: &str = "/sys/fs/cgroup";

/// How many processors this process may use; 1 where it cannot be told.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Bytes of memory that can be had without swapping: what the kernel calls available
/// (`MemAvailable` of `proc_meminfo(5)`), or what the cgroups of this process have left, whichever
/// is less. Nothing where it cannot be told.
pub fn free_memory() -> Option<u64> {
    let available = available(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let left = own_cgroup(&own).and_then(|dir| left(&dir));
    Some(left.map_or(available, |left| left.min(available)))
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn own_cgroup(cgroup: &str) -> Option<PathBuf> {
    let path = cgroup.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(Path::new(CGROUPS).join(path))
}

/// What the tightest of a cgroup and those above it has left, where one of them has a limit.
fn left(cgroup: &Path) -> Option<u64> {
    let all = cgroup
        .ancestors()
        .take_while(|dir| dir.starts_with(CGROUPS));
    all.filter_map(|dir| {
        let limit = number(&dir.join("memory.max"))?;
        let used = number(&dir.join("memory.current"))?;
        Some(limit.saturating_sub(used))
    })
    .min()
}

/// The number in a file; `max` is none.
fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_told_in_bytes() {
        let meminfo = "MemTotal:       24683128 kB\nMemFree:  12 kB\nMemAvailable:   2048 kB\n";
        assert_eq!(available(meminfo), Some(2 << 20));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert_eq!(available("MemAvailable: much\n"), None);
    }

    #[test]
    fn the_unified_hierarchy_is_found_beside_others() {
        let cgroup = "5:memory:/old\n0::/user.slice/app.service\n";
        let expected = Path::new("/sys/fs/cgroup/user.slice/app.service");
        assert_eq!(own_cgroup(cgroup).as_deref(), Some(expected));
        assert_eq!(own_cgroup("5:memory:/old\n"), None);
    }
}
