//! Where versions come from: npm, ClawHub, git, GitHub.
//!
//! | Question | Ask |
//! |---|---|
//! | which versions does a package have, and what does the registry say of one | [`npm::Npm::packument`] |
//! | did the registry sign it | [`npm::Npm::signature`], [`npm::Npm::attestation`] |
//! | what is in it | [`npm::Npm::tarball`], [`clawhub::ClawHub::download`], [`git::Git::archive`] |
//! | the newest version of a skill, and the registry's judgement | [`clawhub::ClawHub`] |
//! | what changed | [`github::GitHub::releases`], [`clawhub::ClawHub::versions`], [`git::Git::log`] |
//!
//! Everything here treats the other side as a stranger: answers are read through a limit that
//! counts inflated bytes, archives are only ever listed and never written to disk, names and
//! addresses from outside are checked before they reach a path or a command line, and errors never
//! repeat a password or token.

pub mod archive;
pub mod clawhub;
mod error;
pub mod git;
pub mod github;
mod hash;
pub mod http;
pub mod npm;
mod redact;

pub use archive::{Archive, ArchiveFile, ArchiveLink, ArchiveProblem};
pub use error::SourceError;
pub use http::{Http, HttpOptions};
