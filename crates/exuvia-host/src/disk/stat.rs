//! What is known of a name without opening it.

use rustix::fs::FileType;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A socket.
    Socket,
    /// A named pipe.
    Fifo,
    /// A device, or what else there may be.
    Device,
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Symlink,
            FileType::Socket => Self::Socket,
            FileType::Fifo => Self::Fifo,
            _ => Self::Device,
        }
    }
}

/// A file time: seconds since 1970 and nanoseconds, below 10⁹.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileTime {
    /// Seconds since 1970; negative before.
    pub seconds: i64,
    /// Nanoseconds of the second.
    pub nanos: u32,
}

impl FileTime {
    /// This many milliseconds earlier.
    #[must_use]
    pub fn earlier_by_millis(self, millis: u32) -> Self {
        let nanos = i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos)
            - i128::from(millis) * 1_000_000;
        Self {
            seconds: i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or(i64::MIN),
            nanos: u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0),
        }
    }
}

/// The answer of `lstat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Permission bits, set-uid, set-gid and sticky: the low twelve.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The length in bytes.
    pub size: u64,
    /// Blocks of 512 bytes that it takes on disk.
    pub blocks: u64,
    /// When the content was last changed.
    pub modified: FileTime,
    /// When anything of it was last changed; nobody can set this.
    pub changed: FileTime,
    /// The device it lies on.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
    /// How many names it has.
    pub links: u64,
}

impl From<&rustix::fs::Stat> for Stat {
    // The fields' types differ between systems: what is a cast here is none there.
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        clippy::cast_possible_wrap
    )]
    fn from(stat: &rustix::fs::Stat) -> Self {
        Self {
            kind: FileType::from_raw_mode(stat.st_mode).into(),
            mode: u32::from(stat.st_mode) & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            blocks: u64::try_from(stat.st_blocks).unwrap_or(0),
            modified: time(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: time(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            links: stat.st_nlink as u64,
        }
    }
}

fn time(seconds: i64, nanos: i64) -> FileTime {
    FileTime {
        seconds,
        nanos: u32::try_from(nanos).unwrap_or(0),
    }
}
