//! Git repositories made with the real `git`, deaf to the machine's own configuration.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Seconds since 1970 of the first commit (2026-01-01T00:00:00Z); each further one is a day later,
/// so that commit hashes do not depend on when a test runs.
const FIRST_COMMIT: u64 = 1_767_225_600;
const DAY: u64 = 86_400;

/// A bare remote with a working copy to commit from; branch `main`.
#[derive(Debug)]
pub struct Repo {
    remote: PathBuf,
    work: PathBuf,
    commits: std::cell::Cell<u64>,
    _own: Option<TempDir>,
}

impl Repo {
    /// An empty remote in a temporary directory that goes when this is dropped.
    pub fn new() -> Self {
        let own = TempDir::new().expect("a temporary directory");
        let repo = Self::create(own.path());
        Self {
            _own: Some(own),
            ..repo
        }
    }

    /// An empty remote at `dir/remote.git` with its working copy at `dir/work`.
    pub fn create(dir: &Path) -> Self {
        let (remote, work) = (dir.join("remote.git"), dir.join("work"));
        std::fs::create_dir_all(dir).expect("the repository's directory");
        git(
            dir,
            &[
                "init",
                "--quiet",
                "--bare",
                "--initial-branch=main",
                "remote.git",
            ],
        );
        git(dir, &["init", "--quiet", "--initial-branch=main", "work"]);
        git(&work, &["remote", "add", "origin", &path_text(&remote)]);
        Self {
            remote,
            work,
            commits: std::cell::Cell::new(0),
            _own: None,
        }
    }

    /// Writes files (`path`, `content`), commits and pushes; gives the commit's hash.
    pub fn commit(&self, message: &str, files: &[(&str, &str)]) -> String {
        for (path, content) in files {
            let path = self.work.join(path);
            std::fs::create_dir_all(path.parent().expect("a path below the working copy"))
                .expect("the file's directory");
            std::fs::write(path, content).expect("a file to commit");
        }
        git(&self.work, &["add", "--all"]);
        let at = FIRST_COMMIT + DAY * self.commits.replace(self.commits.get() + 1);
        let date = format!("{at} +0000");
        let mut commit = command(
            &self.work,
            &["commit", "--quiet", "--allow-empty", "-m", message],
        );
        run(commit
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date));
        git(&self.work, &["push", "--quiet", "origin", "main"]);
        self.head()
    }

    /// Tags the newest commit, and pushes the tag.
    pub fn tag(&self, name: &str) {
        git(&self.work, &["tag", name]);
        git(&self.work, &["push", "--quiet", "origin", name]);
    }

    /// Hash of the newest commit.
    pub fn head(&self) -> String {
        git(&self.work, &["rev-parse", "HEAD"])
    }

    /// The remote as a `file://` address.
    pub fn url(&self) -> String {
        format!("file://{}", self.remote.display())
    }

    /// The bare repository's directory.
    pub fn remote(&self) -> &Path {
        &self.remote
    }

    /// Clones the remote into `target`, as a user's `git clone` does.
    pub fn clone_to(&self, target: &Path) {
        let parent = target.parent().expect("a target below some directory");
        std::fs::create_dir_all(parent).expect("the clone's parent");
        git(
            parent,
            &["clone", "--quiet", &self.url(), &path_text(target)],
        );
    }
}

impl Default for Repo {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs `git` in `dir` without the machine's configuration and gives its trimmed output.
/// Panics with git's own message when it fails.
pub fn git(dir: &Path, args: &[&str]) -> String {
    run(&mut command(dir, args))
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(args);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", "A. Author")
        .env("GIT_AUTHOR_EMAIL", "author@example.invalid")
        .env("GIT_COMMITTER_NAME", "A. Author")
        .env("GIT_COMMITTER_EMAIL", "author@example.invalid");
    command
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("git is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn path_text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_behind_after_another_commit_and_hashes_repeat() {
        let (repo, twin) = (Repo::new(), Repo::new());
        let first = repo.commit("first", &[("SKILL.md", "one")]);
        assert_eq!(first, twin.commit("first", &[("SKILL.md", "one")]));

        let clone = tempfile::tempdir().unwrap();
        let clone = clone.path().join("deep/clone");
        repo.clone_to(&clone);
        let second = repo.commit("second", &[("SKILL.md", "two")]);
        assert_ne!(first, second);
        assert_eq!(git(&clone, &["rev-parse", "HEAD"]), first);
        assert!(git(&clone, &["ls-remote", "origin", "main"]).starts_with(&second));
    }
}
