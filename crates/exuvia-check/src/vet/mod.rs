//! Vetting: what the files of a new version bring that those of the installed one did not have.
//!
//! Nothing is run and nothing is fetched: these are rules over bytes. Each finding says where it
//! was seen. What cannot be looked at is a finding too; silence means that it was looked at.

mod before;
mod blobs;
mod decode;
mod executables;
mod findings;
mod format;
mod hooks;
mod manifest;
mod role;
mod rule;
mod rules;
mod source;

pub use manifest::{ManifestFacts, compare_manifests};

use exuvia_model::Finding;

use before::Before;
use findings::Findings;
use role::SkillRoots;

/// Most bytes of one file that are looked at. A longer file is itself a finding.
pub const LOOK_MAX: usize = 8 * 1024 * 1024;

/// One file of a version.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Path below the asset's directory, with `/`.
    pub path: &'a str,
    /// Whether its mode says that it can be run.
    pub executable: bool,
    /// Size in bytes.
    pub size: u64,
    /// The bytes; `None` where the file was too large to be read.
    pub content: Option<&'a [u8]>,
}

/// What `new` brings that `old` did not have, worst first; at most 200 findings, of which at most
/// 20 of one kind in one file.
///
/// A file that is the same, or was only moved, brings nothing; of a changed text only the lines
/// that the old one did not have count. Hosts and variables that any old file named are known. An
/// unread file (`content: None`) is reported whether or not the old version had it, because nobody
/// can tell whether it is the same.
///
/// Every `package.json` outside `node_modules` is compared as by [`compare_manifests`] too.
pub fn compare(old: &[File<'_>], new: &[File<'_>]) -> Vec<Finding> {
    let before = Before::read(old);
    let skills = SkillRoots::of(new);
    let mut findings = Findings::default();
    for file in new.iter().filter(|file| !before.has(file, &skills)) {
        look(file, &before, &skills, &mut findings);
    }
    findings.worst_first()
}

fn look(file: &File<'_>, before: &Before<'_>, skills: &SkillRoots<'_>, findings: &mut Findings) {
    let role = skills.role_of(file);
    findings.extend(executables::look(file, role, before, skills));
    findings.extend(blobs::look(file, role));
    findings.extend(hooks::look(file, before));
    if let Some(source) = source::Source::read(file, role, skills) {
        findings.extend(rules::look(&source, before));
    }
}

#[cfg(test)]
mod tests;
