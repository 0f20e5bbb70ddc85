//! The digests that the two ClawHub clients record of an installed skill, computed as they do.

mod collation;
mod fingerprint;
mod ignore_rules;
mod openclaw_tree;

pub use fingerprint::{Fingerprint, fingerprint};
pub use openclaw_tree::{NoTreeDigest, openclaw_tree};

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
#[path = "digest_tests.rs"]
mod tests;
