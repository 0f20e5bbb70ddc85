//! The files of a commit.

use exuvia_model::Digest;

use super::Git;
use super::address::{self, Address};
use super::run::failed;
use crate::SourceError;
use crate::archive::{Archive, Layout, Limits, clean_path, tar};

/// Largest archive that git may write; it is in memory as a whole.
const MAX_TAR: usize = 192 << 20;

impl Git {
    /// The files of a commit, or of one directory in it, with paths from there.
    pub fn archive(
        &self,
        url: &str,
        commit: &str,
        subdir: Option<&str>,
    ) -> Result<Archive, SourceError> {
        let address = Address::parse(url)?;
        let commit = address::commit(commit)?;
        let digest = Digest::git(commit).map_err(|error| failed("archive", &error.to_string()))?;
        let tree = tree_of(commit, subdir)?;
        self.with_mirror(&address, &[commit], |mirror| {
            let command = mirror
                .near()
                .args(["archive", "--format=tar", tree.as_str()])
                .max_output(MAX_TAR);
            let output = self.run("archive", &command)?;
            Ok(tar::read(
                output.stdout.as_slice(),
                Limits::SKILL,
                Layout::Root,
                digest,
            ))
        })
    }
}

/// `<commit>` or `<commit>:<directory>`. Both begin with a hash, so neither can be an option.
pub(super) fn tree_of(commit: &str, subdir: Option<&str>) -> Result<String, SourceError> {
    let Some(subdir) = subdir else {
        return Ok(commit.to_owned());
    };
    let path = clean_path(subdir).map_err(|problem| SourceError::Refused {
        what: "a directory in a repository".to_owned(),
        reason: problem.to_string(),
    })?;
    Ok(if path.is_empty() {
        commit.to_owned()
    } else {
        format!("{commit}:{path}")
    })
}
