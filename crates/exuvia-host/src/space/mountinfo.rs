//! The mounts that this process sees (proc(5), `/proc/pid/mountinfo`).

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustix::mount::MountFlags;

/// Where the kernel tells.
pub(super) const PATH: &str = "/proc/self/mountinfo";

/// One mount.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mounted {
    /// Its number.
    pub(super) id: u64,
    /// Where it is mounted.
    pub(super) at: PathBuf,
    /// What must be said again when it is changed, or the kernel takes it for a request to drop it.
    pub(super) flags: MountFlags,
}

/// All of them, the lower before those on top.
pub(super) fn all() -> io::Result<Vec<Mounted>> {
    let text = fs::read(PATH)?;
    Ok(text.split(|b| *b == b'\n').filter_map(parse).collect())
}

/// The number of the mount in which a descriptor lies.
pub(super) fn id_of(fd: &OwnedFd) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd()))?;
    text.lines()
        .find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok())
        .ok_or_else(|| io::Error::other("the kernel does not say in which mount it lies"))
}

/// `36 35 98:0 /root /mount/point rw,noatime …`
fn parse(line: &[u8]) -> Option<Mounted> {
    let fields: Vec<&[u8]> = line.split(|b| *b == b' ').collect();
    let id = std::str::from_utf8(fields.first()?).ok()?.parse().ok()?;
    let at = PathBuf::from(OsString::from_vec(unescape(fields.get(4)?)));
    let options = std::str::from_utf8(fields.get(5)?).ok()?;
    let mut flags = MountFlags::empty();
    for option in options.split(',') {
        flags |= match option {
            "nosuid" => MountFlags::NOSUID,
            "nodev" => MountFlags::NODEV,
            "noexec" => MountFlags::NOEXEC,
            "noatime" => MountFlags::NOATIME,
            "nodiratime" => MountFlags::NODIRATIME,
            "relatime" => MountFlags::RELATIME,
            "nosymfollow" => MountFlags::NOSYMFOLLOW,
            _ => MountFlags::empty(),
        };
    }
    if !flags.intersects(MountFlags::NOATIME | MountFlags::RELATIME) {
        flags |= MountFlags::STRICTATIME;
    }
    Some(Mounted { id, at, flags })
}

/// Spaces and the like are written as a backslash and three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| *first == b'\\');
        let byte = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        plain.push(byte.unwrap_or(*first));
        rest = match byte {
            Some(_) => after.get(3..).unwrap_or_default(),
            None => after,
        };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_its_odd_names_and_flags() {
        let line = br"36 35 98:0 /a /mnt/with\040space ro,nosuid,noatime master:1 - ext3 /dev/x rw";
        let wanted = Mounted {
            id: 36,
            at: PathBuf::from("/mnt/with space"),
            flags: MountFlags::NOSUID | MountFlags::NOATIME,
        };
        assert_eq!(parse(line), Some(wanted));
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn the_root_is_among_those_of_this_process() {
        assert!(all().unwrap().iter().any(|one| *one.at == *"/"));
    }
}
