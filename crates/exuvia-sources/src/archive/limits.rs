//! How much of an archive is looked at.

const MIB: u64 = 1 << 20;

/// The limits under which an archive is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries; the rest is not looked at.
    pub entries: usize,
    /// Bytes of all files together, inflated; the rest is not looked at.
    pub inflated: u64,
    /// Bytes of one file's content that are kept.
    pub keep_file: u64,
    /// Bytes of all kept contents together.
    pub keep_total: u64,
}

impl Limits {
    /// For an npm package: OpenClaw itself inflates to some hundreds of megabytes.
    pub const PACKAGE: Self = Self {
        entries: 100_000,
        inflated: 1024 * MIB,
        keep_file: 8 * MIB,
        keep_total: 64 * MIB,
    };

    /// For a skill, which is some text and a few scripts.
    pub const SKILL: Self = Self {
        entries: 20_000,
        inflated: 256 * MIB,
        ..Self::PACKAGE
    };
}
