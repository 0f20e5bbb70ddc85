//! The kernel's bound on the process numbers of a space.

use std::fs;

use super::spec::Limits;

/// Where the kernel is told the number that no process gets any more.
const MOST: &str = "/proc/sys/kernel/pid_max";
/// The first Linux where that is each namespace's own (`pidns_install_pid_max`). On an older one it
/// is the machine's, and left alone.
const SINCE: (u32, u32) = (6, 14);
/// Numbers below this one are not given a second time (`RESERVED_PIDS`).
const RESERVED: u64 = 300;

/// The first two parts of a kernel's release, such as `6.18.44-generic`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Bounds them, in the namespace whose first process this is, with its `/proc` in place. Whether
/// that could be done.
pub(super) fn bound(limits: &Limits) -> bool {
    let name = rustix::system::uname();
    let release = name.release().to_str().ok().and_then(version);
    let most = limits.most_at_all().saturating_add(RESERVED).to_string();
    release.is_some_and(|release| release >= SINCE) && fs::write(MOST, most).is_ok()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_release_is_read_whatever_a_distribution_adds() {
        assert_eq!(version("6.18.44-fc-v657"), Some((6, 18)));
        assert_eq!(version("5.15-generic"), Some((5, 15)));
        assert_eq!(version("6.14+deb"), Some((6, 14)));
        assert_eq!(version("strange"), None);
    }
}
