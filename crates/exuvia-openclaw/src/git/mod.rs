//! What a git checkout says of itself, read from its files.
//!
//! Git is not run: a repository's configuration is data of whoever made it and can name programs
//! to start, and even `git status` writes to the index. The layout:
//! <https://git-scm.com/docs/gitrepository-layout>.

mod config;
mod refs;
mod url;

use std::path::{Path, PathBuf};

use exuvia_host::{EntryKind, Host, Links, read_limited};

pub use url::{Remote, RemoteRefused};

use crate::label::shown_path;

/// Largest of git's small files that is read.
const MAX_SMALL: u64 = 1024 * 1024;

/// A checkout: what is checked out, and where it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkout {
    /// The commit of `HEAD`.
    pub commit: Option<String>,
    /// The branch that `HEAD` follows, by its name at the remote.
    pub branch: Option<String>,
    /// The remote's address.
    pub remote: Option<Remote>,
    /// What could not be read, in words.
    pub problems: Vec<String>,
}

/// Whether a directory is the top of a checkout.
pub fn is_checkout(host: &dyn Host, directory: &Path) -> bool {
    host.metadata(&directory.join(".git"), Links::Refuse)
        .is_ok()
}

/// Reads the checkout whose `.git` lies in a directory.
pub fn read(host: &dyn Host, directory: &Path) -> Checkout {
    let mut checkout = Checkout::default();
    let git_dir = match git_dir(host, directory) {
        Ok(git_dir) => git_dir,
        Err(problem) => {
            checkout.problems.push(problem);
            return checkout;
        }
    };
    let common = common_dir(host, &git_dir);
    let head = match refs::head(host, &git_dir, &common) {
        Ok(head) => head,
        Err(problem) => {
            checkout.problems.push(problem);
            refs::Head::default()
        }
    };
    checkout.commit = head.commit;
    match config::read(host, &common.join("config")) {
        Ok(config) => {
            let upstream = config.upstream(head.branch.as_deref());
            checkout.branch = upstream.branch.or(head.branch);
            match upstream.url.map(|url| Remote::parse(&url)) {
                Some(Ok(remote)) => checkout.remote = Some(remote),
                Some(Err(refused)) => checkout.problems.push(refused.to_string()),
                None => checkout
                    .problems
                    .push("the checkout names no remote".to_owned()),
            }
        }
        Err(problem) => checkout.problems.push(problem),
    }
    checkout
}

/// `.git`, or what a `.git` file points to (worktrees and submodules).
fn git_dir(host: &dyn Host, directory: &Path) -> Result<PathBuf, String> {
    let dot_git = directory.join(".git");
    let meta = host
        .metadata(&dot_git, Links::Refuse)
        .map_err(|error| error.to_string())?;
    match meta.kind {
        EntryKind::Directory => Ok(dot_git),
        EntryKind::File => {
            let text = small(host, &dot_git)?;
            let target = text.strip_prefix("gitdir:").map(str::trim).ok_or_else(|| {
                format!(
                    "{} does not say where its repository is",
                    shown_path(&dot_git)
                )
            })?;
            Ok(directory.join(target))
        }
        EntryKind::Symlink | EntryKind::Other => Err(format!(
            "{} is neither a directory nor a file",
            shown_path(&dot_git)
        )),
    }
}

/// Where a worktree keeps what it shares with others.
fn common_dir(host: &dyn Host, git_dir: &Path) -> PathBuf {
    small(host, &git_dir.join("commondir"))
        .map_or_else(|_| git_dir.to_owned(), |target| git_dir.join(target.trim()))
}

fn small(host: &dyn Host, path: &Path) -> Result<String, String> {
    let bytes =
        read_limited(host, path, MAX_SMALL, Links::Refuse).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| format!("{} is not text", shown_path(path)))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests build what is read here")]
#[path = "git_tests.rs"]
mod tests;
