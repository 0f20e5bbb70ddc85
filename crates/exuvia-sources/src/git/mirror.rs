//! Exuvia's own copies of remote repositories.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use exuvia_host::Command;

use super::Git;
use super::address::Address;
use super::run::exists;
use crate::SourceError;
use crate::hash::sha256_hex;

/// What a repository says of itself in `.gitattributes` must not decide what is seen of it:
/// `export-ignore` would hide a file that a clone has.
const ATTRIBUTES: &str =
    "* -export-ignore -export-subst -text -eol -ident -filter -working-tree-encoding\n";

/// The mirror of one repository.
pub(super) struct Mirror<'a> {
    git: &'a Git,
    address: &'a Address,
    directory: PathBuf,
}

impl Git {
    /// Runs `work` on a mirror that has these commits, as far as the remote has them. Nobody else
    /// in this process works on it meanwhile.
    pub(super) fn with_mirror<T>(
        &self,
        address: &Address,
        commits: &[&str],
        work: impl FnOnce(&Mirror<'_>) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let name: String = sha256_hex(address.as_str().as_bytes())
            .chars()
            .take(40)
            .collect();
        let directory = self.mirrors.join(format!("{name}.git"));
        let busy = self.busy_with(&directory);
        let _busy = busy.lock().unwrap_or_else(PoisonError::into_inner);
        let mirror = Mirror {
            git: self,
            address,
            directory,
        };
        mirror.provide(commits)?;
        work(&mirror)
    }

    fn busy_with(&self, directory: &Path) -> Arc<Mutex<()>> {
        let mut all = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(directory.to_owned()).or_default().clone()
    }
}

impl Mirror<'_> {
    /// git in this mirror.
    pub(super) fn near(&self) -> Command {
        self.git.near().arg("--git-dir").arg(&self.directory)
    }

    pub(super) fn has(&self, commit: &str) -> Result<bool, SourceError> {
        if !exists(self.git.host.as_ref(), &self.directory.join("HEAD")) {
            return Ok(false);
        }
        let command = self
            .near()
            .args(["cat-file", "-e", &format!("{commit}^{{commit}}")]);
        Ok(self.git.attempt("cat-file", &command)?.status.success())
    }

    fn has_all(&self, commits: &[&str]) -> Result<bool, SourceError> {
        for commit in commits {
            if !self.has(commit)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Fetches what is missing: the branches, then what no branch has (any more) by its name.
    fn provide(&self, commits: &[&str]) -> Result<(), SourceError> {
        if self.has_all(commits)? {
            return Ok(());
        }
        if self.git.offline {
            return Err(SourceError::Offline {
                url: self.address.shown(),
            });
        }
        self.create()?;
        let fetched = self.fetch(&["+refs/heads/*:refs/heads/*"]);
        for commit in commits {
            if !self.has(commit)? {
                // Many servers refuse to give what no branch has. That it is not there is told by
                // whoever needs it.
                let _ = self.fetch(&[commit]);
            }
        }
        if self.has_all(commits)? {
            Ok(())
        } else {
            fetched
        }
    }

    fn create(&self) -> Result<(), SourceError> {
        let failed = |error: exuvia_host::HostError| super::run::failed("init", &error.to_string());
        let host = self.git.host.as_ref();
        host.create_private_dir(&self.git.mirrors).map_err(failed)?;
        if !exists(host, &self.directory.join("HEAD")) {
            let command = self
                .git
                .near()
                .args(["init", "--quiet", "--bare", "--template=", "--"])
                .arg(&self.directory);
            self.git.run("init", &command)?;
        }
        let info = self.directory.join("info");
        host.create_private_dir(&info).map_err(failed)?;
        host.write_atomic(&info.join("attributes"), ATTRIBUTES.as_bytes(), 0o600)
            .map_err(failed)
    }

    fn fetch(&self, what: &[&str]) -> Result<(), SourceError> {
        let command = self
            .git
            .far(self.address)
            .arg("--git-dir")
            .arg(&self.directory)
            .args([
                "fetch",
                "--quiet",
                "--force",
                "--no-tags",
                "--no-write-fetch-head",
                "--",
            ])
            .arg(self.address.as_str())
            .args(what.iter().copied());
        self.git.run("fetch", &command).map(drop)
    }
}
