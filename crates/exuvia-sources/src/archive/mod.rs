//! Archives from strangers, listed and never unpacked.
//!
//! An archive is read once, as a stream where its format allows, into a list of files. What would
//! harm whoever unpacks it (`../`, absolute names, links that lead out, devices, bombs) becomes an
//! [`ArchiveProblem`] and is in no list. Nothing is ever written to disk under a name from inside.

mod collect;
mod limits;
mod name;
pub(crate) mod tar;
pub(crate) mod zip;

use exuvia_model::Digest;

pub use limits::Limits;
pub(crate) use name::Layout;
pub(crate) use name::clean as clean_path;

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Its regular files, in the archive's order.
    pub files: Vec<ArchiveFile>,
    /// Symbolic links that stay inside.
    pub links: Vec<ArchiveLink>,
    /// What is wrong with it.
    pub problems: Vec<ArchiveProblem>,
    /// `sha256:` of the archive's bytes; `git:` and the commit for what git packed.
    pub digest: Digest,
}

/// One regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Relative, parts separated by `/`, no `.` or `..` among them; npm's leading `package/` is
    /// left out.
    pub path: String,
    /// Whether anybody may execute it.
    pub executable: bool,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its content.
    pub sha256: [u8; 32],
    /// Its content; `None` when it, or all before it together, is larger than [`Limits`] keeps.
    pub content: Option<Vec<u8>>,
}

/// A symbolic link that points to a place inside the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveLink {
    /// Where it is.
    pub path: String,
    /// What it says.
    pub target: String,
}

/// Something in an archive that no honest one has. Names are cleaned and shortened, to be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveProblem {
    /// `..`, or a path through a link.
    #[error("{path} would be written outside of the place it is unpacked to")]
    PathOutside {
        /// The name in the archive.
        path: String,
    },
    /// A path from the root.
    #[error("{path} is an absolute path")]
    Absolute {
        /// The name in the archive.
        path: String,
    },
    /// A symbolic link that leads out.
    #[error("the link {path} points outside of the archive, to {target}")]
    LinkOutside {
        /// The name in the archive.
        path: String,
        /// What it points to.
        target: String,
    },
    /// Neither file nor directory nor symbolic link: a device, a pipe, a hard link, encrypted.
    #[error("{path} is neither a file nor a directory")]
    Special {
        /// The name in the archive.
        path: String,
    },
    /// More entries than are looked at.
    #[error("it has more than {limit} entries")]
    TooManyFiles {
        /// How many are looked at.
        limit: usize,
    },
    /// More bytes than are inflated.
    #[error("it inflates to more than {limit} bytes")]
    Bomb {
        /// How many are inflated.
        limit: u64,
    },
    /// A name that was there before: which one an unpacker keeps is a matter of taste.
    #[error("{path} is in it more than once")]
    Duplicate {
        /// The name in the archive.
        path: String,
    },
    /// A name that is empty, not UTF-8, too long, or has control characters or backslashes.
    #[error("{path} is not a file name that every system can have")]
    BadName {
        /// The name in the archive.
        path: String,
    },
    /// It ends or breaks in the middle; what came before is listed.
    #[error("it is damaged: {reason}")]
    Truncated {
        /// What is wrong.
        reason: String,
    },
}

impl ArchiveProblem {
    /// Whether it attacks whoever unpacks it, rather than being merely broken.
    pub fn is_hostile(&self) -> bool {
        !matches!(self, Self::Truncated { .. } | Self::BadName { .. })
    }
}
