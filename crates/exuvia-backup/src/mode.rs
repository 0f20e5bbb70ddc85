//! Modes, as restic writes them: those of Go's `os.FileMode`, not of Unix.

/// The permission bits are the same in both.
const PERMISSIONS: u32 = 0o777;

/// Unix beside Go.
const BITS: [(u32, u32); 3] = [
    (0o4000, 1 << 23), // set-uid
    (0o2000, 1 << 22), // set-gid
    (0o1000, 1 << 20), // sticky
];

/// What marks a directory.
pub(crate) const DIRECTORY: u32 = 1 << 31;
/// What marks a symbolic link.
pub(crate) const SYMLINK: u32 = 1 << 27;

/// The low twelve bits of a mode in Go's words.
pub(crate) fn to_go(mode: u32) -> u32 {
    BITS.iter()
        .filter(|(unix, _)| mode & unix != 0)
        .fold(mode & PERMISSIONS, |all, (_, go)| all | go)
}

/// The low twelve bits of a mode from Go's words.
pub(crate) fn from_go(mode: u32) -> u32 {
    BITS.iter()
        .filter(|(_, go)| mode & go != 0)
        .fold(mode & PERMISSIONS, |all, (unix, _)| all | unix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_comes_back() {
        for mode in 0..=0o7777 {
            assert_eq!(from_go(to_go(mode)), mode, "{mode:o}");
            assert_eq!(from_go(to_go(mode) | DIRECTORY), mode, "{mode:o}");
        }
        assert_eq!(to_go(0o4755), 0o755 | 1 << 23);
    }
}
